"""The device's end of a pseudo-terminal, and its link."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

import pytest

from emg_recognition.devices.pseudo_terminal import PseudoTerminal
from emg_recognition.errors import DeviceError

EVERY_BYTE = bytes(range(256))


def test_every_byte_passes_unchanged_in_both_directions() -> None:
    terminal = PseudoTerminal()
    reader = os.open(terminal.port, os.O_RDWR | os.O_NOCTTY)
    try:
        assert terminal.write(EVERY_BYTE) == 256
        assert os.read(reader, 999) == EVERY_BYTE
        os.write(reader, EVERY_BYTE)
        terminal.wait(1.0, writable=False)
        assert terminal.read() == EVERY_BYTE
        assert terminal.read() == b""
    finally:
        os.close(reader)
        terminal.close()


def test_a_full_buffer_accepts_less_and_never_blocks() -> None:
    terminal = PseudoTerminal()
    begin = time.monotonic()
    written = 0
    while count := terminal.write(bytes(4096)):
        written += count
    assert 1000 < written < 1_000_000
    assert time.monotonic() - begin < 5.0
    terminal.close()


def test_the_link_points_to_the_port_and_is_removed_with_it(tmp_path: Path) -> None:
    link = tmp_path / "armband"
    link.symlink_to("/nowhere")  # left by a process that was killed
    terminal = PseudoTerminal(link)
    assert os.readlink(link) == terminal.port
    assert list(tmp_path.iterdir()) == [link]
    terminal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_points_elsewhere_is_kept(tmp_path: Path) -> None:
    link = tmp_path / "armband"
    first = PseudoTerminal(link)
    second = PseudoTerminal(link)
    first.close()
    assert os.readlink(link) == second.port
    second.close()
    assert not link.is_symlink()


def test_a_file_is_not_overwritten_by_a_link(tmp_path: Path) -> None:
    link = tmp_path / "notes.txt"
    link.write_text("keep me")
    with pytest.raises(DeviceError, match="a file of this name exists"):
        PseudoTerminal(link)
    assert link.read_text() == "keep me"


def test_a_link_in_a_missing_folder_is_an_error_and_leaks_nothing(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(DeviceError, match="No such file or directory"):
        PseudoTerminal(tmp_path / "no" / "armband")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_reader_sees_that_the_port_has_closed() -> None:
    terminal = PseudoTerminal()
    reader = os.open(terminal.port, os.O_RDWR | os.O_NOCTTY)
    terminal.close()
    assert select.select([reader], [], [], 1.0)[0]
    assert os.read(reader, 1) == b""
    os.close(reader)
