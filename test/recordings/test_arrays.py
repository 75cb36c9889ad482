from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import from_arrays


def arrays(**changed):
    layout = {
        "x": np.arange(40, dtype=np.int16).reshape(20, 2),
        "start": np.array([0, 10]),
        "length": np.array([10, 10]),
        "scale": np.array(2.0),
        "fs": np.array(200),
        "subject": np.array(["s", "s"]),
        "cohort": np.array(["c", "c"]),
        "session": np.array(["1", "1"]),
        "label": np.array(["rest", "fist"]),
        "rep": np.array([1, 2]),
    }
    layout.update(changed)
    return {key: value for key, value in layout.items() if value is not None}


def with_value(value, dtype=np.float32):
    x = np.zeros((20, 2), dtype=dtype)
    x[13, 1] = value
    return x


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"label": None}, "it has no labels (key label is missing); store the action of each segment"),
        ({"fs": None}, "key fs missing; store all of x, start, length, scale, fs,"),
        ({"x": None, "rep": None, "label": None}, "keys x, label, rep missing"),
        ({"label": np.array(["rest", ""])}, "segment 1 has no label"),
        ({"label": np.array(["rest"])}, "label has 1 entries, start has 2"),
        ({"rep": np.array([1, 2, 3])}, "rep has 3 entries, start has 2"),
        ({"subject": np.array("s")}, "subject has the shape (), start has 2"),
        ({"length": np.array([10])}, "length has 1 entries, start has 2"),
        ({"start": np.array([], dtype=np.int64)}, "it has 0 segments"),
        ({"start": np.array([])}, "it has 0 segments"),
        ({"start": np.array([0, 11])}, "segment 1 has start 11 and length 10, but x has 20 samples"),
        ({"start": np.array([-1, 10])}, "segment 0 has start -1 and length 10, but x has 20 samples"),
        ({"length": np.array([10, 0])}, "segment 1 has start 10 and length 0, but x has 20 samples"),
        ({"length": np.array([10, 2**63 - 1])}, f"segment 1 has start 10 and length {2**63 - 1}, but x"),
        ({"start": np.array([0, 2**63 - 1])}, f"segment 1 has start {2**63 - 1} and length 10, but x"),
        ({"start": np.array([0.0, 10.0])}, "start is of type float64; store whole numbers"),
        ({"rep": np.array(["1", "2"])}, "rep is of type <U1; store whole numbers"),
        ({"cohort": np.array([0.5, 1.5])}, "cohort is of type float64; store a string"),
        ({"fs": np.array(0)}, "fs is 0; store the sampling rate in Hz, one number above 0"),
        ({"fs": np.array(-200.0)}, "fs is -200.0; store the sampling rate"),
        ({"fs": np.array(np.nan)}, "fs is nan; store the sampling rate"),
        ({"fs": np.array("fast")}, "fs is 'fast'; store the sampling rate"),
        ({"scale": np.array(0.0)}, "scale is 0.0; store the counts per unit"),
        ({"scale": np.array([1.0, 2.0])}, "scale is [1.0, 2.0]; store the counts per unit"),
        ({"unit": np.array("mV")}, "unit is 'mV'; store V with the scale in counts per volt, or count"),
        ({"x": np.zeros((20, 2), dtype=complex)}, "x is complex128 of shape (20, 2); store numbers"),
        ({"x": np.zeros(20)}, "x is float64 of shape (20,); store numbers of shape (samples, channels)"),
        ({"x": np.zeros((20, 0), dtype=np.int8)}, "x is int8 of shape (20, 0); store numbers"),
        ({"x": with_value(np.nan)}, "segment 1, sample 3, channel 1 is nan; leave such segments out"),
        ({"x": with_value(-np.inf, np.float64)}, "segment 1, sample 3, channel 1 is -inf"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(changed, message):
    with pytest.raises(RecordingError) as caught:
        from_arrays(arrays(**changed), "study.npz")
    assert str(caught.value).startswith(f"recording study.npz: {message}")
    assert "\n" not in str(caught.value)


def test_segments_in_any_order_find_the_first_bad_one():
    with pytest.raises(RecordingError, match="segment 0, sample 8, channel 1 is nan"):
        from_arrays(arrays(x=with_value(np.nan), start=np.array([5, 0]), length=np.array([10, 10])), "a")


def test_a_bad_sample_outside_every_segment_does_no_harm():
    recordings = from_arrays(arrays(x=with_value(np.nan), length=np.array([10, 3])), "study.npz")
    assert np.isfinite(recordings.segment(1)).all()


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float32, np.float64])
def test_samples_of_every_number_type_have_one_formula(dtype):
    x = (np.arange(40).reshape(20, 2) - 20).astype(dtype)
    recordings = from_arrays(arrays(x=x, scale=np.array(7)), "study.npz")
    assert recordings.counts.dtype == dtype
    expected = [[np.float32(float(value) / 7) for value in row] for row in x[10:20]]
    np.testing.assert_array_equal(recordings.segment(1), expected)


def test_numbers_as_names_become_strings():
    recordings = from_arrays(arrays(subject=np.array([7, 8]), label=np.array([0, 1])), "study.npz")
    assert recordings.subject.tolist() == ["7", "8"]
    assert recordings.actions == ("0", "1")


@pytest.mark.parametrize(("given", "unit"), [({}, "count"), ({"unit": np.array("V")}, "V")])
def test_the_unit_is_counts_where_none_is_given(given, unit):
    assert from_arrays(arrays(**given), "study.npz").unit == unit
