"""What was lost in a stream whose samples carry stamps and no counter."""

from __future__ import annotations

import numpy as np

EVEN = 0.005
"""Share of a sample's period to which the stamps of a clock that counts samples advance evenly."""

EVEN_FOR = 1.0
"""Time for which they must have done so, s. Times of sending have more jitter than that on any computer."""

SILENCE = 0.25
"""A longer step between stamps with jitter is a loss, s."""


class StampGaps:
    """Count lost samples from the steps between stamps.

    If the stamps advance evenly, they come from a clock that counts samples, and a step of several periods is
    a loss, counted exactly. Otherwise they are times of sending, which jitter: then only a silence is
    counted, and the stream restarts there, because that number is not exact.

    Parameters
    ----------
    rate : float
        Nominal sampling rate, Hz.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._last: float | None = None
        self._even = 0  # steps in a row that were even

    def begin(self) -> None:
        """Expect any stamp."""
        self._last, self._even = None, 0

    def split(self, stamps: np.ndarray) -> list[tuple[int, int, int, bool]]:
        """Divide a chunk at its losses.

        Parameters
        ----------
        stamps : numpy.ndarray
            The stamps of its samples on the sender's clock, s, shape (samples,); at least one.

        Returns
        -------
        list of (int, int, int, bool)
            For each piece the places where it begins and ends, the samples lost before it, and whether that
            number is uncertain.
        """
        steps = np.diff(stamps, prepend=stamps[0] - 1 / self._rate if self._last is None else self._last)
        steps *= self._rate
        self._last = float(stamps[-1])
        nearest = np.rint(steps)
        even = (np.abs(steps - nearest) <= EVEN * np.maximum(nearest, 1)) & (nearest >= 1)
        if even.all() and (nearest == 1).all():
            self._even += len(steps)
            return [(0, len(stamps), 0, False)]
        pieces, begin, lost, uncertain = [], 0, 0, False
        for place, step in enumerate(steps.tolist()):
            before = self._even
            self._even = before + 1 if even[place] else 0
            clock = before >= EVEN_FOR * self._rate and even[place] and nearest[place] > 1
            if not clock and step <= SILENCE * self._rate:
                self._even *= nearest[place] == 1
                continue
            if place > begin:
                pieces.append((begin, place, lost, uncertain))
            begin, lost, uncertain = place, int(nearest[place]) - 1, not clock
        return [*pieces, (begin, len(stamps), lost, uncertain)]
