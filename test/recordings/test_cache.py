"""The cache: unpacked once, found again, made anew where it is damaged, and never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.cache import default_cache, from_cache
from emg_recognition.recordings.segments import Segment, gather_segments


class Reader:
    """Reads numbers from a text file, and counts how often."""

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


def test_the_second_time_nothing_is_read(file, tmp_path):
    reader = Reader(file, problems=("a message is damaged",))
    first, second = (opened(reader, tmp_path / "cache") for _ in "ab")
    assert reader.calls == [True]
    for found in (first, second):
        assert not found.counts.flags.writeable  # mapped
        assert found.counts.ravel().tolist() == [1, 2, 3]
        assert (found.rate, found.unit, found.scale, found.source) == (200.0, "V", 1.0, "data")
        assert (found.label.tolist(), found.repetition.tolist()) == (["fist"], [3])
        assert (found.start.dtype, found.problems) == (np.int64, ("a message is damaged",))


def test_a_changed_file_and_another_kind_are_read_anew(file, tmp_path):
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
def test_a_damaged_entry_is_made_anew(file, tmp_path, name, damage):
    reader = Reader(file)
    opened(reader, tmp_path)
    (part,) = (tmp_path / "recordings").glob(f"*/{name}")
    content = part.read_bytes()
    part.unlink()
    if damage == "other":
        with part.open("wb") as other:  # given a name, NumPy would put its ending behind it
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


def test_a_disk_that_is_full_is_no_failure(file, tmp_path):
    def read(counts):
        if counts is not None:
            counts.write_bytes(b"half of it")
            raise OSError(28, "No space left on device")
        return reader(None)

    reader = Reader(file)
    found = from_cache([file], "text", read, source="data", cache=tmp_path / "cache")
    assert found.counts.ravel().tolist() == [1, 2, 3]
    assert os.listdir(tmp_path / "cache" / "recordings") == []


def test_a_bad_recording_is_said_and_leaves_nothing(file, tmp_path):
    file.write_text("1 nan")
    with pytest.raises(RecordingError, match="sample 1, channel 0 is nan"):
        opened(Reader(file), tmp_path / "cache")
    assert os.listdir(tmp_path / "cache" / "recordings") == []


def test_the_place_is_that_of_the_xdg_standard(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/emg_recognition")
    monkeypatch.setenv("HOME", "/home/anna")
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert default_cache() == Path("/home/anna/.cache/emg_recognition")
