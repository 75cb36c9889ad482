"""What a gradient step sees: the batches of an epoch and the learning rate."""

from __future__ import annotations

import math
from typing import Any, Protocol

import keras
import numpy as np

# A small set is cut into more, smaller batches: it needs gradient steps more than it needs speed.
_LEAST_BATCHES, _SMALLEST = 16, 16


class BatchSettings(Protocol):
    """The part of the training settings that batches are made by."""

    @property
    def batch_size(self) -> int:
        """Most windows a batch."""

    @property
    def gain(self) -> float:
        """Deviation of the logarithm of the random gains."""

    @property
    def seed(self) -> int:
        """Decides order and gains."""


class Batches(keras.utils.PyDataset):
    """Training windows in a new order and with new gains each epoch.

    The strength of a contraction and the contact of an electrode change from one repetition to
    the next more than within one; random gains keep the network from learning them by heart.

    Parameters
    ----------
    windows : np.ndarray
        Float32, shape (windows, length, channels).
    action : np.ndarray
        Integers, shape (windows,).
    settings : BatchSettings
        Batch size, gain and seed.
    """

    def __init__(self, windows: np.ndarray, action: np.ndarray, settings: BatchSettings) -> None:
        super().__init__()
        self._windows = windows
        self._action = action
        self._settings = settings
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        count = len(self._windows)
        return math.ceil(count / min(self._settings.batch_size, max(_SMALLEST, count // _LEAST_BATCHES)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._parts[index]
        windows = self._windows[chosen]
        if self._settings.gain > 0:
            # By epoch and index, so that it does not matter who asks for which batch first.
            rng = np.random.default_rng((self._settings.seed, self._epoch, index))
            whole = rng.normal(0.0, self._settings.gain, (len(chosen), 1, 1))
            each = rng.normal(0.0, self._settings.gain, (len(chosen), 1, windows.shape[2]))
            windows = windows * np.exp(whole + each).astype(np.float32)
        return windows, self._action[chosen]

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order; its batches differ by at most one window in size."""
        self._epoch += 1
        order = np.random.default_rng((self._settings.seed, self._epoch)).permutation(len(self._windows))
        self._parts = np.array_split(order, len(self))


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
