"""The check that every sample passes before it reaches a filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import SampleError

# No electrode delivers more in any unit, and a filter's output stays inside float32.
_LARGEST = 1e30


def check_samples(samples: ArrayLike, channels: int, first_index: int) -> np.ndarray:
    """Return the samples as float32 if an electrode can have delivered them.

    A recursive filter never forgets a NaN, so not one may pass.

    Parameters
    ----------
    samples : array_like
        Samples, shape (samples, channels).
    channels : int
        Channels expected.
    first_index : int
        Index of the first sample, for the message.

    Returns
    -------
    numpy.ndarray
        float32, shape (samples, channels).

    Raises
    ------
    SampleError
        For another shape or type, NaN, infinity, or an absurd magnitude.
    """
    raw = np.asarray(samples)
    if raw.ndim != 2 or raw.shape[1] != channels:
        raise SampleError(
            f"samples from index {first_index} have shape {raw.shape}, expected (samples, {channels})",
            "send every channel the pipeline is set for, a row for each sample",
        )
    if raw.dtype.kind not in "iuf":
        raise SampleError(f"samples from index {first_index} are of type {raw.dtype}", "send numbers")
    plausible = np.abs(raw) <= _LARGEST
    if not plausible.all():
        row, channel = (int(i) for i in np.argwhere(~plausible)[0])
        raise SampleError(
            f"sample {first_index + row} of channel {channel} is {raw[row, channel]}",
            "check the electrode and the device; only finite values can be filtered",
        )
    return raw.astype(np.float32, copy=False)
