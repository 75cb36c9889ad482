"""The majority cohort cut into parts, each the companion of the whole minority cohort.

Source: Gao, Guo, Bu: about 40,000 pictures of healthy people stand against 5,000 of patients; stratified
random sampling cuts the healthy set into 8 parts of about the patients' size, and 8 members are trained,
each on all the patients plus one part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def stratified_parts(actions: ArrayLike, parts: int, seed: int) -> list[NDArray[np.int64]]:
    """Cut windows into parts at random, each with its share of every action.

    The windows of each action are shuffled, laid end to end and dealt out like cards. So the parts differ
    by at most one window an action, and by at most one window in all.

    Parameters
    ----------
    actions : array_like of int, shape (n,)
        The action of each window.
    parts : int
        How many parts, at least 1.
    seed : int
        The same seed gives the same parts.

    Returns
    -------
    list of ndarray of int64
        Ascending indices of each part's windows; every window is in exactly one part.

    Raises
    ------
    ValueError
        If `parts` is below 1.
    """
    if parts < 1:
        raise ValueError(f"cannot cut windows into {parts} parts")
    labels = np.asarray(actions)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    dealt = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return [np.sort(dealt[part::parts]) for part in range(parts)]


def member_windows(
    actions: ArrayLike, minority: ArrayLike, members: int, seed: int
) -> list[NDArray[np.int64]]:
    """Windows of each member: the whole minority and one part of the majority.

    Parameters
    ----------
    actions : array_like of int, shape (n,)
        The action of each training window.
    minority : array_like of bool, shape (n,)
        Which windows come from the minority cohort; with none, the members share out all windows.
    members : int
        How many members, at least 1.
    seed : int
        The same seed gives the same members.

    Returns
    -------
    list of ndarray of int64
        Ascending indices of each member's windows.
    """
    is_minority = np.asarray(minority, dtype=bool)
    majority = np.flatnonzero(~is_minority)
    parts = stratified_parts(np.asarray(actions)[majority], members, seed)
    return [np.union1d(np.flatnonzero(is_minority), majority[part]) for part in parts]
