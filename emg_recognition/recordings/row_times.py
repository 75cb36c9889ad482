"""What the time and the counter of each row say: the rate, rows that come in bursts, and lost samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emg_recognition.types import RATE_TOLERANCE

#: With fewer steps the time column says too little about the rate, because times are rounded.
FEWEST_STEPS = 100
#: A step shorter than this share of the usual one lies within a packet.
_WITHIN = 0.5
#: Times are often rounded to milliseconds, s.
_CLOCK = 0.002
#: Values that tell what is usual in a long recording.
_ENOUGH = 200_000
#: Fewer than this share of equal steps is no counter.
_COUNTING = 0.5


@dataclass(frozen=True)
class Pace:
    """How the times of rows go on.

    Attributes
    ----------
    rate : float
        Rows over time, Hz, without the gaps.
    uncertainty : float
        Share by which the rate may be wrong, because of late rows at both ends.
    packet : int
        Rows that usually come together; 1 if each comes for itself.
    interval : float
        Usual time between two packets, s.
    gaps : numpy.ndarray
        bool, shape (rows - 1,): whether there is a gap before each row from the second on.
    """

    rate: float
    uncertainty: float
    packet: int
    interval: float
    gaps: np.ndarray


def find_pace(
    time: np.ndarray, gap: float, lost: np.ndarray | None = None, rate: float | None = None
) -> Pace | None:
    """Find out how times go on.

    The rate is the number of rows over the time from the first packet to the last one, without the gaps.
    The median or mean step would be wrong where rows come in packets, with the stamps of a computer.

    Parameters
    ----------
    time : numpy.ndarray
        Time of each row, s, shape (rows,).
    gap : float
        A packet that is later than usual by more than this, s, comes after a gap.
    lost : numpy.ndarray, optional
        Samples that a counter misses before each row from the second on.
    rate : float, optional
        The true rate, Hz, if known. A step of one sample is then never a gap.

    Returns
    -------
    Pace or None
        None if the times are too few to say.
    """
    steps = np.diff(time)
    if not len(steps):
        return None
    between = steps if lost is None else steps / (lost + 1.0)
    step = _usual_step(_some(steps))
    if not step > 0:
        gaps = (steps < 0) | (steps > (gap if rate is None else 1 / rate + gap))
        return None if rate is None else Pace(rate, np.inf, 1, 0.0, gaps)
    if lost is None and steps.min() > _WITHIN * step:
        even = _even(time, steps, gap, rate)
        if even is not None:
            return even
    starts = np.flatnonzero(np.append(True, (steps > _WITHIN * step) | (steps < 0)))
    sizes, intervals = np.diff(starts), np.diff(time[starts])
    rising = intervals >= 0
    if not rising.any():
        return None
    packet = int(np.median(_some(sizes)))
    interval = float(np.median(_some(intervals[rising])))
    late = np.abs(_some(intervals[rising]) - interval)
    if packet > 1 and interval <= _CLOCK:  # times rounded to milliseconds are no packets
        packet = 1
    usual = max(interval, 0.0 if rate is None else 1 / rate)
    gaps = (steps < 0) | (steps > usual + gap)
    if lost is not None:  # a lost packet is late, but it is counted already
        gaps &= (lost == 0) | (between > usual + gap)
    index = np.arange(len(time)) if lost is None else np.append(0, np.cumsum(lost + 1))
    rows, seconds = _stretches(time, index, starts, gaps)
    if rows < FEWEST_STEPS or seconds <= 0:
        return Pace(rate or 0.0, np.inf, packet, interval, gaps) if rate is not None else None
    jitter = float(np.percentile(late, 95)) if len(late) else 0.0
    uncertainty = ((interval if packet > 1 else 0.0) + jitter) / seconds
    return Pace(rows / seconds, uncertainty, packet, interval, gaps)


def _even(time: np.ndarray, steps: np.ndarray, gap: float, rate: float | None) -> Pace | None:
    """Return the pace of rows that come one by one without a gap, as most do, in fewer passes."""
    interval = float(np.median(_some(steps)))
    usual = max(interval, 0.0 if rate is None else 1 / rate)
    if len(steps) < FEWEST_STEPS or steps.max() > usual + gap:
        return None
    seconds = float(time[-1] - time[0])
    jitter = float(np.percentile(np.abs(_some(steps) - interval), 95))
    return Pace(len(steps) / seconds, jitter / seconds, 1, interval, np.zeros(len(steps), bool))


def _some(values: np.ndarray) -> np.ndarray:
    """Return stretches of a long array, enough to tell what is usual."""
    if len(values) <= _ENOUGH:
        return values
    starts = np.linspace(0, len(values) - _ENOUGH // 20, 20).astype(int)
    return np.concatenate([values[begin : begin + _ENOUGH // 20] for begin in starts])


def _usual_step(steps: np.ndarray) -> float:
    """Return the step in which half of the time passes, without pauses: that between two packets, if any."""
    kept = np.sort(steps[(steps >= 0) & (steps <= np.percentile(steps, 98))])
    passed = np.cumsum(kept)
    return float(kept[np.searchsorted(passed, passed[-1] / 2)]) if len(kept) else 0.0


def _stretches(
    time: np.ndarray, index: np.ndarray, starts: np.ndarray, gaps: np.ndarray
) -> tuple[int, float]:
    """Add up rows and time from the first packet to the last one of each stretch without a gap."""
    stretch = np.append(0, np.cumsum(gaps))[starts]
    first = np.flatnonzero(np.append(True, np.diff(stretch) > 0))
    last = np.append(first[1:] - 1, len(starts) - 1)
    rows = index[starts[last]] - index[starts[first]]
    seconds = time[starts[last]] - time[starts[first]]
    return int(rows.sum()), float(seconds.sum())


def whole(rate: float) -> float:
    """Return the whole number of Hz beside a measured rate; the rest comes from clocks and rounded times."""
    return float(round(rate)) if abs(round(rate) / rate - 1) < RATE_TOLERANCE / 2 else rate


@dataclass(frozen=True)
class Counted:
    """What a counter says.

    Attributes
    ----------
    lost : numpy.ndarray
        int64, shape (rows - 1,): samples missing before each row from the second on.
    restarts : numpy.ndarray
        bool, shape (rows - 1,): the counter goes back without having reached its end.
    modulus : int or None
        Number at which it starts again; None if it never does.
    """

    lost: np.ndarray
    restarts: np.ndarray
    modulus: int | None


def find_lost(counter: np.ndarray, modulus: int | None = None) -> Counted | None:
    """Find the samples that a counter misses.

    It may count by more than one, and count packets of several samples.

    Parameters
    ----------
    counter : numpy.ndarray
        Shape (rows,).
    modulus : int, optional
        Number at which it starts again; by default found where it goes back.

    Returns
    -------
    Counted or None
        None if it does not count.
    """
    values = np.round(counter).astype(np.int64)
    steps = np.diff(values)
    if not len(steps):
        return Counted(steps, np.zeros(0, bool), modulus)
    if (values != counter).any() or not (steps != 0).any():
        return None
    new = steps != 0
    packet = int(np.median(np.diff(np.flatnonzero(np.append(True, new))))) if new.sum() > 1 else 1
    positive = steps[steps > 0]
    if not len(positive):
        return None
    kinds, counts = np.unique(positive, return_counts=True)
    step = int(kinds[np.argmax(counts)])
    if counts.max() < _COUNTING * new.sum():
        return None
    if modulus is None:
        modulus = _modulus(values, steps, step)
    forward = steps % modulus if modulus else steps
    restarts = forward < 0
    lost = np.where(new & ~restarts, np.maximum(forward // step - 1, 0) * packet, 0)
    return Counted(lost, restarts, modulus)


def _modulus(values: np.ndarray, steps: np.ndarray, step: int) -> int | None:
    """Return the number at which a counter starts again: that of most wraps, or the next power of two."""
    wraps = -steps[steps < 0] + step
    largest = int(values.max())
    wraps = wraps[wraps > largest]
    if not (steps < 0).any():
        return None
    if len(wraps):
        kinds, counts = np.unique(wraps, return_counts=True)
        likely = int(kinds[np.argmax(counts)])
        if counts.max() > 1 or likely & (likely - 1) == 0:
            return likely
    power = 1 << largest.bit_length()
    # A recording that was joined from two begins again anywhere; a counter goes back near its end.
    near = values[:-1][steps < 0] > 0.5 * power
    return power if near.all() and largest > 0.9 * power else None
