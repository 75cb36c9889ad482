"""How estimates become decisions: the numbers of the vote, of the dwell and of proportional speed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from emg_recognition.errors import SettingError

MOST_VOTES = 15
LONGEST_DWELL = 1.0
"""Longest dwell, s."""
HIGHEST_ACTIVATION = 10.0
"""Highest activation that full speed may ask for, in multiples of the training signal's RMS."""


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """How estimates become decisions; ``docs/decisions.md`` explains each number.

    Attributes
    ----------
    votes : int
        Estimates that vote, 1 to 15.
    enter_votes : int
        Of those, how many an action needs to be decided: more than half of them; 0 for just that.
    keep_votes : int
        How many it needs to stay decided, at most as many as to be decided; 0 for just as many. Fewer
        are hysteresis.
    dwell : float
        How long a decision must have stood before it moves anything, s, 0 to 1.
    proportional : bool
        Whether the speed follows the muscles' activation.
    activation_low : float
        Activation up to which nothing moves, in multiples of the training signal's RMS.
    activation_full : float
        Activation from which on motion has its full speed, above `activation_low`, at most 10.

    Raises
    ------
    SettingError
        For a value outside its range.
    """

    votes: int = 3
    enter_votes: int = 0
    keep_votes: int = 0
    dwell: float = 0.0
    proportional: bool = False
    activation_low: float = 0.3
    activation_full: float = 1.0

    def __post_init__(self) -> None:
        _check_whole("votes", self.votes, 1, MOST_VOTES)
        most = self.votes // 2 + 1
        if self.enter_votes != 0:
            _check_whole("enter_votes", self.enter_votes, most, self.votes)
        if self.keep_votes != 0:
            _check_whole("keep_votes", self.keep_votes, 1, self.enter)
        if not 0.0 <= self.dwell <= LONGEST_DWELL:
            raise SettingError("dwell", self.dwell, f"give 0 to {LONGEST_DWELL:g} seconds")
        # The comparisons are written so that NaN fails them.
        if not 0.0 <= self.activation_low < HIGHEST_ACTIVATION:
            raise SettingError(
                "activation_low", self.activation_low, f"give 0 or more, below {HIGHEST_ACTIVATION:g}"
            )
        if not self.activation_low < self.activation_full <= HIGHEST_ACTIVATION:
            raise SettingError(
                "activation_full",
                self.activation_full,
                f"give more than activation_low, {self.activation_low:g}, and at most {HIGHEST_ACTIVATION:g}",
            )

    @property
    def enter(self) -> int:
        """Ballots that an action needs to be decided."""
        return self.enter_votes or self.votes // 2 + 1

    @property
    def keep(self) -> int:
        """Ballots that an action needs to stay decided."""
        return self.keep_votes or self.enter


def _check_whole(name: str, value: float, low: int, high: int) -> None:
    if not math.isfinite(value) or int(value) != value or not low <= value <= high:
        zero = "" if name == "votes" else "; 0 for the default"
        raise SettingError(name, value, f"give a whole number from {low} to {high}{zero}")
