"""What a gradient step gets: the batches of an epoch and the learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import WindowSet

# A small set needs gradient steps more than speed: smaller batches, down to this size.
_SMALLEST = 32
_PLAIN_BATCH = 512


def epoch_size(count: int, settings: FitSettings) -> tuple[int, int]:
    """Return how an epoch is divided.

    Parameters
    ----------
    count : int
        Training windows.
    settings : FitSettings
        Batch size and steps.

    Returns
    -------
    steps : int
        Gradient steps of an epoch.
    windows : int
        Windows that they show together. With ``steps_per_epoch`` these are whole batches, however many
        windows there are. Otherwise each window is shown once; but with fewer windows than
        ``least_steps_per_epoch`` whole batches would need, batches become smaller, down to 32 windows, and
        below that windows are shown again.
    """
    if settings.steps_per_epoch is not None:
        return settings.steps_per_epoch, settings.steps_per_epoch * settings.batch_size
    least = settings.least_steps_per_epoch
    size = min(settings.batch_size, max(_SMALLEST, count // least), count)
    windows = max(count, least * size)
    return math.ceil(windows / size), windows


@dataclass(frozen=True, eq=False)
class CohortWeights:
    """How often the windows of a cohort and the others are drawn, epoch by epoch, alike within each.

    It takes one byte for a window, however many epochs there are.

    Attributes
    ----------
    cohort : ndarray of bool, shape (windows,)
        Which windows are of the cohort.
    inside, outside : ndarray of float64, shape (epochs,)
        Weight of each of its windows, and of each of the others.
    """

    cohort: NDArray[np.bool_]
    inside: NDArray[np.float64]
    outside: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.inside)

    def __getitem__(self, epoch: int) -> NDArray[np.float64]:
        """Return the weight of each window in an epoch, shape (windows,)."""
        return np.where(self.cohort, self.inside[epoch], self.outside[epoch])


Weights = NDArray[np.float64] | CohortWeights
"""How often each window is drawn, relative to the others: shape (windows,), or rows for the epochs."""


class Batches(keras.utils.PyDataset):
    """Training windows, with a new order, new places and new gains in each epoch.

    The strength of a contraction and the contact of an electrode change more from one repetition to the
    next than within one; random gains keep the network from memorising them. Where a window begins is also
    arbitrary, so it is shifted a little within its segment.

    Parameters
    ----------
    windows : WindowSet
        The training windows.
    settings : FitSettings
        Batch size, steps, gain jitter, time shift, electrode rotation and seed.
    weights : ndarray, CohortWeights or None
        Shape (windows,) or (epochs, windows): each window is drawn with a probability in proportion to its
        weight, in all epochs or in this one; ``None``: all are shown equally often.
    """

    def __init__(self, windows: WindowSet, settings: FitSettings, weights: Weights | None = None) -> None:
        super().__init__()
        self._windows = windows
        self._action = windows.action
        self._settings = settings
        self._weights = np.atleast_2d(weights) if isinstance(weights, np.ndarray) else weights
        self._steps, self._wanted = epoch_size(len(windows), settings)
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._parts[index]
        # Seeded by epoch and index, so that the batches may be asked for in any order.
        rng = np.random.default_rng((self._settings.seed, self._epoch, index))
        whole = rng.normal(0.0, self._settings.gain_jitter, (len(chosen), 1, 1))
        each = rng.normal(0.0, self._settings.gain_jitter, (len(chosen), 1, self._windows.channels))
        most = round(self._settings.time_shift * self._windows.length)
        windows = self._windows.gather(chosen, rng.integers(-most, most + 1, len(chosen)))
        if self._settings.gain_jitter > 0:
            windows *= np.exp(whole + each).astype(np.float32)
        if self._settings.electrode_rotation > 0:
            most_rotated = self._settings.electrode_rotation
            by = rng.uniform(-most_rotated, most_rotated, len(chosen))
            windows = rotated(windows, by, self._windows.ring)
        return windows, self._action[chosen]

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch; its batches differ in size by at most one window."""
        self._epoch += 1
        rng = np.random.default_rng((self._settings.seed, self._epoch))
        count, wanted = len(self._windows), self._wanted
        if self._weights is not None:
            borders = np.cumsum(self._weights[min(self._epoch, len(self._weights) - 1)])
            drawn = np.searchsorted(borders, rng.random(wanted) * borders[-1], side="right")
            order = np.minimum(drawn, count - 1)
        else:
            order = np.concatenate([rng.permutation(count) for _ in range(-(-wanted // count))])[:wanted]
        self._parts = np.array_split(order, self._steps)


def rotated(windows: np.ndarray, by: np.ndarray, ring: int | None = None) -> np.ndarray:
    """Rotate the armband: each electrode gets what lies between two electrodes of the ring.

    Parameters
    ----------
    windows : np.ndarray
        Float32, shape (windows, length, channels), the channels in their order around the arm.
    by : np.ndarray
        How far each is rotated, in electrodes, shape (windows,). Fractions are interpolated; the strength
        is kept as if neighbours were independent.
    ring : int or None
        How many of the channels, the first ones, are in the ring; ``None``: all.

    Returns
    -------
    np.ndarray
        Float32, of the same shape.
    """
    if ring is not None and ring < windows.shape[2]:
        around = windows[:, :, :ring]
        return np.concatenate([rotated(around, by) if ring else around, windows[:, :, ring:]], axis=2)
    whole = np.floor(by).astype(np.int64)
    part = (by - whole).astype(np.float32)[:, np.newaxis, np.newaxis]
    electrodes = np.arange(windows.shape[2])
    near, far = (
        np.take_along_axis(
            windows, ((electrodes + step[:, np.newaxis]) % len(electrodes))[:, np.newaxis], axis=2
        )
        for step in (whole, whole + 1)
    )
    return ((1 - part) * near + part * far) / np.sqrt((1 - part) ** 2 + part**2)


class PlainBatches(keras.utils.PyDataset):
    """Windows unchanged and in order, for validation.

    Parameters
    ----------
    windows : WindowSet
        The windows.
    """

    def __init__(self, windows: WindowSet) -> None:
        super().__init__()
        self._windows = windows
        self._action = windows.action

    def __len__(self) -> int:
        return math.ceil(len(self._windows) / _PLAIN_BATCH)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.arange(index * _PLAIN_BATCH, min((index + 1) * _PLAIN_BATCH, len(self._windows)))
        return self._windows.gather(chosen), self._action[chosen]


class OneCycle(keras.callbacks.Callback):
    """A learning rate that rises over the first tenth of the steps and then falls to 0 as a cosine.

    Parameters
    ----------
    highest : float
        Learning rate at the end of the rise.
    steps : int
        Gradient steps of the whole training.
    """

    def __init__(self, highest: float, steps: int) -> None:
        super().__init__()
        self._highest = highest
        self._steps = steps
        self._step = 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the learning rate of the next step."""
        rise = max(1, self._steps // 10)
        self._step += 1
        if self._step <= rise:
            share = self._step / rise
        else:
            share = 0.5 + 0.5 * math.cos(math.pi * (self._step - rise) / (self._steps - rise + 1))
        self.model.optimizer.learning_rate = self._highest * share
