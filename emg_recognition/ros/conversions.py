"""Convert message fields to NumPy arrays and back without a loop over elements."""

from __future__ import annotations

from array import array

import numpy as np


def to_floats(values: np.ndarray) -> array:
    """Return a float32 sequence for a message field.

    Building a ``float32[]`` field from a NumPy array costs 414 µs for 1,600 values, from an
    ``array.array`` 11 µs: rclpy checks each element of anything else.
    """
    return array("f", np.ascontiguousarray(values, dtype=np.float32).tobytes())


def to_matrix(values: array, columns: int) -> np.ndarray:
    """Return a ``float32[]`` message field as an array of shape (rows, columns), without a copy."""
    return np.frombuffer(values, dtype=np.float32).reshape(-1, columns)
