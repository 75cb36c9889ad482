"""Majority vote over the newest estimates."""

from __future__ import annotations

from collections import deque

NO_ACTION = ""


class MajorityVote:
    """The action that more than half of the newest estimates agree on.

    A rejected estimate takes part as :data:`NO_ACTION`: it pushes an older vote out, so a
    stretch of doubt ends a motion instead of prolonging it. Source of the method: Englehart and
    Hudgins, *A robust, real-time control scheme for multifunction myoelectric control*, 2003.

    Parameters
    ----------
    votes : int
        Number of estimates that vote, at least 1. With fewer than that no action is decided.
    """

    def __init__(self, votes: int) -> None:
        self._ballots: deque[str] = deque(maxlen=votes)
        self._votes = votes

    @property
    def full(self) -> bool:
        """Whether as many estimates as vote have come in since the last :meth:`clear`."""
        return len(self._ballots) == self._votes

    def add(self, action: str) -> None:
        """Take one estimate in; the oldest falls out.

        Parameters
        ----------
        action : str
            The estimated action, :data:`NO_ACTION` for a rejected estimate.
        """
        self._ballots.append(action)

    def clear(self) -> None:
        """Forget every estimate."""
        self._ballots.clear()

    def decided(self) -> str:
        """Return the action with more than half of all votes, else :data:`NO_ACTION`."""
        if not self.full:
            return NO_ACTION
        for action in self._ballots:
            if 2 * self._ballots.count(action) > self._votes:
                return action
        return NO_ACTION
