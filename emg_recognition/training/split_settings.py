"""The section ``split`` of an experiment: which segments train, validate and test, by the name of a rule."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from emg_recognition.errors import SettingError
from emg_recognition.recordings.repetitions import parse_repetitions

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
    """The section ``split``; ``docs/comparing.md`` shows an example of each name.

    Attributes
    ----------
    name : str
        A key of `OPTIONS`.
    train, validation, test : tuple, str, int or None
        For ``repetition``, ``session``, ``subject`` and ``cohort``: what stands on each side. A text such as
        ``1-3,5`` means these numbers. ``None``: see :mod:`emg_recognition.training.split_by_values`.
    groups : str
        ``k-fold``: what never stands on two sides, one of `GROUPS`.
    folds : int
        ``k-fold``: how many.
    cohort : str or None
        ``k-fold`` and ``leave-one-subject-out``: only this cohort is tested, the others always train.
    file : str or None
        ``list``: a CSV or YAML file; see :mod:`emg_recognition.training.split_list`.
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
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name != "name" and field.name not in OPTIONS[self.name] and value != field.default:
                heeded = ", ".join(sorted(OPTIONS[self.name]))
                raise SettingError(f"split.{field.name}", value, f"the split {self.name} heeds only {heeded}")
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
