"""Statistics of the training windows: what the z-score and the activation are measured against."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_AT_ONCE = 4096


def window_statistics(windows: np.ndarray | Iterable[np.ndarray]) -> dict[str, list[float] | float]:
    """Mean and deviation of each channel, and the RMS of all channels, over training windows.

    Equations (1) and (2) of the paper: the deviation is the population's (divided by n). The parts are
    joined as in Chan, Golub and LeVeque, Am. Stat. 37(3), 1983, doi:10.1080/00031305.1983.10483115, so each
    is looked at once.

    Parameters
    ----------
    windows : numpy.ndarray or iterable of numpy.ndarray
        Filtered windows, shape (windows, length, channels), in the unit of the recording; or parts of them,
        at least one.

    Returns
    -------
    dict
        ``mean`` and ``std``, one number a channel, and ``rms``, one number; same unit.
    """
    # In parts and in float64: a large float32 sum loses digits, a float64 copy of all costs memory.
    if isinstance(windows, np.ndarray):
        windows = [windows[i : i + _AT_ONCE] for i in range(0, len(windows), _AT_ONCE)]
    n, mean, squares = 0, np.zeros(1), np.zeros(1)
    for part in windows:
        rows = part.shape[0] * part.shape[1]
        own = part.mean(axis=(0, 1), dtype=np.float64)
        apart = own - mean
        n += rows
        squares = squares + ((part - own) ** 2).sum(axis=(0, 1)) + apart**2 * (rows * (n - rows) / n)
        mean = mean + apart * (rows / n)
    variance = squares / n
    rms = float(np.sqrt(np.mean(variance + mean**2)))
    return {"mean": mean.tolist(), "std": np.sqrt(variance).tolist(), "rms": rms}


def guarded_deviation(std: np.ndarray) -> np.ndarray:
    """Deviations that can be divided by.

    A channel that was flat in training (an electrode off, a channel not wired) has no scale of
    its own; it gets that of all channels together, so it stays near 0 and is not blown up
    when it comes alive.

    Parameters
    ----------
    std : np.ndarray
        Deviation of each channel, shape (channels,).

    Returns
    -------
    np.ndarray
        Float32, shape (channels,), every value above 0.
    """
    std = np.asarray(std, dtype=np.float64)
    overall = float(np.sqrt(np.mean(std**2)))
    if overall == 0.0:
        return np.ones(std.shape, np.float32)
    return np.where(std > 1e-6 * overall, std, overall).astype(np.float32)
