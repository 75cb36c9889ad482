"""What a gradient step sees: the batches of an epoch and the learning rate."""

from __future__ import annotations

import math
from typing import Any, Protocol

import keras
import numpy as np

from emg_recognition.training.windows import WindowSet

# A small set is cut into more, smaller batches: it needs gradient steps more than it needs speed.
_LEAST_BATCHES, _SMALLEST = 16, 16
_SHOWN = 512


class BatchSettings(Protocol):
    """The part of the training settings that batches are made by."""

    @property
    def batch_size(self) -> int:
        """Most windows a batch."""

    @property
    def steps(self) -> int | None:
        """Batches an epoch; None: as many as show each window once."""

    @property
    def gain(self) -> float:
        """Deviation of the logarithm of the random gains."""

    @property
    def shift(self) -> float:
        """How far a window is moved at most, as a share of its length."""

    @property
    def turn(self) -> float:
        """How far the armband is turned at most, in electrodes."""

    @property
    def seed(self) -> int:
        """Decides order and gains."""


class Batches(keras.utils.PyDataset):
    """Training windows in a new order, from new places and with new gains each epoch.

    The strength of a contraction and the contact of an electrode change from one repetition to
    the next more than within one; random gains keep the network from learning them by heart. Where a
    window begins is chance, too: it is moved a little within its segment.

    Parameters
    ----------
    windows : WindowSet
        The training windows.
    settings : BatchSettings
        Batch size, steps, gain, shift, turn and seed.
    weights : np.ndarray or None
        Shape (windows,) or (epochs, windows): each window is drawn with a probability in proportion to its
        weight, in this epoch or in all; ``None``: all are shown equally often.
    """

    def __init__(
        self, windows: WindowSet, settings: BatchSettings, weights: np.ndarray | None = None
    ) -> None:
        super().__init__()
        self._windows = windows
        self._action = windows.action
        self._settings = settings
        self._weights = None if weights is None else np.atleast_2d(weights)
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        if self._settings.steps is not None:
            return self._settings.steps
        count = len(self._windows)
        return math.ceil(count / min(self._settings.batch_size, max(_SMALLEST, count // _LEAST_BATCHES)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._parts[index]
        # By epoch and index, so that it does not matter who asks for which batch first.
        rng = np.random.default_rng((self._settings.seed, self._epoch, index))
        whole = rng.normal(0.0, self._settings.gain, (len(chosen), 1, 1))
        each = rng.normal(0.0, self._settings.gain, (len(chosen), 1, self._windows.channels))
        most = round(self._settings.shift * self._windows.length)
        windows = self._windows.gather(chosen, rng.integers(-most, most + 1, len(chosen)))
        if self._settings.gain > 0:
            windows *= np.exp(whole + each).astype(np.float32)
        if self._settings.turn > 0:
            windows = turned(windows, rng.uniform(-self._settings.turn, self._settings.turn, len(chosen)))
        return windows, self._action[chosen]

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order; its batches differ by at most one window in size."""
        self._epoch += 1
        rng = np.random.default_rng((self._settings.seed, self._epoch))
        count, steps = len(self._windows), self._settings.steps
        wanted = count if steps is None else steps * self._settings.batch_size
        if self._weights is not None:
            borders = np.cumsum(self._weights[min(self._epoch, len(self._weights) - 1)])
            drawn = np.searchsorted(borders, rng.random(wanted) * borders[-1], side="right")
            order = np.minimum(drawn, count - 1)
        else:
            order = np.concatenate([rng.permutation(count) for _ in range(-(-wanted // count))])[:wanted]
        self._parts = np.array_split(order, len(self))


def turned(windows: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Turn the armband: each electrode sees what lies between two of its ring.

    Parameters
    ----------
    windows : np.ndarray
        Float32, shape (windows, length, channels), the channels in their order round the arm.
    by : np.ndarray
        How far each is turned, in electrodes, shape (windows,); fractions are interpolated, their strength
        kept as if neighbours were independent.

    Returns
    -------
    np.ndarray
        Float32, of the same shape.
    """
    whole = np.floor(by).astype(np.int64)
    part = (by - whole).astype(np.float32)[:, np.newaxis, np.newaxis]
    ring = np.arange(windows.shape[2])
    near, far = (
        np.take_along_axis(windows, ((ring + step[:, np.newaxis]) % len(ring))[:, np.newaxis], axis=2)
        for step in (whole, whole + 1)
    )
    return ((1 - part) * near + part * far) / np.sqrt((1 - part) ** 2 + part**2)


class Shown(keras.utils.PyDataset):
    """Windows as they are, in their order, to be judged.

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
        return math.ceil(len(self._windows) / _SHOWN)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.arange(index * _SHOWN, min((index + 1) * _SHOWN, len(self._windows)))
        return self._windows.gather(chosen), self._action[chosen]


class OneCycle(keras.callbacks.Callback):
    """Learning rate that rises over the first tenth of the steps and falls as a cosine to 0.

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
        """Set the learning rate of the coming step."""
        rise = max(1, self._steps // 10)
        self._step += 1
        if self._step <= rise:
            share = self._step / rise
        else:
            share = 0.5 + 0.5 * math.cos(math.pi * (self._step - rise) / (self._steps - rise + 1))
        self.model.optimizer.learning_rate = self._highest * share
