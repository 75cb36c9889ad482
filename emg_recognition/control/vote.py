"""The newest ballots, counted."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

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
