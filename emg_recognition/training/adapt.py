"""Make a model fit a new wearer: it learns on from one or two repetitions and becomes a bundle of his own.

Muscles, skin and the place of the electrodes differ from person to person more than from day to day, so a
model of others is a good beginning and a poor end. The whole network learns on; it starts from the parent's
weights and the wearer's own statistics.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emg_recognition.errors import BundleError, SettingError
from emg_recognition.evaluation.metrics import MEAN_METRICS, score_windows
from emg_recognition.evaluation.performance import cross_entropy
from emg_recognition.models.bundle import KERAS, TFLITE, BundleInfo, check_compatible, read_bundle
from emg_recognition.models.bundle_writer import write_bundle
from emg_recognition.models.export import to_keras_file, to_tflite
from emg_recognition.models.layers import Standardise
from emg_recognition.models.runtime import ActionModel
from emg_recognition.models.statistics import guarded_deviation, window_statistics
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.resources import versions
from emg_recognition.signal.settings import PipelineSettings, stride_samples
from emg_recognition.training.batches import Batches, OneCycle
from emg_recognition.training.fit import FitSettings
from emg_recognition.training.fold import predict
from emg_recognition.training.output import LIBRARIES, data_fingerprint
from emg_recognition.training.windows import WindowSet, windows_from_recordings

ADAPT_SETTINGS = FitSettings(epochs=1, steps=150, batch_size=64, learning_rate=2e-3)
"""How a network learns a wearer: a few hundred steps, whatever the length of the recording."""

_STEP = 0.05  # s from one window to the next, as in training
# Far below any score, so that an action has no share in the softmax and no gradient.
_LEFT_OUT = -1e9

OnStep = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Adaptation:
    """A bundle made for a wearer.

    Attributes
    ----------
    bundle : BundleInfo
        The new bundle.
    windows : dict of str to int
        Windows of each action that the wearer performed.
    missing : tuple of str
        Actions of the model that he did not perform: still recognised, by what the parent knew of them.
    before, after : dict or None
        What parent and new bundle are worth on the test repetitions (``test_accuracy``,
        ``test_balanced_accuracy``, ``test_macro_f1``, ``test_loss``); None without test repetitions.
    """

    bundle: BundleInfo
    windows: dict[str, int]
    missing: tuple[str, ...]
    before: dict[str, float] | None
    after: dict[str, float] | None


def adapt(
    parent: Path,
    recordings: Recordings,
    output: Path,
    *,
    repetitions: Sequence[int],
    test_repetitions: Sequence[int] = (),
    settings: FitSettings = ADAPT_SETTINGS,
    on_step: OnStep = lambda step, steps: None,
) -> Adaptation:
    """Fine-tune a bundle on some repetitions of one wearer and write it as a new bundle.

    The same parent, data, settings and seed give the same weights on the same machine with the same number of
    cores. The parent is only read.

    Parameters
    ----------
    parent : Path
        The bundle to begin with.
    recordings : Recordings
        Labelled segments of one wearer.
    output : Path
        Directory of the new bundle; an older bundle there is replaced, anything else is refused.
    repetitions : sequence of int
        What to learn from.
    test_repetitions : sequence of int
        Others, to judge parent and new bundle by; they decide nothing.
    settings : FitSettings
        Steps, batch size, learning rate, gain, shift and seed.
    on_step : callable
        Called after each gradient step with its number and the number of all.

    Returns
    -------
    Adaptation
        The new bundle and what it is worth.

    Raises
    ------
    EmgRecognitionError
        If the bundle or the recordings cannot be used, or do not belong together; nothing has been written.
    """
    info = read_bundle(parent)
    _refuse_parent(parent, output)
    check_compatible(info, rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    pipeline = PipelineSettings.from_mapping(info.pipeline, f"{parent}: pipeline")
    check_compatible(info, fingerprint=pipeline.fingerprint())
    chosen = _choose(info, recordings, repetitions, test_repetitions)

    def cut(side: Recordings) -> WindowSet:
        step = stride_samples(_STEP, side.rate)
        return windows_from_recordings(side, pipeline, step, actions=info.actions)

    windows, test = cut(chosen[0]), cut(chosen[1]) if test_repetitions else None
    counts = windows.count("action")
    if len(counts) < 2:
        remedy = f"they give windows of {', '.join(counts)} alone; take repetitions of two or more actions"
        raise SettingError("repetitions", tuple(repetitions), remedy)
    model = keras.saving.load_model(parent / KERAS, compile=False)
    statistics = fine_tune(model, windows, settings, on_step=on_step)
    contents: dict[str, Any] = {
        "keras_model": to_keras_file(model),
        "tflite": to_tflite(model),
        "actions": info.actions,
        "pipeline": pipeline.to_mapping(),
        "fingerprint": info.fingerprint,
        "statistics": statistics,
        "provenance": {
            "source": Path(recordings.source).name,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "parent": {"model_id": info.model_id, "sha256": info.files[TFLITE]},
            "subject": str(recordings.subject[0]),
            "repetitions": sorted(repetitions),
            "windows": counts,
            "data": {"sha256": data_fingerprint(chosen[0])},
            "settings": {"adapt": {**asdict(settings), "step": _STEP}},
            "versions": versions(*LIBRARIES),
        },
    }
    before = after = None
    metrics: dict[str, Any] = {}
    if test is not None:
        with tempfile.TemporaryDirectory() as folder:  # judged as it runs live: the bundle, through LiteRT
            written = write_bundle(Path(folder) / "bundle", **contents, metrics={})
            before, after = (_judge(one, test) for one in (info, written))
        metrics = {**after, "test_repetitions": sorted(test_repetitions), "parent": before}
    missing = tuple(action for action in info.actions if action not in counts)
    return Adaptation(write_bundle(output, **contents, metrics=metrics), counts, missing, before, after)


def fine_tune(
    model: keras.Model,
    windows: WindowSet,
    settings: FitSettings = ADAPT_SETTINGS,
    *,
    on_step: OnStep = lambda step, steps: None,
) -> dict[str, Any]:
    """Let a trained network learn on from a wearer's windows, in place.

    Its z-score takes over the wearer's statistics. Actions are drawn equally often; those without a window
    are left out of the loss, so that nothing teaches the network that they no longer exist. The members of a
    soft vote learn one after the other.

    Parameters
    ----------
    model : keras.Model
        From windows to probabilities, as training writes it.
    windows : WindowSet
        Filtered windows of the wearer; their actions are the model's.
    settings : FitSettings
        Steps, batch size, learning rate, gain, shift and seed.
    on_step : callable
        Called after each gradient step with its number and the number of all.

    Returns
    -------
    dict
        Statistics of the windows: ``mean``, ``std`` and ``rms``.
    """
    keras.utils.set_random_seed(settings.seed)
    statistics = window_statistics(windows.batches())
    counts = np.bincount(windows.action, minlength=len(windows.actions))
    weights = 1.0 / counts[windows.action]
    networks = _networks(model)
    for number, network in enumerate(networks):
        standardise = network.get_layer("z_score")
        if standardise.over == "channel":
            deviation = guarded_deviation(np.asarray(statistics["std"]))
            standardise.set_statistics(np.asarray(statistics["mean"], np.float32), deviation)
        scores = network.get_layer("probabilities").input
        trainer = keras.Model(network.input, scores + np.where(counts, 0.0, _LEFT_OUT).astype(np.float32))
        trainer.compile(
            keras.optimizers.Adam(),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )
        batches = Batches(windows, settings, weights)
        steps = settings.epochs * len(batches)
        trainer.fit(
            batches,
            epochs=settings.epochs,
            shuffle=False,  # Batches does it
            verbose=0,
            callbacks=[
                OneCycle(settings.learning_rate, steps),
                _Steps(on_step, number * steps, len(networks) * steps),
            ],
        )
    return statistics


class _Steps(keras.callbacks.Callback):
    """Tell of each gradient step."""

    def __init__(self, on_step: OnStep, done: int, steps: int) -> None:
        super().__init__()
        self._on_step = on_step
        self._done = done
        self._steps = steps

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._done += 1
        self._on_step(self._done, self._steps)


def _judge(info: BundleInfo, test: WindowSet) -> dict[str, float]:
    """Scores of a bundle, asked as it is live."""
    probabilities = predict(ActionModel(info), test)
    found = score_windows(test.action, probabilities.argmax(axis=1), test.actions)
    return {
        **{f"test_{name}": getattr(found, name) for name in MEAN_METRICS},
        "test_loss": cross_entropy(probabilities, test.action),
    }


def _networks(model: keras.Model) -> list[keras.Model]:
    """Return the networks that a model consists of: the members of a soft vote, or itself."""
    members = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.Model) and any(isinstance(part, Standardise) for part in layer.layers)
    ]
    return members or [model]


def _refuse_parent(parent: Path, output: Path) -> None:
    """Refuse to write where the parent stands: a bundle is never changed."""
    here, there = (Path(os.path.realpath(path)) for path in (parent, output))
    if here == there or here in there.parents or there in here.parents:
        raise BundleError(
            str(output), "that is the place of the parent", "choose another place for the new one"
        )


def _choose(
    info: BundleInfo, recordings: Recordings, repetitions: Sequence[int], test_repetitions: Sequence[int]
) -> list[Recordings]:
    """Return the segments to learn from and those to test on, after checking what was asked for."""
    subjects = np.unique(recordings.subject).tolist()
    if len(subjects) != 1:
        raise SettingError("subject", tuple(subjects), "a model is adapted to one wearer; choose one subject")
    unknown = [action for action in recordings.actions if action not in info.actions]
    if unknown:
        remedy = f"the model knows {', '.join(info.actions)}; choose among these, or train a new model"
        raise SettingError("actions", tuple(unknown), remedy)
    known = sorted(set(recordings.repetition.tolist()))
    for name, asked in (("repetitions", repetitions), ("test repetitions", test_repetitions)):
        if not set(asked) <= set(known) or (name == "repetitions" and not asked):
            raise SettingError(name, tuple(asked), f"{recordings.source} has the repetitions {known}")
    both = sorted(set(repetitions) & set(test_repetitions))
    if both:
        raise SettingError(
            "test repetitions", tuple(test_repetitions), f"{both} are learnt from; choose others"
        )
    return [
        recordings.select(np.isin(recordings.repetition, side)) for side in (repetitions, test_repetitions)
    ]
