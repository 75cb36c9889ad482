from __future__ import annotations

import os
import threading

import pytest

from emg_recognition import files
from emg_recognition.files import replace_directory


def content(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_a_new_directory_and_its_parents(tmp_path):
    replace_directory(tmp_path / "a" / "b", {"x": b"1", "y": b"2"})
    assert content(tmp_path / "a" / "b") == {"x": b"1", "y": b"2"}
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("one_step", [True, False])
def test_the_old_content_goes_as_a_whole(tmp_path, monkeypatch, one_step):
    if not one_step:
        monkeypatch.setattr(files.ctypes, "CDLL", lambda *_, **__: object())
    replace_directory(tmp_path / "a", {"x": b"1", "old": b""})
    replace_directory(tmp_path / "a", {"x": b"2"})
    assert content(tmp_path / "a") == {"x": b"2"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_failure_leaves_the_old_one_and_nothing_beside_it(tmp_path, monkeypatch):
    replace_directory(tmp_path / "a", {"x": b"1"})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_directory(tmp_path / "a", {"x": b"2", "y": b"3"})
    assert content(tmp_path / "a") == {"x": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_reader_never_finds_it_missing_or_half(tmp_path):
    path = tmp_path / "a"
    files = [{name: bytes([value]) for name in "xyz"} for value in (1, 2)]
    replace_directory(path, files[0])
    stop, found = threading.Event(), []

    def read():
        while not stop.is_set():
            folder = os.open(path, os.O_RDONLY)  # fails if the name is gone for a moment
            try:
                found.append(len(os.listdir(folder)))
            finally:
                os.close(folder)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for turn in range(40):
            replace_directory(path, files[turn % 2])
    finally:
        stop.set()
        reader.join()
    # A folder opened just before the exchange may be emptied under the reader; a new one is whole.
    assert len(found) > 40
    assert content(path) in files
