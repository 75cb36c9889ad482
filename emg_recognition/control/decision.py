"""From estimates to the decision that takes effect: threshold, vote, hysteresis, dwell, speed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from emg_recognition.actions import REST
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting

MOST_VOTES = 15
LONGEST_DWELL = 1.0
"""Longest dwell, s."""
HIGHEST_ACTIVATION = 10.0
"""Highest activation that full speed may ask for, in multiples of the training signal's RMS."""


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """How estimates become decisions; ``docs/concepts/decisions.md`` explains each number.

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

    votes: int = setting(3, "estimates that vote", low=1, high=MOST_VOTES, changes=True)
    enter_votes: int = setting(
        0,
        "votes that an action needs to be decided; 0: more than half of them",
        low=0,
        high=MOST_VOTES,
        changes=True,
    )
    keep_votes: int = setting(
        0,
        "votes that an action needs to stay decided; 0: as many as to be decided",
        low=0,
        high=MOST_VOTES,
        changes=True,
    )
    dwell: float = setting(
        0.0,
        "how long a decision must last before it moves anything",
        unit="s",
        low=0.0,
        high=LONGEST_DWELL,
        changes=True,
    )
    proportional: bool = setting(False, "make the speed follow the muscles' activation", changes=True)
    activation_low: float = setting(
        0.3,
        "activation up to which nothing moves; 1.0 is the average of the training",
        low=0.0,
        high=HIGHEST_ACTIVATION,
        changes=True,
    )
    activation_full: float = setting(
        1.0, "activation from which the speed is full", low=0.0, high=HIGHEST_ACTIVATION, changes=True
    )

    def __post_init__(self) -> None:
        check(self)
        most = self.votes // 2 + 1
        if self.enter_votes and not most <= self.enter_votes <= self.votes:
            raise SettingError(
                "enter_votes",
                self.enter_votes,
                f"use a whole number from {most} to {self.votes}, or 0 for the default",
            )
        if self.keep_votes > self.enter:
            raise SettingError(
                "keep_votes",
                self.keep_votes,
                f"use a whole number from 1 to {self.enter}, or 0 for the default",
            )
        if not self.activation_low < self.activation_full:
            raise SettingError(
                "activation_full",
                self.activation_full,
                f"use more than activation_low, {self.activation_low:g}, and at most {HIGHEST_ACTIVATION:g}",
            )

    @property
    def enter(self) -> int:
        """Ballots that an action needs to be decided."""
        return self.enter_votes or self.votes // 2 + 1

    @property
    def keep(self) -> int:
        """Ballots that an action needs to stay decided."""
        return self.keep_votes or self.enter


NO_ACTION = ""
"""What a rejected estimate votes for, and what is decided where nothing is."""


class Ballot(NamedTuple):
    """What one estimate brings into the vote.

    Attributes
    ----------
    action : str
        The estimated action; :data:`NO_ACTION` for a rejected estimate, which supports nothing.
    activation : float
        RMS of the window over that of the training signal.
    """

    action: str
    activation: float


class Vote:
    """Keeps the newest ballots and counts them.

    A rejected estimate takes part with a ballot for nothing: it pushes an older ballot out, so a
    stretch of doubt ends a motion instead of prolonging it. Source of voting over a stream of
    decisions: Englehart and Hudgins, *A robust, real-time control scheme for multifunction
    myoelectric control*, 2003.

    Parameters
    ----------
    votes : int
        Ballots that count, at least 1.
    """

    def __init__(self, votes: int) -> None:
        self._ballots: deque[Ballot] = deque(maxlen=votes)
        self._votes = votes

    @property
    def full(self) -> bool:
        """Whether as many ballots as count have come in since the last :meth:`clear`."""
        return len(self._ballots) == self._votes

    def add(self, ballot: Ballot) -> None:
        """Take one ballot in; the oldest falls out."""
        self._ballots.append(ballot)

    def clear(self) -> None:
        """Forget every ballot."""
        self._ballots.clear()

    def counts(self) -> dict[str, int]:
        """Return how many ballots each action has; those for nothing are left out."""
        found: dict[str, int] = {}
        for action, _ in self._ballots:
            if action != NO_ACTION:
                found[action] = found.get(action, 0) + 1
        return found

    def activation(self, action: str) -> float:
        """Return the mean activation of the ballots for an action; NaN where it has none."""
        found = [activation for voted, activation in self._ballots if voted == action]
        return sum(found) / len(found) if found else float("nan")


_ROUNDING = 1e-6
"""Two seconds of ROS time, as floating point numbers, are some 0.2 µs from exact."""


class Dwell:
    """Holds a new moving decision back until it has stood for a time.

    Parameters
    ----------
    seconds : float
        That time, s; 0 lets every decision through.
    still : collection of str
        Actions that move nothing: they take effect at once, as does no action.
    """

    def __init__(self, seconds: float, still: Collection[str] = ()) -> None:
        self._seconds = seconds
        self._still = frozenset(still) | {NO_ACTION}
        self._decided = NO_ACTION
        self._since = 0.0

    def update(self, decided: str, time: float) -> str:
        """Take note of what is decided and return what takes effect.

        Asked again for the same decision it changes nothing, so it matters neither how often nor
        when it is asked in between.

        Parameters
        ----------
        decided : str
            The decision of this moment.
        time : float
            The moment, s.

        Returns
        -------
        str
            `decided`, or ``NO_ACTION`` while a moving decision has not stood long enough.
        """
        if decided != self._decided:
            self._decided, self._since = decided, time
        if decided in self._still or self._seconds == 0.0:
            return decided
        return decided if time - self._since >= self._seconds - _ROUNDING else NO_ACTION


def next_action(current: str, counts: Mapping[str, int], enter: int, keep: int) -> str:
    """Decide after one more ballot.

    With `keep` equal to `enter` this is a plain majority vote.

    Parameters
    ----------
    current : str
        What was decided before; :data:`~emg_recognition.control.decision.NO_ACTION` for nothing.
    counts : mapping of str to int
        How many ballots each action has; rejected estimates stand in none.
    enter : int
        Ballots that an action needs to be decided, more than half of all: at most one can have them.
    keep : int
        Ballots that the current one needs to stay, 1 to `enter`.

    Returns
    -------
    str
        The action with at least `enter` ballots; else `current` while it has at least `keep`; else
        ``NO_ACTION``.
    """
    for action, ballots in counts.items():
        if ballots >= enter:
            return action
    # Asked by name: nothing is no action that could be kept.
    return current if current != NO_ACTION and counts.get(current, 0) >= keep else NO_ACTION


def speed_share(activation: float, low: float, full: float) -> float:
    """Return the share of its speed that an action moves with.

    A straight line between two activations: the simplest of the mappings that Fougner and others
    review in *Control of upper limb prostheses: terminology and proportional myoelectric control*, 2012.

    Parameters
    ----------
    activation : float
        RMS of the signal over that of the training signal.
    low, full : float
        Activation up to which nothing moves, and that of full speed; `low` < `full`.

    Returns
    -------
    float
        0 to 1, never less for more activation; 0 for what is not a finite number.
    """
    if not math.isfinite(activation):
        return 0.0
    return min(max((activation - low) / (full - low), 0.0), 1.0)


def ballot(
    action: str, confidence: float, activation: float, accepted: bool, thresholds: Mapping[str, float]
) -> Ballot:
    """Turn an estimate into a ballot.

    Rejected is not rest: rest is an action that wins votes, a rejected estimate wins none for anybody.
    Rejection by confidence is that of Scheme, Hudgins and Englehart, *Confidence-based rejection for
    improved pattern recognition myoelectric control*, 2013.

    Parameters
    ----------
    action : str
        The estimated action.
    confidence : float
        Its probability.
    activation : float
        RMS of the window over that of the training signal.
    accepted : bool
        Whether the classifier accepted it: its own threshold is the same for all actions.
    thresholds : mapping of str to float
        The confidence that some actions need beyond that; below it the estimate is rejected.
    """
    # "not above" instead of "below": NaN is rejected.
    if not accepted or not confidence >= thresholds.get(action, 0.0):
        return Ballot(NO_ACTION, activation)
    return Ballot(action, activation)


class Decision(NamedTuple):
    """What takes effect.

    Attributes
    ----------
    action : str
        The action; :data:`~emg_recognition.control.decision.NO_ACTION` for none.
    speed : float
        Share of its speed, 0 to 1; 0 without an action.
    """

    action: str
    speed: float


_NOTHING = Decision(NO_ACTION, 0.0)


class Decider:
    """The decisions of the bridge and of replay: the same estimates at the same times, the same decisions.

    Parameters
    ----------
    settings : DecisionSettings
        Votes, dwell and speed.
    thresholds : mapping of str to float, optional
        The confidence that some actions need beyond the classifier's threshold.
    still : collection of str
        Actions that move nothing; with rest, they take effect without dwell.
    """

    def __init__(
        self,
        settings: DecisionSettings,
        thresholds: Mapping[str, float] | None = None,
        still: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._thresholds = dict(thresholds or {})
        self._still = frozenset(still) | {REST}
        self._enter, self._keep = settings.enter, settings.keep
        self._vote = Vote(settings.votes)
        self.clear()

    @property
    def full(self) -> bool:
        """Whether as many estimates as vote have come in since the last :meth:`clear`; else none decides."""
        return self._vote.full

    def clear(self) -> None:
        """Forget everything: nothing is decided until a full new vote has come in."""
        self._vote.clear()
        self._dwell = Dwell(self._settings.dwell, self._still)
        self._decided = _NOTHING

    def add(self, action: str, confidence: float, activation: float, accepted: bool, time: float) -> None:
        """Take one estimate in.

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
            When it came, s, on the clock of :meth:`decide`: steady for the bridge, the stamp in replay.
        """
        self._vote.add(ballot(action, confidence, activation, accepted, self._thresholds))
        if not self._vote.full:
            return
        decided = next_action(self._decided.action, self._vote.counts(), self._enter, self._keep)
        self._decided = Decision(decided, self._speed(decided))
        # Only here, so that the dwell counts from the estimate, not from when somebody asked.
        self._dwell.update(decided, time)

    def decide(self, time: float) -> Decision:
        """Return what takes effect; to ask changes nothing.

        Parameters
        ----------
        time : float
            Now, s, not before the newest estimate.
        """
        action = self._dwell.update(self._decided.action, time)
        return self._decided if action == self._decided.action else _NOTHING

    def _speed(self, action: str) -> float:
        if action == NO_ACTION:
            return 0.0
        if not self._settings.proportional:
            return 1.0
        low, full = self._settings.activation_low, self._settings.activation_full
        return speed_share(self._vote.activation(action), low, full)
