"""What the bridge would have decided: its own decisions over a whole recording."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emg_recognition.control.decision import Decider
from emg_recognition.control.decision_settings import DecisionSettings
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.vote import NO_ACTION
from emg_recognition.replay.estimates import Estimates

UNDECIDED = -1


class Decisions(NamedTuple):
    """What was decided after each of n estimates.

    Attributes
    ----------
    action : numpy.ndarray
        int64, shape (n,): the action that takes effect, or :data:`UNDECIDED`.
    full : numpy.ndarray
        bool, shape (n,): whether as many estimates as vote had come in; before, nothing is decided.
    """

    action: np.ndarray
    full: np.ndarray


def decide(
    estimates: Estimates, settings: DecisionSettings, *, stale_after: float = BridgeSettings.stale_after
) -> Decisions:
    """Decide after each estimate as :class:`emg_recognition.control.bridge.Bridge` does.

    It is the bridge's :class:`~emg_recognition.control.decision.Decider`, with the stamps for its clock.
    As there, the vote begins anew after a pause of the stamps that is longer than `stale_after`, and
    where index or stamp go back.

    Parameters
    ----------
    estimates : Estimates
        In the order in which they were said.
    settings : DecisionSettings
        As the bridge's.
    stale_after : float
        As in the bridge's settings, s.
    """
    decider = Decider(settings)
    number = {action: place for place, action in enumerate(estimates.actions)} | {NO_ACTION: UNDECIDED}
    decided, full = np.full(len(estimates), UNDECIDED), np.zeros(len(estimates), np.bool_)
    # From the first stamp on: today's date would cost a double its microseconds.
    times = (estimates.stamp - estimates.stamp[:1]) * 1e-9
    columns = (
        _breaks(estimates, stale_after),
        estimates.action,
        estimates.confidence,
        estimates.accepted,
        times,
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for place, (begins, action, confidence, accepted, time) in enumerate(rows):
        if begins:
            decider.clear()
        # Activation sets the speed alone, never what is decided; recordings need not hold it.
        decider.add(estimates.actions[action], confidence, 0.0, accepted, time)
        decided[place], full[place] = number[decider.decide(time).action], decider.full
    return Decisions(decided, full)


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
