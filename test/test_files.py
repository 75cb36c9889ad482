"""Files and directories appear completely or not at all."""

from __future__ import annotations

import os
import threading

import pytest

from emg_recognition import files
from emg_recognition.files import (
    open_regular,
    read_json,
    read_limited,
    read_marker,
    replace_directory,
    size_text,
    write_file,
)


def test_a_file_is_replaced_as_a_whole(tmp_path):
    write_file(tmp_path / "new" / "a.txt", b"one")
    write_file(tmp_path / "new" / "a.txt", b"two")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"two"
    assert len(list((tmp_path / "new").iterdir())) == 1


def content(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_a_directory_and_its_parents_are_made(tmp_path):
    replace_directory(tmp_path / "a" / "b", {"x": b"1", "y": b"2"})
    assert content(tmp_path / "a" / "b") == {"x": b"1", "y": b"2"}
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("one_step", [True, False])
def test_a_directory_is_replaced_completely(tmp_path, monkeypatch, one_step):
    if not one_step:
        monkeypatch.setattr(files.ctypes, "CDLL", lambda *_, **__: object())
    replace_directory(tmp_path / "a", {"x": b"1", "old": b""})
    replace_directory(tmp_path / "a", {"x": b"2"})
    assert content(tmp_path / "a") == {"x": b"2"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_failure_leaves_the_old_directory_and_nothing_beside_it(tmp_path, monkeypatch):
    replace_directory(tmp_path / "a", {"x": b"1"})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_directory(tmp_path / "a", {"x": b"2", "y": b"3"})
    assert content(tmp_path / "a") == {"x": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_reader_always_finds_the_directory(tmp_path):
    path = tmp_path / "a"
    contents = [{name: bytes([value]) for name in "xyz"} for value in (1, 2)]
    replace_directory(path, contents[0])
    stop, found = threading.Event(), []

    def read():
        while not stop.is_set():
            folder = os.open(path, os.O_RDONLY)  # fails if the name is missing for a moment
            try:
                found.append(len(os.listdir(folder)))
            finally:
                os.close(folder)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(40):
            replace_directory(path, contents[number % 2])
    finally:
        stop.set()
        reader.join()
    # A folder opened just before the exchange may be emptied while it is read; a new one is complete.
    assert len(found) > 40
    assert content(path) in contents


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"abc")
    for path, problem in [
        (tmp_path, "it is a folder, not a file"),
        (tmp_path / "pipe", "it is a named pipe, not a file"),
        (tmp_path / "link", "it is a named pipe, not a file"),
        ("/dev/null", "it is a device, not a file"),
    ]:
        with pytest.raises(OSError, match=problem):
            open_regular(path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")
    with open_regular(tmp_path / "file") as file:
        assert file.read() == b"abc"


def test_files_that_are_too_large(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_limited(path, 5) == b"12345"
    with pytest.raises(OSError, match="it is larger than 4 bytes"):
        read_limited(path, 4)
    with pytest.raises(OSError, match="it is larger than 10 bytes"):
        read_limited("/proc/self/status", 10)  # its size is not known before it is read


def test_json_that_is_too_deep_is_an_ordinary_error(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(path)
    assert read_marker(path, ["x"]) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(12, "12 bytes"), (4 << 20, "4 MiB"), (1003 << 20, "1003 MiB"), (37.25 * 2**30, "37.2 GiB")],
)
def test_sizes_for_people(size, text):
    assert size_text(size) == text
