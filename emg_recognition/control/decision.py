"""Decide which action takes effect: rejection, majority vote, hysteresis, dwell and proportional speed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from emg_recognition.actions import REST
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting

NO_ACTION = ""
"""What a rejected estimate votes for, and the decision while there is none."""

_ROUNDING = 1e-6
"""Tolerance of the dwell, s: the difference of two ROS times in double precision is off by up to 0.2 µs."""


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """How estimates become decisions; ``docs/concepts/decisions.md`` explains each number.

    Raises
    ------
    SettingError
        For a value out of range.
    """

    votes: int = setting(3, "number of newest estimates that vote", low=1, high=15, changes=True)
    enter_votes: int = setting(
        0, "votes that an action needs to be decided; 0: more than half", low=0, high=15, changes=True
    )
    keep_votes: int = setting(
        0, "votes that it needs to stay decided; 0: as many as enter_votes", low=0, high=15, changes=True
    )
    dwell: float = setting(
        0.0,
        "how long an action must be decided before it moves anything",
        unit="s",
        low=0,
        high=1,
        changes=True,
    )
    proportional: bool = setting(False, "let the speed follow the activation of the muscles", changes=True)
    activation_low: float = setting(
        0.3,
        "activation up to which nothing moves; 1 is the RMS of the training",
        low=0,
        high=10,
        changes=True,
    )
    activation_full: float = setting(
        1.0, "activation from which motion has its full speed", low=0, high=10, changes=True
    )

    def __post_init__(self) -> None:
        check(self)
        majority = self.votes // 2 + 1
        if self.enter_votes and not majority <= self.enter_votes <= self.votes:
            raise SettingError(
                "enter_votes",
                self.enter_votes,
                f"use a whole number from {majority} to {self.votes}, or 0 for more than half of the votes",
            )
        if self.keep_votes > self.enter:
            raise SettingError(
                "keep_votes",
                self.keep_votes,
                f"use a whole number from 1 to {self.enter}, or 0 for as many as enter_votes",
            )
        if self.activation_low >= self.activation_full:
            raise SettingError(
                "activation_full",
                self.activation_full,
                f"use a number above activation_low, {self.activation_low:g}, to 10",
            )

    @property
    def enter(self) -> int:
        """Votes that an action needs to be decided."""
        return self.enter_votes or self.votes // 2 + 1

    @property
    def keep(self) -> int:
        """Votes that an action needs to stay decided."""
        return self.keep_votes or self.enter


class Decision(NamedTuple):
    """What takes effect.

    Attributes
    ----------
    action : str
        The action; :data:`NO_ACTION` for none.
    speed : float
        Share of its full speed, 0 to 1; 0 without an action.
    """

    action: str
    speed: float


NO_DECISION = Decision(NO_ACTION, 0.0)


class Decider:
    """Turn a stream of estimates into decisions.

    The bridge, replay, evaluation and :class:`emg_recognition.Recognizer` all decide with this class:
    the same estimates at the same times give the same decisions.

    The newest estimates vote. A rejected estimate counts as a vote for nothing and still pushes an older
    vote out, so a stretch of uncertain windows ends a motion instead of prolonging it. Rejected is not rest:
    rest is an action that can win the vote.

    Parameters
    ----------
    settings : DecisionSettings
        Votes, dwell and speed.
    thresholds : mapping of str to float, optional
        The confidence that some actions need beyond the classifier's threshold.
    no_motion : collection of str
        Actions that move nothing; like rest, they take effect without dwell.

    Notes
    -----
    Voting over a stream of decisions: Englehart and Hudgins, *A robust, real-time control scheme for
    multifunction myoelectric control*, 2003. Rejection by confidence: Scheme, Hudgins and Englehart,
    *Confidence-based rejection for improved pattern recognition myoelectric control*, 2013.
    """

    def __init__(
        self,
        settings: DecisionSettings,
        thresholds: Mapping[str, float] | None = None,
        no_motion: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._thresholds = dict(thresholds or {})
        self._immediate = {*no_motion, REST, NO_ACTION}
        self._enter, self._keep = settings.enter, settings.keep
        self._votes: deque[tuple[str, float]] = deque(maxlen=settings.votes)
        self.clear()

    @property
    def full(self) -> bool:
        """Whether enough estimates for a vote have come since the last :meth:`clear`."""
        return len(self._votes) == self._settings.votes

    def clear(self) -> None:
        """Forget every estimate: nothing is decided until a full new vote has come."""
        self._votes.clear()
        self._decided = NO_DECISION
        self._since = 0.0

    def add(self, action: str, confidence: float, activation: float, accepted: bool, time: float) -> None:
        """Take the next estimate.

        Parameters
        ----------
        action : str
            The estimated action.
        confidence : float
            Its probability.
        activation : float
            RMS of the window over that of the training signal.
        accepted : bool
            False where the classifier rejected the window.
        time : float
            When it came, s, on the clock of :meth:`decide`: the steady clock in the bridge, the stamp in
            replay.
        """
        # "not >=" instead of "<", so that NaN is rejected.
        if not accepted or not confidence >= self._thresholds.get(action, 0.0):
            action = NO_ACTION
        self._votes.append((action, activation))
        if not self.full:
            return
        counts: dict[str, int] = {}
        for vote, _ in self._votes:
            if vote != NO_ACTION:
                counts[vote] = counts.get(vote, 0) + 1
        decided = next_action(self._decided.action, counts, self._enter, self._keep)
        # The dwell counts from the estimate that changed the decision.
        if decided != self._decided.action:
            self._since = time
        self._decided = Decision(decided, self._speed(decided))

    def decide(self, time: float) -> Decision:
        """Return what takes effect at a time; asking changes nothing.

        Parameters
        ----------
        time : float
            Now, s, not before the newest estimate.
        """
        dwell = self._settings.dwell
        if dwell == 0.0 or self._decided.action in self._immediate:
            return self._decided
        return self._decided if time - self._since >= dwell - _ROUNDING else NO_DECISION

    def _speed(self, action: str) -> float:
        if action == NO_ACTION:
            return 0.0
        if not self._settings.proportional:
            return 1.0
        activations = [activation for vote, activation in self._votes if vote == action]
        mean = sum(activations) / len(activations)
        return speed_share(mean, self._settings.activation_low, self._settings.activation_full)


def next_action(current: str, counts: Mapping[str, int], enter: int, keep: int) -> str:
    """Decide after one more vote.

    With `keep` equal to `enter` this is a plain majority vote.

    Parameters
    ----------
    current : str
        The action decided before; :data:`NO_ACTION` for none.
    counts : mapping of str to int
        Number of votes for each action; rejected estimates do not count.
    enter : int
        Votes that an action needs to be decided, more than half of all, so that at most one can have them.
    keep : int
        Votes that the current action needs to stay, 1 to `enter`.

    Returns
    -------
    str
        The action with at least `enter` votes; else `current` while it has at least `keep`; else
        :data:`NO_ACTION`.
    """
    for action, votes in counts.items():
        if votes >= enter:
            return action
    return current if current != NO_ACTION and counts.get(current, 0) >= keep else NO_ACTION


def speed_share(activation: float, low: float, full: float) -> float:
    """Return the share of its full speed with which an action moves.

    A straight line between two activations: the simplest of the mappings that Fougner and others
    review in *Control of upper limb prostheses: terminology and proportional myoelectric control*, 2012.

    Parameters
    ----------
    activation : float
        RMS of the signal over that of the training signal.
    low, full : float
        Activation up to which nothing moves, and activation of full speed; `low` < `full`.

    Returns
    -------
    float
        0 to 1, never less for more activation; 0 for an activation that is not finite.
    """
    if not math.isfinite(activation):
        return 0.0
    return min(max((activation - low) / (full - low), 0.0), 1.0)
