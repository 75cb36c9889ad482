"""How fast and how calm the decisions are: onset delays, and motions while the arm rests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.recordings.labels import LabelInterval
from emg_recognition.replay.decisions import UNDECIDED
from emg_recognition.replay.estimates import Estimates, window_key


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
