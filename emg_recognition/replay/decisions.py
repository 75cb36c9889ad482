"""What the bridge would have decided: its own decisions over a whole recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.control.decision import NO_ACTION, Decider, DecisionSettings
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.recordings.labels import LabelInterval
from emg_recognition.replay.estimates import Estimates, window_key

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


def delay(
    estimates: Estimates, decided: np.ndarray, labels: Sequence[LabelInterval], rate: float
) -> dict[str, Any]:
    """Time from the start of a label to the end of the first window after which its action is decided.

    By sample index, so neither the clock nor the load of a machine plays a part: it is the delay of windows
    and votes.

    Parameters
    ----------
    estimates : Estimates
        In order.
    decided : numpy.ndarray
        The actions that :func:`emg_recognition.replay.decisions.decide` returns, shape (n,).
    labels : sequence of LabelInterval
        What was performed, each of an action that the model knows.
    rate : float
        Hz.

    Returns
    -------
    dict
        ``measured`` and ``missed`` labels (missed: its action was not decided while it lasted), ``median``
        and ``p90`` in ms, None without a measured one.
    """
    last = window_key(estimates.run, estimates.last_index)
    order = np.argsort(last, kind="stable")
    ends, decisions = last[order], decided[order]
    number = {action: i for i, action in enumerate(estimates.actions)}
    delays: list[float] = []
    for label in labels:
        start = int(window_key(label.run, label.first))
        begin, end = np.searchsorted(ends, [start, int(window_key(label.run, label.last)) + 1])
        hits = np.flatnonzero(decisions[begin:end] == number[label.action])
        if len(hits):
            # Plus one: the deciding window ends where its last sample's time is over.
            delays.append((int(ends[begin + hits[0]]) + 1 - start) / rate * 1000)
    return {
        "measured": len(delays),
        "missed": len(labels) - len(delays),
        "median": float(np.median(delays)) if delays else None,
        "p90": float(np.percentile(delays, 90)) if delays else None,
    }


def active(estimates: Estimates, decided: np.ndarray) -> np.ndarray:
    """Tell after which windows an action other than rest is decided, bool, shape (n,)."""
    calm = estimates.actions.index(REST) if REST in estimates.actions else UNDECIDED
    return (decided != UNDECIDED) & (decided != calm)


def false_activations(estimates: Estimates, decided: np.ndarray, resting: np.ndarray) -> int:
    """Count how often an action other than rest begins to be decided while the arm rests.

    One that was decided already when the rest began is a late release and does not count.

    Parameters
    ----------
    estimates : Estimates
        In order.
    decided : numpy.ndarray
        The actions that :func:`emg_recognition.replay.decisions.decide` returns, shape (n,).
    resting : numpy.ndarray
        bool, shape (n,): the window lies in a label of rest.
    """
    begins = np.ones(len(decided), dtype=np.bool_)
    begins[1:] = decided[1:] != decided[:-1]
    return int(np.sum(begins & resting & active(estimates, decided)))
