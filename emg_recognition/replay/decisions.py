"""What the bridge would have decided: the majority vote over a whole recording at once."""

from __future__ import annotations

import numpy as np

from emg_recognition.control.settings import BridgeSettings
from emg_recognition.replay.estimates import Estimates

UNDECIDED = -1


def decide(
    estimates: Estimates, votes: int, *, stale_after: float = BridgeSettings.stale_after
) -> np.ndarray:
    """Decide after each estimate as :class:`emg_recognition.control.bridge.Bridge` does.

    A rejected estimate votes for no action. The vote begins anew after a pause of the stamps that is longer
    than `stale_after`, and where index or stamp go back.

    Parameters
    ----------
    estimates : Estimates
        In the order in which they were said.
    votes : int
        Estimates that vote; more than half of them decide.
    stale_after : float
        As in the bridge's settings, s.

    Returns
    -------
    numpy.ndarray
        int64, shape (n,): the decided action, or :data:`UNDECIDED`.
    """
    ballot = np.where(estimates.accepted, estimates.action, UNDECIDED)
    oldest = np.maximum(np.arange(len(estimates)) + 1 - votes, 0)
    full = is_full(estimates, votes, stale_after=stale_after)
    decided = np.full(len(estimates), UNDECIDED)
    for action in range(len(estimates.actions)):
        total = np.concatenate(([0], np.cumsum(ballot == action)))
        decided[full & (2 * (total[1:] - total[oldest]) > votes)] = action
    return decided


def is_full(
    estimates: Estimates, votes: int, *, stale_after: float = BridgeSettings.stale_after
) -> np.ndarray:
    """Tell after which estimates as many as vote have come in since the vote began: before, none decides.

    Parameters
    ----------
    estimates, votes, stale_after
        As for :func:`decide`.

    Returns
    -------
    numpy.ndarray
        bool, shape (n,).
    """
    place = np.arange(len(estimates))
    begun = np.maximum.accumulate(np.where(_breaks(estimates, stale_after), place, 0))
    return place - begun >= votes - 1


def _breaks(estimates: Estimates, stale_after: float) -> np.ndarray:
    """Whether the vote begins anew with an estimate, bool, shape (n,)."""
    begins = np.ones(len(estimates), dtype=np.bool_)
    pause = np.diff(estimates.stamp)
    begins[1:] = (
        (pause > round(stale_after * 1e9))
        | (pause <= 0)
        | (np.diff(estimates.first_index) <= 0)
        | (np.diff(estimates.run) != 0)
    )
    return begins
