from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.cyton_packets import pack_packets, unpack_packets
from emg_recognition.errors import SampleError


def test_what_is_written_is_read(rng: np.random.Generator) -> None:
    counts = rng.integers(-(1 << 23), 1 << 23, (300, 8))
    assert np.array_equal(unpack_packets(pack_packets(200, counts)), counts)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.zeros((3, 4), np.int32), "8 channels"),
        (np.zeros(8, np.int32), "8 channels"),
        (np.full((1, 8), 1 << 23), "24 bits"),
        (np.full((1, 8), -(1 << 23) - 1), "24 bits"),
    ],
)
def test_what_does_not_fit_is_not_written(counts: np.ndarray, message: str) -> None:
    with pytest.raises(SampleError, match=message):
        pack_packets(0, counts)
