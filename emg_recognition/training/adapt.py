"""Adapt a model to a new wearer: it learns from one or two of their repetitions and becomes a new bundle.

Muscles, skin and the position of the electrodes differ more from person to person than from day to day, so a
model of other people is a good start and a poor end. The whole network is fine-tuned; it starts from the
parent's weights and the wearer's own statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import SettingError
from emg_recognition.evaluation.metrics import MEAN_METRICS, score_windows
from emg_recognition.evaluation.performance import cross_entropy
from emg_recognition.models.bundle import REFERENCE, BundleInfo, check_compatible
from emg_recognition.models.bundle_writer import UnwrittenBundle
from emg_recognition.models.keras_file import load_keras
from emg_recognition.models.log_features import Measures
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.orienting import from_labels
from emg_recognition.models.reference import read_reference
from emg_recognition.models.runtime import ActionModel
from emg_recognition.models.statistics import guarded_deviation, window_statistics
from emg_recognition.models.wearer_network import networks, without_orientation
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.windows import STRIDE
from emg_recognition.signal.settings import stride_samples
from emg_recognition.training.batches import Batches, OneCycle
from emg_recognition.training.fold import predict
from emg_recognition.training.heads import wearer_network
from emg_recognition.training.rehearsal import rehearse
from emg_recognition.training.settings import ADAPT_PASSES, ADAPT_SETTINGS, FitSettings
from emg_recognition.training.wearer import (
    check_ring,
    check_wearer,
    describe_wearer,
    read_parent,
    trained_with,
    wearer_bundle,
)
from emg_recognition.training.windows import WindowSet, windows_from_recordings

# Far below any score, so that an action has no share in the softmax and no gradient.
_LEFT_OUT = -1e9

_TEST_METRICS = (*(f"test_{name}" for name in MEAN_METRICS), "test_loss")

OnStep = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Adaptation:
    """The result of an adaptation.

    Attributes
    ----------
    info : BundleInfo
        The description of the new bundle.
    windows : dict of str to int
        Windows of each action that the wearer performed.
    missing : tuple of str
        Actions of the model that the wearer did not perform. It still recognises them, from what the parent
        has learned.
    before, after : dict or None
        Results of the parent and of the new bundle on the test repetitions (``test_accuracy``,
        ``test_balanced_accuracy``, ``test_macro_f1``, ``test_loss``); ``None`` without test repetitions.
    known : bool
        Whether the parent had seen this wearer before; their arm is then taken to be the same one.
    """

    info: BundleInfo
    windows: dict[str, int]
    missing: tuple[str, ...]
    before: dict[str, float] | None
    after: dict[str, float] | None
    known: bool

    def __repr__(self) -> str:
        windows = sum(self.windows.values())
        return f"<Adaptation {self.bundle}: {windows} windows, before {self.before}, after {self.after}>"

    @property
    def bundle(self) -> Path:
        """Directory of the new bundle."""
        return self.info.path

    def describe(self) -> str:
        """Return how the armband sits, in words; empty where the parent does not know about armbands."""
        return describe_wearer(self.info, self.known)

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics that the new bundle holds."""
        return self.info.metrics


@dataclass(frozen=True, eq=False)
class UnwrittenAdaptation:
    """A finished adaptation, whose bundle is still in memory.

    Attributes
    ----------
    bundle : UnwrittenBundle
        The new bundle.
    metrics : dict
        What it is to hold of the test.
    parent : BundleInfo
        The bundle that it comes from.
    """

    bundle: UnwrittenBundle
    metrics: dict[str, Any]
    parent: BundleInfo

    def write(self) -> Adaptation:
        """Write the bundle, completely or not at all."""
        return adaptation_of(self.bundle.write(self.metrics), self.parent)


def adaptation_of(info: BundleInfo, parent: BundleInfo) -> Adaptation:
    """Return the adaptation that wrote a bundle.

    Parameters
    ----------
    info : BundleInfo
        The bundle.
    parent : BundleInfo
        The one that it comes from.
    """
    windows = info.provenance["windows"]
    tested = {name: value for name, value in info.metrics.items() if name in _TEST_METRICS}
    population = read_reference(parent) if REFERENCE in parent.files else None
    return Adaptation(
        info=info,
        windows=windows,
        missing=tuple(action for action in info.actions if action not in windows),
        before=info.metrics.get("parent"),
        after=tested or None,
        known=population is not None and population.known(info.provenance["subject"]) is not None,
    )


def make_adaptation(
    parent: Path,
    recordings: Recordings,
    output: Path,
    *,
    repetitions: Sequence[int],
    test_repetitions: Sequence[int] = (),
    history: Recordings | None = None,
    others: Recordings | None = None,
    settings: FitSettings = ADAPT_SETTINGS,
    on_step: OnStep = lambda step, steps: None,
    provenance: Mapping[str, Any] | None = None,
) -> UnwrittenAdaptation:
    """Fine-tune a bundle on some repetitions of one wearer.

    :func:`emg_recognition.adapt` describes parameters, result and errors. The same parent, data, settings and
    seed give the same weights on the same machine with the same number of cores. `provenance` is added to
    that of the bundle.
    """
    info, pipeline = read_parent(parent, output)
    before_model = ActionModel(info)  # a damaged parent is refused before the work, not after it
    subject = check_wearer(info, recordings)
    learned, tested = _choose(info, recordings, repetitions, test_repetitions)
    _check_rehearsed(info, tested, history, others)

    def cut(chosen: Recordings) -> WindowSet:
        stride = stride_samples(STRIDE, chosen.rate)
        return windows_from_recordings(chosen, pipeline, stride, actions=info.actions)

    windows, test = cut(learned), cut(tested) if test_repetitions else None
    earlier, strangers = (None if more is None else cut(more) for more in (history, others))
    counts = windows.count("action")
    if len(counts) < 2:
        remedy = f"they only give windows of {', '.join(counts)}; take repetitions of two or more actions"
        raise SettingError("repetitions", tuple(repetitions), remedy)
    network, _ = without_orientation(load_keras(info))
    population = read_reference(info) if REFERENCE in info.files else None
    orientation: Orientation | None = None
    if population is not None:
        check_ring(population, recordings)
        measures = Measures(windows.windows, population.ring)
        orientation = from_labels(population, measures, windows.action, subject).orientation
        windows = windows.oriented(orientation.matrix(info.channels, population.ring))
        seen = trained_with(info, population, subject)
        network = wearer_network(network, population.heads, windows, labelled=True, known=seen)
    settings = enough_steps(settings, len(windows))
    rehearsed, share = rehearse(windows, earlier, strangers, population, settings.seed)
    statistics = fine_tune(network, rehearsed, settings, share=share, on_step=on_step)
    bundle = wearer_bundle(
        output,
        info,
        network,
        learned,
        statistics={**statistics, "rms": window_statistics(windows.batches())["rms"]},
        provenance={
            "repetitions": sorted(repetitions),
            "windows": counts,
            "rehearsed": {"history": len(earlier or ()), "others": len(strangers or ())},
            "settings": {"adapt": {**asdict(settings), "stride": STRIDE}},
            **(provenance or {}),
        },
        # The features that the heads know are those of the parent's network.
        reference=None if population is None else replace(population, heads=()),
        orientation=orientation,
    )
    metrics: dict[str, Any] = {}
    if test is not None:
        before = _score(before_model, test)
        after = _score(ActionModel(bundle.info, bundle.tflite), test)
        metrics = {**after, "test_repetitions": sorted(test_repetitions), "parent": before}
    return UnwrittenAdaptation(bundle, metrics, info)


def enough_steps(settings: FitSettings, windows: int) -> FitSettings:
    """Return the settings of an adaptation with the number of its steps.

    Parameters
    ----------
    settings : FitSettings
        With ``steps_per_epoch`` they stay as they are.
    windows : int
        How many new windows the wearer has given; those that are rehearsed do not count.

    Returns
    -------
    FitSettings
        With as many steps as would show each of these windows
        :data:`~emg_recognition.training.settings.ADAPT_PASSES` times; ``least_steps_per_epoch`` at least.
    """
    if settings.steps_per_epoch is not None:
        return settings
    passes = math.ceil(ADAPT_PASSES * windows / settings.batch_size)
    return replace(settings, steps_per_epoch=max(settings.least_steps_per_epoch, passes))


def fine_tune(
    model: keras.Model,
    windows: WindowSet,
    settings: FitSettings,
    *,
    share: ArrayLike = 1.0,
    on_step: OnStep = lambda step, steps: None,
) -> dict[str, Any]:
    """Fine-tune a trained network on a wearer's windows, in place.

    Its z-score takes the statistics of the windows. Actions are drawn equally often; those without a window
    are left out of the loss, so that nothing teaches the network that they no longer exist. The members of a
    soft vote are fine-tuned one after another.

    Parameters
    ----------
    model : keras.Model
        From windows to probabilities, as training writes it.
    windows : WindowSet
        Filtered windows of the wearer; their actions are the model's.
    settings : FitSettings
        Steps, batch size, learning rate, random changes and seed.
    share : array_like
        Shape (windows,): within each action, windows are drawn in proportion to it; by default equally often.
    on_step : callable
        Called after each gradient step with its number and the number of all steps.

    Returns
    -------
    dict
        Statistics of the windows: ``mean``, ``std`` and ``rms``.
    """
    keras.utils.set_random_seed(settings.seed)
    statistics = window_statistics(windows.batches())
    counts = np.bincount(windows.action, minlength=len(windows.actions))
    share = np.broadcast_to(np.asarray(share, np.float64), windows.action.shape)
    weights = share / np.bincount(windows.action, share, len(windows.actions))[windows.action]
    members = networks(model)
    for number, network in enumerate(members):
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
                _Steps(on_step, number * steps, len(members) * steps),
            ],
        )
    return statistics


class _Steps(keras.callbacks.Callback):
    """Report each gradient step."""

    def __init__(self, on_step: OnStep, done: int, steps: int) -> None:
        super().__init__()
        self._on_step = on_step
        self._done = done
        self._steps = steps

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._done += 1
        self._on_step(self._done, self._steps)


def _score(model: ActionModel, test: WindowSet) -> dict[str, float]:
    """Return the scores of a model, asked window by window as in live use."""
    probabilities = predict(model, test)
    found = score_windows(test.action, probabilities.argmax(axis=1), test.actions)
    scores = (*(getattr(found, name) for name in MEAN_METRICS), cross_entropy(probabilities, test.action))
    return dict(zip(_TEST_METRICS, scores, strict=True))


def _check_rehearsed(
    info: BundleInfo, tested: Recordings, history: Recordings | None, others: Recordings | None
) -> None:
    """Refuse recordings to rehearse that do not fit the model, or that hold what is tested."""
    columns = ("subject", "session", "label", "repetition")

    def performed(found: Recordings) -> set[tuple[Any, ...]]:
        return set(zip(*(getattr(found, column).tolist() for column in columns), strict=True))

    for name, more in (("history", history), ("others", others)):
        if more is None:
            continue
        check_compatible(info, rate=more.rate, channels=more.channels, unit=more.unit)
        if both := performed(more) & performed(tested):
            shown = dict(zip(columns, min(both), strict=True))
            raise SettingError(name, shown, "this is to be tested on; leave it out")


def _choose(
    info: BundleInfo, recordings: Recordings, repetitions: Sequence[int], test_repetitions: Sequence[int]
) -> list[Recordings]:
    """Return the segments to learn from and those to test on, after checking what was asked for."""
    unknown = [action for action in recordings.actions if action not in info.actions]
    if unknown:
        remedy = f"the model knows {', '.join(info.actions)}; choose among these, or train a new model"
        raise SettingError("actions", tuple(unknown), remedy)
    known = sorted(set(recordings.repetition.tolist()))
    for name, asked in (("repetitions", repetitions), ("test repetitions", test_repetitions)):
        for number in asked:
            if number not in known:
                remedy = (
                    f"{recordings.source} has no repetition {number}; there are {', '.join(map(str, known))}"
                )
                raise SettingError(name, tuple(asked), remedy)
    if not repetitions:
        raise SettingError("repetitions", (), f"name those to learn from, of {', '.join(map(str, known))}")
    both = sorted(set(repetitions) & set(test_repetitions))
    if both:
        remedy = f"the model learns from {', '.join(map(str, both))}; test on others"
        raise SettingError("test repetitions", tuple(test_repetitions), remedy)
    return [
        recordings.select(np.isin(recordings.repetition, chosen))
        for chosen in (repetitions, test_repetitions)
    ]
