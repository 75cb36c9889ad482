"""What ``tune`` may choose from: the section ``search`` of a training configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting, settings_of

#: Values that may be 0.
_FROM_ZERO = ("rows", "energies")


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """The section ``search``: the values that :func:`emg_recognition.tune` tries.

    What the other sections say is always tried too, and first. ``None``: nothing else is tried.

    Attributes
    ----------
    window, stride : tuple of float or None
        Lengths of a window, and times from one training window to the next, s. A longer window sees more,
        and a decision comes later by half of what is added.
    rows : tuple of int or None
        Heights of the picture; 0: one row for each sample, but 80 at most.
    features, energies : tuple of int or None
        Channels of the last feature map, and units of the branch of log energies; 0: no branch.
    learning_rate : tuple of float or None
        Highest rates of the schedule.
    epochs : tuple of int or None
        Passes over the training windows, and so the number of gradient steps.

    Raises
    ------
    SettingError
        For a list without values, a value given twice, or one that is no such number.
    """

    window: tuple[float, ...] | None = setting(
        (0.1, 0.15, 0.2, 0.25), "lengths of a window; null: as above only", unit="s"
    )
    stride: tuple[float, ...] | None = setting(
        (0.025, 0.05, 0.1), "times from one training window to the next", unit="s"
    )
    rows: tuple[int, ...] | None = setting(
        (20, 40, 0), "heights of the picture; 0: one row for each sample, at most 80"
    )
    features: tuple[int, ...] | None = setting((160, 320), "channels of the last feature map")
    energies: tuple[int, ...] | None = setting((0, 64, 128), "units that see log energies; 0: none")
    learning_rate: tuple[float, ...] | None = setting(
        (0.001, 0.002, 0.004, 0.008), "highest rates of the schedule"
    )
    epochs: tuple[int, ...] | None = setting((4, 8, 16), "passes over the training windows")

    def __post_init__(self) -> None:
        check(self)
        for name, values in vars(self).items():
            if values is not None:
                _check_values(name, values)


def _check_values(name: str, values: tuple[Any, ...]) -> None:
    whole = isinstance(settings_of(SearchSettings)[name].default[0], int)
    from_zero = name in _FROM_ZERO
    good = [
        isinstance(value, int if whole else (int, float))
        and not isinstance(value, bool)
        and (value >= 0 if from_zero else value > 0)
        for value in values
    ]
    if not good or not all(good) or len(set(values)) < len(values):
        kind = "whole numbers" if whole else "numbers"
        bound = "of at least 0" if from_zero else "above 0"
        raise SettingError(name, values, f"list {kind} {bound}, each once, or null")
