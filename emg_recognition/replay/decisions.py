"""What the command bridge would have decided over a whole recording, and how quickly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.evaluation import decisions
from emg_recognition.evaluation.decisions import Decisions
from emg_recognition.recordings.labels import LabelInterval
from emg_recognition.replay.estimates import Estimates, window_key


def decide(
    estimates: Estimates, settings: DecisionSettings, *, stale_after: float = BridgeSettings.stale_after
) -> Decisions:
    """Decide after each estimate as :class:`emg_recognition.control.bridge.Bridge` does.

    The estimates' stamps take the place of the clock. As in the bridge, the vote is cleared after a pause
    between stamps that is longer than `stale_after`, and where index or stamp go back.

    Parameters
    ----------
    estimates : Estimates
        In the order in which they were made.
    settings : DecisionSettings
        The bridge's settings.
    stale_after : float
        As in :class:`~emg_recognition.control.settings.BridgeSettings`, s.

    Returns
    -------
    Decisions
        One for each estimate.
    """
    return decisions.decide(
        estimates.action,
        estimates.confidence,
        estimates.accepted,
        # Counted from the first stamp: a double cannot hold today's date to the microsecond.
        (estimates.stamp - estimates.stamp[:1]) * 1e-9,
        _starts(estimates, stale_after),
        actions=estimates.actions,
        settings=settings,
    )


def _starts(estimates: Estimates, stale_after: float) -> np.ndarray:
    """Return before which estimates the vote is cleared, bool, shape (n,)."""
    starts = np.ones(len(estimates), dtype=np.bool_)
    pause = np.diff(estimates.stamp)
    starts[1:] = (
        (pause > round(stale_after * 1e9))
        | (pause <= 0)
        | (np.diff(estimates.first_index) <= 0)
        | (np.diff(estimates.run) != 0)
    )
    return starts


def delays(
    estimates: Estimates, decided: np.ndarray, labels: Sequence[LabelInterval], rate: float
) -> NDArray[np.float64]:
    """Measure the time from the start of a label to the end of the first window that decides its action.

    It is measured by sample index, so neither the clock nor the load of a machine plays a part: it is the
    delay of windows and votes alone.

    Parameters
    ----------
    estimates : Estimates
        In order.
    decided : numpy.ndarray
        The actions that :func:`decide` returns, shape (n,).
    labels : sequence of LabelInterval
        Performed actions that the model knows.
    rate : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray of float64, shape (labels,)
        ms; NaN where the action was not decided while the label lasted.
    """
    last = window_key(estimates.run, estimates.last_index)
    order = np.argsort(last, kind="stable")
    ends, choices = last[order], decided[order]
    number = {action: i for i, action in enumerate(estimates.actions)}
    found = np.full(len(labels), np.nan)
    for place, label in enumerate(labels):
        start = int(window_key(label.run, label.first))
        begin, end = np.searchsorted(ends, [start, int(window_key(label.run, label.last)) + 1])
        hits = np.flatnonzero(choices[begin:end] == number[label.action])
        if len(hits):
            # Plus one: the window ends when the time of its last sample is over.
            found[place] = (int(ends[begin + hits[0]]) + 1 - start) / rate * 1000
    return found
