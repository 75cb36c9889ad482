"""Train one network: plain gradient descent from fresh weights, the same for every member."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from emg_recognition.errors import SettingError
from emg_recognition.models.network import build_network
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.models.statistics import window_statistics
from emg_recognition.training.batches import Batches, OneCycle, Shown
from emg_recognition.training.windows import WindowSet


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """The section ``training`` of a training configuration.

    Attributes
    ----------
    epochs : int
        Passes over the training windows.
    batch_size : int
        Windows a gradient step; fewer where the set is so small that an epoch had less than 16 steps.
    steps : int or None
        Gradient steps an epoch, whatever the number of windows, so that models of unlike cohorts are given
        the same; ``None``: as many as show each window once.
    learning_rate : float
        The highest rate of the schedule.
    gain : float
        How far the strength of a training window is varied: the deviation of the logarithm of a random
        gain of the whole window, and again of each of its channels. 0 for none.
    shift : float
        How far a training window is moved at random within its segment, at most, as a share of its length.
    turn : float
        How far the armband of a training window is turned at random, at most, in electrodes: against armbands
        that are put on a little differently. 0 for none; only for electrodes in a ring.
    seed : int
        Decides the first weights, the order of the windows, their places and their gains.
    """

    epochs: int = 8
    batch_size: int = 128
    steps: int | None = None
    learning_rate: float = 4e-3
    gain: float = 0.15
    shift: float = 0.125
    turn: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 2), ("seed", 0), ("steps", 1)):
            value = getattr(self, name)
            if name == "steps" and value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise SettingError(f"training.{name}", value, f"write a whole number of at least {least}")
        limits = {"learning_rate": 1.0, "gain": 1.0, "shift": 1.0, "turn": math.inf}
        for name, limit in limits.items():
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 <= value < limit or (value == 0 and name == "learning_rate"):
                wanted = "of at least 0" if limit == math.inf else f"between 0 and {limit:g}, such as 0.1"
                raise SettingError(f"training.{name}", value, f"write a number {wanted}")


@dataclass(frozen=True, eq=False)
class FitResult:
    """A trained network and how it got there.

    Attributes
    ----------
    model : keras.Model
        The network after the last epoch.
    history : list of dict
        One entry an epoch: epoch, epochs, loss, accuracy, val_loss, val_accuracy (None without
        validation windows), seconds since the start.
    seconds : float
        Wall time, building the network included.
    steps : int
        Gradient steps in all.
    """

    model: keras.Model
    history: list[dict[str, Any]]
    seconds: float
    steps: int


def fit_network(
    network_settings: NetworkSettings,
    fit_settings: FitSettings,
    train: WindowSet,
    validation: WindowSet | None,
    *,
    weights: np.ndarray | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> FitResult:
    """Train a network from fresh weights.

    Parameters
    ----------
    network_settings : NetworkSettings
        Its shape.
    fit_settings : FitSettings
        How to train it.
    train : WindowSet
        Training windows; the statistics of the z-score are theirs.
    validation : WindowSet or None
        Windows to report on after each epoch; they do not influence the result.
    weights : ndarray, shape (windows,) or (epochs, windows), or None
        How often each training window is drawn, relative to the others; ``None``: all alike.
    on_epoch : callable, optional
        Called after each epoch with that epoch's entry of the history.

    Returns
    -------
    FitResult
        The trained network.
    """
    begin = time.perf_counter()
    length, channels = train.length, train.channels
    trainer = _trainer(network_settings, length, channels, len(train.actions))
    keras.utils.set_random_seed(fit_settings.seed)
    statistics = window_statistics(train.batches())
    model = build_network(
        network_settings,
        length=length,
        channels=channels,
        classes=len(train.actions),
        mean=np.asarray(statistics["mean"]),
        std=np.asarray(statistics["std"]),
    )
    trainer.set_weights(model.get_weights())
    for variable in trainer.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    history: list[dict[str, Any]] = []

    def note(epoch: int, logs: dict[str, Any]) -> None:
        entry: dict[str, Any] = {"epoch": epoch + 1, "epochs": fit_settings.epochs}
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            entry[name] = float(logs[name]) if name in logs else None
        entry["seconds"] = time.perf_counter() - begin
        history.append(entry)
        if on_epoch is not None:
            on_epoch(entry)

    batches = Batches(train, fit_settings, weights)
    steps = fit_settings.epochs * len(batches)
    schedule = OneCycle(fit_settings.learning_rate, steps)
    trainer.fit(
        batches,
        epochs=fit_settings.epochs,
        validation_data=None if validation is None else Shown(validation),
        shuffle=False,  # Batches does it
        verbose=0,
        callbacks=[
            schedule,
            keras.callbacks.LambdaCallback(on_epoch_end=note),
        ],
    )
    model.set_weights(trainer.get_weights())
    return FitResult(model=model, history=history, seconds=time.perf_counter() - begin, steps=steps)


@lru_cache(maxsize=1)
def _trainer(settings: NetworkSettings, length: int, channels: int, classes: int) -> keras.Model:
    """Compile a network to train any number of members in; its weights are set for each.

    Building the graph of a training step takes as long as some epochs of a member.
    """
    none = np.zeros(channels)
    model = build_network(settings, length=length, channels=channels, classes=classes, mean=none, std=none)
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    # Never XLA, which Keras would choose by itself on some machines: the times in
    # docs/concepts/model-and-bundle.md were measured without it.
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model
