"""Archives: what was saved is loaded again, and unusable content is refused with its key and value."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import from_arrays, load_archive, save_archive


def arrays(**changed):
    layout = {
        "x": np.arange(40, dtype=np.int16).reshape(20, 2),
        "start": np.array([0, 10]),
        "length": np.array([10, 10]),
        "scale": np.array(2.5),
        "fs": np.array(200),
        "subject": np.array(["one", "two"]),
        "cohort": np.array(["c", "d"]),
        "session": np.array(["1", "2"]),
        "label": np.array(["rest", "fist"]),
        "rep": np.array([1, 2], dtype=np.int8),
        "note": np.array("is ignored"),
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
        ({"fs": np.array(0)}, "fs is 0; store the sampling rate in Hz as one number from 1 to 1e+06"),
        ({"fs": np.array(-200.0)}, "fs is -200.0; store the sampling rate"),
        ({"fs": np.array(np.nan)}, "fs is nan; store the sampling rate"),
        ({"fs": np.array(1e308)}, "fs is 1e+308; store the sampling rate"),
        ({"fs": np.array("fast")}, "fs is 'fast'; store the sampling rate"),
        ({"scale": np.array(0.0)}, "scale is 0.0; store the counts per unit"),
        ({"scale": np.array(1e-308)}, "scale is 1e-308; store the counts per unit"),
        ({"scale": np.array([1.0, 2.0])}, "scale is [1.0, 2.0]; store the counts per unit"),
        ({"unit": np.array("mV")}, "unit is 'mV'; store V with the scale in counts per volt, or count"),
        ({"x": np.zeros((20, 2), dtype=complex)}, "x is complex128 of shape (20, 2); store numbers"),
        ({"x": np.zeros(20)}, "x is float64 of shape (20,); store numbers of shape (samples, channels)"),
        ({"x": np.zeros((20, 0), dtype=np.int8)}, "x is int8 of shape (20, 0); store numbers"),
        ({"x": with_value(np.nan)}, "segment 1, sample 3, channel 1 is nan; remove such segments"),
        ({"x": with_value(-np.inf, np.float64)}, "segment 1, sample 3, channel 1 is -inf"),
        (
            {"x": with_value(1e38, np.float64), "scale": np.array(1.0)},
            "segment 1, sample 3, channel 1 is 1e+38; remove",
        ),
        (
            {"x": with_value(-2, np.int8), "scale": np.array(1e-30)},
            "segment 1, sample 3, channel 1 is -2; remove",
        ),
    ],
)
def test_unusable_arrays_are_refused_in_one_line(changed, message):
    with pytest.raises(RecordingError) as caught:
        from_arrays(arrays(**changed), "study.npz")
    assert str(caught.value).startswith(f"recording study.npz: {message}")
    assert "\n" not in str(caught.value)


def test_the_first_bad_segment_is_named_in_any_order():
    with pytest.raises(RecordingError, match="segment 0, sample 8, channel 1 is nan"):
        from_arrays(arrays(x=with_value(np.nan), start=np.array([5, 0]), length=np.array([10, 10])), "a")


def test_a_bad_sample_outside_all_segments_is_accepted():
    recordings = from_arrays(arrays(x=with_value(np.nan), length=np.array([10, 3])), "study.npz")
    assert np.isfinite(recordings.segment(1)).all()


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float32, np.float64])
def test_every_sample_type_is_scaled_by_the_same_formula(dtype):
    x = (np.arange(40).reshape(20, 2) - 20).astype(dtype)
    recordings = from_arrays(arrays(x=x, scale=np.array(7)), "study.npz")
    assert recordings.counts.dtype == dtype
    expected = [[np.float32(float(value) / 7) for value in row] for row in x[10:20]]
    np.testing.assert_array_equal(recordings.segment(1), expected)


def test_numeric_names_become_strings():
    recordings = from_arrays(arrays(subject=np.array([7, 8]), label=np.array([0, 1])), "study.npz")
    assert recordings.subject.tolist() == ["7", "8"]
    assert recordings.actions == ("0", "1")


@pytest.mark.parametrize(("given", "unit"), [({}, "count"), ({"unit": np.array("V")}, "V")])
def test_the_default_unit_is_count(given, unit):
    assert from_arrays(arrays(**given), "study.npz").unit == unit


def written(path, **changed):
    np.savez_compressed(path, **arrays(**changed))
    return path


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float32])
@pytest.mark.parametrize("unit", ["V", "count"])
def test_what_was_saved_is_loaded(tmp_path, dtype, unit):
    path = tmp_path / "study.npz"
    saved = from_arrays(arrays(x=(np.arange(40).reshape(20, 2) - 7).astype(dtype), unit=unit), "memory")
    save_archive(path, saved)
    loaded = load_archive(path)
    assert loaded.counts.dtype == dtype
    for name in ("counts", "start", "length", "subject", "cohort", "session", "label", "repetition"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))
    assert (loaded.scale, loaded.rate, loaded.unit) == (2.5, 200.0, unit)
    assert loaded.source == str(path)
    assert os.listdir(tmp_path) == ["study.npz"]


def problem(path):
    with pytest.raises(RecordingError) as caught:
        load_archive(path)
    message = str(caught.value)
    assert message.startswith(f"recording {path}: ")
    assert "\n" not in message
    return message


def test_an_archive_without_labels_is_refused(tmp_path):
    path = written(tmp_path / "a.npz", label=None)
    assert problem(path) == (
        f"recording {path}: it has no labels (key label is missing); "
        "store the action of each segment under label; training needs it"
    )


def test_nan_samples_are_refused(tmp_path):
    x = np.zeros((20, 2), dtype=np.float32)
    x[12, 1] = np.nan
    assert "segment 1, sample 2, channel 1 is nan" in problem(written(tmp_path / "a.npz", x=x))


@pytest.mark.parametrize("name", ["absent.npz", "absent/absent.npz", "."])
def test_a_missing_file_is_refused(tmp_path, name):
    assert "there is no such file; give the path" in problem(tmp_path / name)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"time,emg1\n0,1\n", b"PK\x03\x04" + bytes(100), b"\x80\x04."]
)
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    assert "it is not a readable .npz archive" in problem(path)


def test_a_single_array_is_refused(tmp_path):
    with open(tmp_path / "a.npz", "wb") as file:
        np.save(file, np.zeros((3, 3)))
    assert "it is not a readable .npz archive" in problem(tmp_path / "a.npz")


def test_a_truncated_archive_is_refused(tmp_path):
    path = written(tmp_path / "a.npz")
    path.write_bytes(path.read_bytes()[:-200])
    assert "it is not a readable .npz archive" in problem(path)


def test_a_damaged_byte_is_refused_or_has_no_effect(tmp_path):
    whole = written(tmp_path / "whole.npz").read_bytes()
    good = load_archive(tmp_path / "whole.npz")
    path = tmp_path / "a.npz"
    refused = 0
    for position in range(0, len(whole), 11):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x5A]) + whole[position + 1 :])
        try:
            loaded = load_archive(path)
        except RecordingError:
            refused += 1
        else:
            # Only bytes without content, such as the date of a file, may change.
            np.testing.assert_array_equal(loaded.counts, good.counts)
            assert loaded.label.tolist() == good.label.tolist()
    assert refused > 50


class Trap:
    """An object that creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_pickled_content_is_never_executed(tmp_path):
    trap = np.array([Trap(tmp_path / "ran"), None], dtype=object)
    assert "label holds Python objects, which could run any program" in problem(
        written(tmp_path / "a.npz", label=trap)
    )
    assert not (tmp_path / "ran").exists()


def test_segments_that_would_take_days_are_refused(tmp_path):
    rows, segments = 100_000, 100_000
    columns = {
        "start": np.zeros(segments, int),
        "length": np.full(segments, rows),
        "rep": np.ones(segments, int),
    }
    columns |= {name: np.full(segments, "a") for name in ("subject", "cohort", "session", "label")}
    path = written(tmp_path / "a.npz", x=np.ones((rows, 1), np.int8), **columns)
    assert "its segments have 10000000000 samples together, but x has 100000" in problem(path)


def test_a_column_where_a_number_belongs_is_not_printed(tmp_path):
    for name in ("scale", "fs", "unit"):
        path = written(tmp_path / "a.npz", **{name: np.arange(1_000_000)})
        assert f"{name} is an array of shape (1000000,)" in problem(path)


def test_saving_replaces_an_archive(tmp_path):
    path = written(tmp_path / "a.npz")
    save_archive(path, load_archive(path).select([1]))
    assert load_archive(path).label.tolist() == ["fist"]


def test_a_failed_save_keeps_the_old_archive(tmp_path):
    path = written(tmp_path / "a.npz")
    before = path.read_bytes()
    recordings = load_archive(path)
    broken = recordings.select([0])
    object.__setattr__(broken, "scale", "no number")  # fails while the file is written
    with pytest.raises(ValueError, match="no number"):
        save_archive(path, broken)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.npz"]


def test_saving_to_a_missing_folder_is_refused(tmp_path):
    recordings = load_archive(written(tmp_path / "a.npz"))
    with pytest.raises(RecordingError, match=r"absent/b.npz: it cannot be written \(No such file"):
        save_archive(tmp_path / "absent" / "b.npz", recordings)


def test_the_shared_recordings(shared_recording):
    recordings = load_archive(shared_recording("longterm_basic8.npz"))
    assert len(recordings) == 4800
    assert (recordings.channels, recordings.rate, recordings.unit) == (8, 200.0, "count")
    assert recordings.actions == tuple(f"M{i}" for i in range(1, 9))
    assert recordings.cohorts == ("I", "N", "O")
    assert recordings.segment(4799).shape == (300, 8)
