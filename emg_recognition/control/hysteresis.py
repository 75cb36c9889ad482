"""Hysteresis: to begin an action takes more agreement than to go on with it."""

from __future__ import annotations

from collections.abc import Mapping

from emg_recognition.control.vote import NO_ACTION


def next_action(current: str, counts: Mapping[str, int], enter: int, keep: int) -> str:
    """Decide after one more ballot.

    With `keep` equal to `enter` this is a plain majority vote.

    Parameters
    ----------
    current : str
        What was decided before; :data:`~emg_recognition.control.vote.NO_ACTION` for nothing.
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
