"""Records that lie anywhere in a buffer, gathered into one array without a loop over them."""

from __future__ import annotations

import numpy as np


def gather(data: bytes, dtype: np.dtype, starts: np.ndarray) -> np.ndarray:
    """Copy a record from each of the places given.

    Parameters
    ----------
    data : bytes
        The buffer.
    dtype : numpy.dtype
        The record; ``dtype.itemsize`` bytes are copied from each place.
    starts : numpy.ndarray
        int64, shape (n,): where each record begins; all of it must lie in `data`.

    Returns
    -------
    numpy.ndarray
        Of `dtype`, shape (n,), C-contiguous.

    Raises
    ------
    IndexError
        If a record would end behind the buffer.
    """
    places = len(data) - dtype.itemsize + 1
    if not len(starts):
        return np.empty(0, dtype)
    if places < 1:
        raise IndexError(f"records of {dtype.itemsize} bytes in a buffer of {len(data)}")
    # One overlapping record for each byte of the buffer. As plain bytes they are copied in one go;
    # as a structure NumPy would copy field by field.
    everywhere: np.ndarray = np.ndarray((places,), f"V{dtype.itemsize}", data, strides=(1,))
    return everywhere[starts].view(dtype)
