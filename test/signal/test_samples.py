from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import SampleError
from emg_recognition.signal.pipeline import check_samples


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e31, -3e38])
def test_a_value_that_no_electrode_delivers_is_named(value):
    samples = np.zeros((6, 3), dtype=np.float32)
    samples[4, 1] = value
    samples[5, 0] = np.nan
    with pytest.raises(SampleError, match=r"^sample 1004 of channel 1 is \S+; check the electrode") as caught:
        check_samples(samples, 3, 1000)
    assert "\n" not in str(caught.value)


def test_an_index_above_int64_is_named_exactly():
    with pytest.raises(SampleError, match=rf"^sample {2**63 + 1} of channel 0"):
        check_samples(np.array([[0.0], [np.nan]]), 1, 2**63)


@pytest.mark.parametrize("shape", [(5, 2), (5, 4), (15,), (5, 3, 1)])
def test_another_shape_is_named(shape):
    with pytest.raises(SampleError, match=r"samples from index 7 have shape .* expected \(samples, 3\)"):
        check_samples(np.zeros(shape), 3, 7)


@pytest.mark.parametrize("dtype", [np.str_, bool, complex, object])
def test_what_is_no_number_is_named(dtype):
    with pytest.raises(SampleError, match="samples from index 7 are of type"):
        check_samples(np.zeros((2, 3)).astype(dtype), 3, 7)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.uint16, np.float32, np.float64])
def test_numbers_become_float32(dtype):
    samples = np.array([[0, 100], [7, 3]], dtype=dtype)
    checked = check_samples(samples, 2, 0)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, [[0, 100], [7, 3]])


def test_the_largest_negative_integer_is_a_number():
    samples = np.array([[np.iinfo(np.int64).min]])
    assert check_samples(samples, 1, 0)[0, 0] == np.float32(-(2.0**63))
