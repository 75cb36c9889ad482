"""Speed in proportion to the muscles' activation."""

from __future__ import annotations

import math


def speed_share(activation: float, low: float, full: float) -> float:
    """Return the share of its speed that an action moves with.

    A straight line between two activations: the simplest of the mappings that Fougner and others
    review in *Control of upper limb prostheses: terminology and proportional myoelectric control*, 2012.

    Parameters
    ----------
    activation : float
        RMS of the signal over that of the training signal.
    low, full : float
        Activation up to which nothing moves, and that of full speed; `low` < `full`.

    Returns
    -------
    float
        0 to 1, never less for more activation; 0 for what is not a finite number.
    """
    if not math.isfinite(activation):
        return 0.0
    return min(max((activation - low) / (full - low), 0.0), 1.0)
