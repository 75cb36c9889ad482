"""From a Keras model to what a bundle holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
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
    # A fixed batch of one lets LiteRT plan its memory once and leave the batch arithmetic out.
    spec = tf.TensorSpec((1, length, channels), tf.float32, name="window")
    function = tf.function(lambda window: model(window, training=False), autograph=False)
    concrete = function.get_concrete_function(spec)
    # The converter only makes constants of variables that it finds in a module; of a Keras 3 model
    # it finds none, and leaves reads of empty variables behind: the network then answers NaN.
    module = tf.Module()
    module.variables_of_model = [variable.value for variable in model.variables]
    module.function = concrete
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], module).convert()


def to_keras_file(model: keras.Model) -> bytes:
    """Pack a network in Keras's own format, without optimiser state.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    bytes
        What ``keras.saving.load_model`` reads from a file ending in ``.keras``, once
        :mod:`emg_recognition.models.layers` is imported.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path, include_optimizer=False)
        return path.read_bytes()
