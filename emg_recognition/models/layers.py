"""Layers that Keras does not have: orientation, z-score, picture, log energies, batch normalisation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from emg_recognition.models.settings import PLANES


def time_matrix(samples: int, rows: int) -> np.ndarray | None:
    """Return the matrix that turns `samples` values into `rows` values along time.

    With fewer rows than samples, each row is the average of its share of the samples, including fractions at
    its edges. With more rows, it interpolates linearly between sample centres and is constant beyond the
    first and the last.

    Parameters
    ----------
    samples, rows : int
        Sizes, at least 1.

    Returns
    -------
    np.ndarray or None
        float32, shape (rows, samples); each row has the sum 1. None if there is nothing to do.
    """
    if rows == samples:
        return None
    if rows < samples:
        return _shares(samples, rows)
    centres = np.clip((np.arange(rows) + 0.5) * samples / rows - 0.5, 0, samples - 1)
    left = np.minimum(centres.astype(int), samples - 1)
    right = np.minimum(left + 1, samples - 1)
    return _between(left, right, centres - left, samples)


def ring_matrix(channels: int, columns: int) -> np.ndarray | None:
    """Return the matrix that turns `channels` electrodes in a ring into `columns` values around the ring.

    As :func:`time_matrix`, except that the last electrode is a neighbour of the first.

    Parameters
    ----------
    channels, columns : int
        Sizes, at least 1.

    Returns
    -------
    np.ndarray or None
        float32, shape (channels, columns); each column has the sum 1. None if there is nothing to do.
    """
    if columns == channels:
        return None
    if columns < channels:
        return np.ascontiguousarray(_shares(channels, columns).T)
    centres = (np.arange(columns) + 0.5) * channels / columns - 0.5
    left = np.floor(centres).astype(int)
    matrix = _between(left % channels, (left + 1) % channels, centres - left, channels)
    return np.ascontiguousarray(matrix.T)


def _shares(inputs: int, outputs: int) -> np.ndarray:
    """Average over equal shares: entry (o, i) is the overlap of input i with share o."""
    edges = np.arange(outputs + 1)[:, None] * inputs / outputs
    i = np.arange(inputs)[None]
    overlap = np.minimum(edges[1:], i + 1) - np.maximum(edges[:-1], i)
    return (np.maximum(overlap, 0) * outputs / inputs).astype(np.float32)


def _between(left: np.ndarray, right: np.ndarray, weight: np.ndarray, inputs: int) -> np.ndarray:
    matrix = np.zeros((len(left), inputs), np.float32)
    rows = np.arange(len(left))
    np.add.at(matrix, (rows, left), 1 - weight)
    np.add.at(matrix, (rows, right), weight)
    return matrix


@keras.saving.register_keras_serializable(package="emg_recognition")
class Orient(keras.layers.Layer):
    """Turn, mirror and scale the armband: each window is multiplied with one matrix from the right."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trainable": False, **kwargs})

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the matrix; at first it changes nothing."""
        channels = input_shape[-1]
        self.matrix = self.add_weight(
            shape=(channels, channels), initializer="identity", trainable=False, name="matrix"
        )

    def call(self, x: Any) -> Any:
        """Turn windows (batch, length, channels)."""
        return keras.ops.matmul(x, self.matrix)


@keras.saving.register_keras_serializable(package="emg_recognition")
class Standardise(keras.layers.Layer):
    """Z-score of a window, equations (1)-(2) of the paper: ``(x - mean) / deviation``.

    Parameters
    ----------
    over : str
        ``channel``: the statistics are weights that training does not change, set by
        :meth:`set_statistics`. ``window`` and ``window_channel``: they are those of the window itself.
    """

    def __init__(self, *, over: str, **kwargs: Any) -> None:
        super().__init__(**{"trainable": False, **kwargs})
        self.over = over

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for the statistics of each channel."""
        if self.over == "channel":
            channels = (input_shape[-1],)
            self.mean = self.add_weight(shape=channels, initializer="zeros", trainable=False, name="mean")
            self.std = self.add_weight(shape=channels, initializer="ones", trainable=False, name="std")

    def set_statistics(self, mean: np.ndarray, std: np.ndarray) -> None:
        """Set mean and (guarded) deviation of each channel, shape (channels,)."""
        self.mean.assign(mean)
        self.std.assign(std)

    def call(self, x: Any) -> Any:
        """Turn windows (batch, length, channels) into z-scores of the same shape."""
        if self.over == "channel":
            return (x - self.mean) / self.std
        axes = (1, 2) if self.over == "window" else (1,)
        centred = x - keras.ops.mean(x, axis=axes, keepdims=True)
        deviation = keras.ops.sqrt(keras.ops.mean(keras.ops.square(centred), axis=axes, keepdims=True))
        # A flat window would divide rounding noise by 0. The guard is relative, because units differ by 10^6.
        largest = keras.ops.max(keras.ops.abs(x), axis=axes, keepdims=True)
        return centred / keras.ops.maximum(deviation, 1e-5 * largest + 1e-12)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "over": self.over}


@keras.saving.register_keras_serializable(package="emg_recognition")
class Picture(keras.layers.Layer):
    """A window as a picture: rows are time, columns go around the ring of electrodes.

    The three planes are the z-scored signal, its absolute value, and the absolute change from sample to
    sample. Averaged over a row, they are classical features (mean absolute value, waveform length), so a
    picture with fewer rows than samples keeps the energy and frequency of what is too fast to draw.

    Parameters
    ----------
    height, width : int
        Rows and columns; 0: one for each sample, one for each electrode.
    """

    def __init__(self, *, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(**{"trainable": False, **kwargs})
        self.height = height
        self.width = width

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the constant matrices that resample time and electrodes."""
        _, length, channels = input_shape
        assert length is not None
        assert channels is not None
        self._rows = time_matrix(length, self.height or length)
        self._columns = ring_matrix(channels, self.width or channels)

    def call(self, z: Any) -> Any:
        """Turn z-scores (batch, length, channels) into pictures (batch, height, width, 3)."""
        change = keras.ops.abs(z[:, 1:] - z[:, :-1])
        planes = (z, keras.ops.abs(z), keras.ops.concatenate([change[:, :1], change], axis=1))
        return keras.ops.stack([self._draw(plane) for plane in planes], axis=-1)

    def _draw(self, plane: Any) -> Any:
        if self._columns is not None:
            plane = keras.ops.matmul(plane, self._columns)
        if self._rows is not None:
            plane = keras.ops.matmul(self._rows, plane)
        return plane

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the pictures, (batch, height, width, 3)."""
        batch, length, channels = input_shape
        return (batch, self.height or length, self.width or channels, PLANES)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "height": self.height, "width": self.width}


@keras.saving.register_keras_serializable(package="emg_recognition")
class LogEnergies(keras.layers.Layer):
    """Energy and frequency of each channel over the whole window, as logarithms.

    Four values a channel: the logarithms of the mean square, of the mean absolute change from sample to
    sample, and of how often the signal and its change alter their sign. They are what Hudgins' features
    measure, with a smooth count of the signs (a steep tanh) so that a network can be trained through it. In
    few and fast windows, a network that sees only the picture finds them late.

    Source of the features: Hudgins, Parker and Scott, *A new strategy for multifunction myoelectric control*,
    IEEE Trans. Biomed. Eng. 40(1), 1993.
    """

    #: How many values there are for each channel.
    KINDS = 4
    # What is added before a logarithm: a few percent of a muscle at work, so that silence is one value.
    _LEAST_SQUARE, _LEAST = 1e-3, 1e-2
    _STEEPNESS = 4.0

    def call(self, z: Any) -> Any:
        """Turn z-scores (batch, length, channels) into (batch, 1, 1, 4 * channels)."""
        change = z[:, 1:] - z[:, :-1]
        energies = (
            keras.ops.log(keras.ops.mean(keras.ops.square(z), axis=1) + self._LEAST_SQUARE),
            self._log_mean(change),
            self._log_sign_changes(z),
            self._log_sign_changes(change),
        )
        return keras.ops.concatenate(energies, axis=-1)[:, None, None]

    def _log_sign_changes(self, x: Any) -> Any:
        sign = keras.ops.tanh(self._STEEPNESS * x)
        return self._log_mean(sign[:, 1:] - sign[:, :-1])

    def _log_mean(self, x: Any) -> Any:
        return keras.ops.log(keras.ops.mean(keras.ops.abs(x), axis=1) + self._LEAST)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the energies, (batch, 1, 1, 4 * channels)."""
        batch, _, channels = input_shape
        assert channels is not None
        return (batch, 1, 1, self.KINDS * channels)


@keras.saving.register_keras_serializable(package="emg_recognition")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation of pictures, with TensorFlow's fused operator for the training step.

    Keras 3 composes that step from a dozen operators; the fused one halves the time of a whole training pass
    of this network. For inference, both are the same. As in Keras, the population variance is stored; the
    operator itself reports the sample variance.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise pictures (batch, height, width, channels) and, in training, update the statistics."""
        if not (training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], variance.dtype)
        variance *= (count - 1) / count
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + tf.stop_gradient(now) * (1 - self.momentum))
        return outputs
