"""The cache: memory-mapped files, written once, found again, and written again if damaged."""

from __future__ import annotations

import dataclasses
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.cache import default_cache, from_cache, open_mapped, release, write_rows
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.tasks import for_other_machines


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float32, np.float64, ">i2"])
@pytest.mark.parametrize("rows", [[1], [3, 0, 5], [1000] * 30])
def test_an_array_is_written_in_parts(tmp_path, rng, dtype, rows):
    parts = [rng.integers(-100, 100, (count, 3)).astype(dtype) for count in rows]
    path = tmp_path / "new" / "a.npy"
    write_rows(path, iter(parts), 3, dtype)
    found = open_mapped(path)
    np.testing.assert_array_equal(found, np.concatenate(parts))
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(np.load(path), found)  # an ordinary .npy file
    assert path.read_bytes().index(b"\n") % 64 == 63  # aligned, as the format requires
    assert os.listdir(path.parent) == ["a.npy"]
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.npy"
    write_rows(path, [np.ones((2, 1))], 1, np.float32)

    def broken():
        yield np.zeros((1, 1))
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_rows(path, broken(), 1, np.float32)
    assert open_mapped(path).tolist() == [[1.0], [1.0]]
    assert os.listdir(tmp_path) == ["a.npy"]


@pytest.mark.parametrize("cut", [0, 5, 128, 200])
def test_a_truncated_file_is_refused(tmp_path, cut):
    path = tmp_path / "a.npy"
    write_rows(path, [np.ones((100, 4))], 4, np.float32)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"empty|pickled|mmap length"):
        open_mapped(path)


def mapped_kilobytes(name):
    """Return the memory of this process that is mapped from a file, kB."""
    kilobytes, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0] and not line.split()[0].endswith(":"):
            inside = line.endswith(name)
        elif inside and line.startswith("Rss:"):
            kilobytes += int(line.split()[1])
    return kilobytes


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux")
def test_released_memory_is_freed_and_read_again(tmp_path, rng):
    values = rng.normal(size=(200_000, 4)).astype(np.float32)
    path = tmp_path / "large.npy"
    write_rows(path, [values], 4, np.float32)
    found = open_mapped(path)
    assert found.sum() != 0
    assert mapped_kilobytes("large.npy") > 3000
    release(found[1000:])
    assert mapped_kilobytes("large.npy") < 300
    np.testing.assert_array_equal(found, values)


def test_other_arrays_keep_their_values(rng):
    values = rng.normal(size=1000)
    before = values.copy()
    release(values)
    release(values[10:])
    np.testing.assert_array_equal(values, before)


class Reader:
    """Reads numbers from a text file and records its calls."""

    def __init__(self, path, problems=()):
        self.path, self.calls, self.problems = path, [], problems

    def __call__(self, counts):
        self.calls.append(counts is not None)
        values = np.array([[float(line)] for line in self.path.read_text().split()], np.float32)
        segment = Segment(values, "anna", "c", "1", "fist", 3)
        found = gather_segments(
            [segment], channels=1, rate=200.0, unit="V", source=str(self.path), counts=counts
        )
        object.__setattr__(found, "problems", self.problems)
        return found


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("1 2 3")
    return path


def opened(reader, cache, kind="text"):
    return from_cache([reader.path], kind, reader, source="data", cache=cache)


def test_the_second_time_the_cache_is_used(file, tmp_path):
    reader = Reader(file, problems=("a message is damaged",))
    first, second = (opened(reader, tmp_path / "cache") for _ in "ab")
    assert reader.calls == [True]
    for found in (first, second):
        assert not found.counts.flags.writeable  # mapped
        assert found.counts.ravel().tolist() == [1, 2, 3]
        assert (found.rate, found.unit, found.scale, found.source) == (200.0, "V", 1.0, "data")
        assert (found.label.tolist(), found.repetition.tolist()) == (["fist"], [3])
        assert (found.start.dtype, found.problems) == (np.int64, ("a message is damaged",))


def test_mapped_recordings_are_pickled_as_the_path_of_their_samples(file, tmp_path):
    file.write_text("7.5 " * 2000)
    found = opened(Reader(file), tmp_path / "cache")
    sent = pickle.dumps(found)
    with for_other_machines():
        whole = pickle.dumps(found)
    assert len(sent) < 4000 < len(whole)
    for again in (pickle.loads(sent), pickle.loads(whole)):
        assert np.array_equal(again.counts, found.counts)
        assert again.label.tolist() == ["fist"]
    # A part of the file is not the file.
    part = dataclasses.replace(found, counts=found.counts[:5])
    assert pickle.loads(pickle.dumps(part)).counts.shape == (5, 1)


def test_a_changed_file_and_another_kind_are_read_again(file, tmp_path):
    reader = Reader(file)
    opened(reader, tmp_path)
    opened(reader, tmp_path, kind="other")
    assert len(reader.calls) == 2
    time = file.stat().st_mtime_ns
    file.write_text("4 5 6")
    os.utime(file, ns=(time, time + 1))
    assert opened(reader, tmp_path).counts.ravel().tolist() == [4, 5, 6]
    file.write_text("4 5 6 7")
    os.utime(file, ns=(time, time + 1))
    assert len(opened(reader, tmp_path).counts) == 4


@pytest.mark.parametrize("name", ["counts.npy", "table.npz"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "other"])
def test_a_damaged_entry_is_written_again(file, tmp_path, name, damage):
    reader = Reader(file)
    opened(reader, tmp_path)
    (part,) = (tmp_path / "recordings").glob(f"*/{name}")
    content = part.read_bytes()
    part.unlink()
    if damage == "other":
        with part.open("wb") as other:  # NumPy would append its suffix to a name
            (np.save if name == "counts.npy" else np.savez)(other, np.zeros((7, 1)))
    elif damage != "gone":
        part.write_bytes(content[:-9] if damage == "cut" else b"")
    assert opened(reader, tmp_path).counts.ravel().tolist() == [1, 2, 3]
    assert reader.calls == [True, True]
    opened(reader, tmp_path)
    assert len(reader.calls) == 2
    assert len(os.listdir(tmp_path / "recordings")) == 1


def test_without_a_cache_it_is_read_into_memory(file, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    for cache in (None, blocked):
        reader = Reader(file)
        assert opened(reader, cache).counts.ravel().tolist() == [1, 2, 3]
        assert reader.calls == [False]


def test_a_full_disk_is_not_an_error(file, tmp_path):
    def read(counts):
        if counts is not None:
            counts.write_bytes(b"half of it")
            raise OSError(28, "No space left on device")
        return reader(None)

    reader = Reader(file)
    found = from_cache([file], "text", read, source="data", cache=tmp_path / "cache")
    assert found.counts.ravel().tolist() == [1, 2, 3]
    assert os.listdir(tmp_path / "cache" / "recordings") == []


def test_an_unusable_recording_leaves_nothing_in_the_cache(file, tmp_path):
    file.write_text("1 nan")
    with pytest.raises(RecordingError, match="sample 1, channel 0 is nan"):
        opened(Reader(file), tmp_path / "cache")
    assert os.listdir(tmp_path / "cache" / "recordings") == []


def test_the_default_folder_follows_the_xdg_standard(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/emg_recognition")
    monkeypatch.setenv("HOME", "/home/anna")
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert default_cache() == Path("/home/anna/.cache/emg_recognition")
