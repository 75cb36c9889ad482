"""What was lost according to the package numbers of a board, whose period need not be known."""

from __future__ import annotations

from collections import Counter

import numpy as np

LEARN = 50
"""Packages from which the step and the samples of a package are learned, if the board is not known."""

ALLOWED_DELAY = 0.25
"""Time by which packages may be delayed, s."""


class PackageCounter:
    """Count lost samples from package numbers and host's times.

    Boards number packages in steps of 1 or 2, put one or several samples into each, and begin again after
    100, 256 or 65536. What is not given is learned from the first packages, in which nothing is counted
    as lost; the period is learned when the numbers begin again.

    Parameters
    ----------
    rate : float
        Sampling rate, Hz.
    step, samples : int
        By how much the number grows, and samples in a package; 0: learned.
    period : int
        Number of package numbers; 0: learned.
    """

    def __init__(self, rate: float, *, step: int = 0, samples: int = 0, period: int = 0) -> None:
        self._rate = rate
        self._step, self._samples, self._period = step, samples, period
        self._steps: Counter[int] = Counter()
        self._runs: Counter[int] = Counter()
        self._run = 0
        self._last: tuple[int, float] | None = None

    def begin(self) -> None:
        """Expect any number."""
        self._last, self._run = None, 0

    def split(self, numbers: np.ndarray, times: np.ndarray) -> list[tuple[int, int, int, bool]]:
        """Divide rows at their losses.

        Parameters
        ----------
        numbers : numpy.ndarray
            The package number of each row, shape (rows,); at least one.
        times : numpy.ndarray
            When each row was received, s.

        Returns
        -------
        list of (int, int, int, bool)
            For each piece the rows where it begins and ends, the samples lost before it, and whether that
            number is uncertain.
        """
        pieces: list[tuple[int, int, int, bool]] = []
        begin, lost, uncertain = 0, 0, False
        for place, (number, now) in enumerate(
            zip(numbers.astype(np.int64).tolist(), times.tolist(), strict=True)
        ):
            missing, doubtful = self._missing(number, now)
            if missing or doubtful:
                if place > begin:
                    pieces.append((begin, place, lost, uncertain))
                begin, lost, uncertain = place, missing, doubtful
        return [*pieces, (begin, len(numbers), lost, uncertain)]

    def _missing(self, number: int, now: float) -> tuple[int, bool]:
        """Return how many samples were lost before a row, and whether that is uncertain."""
        last, self._last = self._last, (number, now)
        if last is None:
            return 0, False
        before, then = last
        if number == before and not (self._period and self._run + 1 >= self._samples):
            self._run += 1
            return 0, False
        run, self._run = self._run + 1, 0
        step = number - before
        if not self._step or not self._samples:
            self._learn(step, run)
            return 0, False
        if self._period and abs(step) >= self._period:
            self._period = 0  # what was taken for the period was not
        if step < 0 and not self._period:
            self._period = _likely_period(self._step - step)
        if self._period:
            step %= self._period
        in_period = self._period // self._step * self._samples
        lost = max(0, step // self._step - 1) * self._samples
        elapsed = (now - then) * self._rate - 1
        delay = ALLOWED_DELAY * self._rate
        if step == 0:  # all of a period but one package, or the same package once more
            lost = in_period - self._samples
            return (lost, False) if elapsed > lost / 2 else (0, False)
        if elapsed < lost - delay:
            return 0, True  # the board has started its count again
        if self._period and elapsed - lost > delay:
            rounds = int((elapsed - lost + min(delay, in_period / 2)) // in_period)
            if rounds > 0:
                return lost + rounds * in_period, True
        return lost, False

    def _learn(self, step: int, run: int) -> None:
        self._steps[step] += 1
        self._runs[run] += 1
        if self._steps.total() >= LEARN:
            (self._step, _), *_ = self._steps.most_common()
            (self._samples, _), *_ = self._runs.most_common()
            if self._step < 0:
                self._step = 0
                self._steps.clear()


def _likely_period(period: int) -> int:
    """Return the period if the numbers began again after this many, some of which may have been lost."""
    for bits in (8, 16, 32):
        if 0.9 * (1 << bits) <= period <= 1 << bits:
            return 1 << bits
    return period
