"""Statistics of the training windows, the reference of the z-score and of the activation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_AT_ONCE = 4096


def window_statistics(windows: np.ndarray | Iterable[np.ndarray]) -> dict[str, list[float] | float]:
    """Return mean and deviation of each channel, and the RMS of all channels, over training windows.

    Equations (1) and (2) of the paper: the deviation is the population's (divided by n). Parts are combined
    as in Chan, Golub and LeVeque, Am. Stat. 37(3), 1983, doi:10.1080/00031305.1983.10483115, so that one pass
    over the data suffices.

    Parameters
    ----------
    windows : numpy.ndarray or iterable of numpy.ndarray
        Filtered windows, shape (windows, length, channels), in the unit of the recording, or at least one
        part of them.

    Returns
    -------
    dict
        ``mean`` and ``std``, one number for each channel, and ``rms``, one number; in the same unit.
    """
    # In parts and in float64: a large float32 sum loses digits; a float64 copy of everything costs memory.
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
    """Return deviations that are safe to divide by.

    A channel that was flat in training (an electrode without contact, a channel that is not wired) has no
    scale of its own. It gets that of all channels together, so that it stays near 0 and does not explode
    when a signal appears.

    Parameters
    ----------
    std : np.ndarray
        Deviation of each channel, shape (channels,).

    Returns
    -------
    np.ndarray
        float32, shape (channels,), every value above 0.
    """
    std = np.asarray(std, dtype=np.float64)
    overall = float(np.sqrt(np.mean(std**2)))
    if overall == 0.0:
        return np.ones(std.shape, np.float32)
    return np.where(std > 1e-6 * overall, std, overall).astype(np.float32)
