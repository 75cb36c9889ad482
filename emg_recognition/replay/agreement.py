"""Whether two sets of estimates say the same of the same windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from emg_recognition.replay.estimates import Estimates


def compare(one: Estimates, other: Estimates) -> dict[str, Any]:
    """Compare estimates window by window.

    Parameters
    ----------
    one, other : Estimates
        Of the same signals; of a window that occurs more than once the first estimate counts.

    Returns
    -------
    dict
        ``compared``: windows in both. ``same_action``: share of them with the same most probable action, by
        name. ``identical_probabilities``: share with all probabilities equal to the bit, and
        ``largest_difference`` of any of them. ``only_in_first``, ``only_in_second``: windows of one alone.
        Shares are None without a window in common, the latter two also where the actions differ.
    """
    here, there = common_windows(one, other)
    result: dict[str, Any] = {
        "compared": len(here),
        "same_action": None,
        "identical_probabilities": None,
        "largest_difference": None,
        "only_in_first": len(_first_occurrences(one)[0]) - len(here),
        "only_in_second": len(_first_occurrences(other)[0]) - len(here),
    }
    if not len(here):
        return result
    names, other_names = np.array(one.actions), np.array(other.actions)
    result["same_action"] = float(np.mean(names[one.action[here]] == other_names[other.action[there]]))
    if one.actions == other.actions:
        ours, theirs = one.probabilities[here], other.probabilities[there]
        result["identical_probabilities"] = float(np.mean((ours == theirs).all(axis=1)))
        # In double precision, or the difference itself would be rounded.
        result["largest_difference"] = float(np.abs(ours.astype(np.float64) - theirs).max())
    return result


def common_windows(one: Estimates, other: Estimates) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions in both of the windows that both have, int64, shape (common,) each."""
    ours, here = _first_occurrences(one)
    theirs, there = _first_occurrences(other)
    _, at, by = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
    return here[at], there[by]


def _first_occurrences(estimates: Estimates) -> tuple[np.ndarray, np.ndarray]:
    """Return each window's key once, sorted, and where it occurs first."""
    return np.unique(estimates.key, return_index=True)
