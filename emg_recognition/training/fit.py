"""Train one network: plain gradient descent from fresh weights, the same for every member."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from emg_recognition.models.network import build_network
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.models.statistics import window_statistics
from emg_recognition.training.batches import Batches, OneCycle, PlainBatches, Weights
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import WindowSet


@dataclass(frozen=True, eq=False)
class FitResult:
    """A trained network and its history.

    Attributes
    ----------
    model : keras.Model
        The network after the last epoch.
    history : list of dict
        One entry for each epoch: epoch, epochs, loss, accuracy, val_loss, val_accuracy (None without
        validation windows), seconds since the start.
    seconds : float
        Wall time, including the building of the network.
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
    weights: Weights | None = None,
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
        Training windows; they give the statistics of the z-score.
    validation : WindowSet or None
        Windows to report on after each epoch; they do not influence the result.
    weights : ndarray, shape (windows,) or (epochs, windows), CohortWeights or None
        How often each training window is drawn, relative to the others; ``None``: all equally often.
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
    trainer.fit(
        batches,
        epochs=fit_settings.epochs,
        validation_data=None if validation is None else PlainBatches(validation),
        shuffle=False,  # Batches does it
        verbose=0,
        callbacks=[
            OneCycle(fit_settings.learning_rate, steps),
            keras.callbacks.LambdaCallback(on_epoch_end=note),
        ],
    )
    model.set_weights(trainer.get_weights())
    return FitResult(model=model, history=history, seconds=time.perf_counter() - begin, steps=steps)


@lru_cache(maxsize=1)
def _trainer(settings: NetworkSettings, length: int, channels: int, classes: int) -> keras.Model:
    """Compile a network that trains any number of members; each member sets its weights.

    Building the graph of a training step takes as long as several epochs of a member.
    """
    none = np.zeros(channels)
    model = build_network(settings, length=length, channels=channels, classes=classes, mean=none, std=none)
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    # Never XLA, which Keras would choose by itself on some machines: the times in
    # docs/concepts/model-and-bundle.md were measured without it.
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model
