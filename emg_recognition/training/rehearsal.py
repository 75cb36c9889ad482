"""What an adaptation rehearses beside today's repetition: the wearer's earlier sessions, and other people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emg_recognition.models.reference import Reference
from emg_recognition.training.alignment import align_to
from emg_recognition.training.windows import WindowSet, from_windows, join_windows

SHARES = (0.5, 0.3, 0.2)
"""Of today's windows, the wearer's earlier sessions and other people in what is drawn; those that are missing
leave their share to the rest."""

# More windows of other people than a few hundred steps can draw are of no use.
_MOST = 4000


def rehearse(
    today: WindowSet,
    earlier: WindowSet | None,
    others: WindowSet | None,
    reference: Reference | None,
    seed: int,
) -> tuple[WindowSet, NDArray[np.float64]]:
    """Put together what a wearer's network learns.

    Parameters
    ----------
    today : WindowSet
        The new repetitions, as the donned armband has them.
    earlier, others : WindowSet or None
        Labelled windows of the wearer's earlier sessions and of other people.
    reference : Reference or None
        What the armbands of earlier sessions and other people are turned to; ``None``: they stay as they are.
    seed : int
        Decides which windows of others are taken, if there are many.

    Returns
    -------
    windows : WindowSet
        All together.
    share : ndarray of float64, shape (windows,)
        In what proportion they are drawn.
    """
    parts = [today, *(one if one is not None else today.select([]) for one in (earlier, others))]
    if reference is not None:
        parts[1:] = [align_to(reference, part).apply(part) if len(part) else part for part in parts[1:]]
    if len(parts[2]):
        # Their windows alone, so that the signal of a whole study need not be in memory.
        taken = np.random.default_rng(seed).permutation(len(parts[2]))[:_MOST]
        parts[2] = from_windows(parts[2].gather(taken), parts[2].action[taken], today.actions)
    there = [(part, share) for part, share in zip(parts, SHARES, strict=True) if len(part)]
    share = np.concatenate([np.full(len(part), share / len(part)) for part, share in there])
    return join_windows([part for part, _ in there]), share
