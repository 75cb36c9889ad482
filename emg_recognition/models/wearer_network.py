"""A wearer's network: their armband's orientation in front of it, a last layer of their own behind it."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from emg_recognition.models.export import soft_vote
from emg_recognition.models.layers import LogEnergies, Orient, Standardise

# The wearer's last layer; and those of networks as they are trained, the third for pictures of 224 x 224.
_HEAD, _LAST = "wearer", ("classes", "scores", "probabilities")


def networks(model: keras.Model) -> list[keras.Model]:
    """Return the networks in a model: the members of a soft vote, or the model itself."""
    members = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.Model) and any(isinstance(part, Standardise) for part in layer.layers)
    ]
    return members or [model]


def feature_network(network: keras.Model) -> tuple[keras.Model, int]:
    """Return what gives the features that a wearer's last layer sees.

    Parameters
    ----------
    network : keras.Model
        From windows (batch, length, channels) to probabilities; no soft vote, without an orientation.

    Returns
    -------
    features : keras.Model
        From windows to (batch, features): the log energies of each channel, and what the last layer sees.
    energies : int
        How many of the features are log energies.
    """
    z = network.get_layer("z_score").output
    energies = LogEnergies.KINDS * z.shape[2]
    layers = {layer.name: layer for layer in network.layers}
    if _HEAD in layers:
        return keras.Model(network.input, layers[_HEAD].input), energies
    found = layers["energies_log"].output if "energies_log" in layers else LogEnergies()(z)
    parts = [keras.layers.Flatten()(part) for part in (found, _last(network).input)]
    return keras.Model(network.input, keras.layers.Concatenate()(parts)), energies


def last_layer(network: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """Return the last layer of a network as it was trained.

    Returns
    -------
    weights, bias : numpy.ndarray
        Shapes (features, actions) and (actions,), of the features of :func:`feature_network` without the log
        energies.
    """
    last = _last(network)
    if last.weights:
        kernel, bias = (np.asarray(value) for value in last.get_weights())
        return kernel.reshape(-1, len(bias)), bias
    actions = network.output_shape[-1]
    return np.eye(actions), np.zeros(actions)


def _last(network: keras.Model) -> keras.layers.Layer:
    layers = {layer.name: layer for layer in network.layers}
    return next(layers[name] for name in _LAST if name in layers)


def with_heads(model: keras.Model, heads: Sequence[tuple[np.ndarray, np.ndarray]]) -> keras.Model:
    """Replace the last layer of each network in a model.

    Parameters
    ----------
    model : keras.Model
        A network or a soft vote, without an orientation. Its layers become parts of the new one.
    heads : sequence of (numpy.ndarray, numpy.ndarray)
        For each network its weights (features, actions) and bias (actions,), of the features of
        :func:`feature_network`.

    Returns
    -------
    keras.Model
        With the same input and output.
    """
    replaced, found = [], networks(model)
    for network, (weights, bias) in zip(found, heads, strict=True):
        features, _ = feature_network(network)
        last = keras.layers.Dense(len(bias), name=_HEAD)
        probabilities = keras.layers.Softmax(name="probabilities")(last(features.output))
        last.set_weights([weights, bias])
        replaced.append(keras.Model(network.input, probabilities, name=network.name))
    return replaced[0] if found[0] is model else soft_vote(replaced)


def oriented(model: keras.Model, matrix: np.ndarray) -> keras.Model:
    """Put a wearer's orientation in front of a network.

    Parameters
    ----------
    model : keras.Model
        From windows (batch, length, channels) to probabilities, without an orientation of its own
        (:func:`without_orientation`). It becomes a part of the new network.
    matrix : numpy.ndarray
        From :meth:`~emg_recognition.models.orientation.Orientation.matrix`.

    Returns
    -------
    keras.Model
        The same answers as `model` gives for windows that are multiplied with `matrix` first.
    """
    window = keras.Input(model.input_shape[1:], name="window")
    turn = Orient(name="orientation")
    probabilities = model(turn(window))
    turn.matrix.assign(np.asarray(matrix, np.float32))
    return keras.Model(window, probabilities, name="oriented")


def without_orientation(model: keras.Model) -> tuple[keras.Model, np.ndarray | None]:
    """Return the network behind a wearer's orientation and the matrix, or the network itself and None."""
    if not any(isinstance(layer, Orient) for layer in model.layers):
        return model, None
    turn, network = model.layers[-2:]
    return network, np.asarray(turn.matrix)
