"""One YAML file says how an ensemble is trained; ``config/compact.yaml`` and ``paper.yaml`` come along."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from emg_recognition.actions import REST
from emg_recognition.errors import SettingError
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.recordings.recordings import Recordings, parse_repetitions
from emg_recognition.settings import from_mapping
from emg_recognition.signal.settings import PipelineSettings, stride_samples, suited_settings
from emg_recognition.training.fit import FitSettings
from emg_recognition.training.selection import SELECTIONS

_SIDES = frozenset({"train", "validation", "test"})

OPTIONS: dict[str, frozenset[str]] = {
    "repetition": _SIDES,
    "session": _SIDES,
    "subject": _SIDES,
    "cohort": _SIDES,
    "leave-one-subject-out": frozenset({"cohort"}),
    "k-fold": frozenset({"groups", "folds", "cohort", "seed"}),
    "list": frozenset({"file"}),
    "random-windows": frozenset({"seed"}),
}
"""The splits there are, and which settings each of them heeds."""

GROUPS = ("subject", "session", "repetition")
"""What a fold of ``k-fold`` is made of."""

Values = str | int | tuple[str | int, ...] | None
"""Values of a column: one or several; a text may stand for numbers and ranges (``1-20``)."""


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """The section ``split``; ``docs/reference/splits.md`` shows an example of each name.

    Attributes
    ----------
    name : str
        A key of `OPTIONS`.
    train, validation, test : tuple, str, int or None
        For ``repetition``, ``session``, ``subject`` and ``cohort``: what stands on each side. A text such as
        ``1-3,5`` means these numbers. ``None``: see :mod:`emg_recognition.training.split_rules`.
    groups : str
        ``k-fold``: what never stands on two sides, one of `GROUPS`.
    folds : int
        ``k-fold``: how many.
    cohort : str or None
        ``k-fold`` and ``leave-one-subject-out``: only this cohort is tested, the others always train.
    file : str or None
        ``list``: a CSV or YAML file; see :mod:`emg_recognition.training.split_rules`.
    seed : int
        ``k-fold`` and ``random-windows``: the same seed, the same split.
    """

    name: str = "repetition"
    train: Values = None
    validation: Values = None
    test: Values = None
    groups: str = "subject"
    folds: int = 5
    cohort: str | None = None
    file: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.name not in OPTIONS:
            raise SettingError("split.name", self.name, f"write one of {', '.join(OPTIONS)}")
        for option in dataclasses.fields(self):
            value = getattr(self, option.name)
            if option.name != "name" and option.name not in OPTIONS[self.name] and value != option.default:
                heeded = ", ".join(sorted(OPTIONS[self.name]))
                raise SettingError(
                    f"split.{option.name}", value, f"the split {self.name} heeds only {heeded}"
                )
        for side in sorted(_SIDES):
            self._check_values(side, getattr(self, side))
        if self.groups not in GROUPS:
            raise SettingError("split.groups", self.groups, f"write one of {', '.join(GROUPS)}")
        for name, number, least in (("folds", self.folds, 2), ("seed", self.seed, 0)):
            if not isinstance(number, int) or isinstance(number, bool) or number < least:
                raise SettingError(f"split.{name}", number, f"write a whole number of at least {least}")
        if self.cohort is not None and (not isinstance(self.cohort, str) or not self.cohort):
            raise SettingError("split.cohort", self.cohort, "write the name of a cohort, or null")
        if self.name == "list" and (not isinstance(self.file, str) or not self.file):
            raise SettingError("split.file", self.file, "name the CSV or YAML file that lists the segments")

    def _check_values(self, side: str, values: Values) -> None:
        if values is None:
            return
        several = values if isinstance(values, tuple) else (values,)
        wrong = [value for value in several if not isinstance(value, (int, str)) or isinstance(value, bool)]
        if wrong or not several:
            wanted = "numbers of repetitions" if self.name == "repetition" else f"names of {self.name}s"
            raise SettingError(f"split.{side}", values, f"write a list of {wanted}, or numbers such as 1-3,5")
        for value in several:
            if self.name == "repetition" and isinstance(value, str):
                parse_repetitions(value)


_GIVEN_ELSEWHERE = {"rate", "channels", "unit", "window"}
"""Pipeline fields that come from the recordings and from the file's own ``window``."""


@dataclass(frozen=True, kw_only=True)
class EnsembleSettings:
    """The section ``ensemble``.

    Attributes
    ----------
    members : int
        Parts that the majority cohort is cut into, one member each; 8 in the paper.
    minority : str or None
        The cohort that every member sees whole. ``None``: ``patient`` where the recordings have such a
        cohort beside another, else none, and then one member is trained on everything.
    selection : str
        What is kept: ``minority``, ``overall``, ``soft-vote`` or, as in the paper, ``test``; see
        :mod:`~emg_recognition.training.selection`.
    share : tuple of float or None
        Share of the minority among the windows drawn in the first epoch, and the part of the training after
        which it stands alone; in between it rises evenly. A member then learns from all first and ends with
        those it is for. ``None``: the minority has the share of its windows, as in the paper.
    """

    members: int = 8
    minority: str | None = None
    selection: str = "minority"
    share: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.members, int) or isinstance(self.members, bool) or self.members < 1:
            raise SettingError("ensemble.members", self.members, "write a whole number of at least 1")
        if self.minority is not None and (not isinstance(self.minority, str) or not self.minority):
            raise SettingError("ensemble.minority", self.minority, "write the name of a cohort, or null")
        if self.selection not in SELECTIONS:
            raise SettingError("ensemble.selection", self.selection, f"choose one of {', '.join(SELECTIONS)}")
        if self.share is not None:
            given = self.share if isinstance(self.share, tuple) and len(self.share) == 2 else ()
            numbers = [
                v for v in given if isinstance(v, (int, float)) and not isinstance(v, bool) and 0 < v <= 1
            ]
            if len(numbers) != 2:
                remedy = "write [first share, part of the training], both above 0 and at most 1, or null"
                raise SettingError("ensemble.share", self.share, remedy)


@dataclass(frozen=True, kw_only=True)
class ExperimentSettings:
    """Everything about an experiment that is not the recordings.

    Attributes
    ----------
    window, step : float
        Length of a window and time from one window to the next, in seconds.
    warm_up : bool
        For benchmarks whose rule is 'every window of a segment': the filters run in over the segment's own
        first samples, repeated backwards, so that no window is left out while they settle.
    pipeline : mapping
        What :func:`~emg_recognition.signal.settings.suited_settings` shall not choose by itself (``mains``,
        ``low``, ``high``, ``notch``…).
    network : NetworkSettings
        Shape of the network.
    training : FitSettings
        How a member is fitted; its seed decides the partition, too.
    ensemble : EnsembleSettings
        Members, minority cohort and selection.
    split : SplitSettings
        What trains, validates and tests.
    actions : tuple of str or None
        The labels to learn; segments with others are left out. ``None``: all.
    rest : str or None
        The label of rest, for false activations at rest; ``None``: ``rest`` where there is such a label.
    """

    window: float = 0.2
    step: float = 0.05
    warm_up: bool = False
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: FitSettings = field(default_factory=FitSettings)
    ensemble: EnsembleSettings = field(default_factory=EnsembleSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    actions: tuple[str, ...] | None = None
    rest: str | None = None

    def __post_init__(self) -> None:
        if self.actions is not None:
            chosen = self.actions if isinstance(self.actions, (list, tuple)) else ()
            if (
                len(chosen) < 2
                or len(set(chosen)) < len(chosen)
                or not all(isinstance(a, str) for a in chosen)
            ):
                raise SettingError("actions", self.actions, "list two or more labels, each once")
            object.__setattr__(self, "actions", tuple(chosen))
        for name in ("window", "step"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
                raise SettingError(name, value, "write a time in seconds above 0")
        if not isinstance(self.warm_up, bool):
            raise SettingError("warm_up", self.warm_up, "write true or false")
        known = {"mains", *(f.name for f in dataclasses.fields(PipelineSettings))} - _GIVEN_ELSEWHERE
        for name, value in self.pipeline.items():
            if name not in known:
                remedy = f"no such setting here; known are {', '.join(sorted(known))}"
                raise SettingError(f"pipeline.{name}", value, remedy)

    def pipeline_for(self, *, rate: float, channels: int, unit: str) -> PipelineSettings:
        """Choose the signal path for recordings of this rate (Hz), channel count and unit."""
        return suited_settings(rate=rate, channels=channels, unit=unit, window=self.window, **self.pipeline)

    def stride_samples(self, rate: float) -> int:
        """Return the samples from one window to the next at this rate (Hz), at least 1."""
        return stride_samples(self.step, rate)

    def choose_actions(self, recordings: Recordings) -> Recordings:
        """Leave out the segments whose label is not among `actions`.

        Raises
        ------
        SettingError
            If no segment has one of the labels asked for.
        """
        if self.actions is None:
            return recordings
        for name in self.actions:
            if name not in recordings.actions:
                known = ", ".join(recordings.actions)
                raise SettingError("actions", name, f"{recordings.source} has the labels {known}")
        return recordings.select(np.isin(recordings.label, self.actions))

    def rest_of(self, actions: Sequence[str]) -> str | None:
        """Return the action among `actions` that is rest, None without one."""
        name = REST if self.rest is None else self.rest
        return name if name in actions else None

    def to_mapping(self) -> dict[str, Any]:
        """Return plain values, as they stand in a YAML file."""
        return dataclasses.asdict(self)


_SECTIONS = {
    "network": NetworkSettings,
    "training": FitSettings,
    "ensemble": EnsembleSettings,
    "split": SplitSettings,
}


def load_settings(path: str | os.PathLike[str]) -> ExperimentSettings:
    """Read an experiment's settings.

    Parameters
    ----------
    path : path
        A YAML file; what it leaves out has its default.

    Returns
    -------
    ExperimentSettings
        The settings.

    Raises
    ------
    SettingError
        If there is no such file, it is no YAML mapping, or a key or value is not known; the message names
        the file.
    """
    name = Path(path).name
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError("configuration", os.fspath(path), f"it cannot be read ({error})") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SettingError("configuration", os.fspath(path), f"it is no YAML file ({problem})") from error
    if document is not None and not isinstance(document, dict):
        raise SettingError("configuration", os.fspath(path), "write a mapping of names to values")
    values = dict(document or {})
    for key, section in _SECTIONS.items():
        if key in values:
            values[key] = from_mapping(section, values[key], f"{name}: {key}")
    if not isinstance(values.setdefault("pipeline", {}) or {}, dict):
        raise SettingError(f"{name}: pipeline", values["pipeline"], "write a mapping of names to values here")
    values["pipeline"] = values["pipeline"] or {}
    return from_mapping(ExperimentSettings, values, f"{name}: settings")
