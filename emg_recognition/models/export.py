"""From a Keras model to the contents of a bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def to_tflite(model: keras.Model) -> bytes:
    """Convert a network for LiteRT: float32, one window at a time, builtin operators only.

    Parameters
    ----------
    model : keras.Model
        From (batch, length, channels) to (batch, classes).

    Returns
    -------
    bytes
        The flat buffer; its input has the shape (1, length, channels).
    """
    _, length, channels = model.input_shape
    # With a fixed batch of one, LiteRT plans its memory once and does no batch arithmetic.
    spec = tf.TensorSpec((1, length, channels), tf.float32, name="window")
    function = tf.function(lambda window: model(window, training=False), autograph=False)
    concrete = function.get_concrete_function(spec)
    # The converter turns only those variables into constants that it finds in a module. In a Keras 3 model
    # it finds none and leaves reads of empty variables behind, and the network answers NaN.
    module = tf.Module()
    module.variables_of_model = [variable.value for variable in model.variables]
    module.function = concrete
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], module).convert()


def to_keras_file(model: keras.Model) -> bytes:
    """Return a network in Keras's own format, without optimiser state.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    bytes
        The content of a ``.keras`` file; ``keras.saving.load_model`` reads it once
        :mod:`emg_recognition.models.layers` has been imported.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path, include_optimizer=False)
        return path.read_bytes()


def soft_vote(models: Sequence[keras.Model]) -> keras.Model:
    """Combine networks into one that answers with the mean of their probabilities.

    Parameters
    ----------
    models : sequence of keras.Model
        At least one; all from the same windows (batch, length, channels) to the same classes.

    Returns
    -------
    keras.Model
        A network with the same input and output; its size and time are those of all members together.
    """
    window = keras.Input(models[0].input_shape[1:], name="window")
    # Wrapped, because all members have the same name.
    members = [
        keras.Model(model.inputs[0], model.outputs[0], name=f"member_{number}")
        for number, model in enumerate(models, start=1)
    ]
    answers = [member(window) for member in members]
    mean = keras.layers.Average(name="probabilities")(answers) if len(answers) > 1 else answers[0]
    return keras.Model(window, mean, name="emg_recognition")


def pool_statistics(statistics: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Combine statistics of several sets of training windows, all with the same weight.

    Parameters
    ----------
    statistics : sequence of mapping
        ``mean``, ``std`` and ``rms`` from :func:`~emg_recognition.models.statistics.window_statistics`.

    Returns
    -------
    dict
        The same statistics of the union; those of a single set are returned unchanged.
    """
    if len(statistics) == 1:
        return dict(statistics[0])
    means, deviations = (np.array([s[name] for s in statistics]) for name in ("mean", "std"))
    mean = means.mean(axis=0)
    # The variance of a union of equal parts: the mean variance, plus the variance of the means.
    std = np.sqrt((deviations**2 + (means - mean) ** 2).mean(axis=0))
    rms = float(np.sqrt(np.mean([s["rms"] ** 2 for s in statistics])))
    return {"mean": mean.tolist(), "std": std.tolist(), "rms": rms}
