"""The settings of a training: ``config/compact.yaml`` and ``config/paper.yaml`` show all of them.

Importing this module loads no numerical library, so that the command line is quick.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from emg_recognition.actions import REST
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import SettingError
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.settings import check, setting
from emg_recognition.signal.settings import PipelineSettings, stride_samples, suited_settings
from emg_recognition.training.search_settings import SearchSettings
from emg_recognition.types import LiveSettings

#: Combinations of settings that ``tune`` tries in each fold unless told otherwise.
TRIALS = 40
#: What ``compare`` can train and test; by default all of them.
METHODS = ("ensemble", "weighted", "pretrain", "adapt", "minority", "lda", "balanced-bagging")

SUBSETS = ("train", "validation", "test")

SPLITS: dict[str, tuple[str, ...]] = {
    "repetition": SUBSETS,
    "session": SUBSETS,
    "subject": SUBSETS,
    "cohort": SUBSETS,
    "leave-one-subject-out": ("cohort",),
    "k-fold": ("groups", "folds", "cohort", "seed"),
    "list": ("file",),
    "random-windows": ("seed",),
}
"""The splits, and the settings that each of them uses."""

ORIENTATIONS = ("auto", "align", "none")
"""Whether sessions are turned to look alike; see :mod:`emg_recognition.training.alignment`."""

MEMBER_SELECTIONS = ("minority", "overall", "test", "soft-vote")
"""The rules of :func:`~emg_recognition.training.ensemble.select_member` that choose among members."""

SELECTIONS = (*MEMBER_SELECTIONS, "pretrain")
"""All that ``ensemble.selection`` accepts: with ``pretrain`` there is one network and nothing to choose."""


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """The section ``split``; ``docs/reference/splits.md`` shows an example of each split.

    Attributes
    ----------
    name : str
        A key of `SPLITS`.
    train, validation, test : tuple or None
        For ``repetition``, ``session``, ``subject`` and ``cohort``: the values in each subset. A single
        value and a text such as ``1-3,5`` are accepted as well. ``None``: chosen by the split, see
        :mod:`emg_recognition.training.split_rules`.
    groups : str
        ``k-fold``: what is never divided between two subsets.
    folds : int
        ``k-fold``: the number of folds.
    cohort : str or None
        ``k-fold`` and ``leave-one-subject-out``: test on this cohort only; the others always train.
    file : str or None
        ``list``: a CSV or YAML file; see :mod:`emg_recognition.training.split_rules`.
    seed : int
        ``k-fold`` and ``random-windows``: the same seed gives the same split.

    Raises
    ------
    SettingError
        For an unknown split, a setting that the split does not use, or a value that cannot be used.
    """

    name: str = setting("repetition", "rule that divides the recordings", choices=SPLITS)
    train: tuple[str | int, ...] | None = setting(None, "what to train on, e.g. 1-3")
    validation: tuple[str | int, ...] | None = setting(None, "what to choose the member with")
    test: tuple[str | int, ...] | None = setting(None, "what to test on")
    groups: str = setting(
        "subject", "k-fold: what is never divided", choices=("subject", "session", "repetition")
    )
    folds: int = setting(5, "k-fold: number of folds", low=2)
    cohort: str | None = setting(None, "k-fold, leave-one-subject-out: test on this cohort only")
    file: str | None = setting(None, "list: the CSV or YAML file")
    seed: int = setting(0, "k-fold, random-windows: the same seed, the same split", low=0)

    def __post_init__(self) -> None:
        for subset in SUBSETS:
            value = getattr(self, subset)
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                object.__setattr__(self, subset, (value,))
        check(self)
        for option in dataclasses.fields(self)[1:]:
            value = getattr(self, option.name)
            if value != option.default and option.name not in SPLITS[self.name]:
                used = ", ".join(SPLITS[self.name])
                raise SettingError(option.name, value, f"the split {self.name} uses only {used}")
        for subset in SUBSETS:
            self._check_values(subset, getattr(self, subset))
        if self.cohort == "":
            raise SettingError("cohort", self.cohort, "use the name of a cohort, or null")
        if self.name == "list" and not self.file:
            raise SettingError("file", self.file, "name the CSV or YAML file that lists the segments")

    def _check_values(self, subset: str, values: tuple[str | int, ...] | None) -> None:
        if values is None:
            return
        if not values or not all(isinstance(v, (int, str)) and not isinstance(v, bool) for v in values):
            wanted = "numbers of repetitions" if self.name == "repetition" else f"names of {self.name}s"
            raise SettingError(subset, values, f"use a list of {wanted}, or numbers such as 1-3,5")
        for value in values:
            if self.name == "repetition" and isinstance(value, str):
                from emg_recognition.recordings.recordings import parse_repetitions

                parse_repetitions(value)


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """The section ``training``: how one network is fitted.

    Attributes
    ----------
    epochs : int
        Passes over the training windows.
    batch_size : int
        Windows in a gradient step; fewer, but 32 at least, where an epoch of a small set would have less than
        `least_steps_per_epoch`.
    steps_per_epoch : int or None
        Gradient steps in an epoch, whatever the number of windows, so that models of unlike cohorts get the
        same number. ``None``: as many as show each window once.
    least_steps_per_epoch : int
        Gradient steps in an epoch at least: a small set gets smaller batches, and the smallest are shown more
        than once in an epoch. Without effect where `steps_per_epoch` is given.
    learning_rate : float
        The highest rate of the schedule.
    gain_jitter : float
        How far the strength of a training window varies: the standard deviation of the logarithm of a
        random gain of the whole window, and of another one of each channel. 0 for none.
    time_shift : float
        How far a training window moves at random within its segment, at most, as a share of its length.
    electrode_rotation : float
        How far the armband of a training window is rotated at random, at most, in electrodes. It prepares the
        network for armbands that are put on a little differently. 0 for none; only for electrodes in a ring.
    seed : int
        Decides the initial weights and the order, places and gains of the windows.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    RENAMED: ClassVar[Mapping[str, str]] = {
        "steps": "steps_per_epoch",
        "gain": "gain_jitter",
        "shift": "time_shift",
        "turn": "electrode_rotation",
    }

    epochs: int = setting(8, "passes over the training windows", low=1)
    batch_size: int = setting(128, "windows in a gradient step", low=2)
    steps_per_epoch: int | None = setting(
        None, "gradient steps in an epoch; null: as many as show each window once", low=1
    )
    least_steps_per_epoch: int = setting(
        64, "the same, at least: few windows get smaller batches, then more than one pass", low=1
    )
    learning_rate: float = setting(4e-3, "highest rate of the schedule", above=0, high=1)
    gain_jitter: float = setting(
        0.15, "random gain of a window and of each channel, deviation of its logarithm", low=0, high=1
    )
    time_shift: float = setting(
        0.125, "largest random shift of a window in its segment, share of its length", low=0, high=1
    )
    electrode_rotation: float = setting(
        0.0, "largest random rotation of the armband", unit="electrodes", low=0
    )
    seed: int = setting(0, "decides initial weights, order, places and gains", low=0)

    def __post_init__(self) -> None:
        check(self)


ADAPT_SETTINGS = FitSettings(epochs=1, least_steps_per_epoch=150, batch_size=64, learning_rate=2e-3)
"""How a network is fine-tuned for a wearer, see :func:`~emg_recognition.training.adapt.enough_steps`."""

ADAPT_PASSES = 16
"""How often an adaptation shows the wearer each of their new windows, unless the settings give the steps."""

REHEARSAL_SETTINGS = dataclasses.replace(ADAPT_SETTINGS, least_steps_per_epoch=400)
"""The same where earlier sessions or other people are rehearsed: there is more to learn, and to keep."""


@dataclass(frozen=True, kw_only=True)
class EnsembleSettings:
    """The section ``ensemble``.

    Attributes
    ----------
    members : int
        Parts that the majority cohort is divided into; one member is trained on each. 8 in the paper. Without
        a minority cohort one member is trained on everything, or, for ``soft-vote``, this many, each from its
        own seed.
    minority : str or None
        The cohort that every member sees completely. ``None``: ``patient`` where the recordings have that
        cohort beside a larger one; otherwise one member is trained on everything.
    selection : str
        What is kept: ``minority``, ``overall``, ``soft-vote`` or, as in the paper, ``test``. With
        ``pretrain`` there are no members: one network learns from the majority first, then from the minority.
    share : tuple of float or None
        Share of the minority among the windows drawn in the first epoch, and the part of the training after
        which only the minority is drawn; the share rises evenly in between. A member then learns from
        everyone first and ends with those it is for. ``None``: every window is drawn equally often, as in
        the paper.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    members: int = setting(8, "parts of the majority cohort, one model for each", low=1)
    minority: str | None = setting(
        None, "cohort that every member sees completely; null: patient, where it is the smaller one"
    )
    selection: str = setting(
        "minority",
        "which model is kept; test leaks, as in the paper; pretrain: one, the majority first",
        choices=SELECTIONS,
    )
    share: tuple[float, float] | None = setting(
        None, "[0.4, 0.7]: share of the minority at first, part of the training after which it is alone"
    )

    def __post_init__(self) -> None:
        check(self)
        if self.minority == "":
            raise SettingError("minority", self.minority, "use the name of a cohort, or null")
        if self.share is not None:
            numbers = [v for v in self.share if isinstance(v, (int, float)) and not isinstance(v, bool)]
            if len(numbers) != 2 or len(self.share) != 2 or not all(0 < v <= 1 for v in numbers):
                remedy = "use [first share, part of the training], both above 0 and at most 1, or null"
                raise SettingError("share", self.share, remedy)


@dataclass(frozen=True, kw_only=True)
class BundleLiveSettings(LiveSettings):
    """The section ``live``: how the finished model is used live. The bundle carries it.

    Attributes
    ----------
    decision : DecisionSettings
        How estimates become decisions.
    """

    decision: DecisionSettings = field(default_factory=DecisionSettings)


@dataclass(frozen=True, kw_only=True)
class ExperimentSettings:
    """Everything about a training that is not the recordings.

    Attributes
    ----------
    window, stride : float
        Length of a window, and time from one window to the next, s.
    warm_up : bool
        For benchmarks whose rule is 'every window of a segment': the filters first run over the segment's
        own first samples in reverse order, so that no window is left out while they settle.
    pipeline : mapping
        Settings of the signal path that :func:`~emg_recognition.signal.settings.suited_settings` would
        otherwise choose (``mains``, ``low``, ``high``, ``notch``…).
    network : NetworkSettings
        Shape of the network.
    training : FitSettings
        How a member is fitted; its seed also decides the parts of the majority cohort.
    ensemble : EnsembleSettings
        Members, minority cohort and selection.
    split : SplitSettings
        What trains, validates and tests.
    live : BundleLiveSettings
        How the finished model is used live.
    search : SearchSettings
        What :func:`emg_recognition.tune` tries; of no effect elsewhere.
    actions : tuple of str or None
        The labels to learn; segments with other labels are left out. ``None``: all.
    orientation : str
        ``align``: the armband of each training session is turned, mirrored and scaled to look like the
        others, and the bundle can be donned by a wearer. ``none``: signals are taken as they are. ``auto``:
        ``align`` where the split tests people who do not train, and the electrodes are in a ring of six or
        more.
    rest : str or None
        The label of rest, for false activations at rest; ``None``: ``rest``, where there is such a label.
    baseline : bool
        Whether a linear discriminant analysis on Hudgins' features is tested on the same windows, so that
        the report can compare.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    RENAMED: ClassVar[Mapping[str, str]] = {"step": "stride", "bridge": "warm_up"}

    window: float = setting(0.2, "length of a window", unit="s", above=0)
    stride: float = setting(0.05, "time from one training window to the next", unit="s", above=0)
    warm_up: bool = setting(False, "benchmarks: use every window, also while the filters settle")
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: FitSettings = field(default_factory=FitSettings)
    ensemble: EnsembleSettings = field(default_factory=EnsembleSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    live: BundleLiveSettings = field(default_factory=BundleLiveSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    actions: tuple[str, ...] | None = setting(None, "labels to learn; null: all")
    orientation: str = setting(
        "auto", "turn the sessions' armbands to look alike; auto: for strangers", choices=ORIENTATIONS
    )
    rest: str | None = setting(None, "label of rest; null: rest, where there is such a label")
    baseline: bool = setting(True, "test LDA on Hudgins' features on the same windows")

    def __post_init__(self) -> None:
        check(self)
        if self.actions is not None:
            names = self.actions
            if len(names) < 2 or len(set(names)) < len(names) or not all(isinstance(a, str) for a in names):
                raise SettingError("actions", names, "list two or more labels, each once")
        known = {"mains", *(f.name for f in dataclasses.fields(PipelineSettings))}
        known -= {"rate", "channels", "unit", "window"}  # from the recordings, and from `window` above
        for name, value in self.pipeline.items():
            if name not in known:
                remedy = f"no such setting here; known are {', '.join(sorted(known))}"
                raise SettingError(f"pipeline.{name}", value, remedy)

    def pipeline_for(self, *, rate: float, channels: int, unit: str) -> PipelineSettings:
        """Choose the signal path for recordings of this rate (Hz), channel count and unit."""
        return suited_settings(rate=rate, channels=channels, unit=unit, window=self.window, **self.pipeline)

    def stride_samples(self, rate: float) -> int:
        """Return the samples from one window to the next at this rate (Hz), at least 1."""
        return stride_samples(self.stride, rate)

    def rest_among(self, actions: Sequence[str]) -> str | None:
        """Return the label of rest, if it is one of these actions."""
        rest = REST if self.rest is None else self.rest
        return rest if rest in actions else None

    def to_mapping(self) -> dict[str, Any]:
        """Return plain values, as in a YAML file, of all that decides a training: without `search`."""
        values = dataclasses.asdict(self)
        del values["search"]
        return values
