from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import from_arrays, load_archive, save_archive

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "longterm_basic8.npz"


def layout(**changed):
    arrays = {
        "x": np.arange(40, dtype=np.int16).reshape(20, 2),
        "start": np.array([0, 10]),
        "length": np.array([10, 10]),
        "scale": np.array(2.5),
        "fs": np.array(200),
        "subject": np.array(["eins", "zwei"]),
        "cohort": np.array(["c", "d"]),
        "session": np.array(["1", "2"]),
        "label": np.array(["rest", "fist"]),
        "rep": np.array([1, 2], dtype=np.int8),
        "note": np.array("is left alone"),
    }
    arrays.update(changed)
    return {key: value for key, value in arrays.items() if value is not None}


def written(path, **changed):
    np.savez_compressed(path, **layout(**changed))
    return path


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float32])
@pytest.mark.parametrize("unit", ["V", "count"])
def test_what_is_saved_is_loaded(tmp_path, dtype, unit):
    path = tmp_path / "study.npz"
    saved = from_arrays(layout(x=(np.arange(40).reshape(20, 2) - 7).astype(dtype), unit=unit), "memory")
    save_archive(path, saved)
    loaded = load_archive(path)
    assert loaded.counts.dtype == dtype
    for name in ("counts", "start", "length", "subject", "cohort", "session", "label", "repetition"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))
    assert (loaded.scale, loaded.rate, loaded.unit) == (2.5, 200.0, unit)
    assert loaded.source == str(path)
    assert os.listdir(tmp_path) == ["study.npz"]


def test_an_archive_without_a_unit_is_in_counts(tmp_path):
    assert load_archive(written(tmp_path / "a.npz")).unit == "count"


def problem(path):
    with pytest.raises(RecordingError) as caught:
        load_archive(path)
    message = str(caught.value)
    assert message.startswith(f"recording {path}: ")
    assert "\n" not in message
    return message


def test_an_archive_without_labels_is_one_clear_line(tmp_path):
    path = written(tmp_path / "a.npz", label=None)
    assert problem(path) == (
        f"recording {path}: it has no labels (key label is missing); "
        "store the action of each segment under label; nothing can be learned without it"
    )


def test_nan_samples_are_named(tmp_path):
    x = np.zeros((20, 2), dtype=np.float32)
    x[12, 1] = np.nan
    assert "segment 1, sample 2, channel 1 is nan" in problem(written(tmp_path / "a.npz", x=x))


@pytest.mark.parametrize("name", ["absent.npz", "absent/absent.npz", "."])
def test_no_such_file(tmp_path, name):
    assert "there is no such file; give the path" in problem(tmp_path / name)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"time,emg1\n0,1\n", b"PK\x03\x04" + bytes(100), b"\x80\x04."]
)
def test_a_file_that_is_no_archive(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    assert "it is no readable .npz archive" in problem(path)


def test_a_single_array_is_no_archive(tmp_path):
    with open(tmp_path / "a.npz", "wb") as file:
        np.save(file, np.zeros((3, 3)))
    assert "it is no readable .npz archive" in problem(tmp_path / "a.npz")


def test_a_cut_off_archive(tmp_path):
    path = written(tmp_path / "a.npz")
    path.write_bytes(path.read_bytes()[:-200])
    assert "it is no readable .npz archive" in problem(path)


def test_every_damaged_byte_is_noticed_or_harmless(tmp_path):
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
            # Only bytes that carry nothing, such as a file's date, may change unnoticed.
            np.testing.assert_array_equal(loaded.counts, good.counts)
            assert loaded.label.tolist() == good.label.tolist()
    assert refused > 50


class Trap:
    """Unpickling it would leave a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_pickled_content_is_never_run(tmp_path):
    trap = np.array([Trap(tmp_path / "ran"), None], dtype=object)
    assert "Object arrays cannot be loaded" in problem(written(tmp_path / "a.npz", label=trap))
    assert not (tmp_path / "ran").exists()


def test_saving_replaces_an_archive_whole(tmp_path):
    path = written(tmp_path / "a.npz")
    save_archive(path, load_archive(path).select([1]))
    assert load_archive(path).label.tolist() == ["fist"]


def test_a_failed_save_leaves_the_old_archive_and_nothing_else(tmp_path):
    path = written(tmp_path / "a.npz")
    before = path.read_bytes()
    recordings = load_archive(path)
    broken = recordings.select([0])
    object.__setattr__(broken, "scale", "no number")  # fails while the file is being written
    with pytest.raises(ValueError, match="no number"):
        save_archive(path, broken)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.npz"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    recordings = load_archive(written(tmp_path / "a.npz"))
    with pytest.raises(RecordingError, match=r"absent/b.npz: it cannot be written \(No such file"):
        save_archive(tmp_path / "absent" / "b.npz", recordings)


@pytest.mark.skipif(not SHARED.is_file(), reason="the shared recordings are not beside this checkout")
def test_the_shared_recordings():
    recordings = load_archive(SHARED)
    assert len(recordings) == 4800
    assert (recordings.channels, recordings.rate, recordings.unit) == (8, 200.0, "count")
    assert recordings.actions == tuple(f"M{i}" for i in range(1, 9))
    assert recordings.cohorts == ("I", "N", "O")
    assert recordings.segment(4799).shape == (300, 8)
