"""Last layers of wearers: what the training sessions look like behind a network, and a wearer's own one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.models.class_prior import Array, learn_prior
from emg_recognition.models.head import Head, learn_axes, reduced
from emg_recognition.models.wearer_network import feature_network, last_layer, networks, with_heads
from emg_recognition.training.alignment import spread_out
from emg_recognition.training.jobs import predict_windows
from emg_recognition.training.windows import WindowSet

# Windows by which the principal axes are found.
_FOR_AXES = 20_000


def learn_heads(model: keras.Model, windows: WindowSet) -> tuple[Head, ...]:
    """Learn the heads of the networks in a model.

    Parameters
    ----------
    model : keras.Model
        A trained network, or a soft vote.
    windows : WindowSet
        What it was trained on, aligned.

    Returns
    -------
    tuple of Head
        One for each network.
    """
    return tuple(_learn(network, windows) for network in networks(model))


def _learn(network: keras.Model, windows: WindowSet) -> Head:
    features, energies = feature_network(network)
    some = np.linspace(0, len(windows) - 1, min(_FOR_AXES, len(windows))).astype(np.int64)
    own = predict_windows(features, windows.select(some))[:, energies:].astype(np.float64)
    centre, axes = learn_axes(own)

    def sessions() -> Iterator[tuple[Array, NDArray[np.int64], NDArray[np.int64]]]:
        for _, session in windows.by_session():
            part = spread_out(session)
            rows = reduced(predict_windows(features, part), energies, centre, axes)
            yield rows, part.action, part.repetition

    prior = learn_prior(sessions(), len(windows.actions))
    return Head(energies, centre, axes, prior, *last_layer(network))


def wearer_network(
    model: keras.Model, heads: Sequence[Head], windows: WindowSet, *, labelled: bool, known: bool = False
) -> keras.Model:
    """Give a model the last layers of a wearer.

    Parameters
    ----------
    model : keras.Model
        A trained network, or a soft vote; its layers become parts of the new one.
    heads : sequence of Head
        One for each network; without any, the model stays as it is.
    windows : WindowSet
        Of the wearer, behind their orientation.
    labelled : bool
        Whether the windows' actions are known. Without, they should be of as many actions as occur in use.
    known : bool
        Whether the model has seen the wearer.

    Returns
    -------
    keras.Model
        With the same input and output.
    """
    if not heads:
        return model
    found = []
    for network, head in zip(networks(model), heads, strict=True):
        rows = predict_windows(feature_network(network)[0], windows)
        if labelled:
            found.append(head.from_labels(rows, windows.action, known=known))
        else:
            found.append(head.from_use(rows, known=known))
    return with_heads(model, found)
