from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.emg_protocol import data_body_size, pack_data, unpack_data
from emg_recognition.devices.protocol import DataFrame
from emg_recognition.errors import EmgRecognitionError


@pytest.mark.parametrize("bits", [16, 24])
def test_extremes_keep_their_sign_and_the_size_is_as_announced(bits: int) -> None:
    high = 1 << bits - 1
    counts = np.array([[-high, high - 1, -1], [0, 1, high // 2]])
    body = pack_data(DataFrame(0, 0, True, counts), bits)
    assert len(body) == data_body_size(3, 2, bits)
    frame = unpack_data(body, True)
    assert frame.counts.dtype == np.int32
    assert np.array_equal(frame.counts, counts)


@pytest.mark.parametrize("head", [(0, 1, 16), (1, 0, 16), (1, 1, 8), (1, 1, 32)])
def test_there_is_no_such_body(head: tuple[int, int, int]) -> None:
    assert data_body_size(*head) == 0


@pytest.mark.parametrize(
    ("counts", "bits", "message"),
    [
        (np.array([[32768]]), 16, "beyond 16 bits"),
        (np.array([[-(1 << 23) - 1]]), 24, "beyond 24 bits"),
        (np.zeros((0, 3), np.int32), 16, "shape"),
        (np.zeros(3, np.int32), 16, "shape"),
        (np.zeros((2, 2)), 16, "float64"),
        (np.zeros((2, 2), np.int32), 12, "16 or 24 bits"),
    ],
)
def test_what_does_not_fit_is_not_written(counts: np.ndarray, bits: int, message: str) -> None:
    with pytest.raises(EmgRecognitionError, match=message):
        pack_data(DataFrame(0, 0, False, counts), bits)


def test_counter_beyond_32_bits_is_not_written() -> None:
    with pytest.raises(EmgRecognitionError, match=r"modulo 2\*\*32"):
        pack_data(DataFrame(1 << 32, 0, False, np.zeros((1, 1), np.int32)), 16)
