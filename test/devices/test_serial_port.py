"""Opening a port: every failure is one line that says what is wrong and which ports there are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emg_recognition.devices.pseudo_terminal import PseudoTerminal
from emg_recognition.devices.serial_port import open_port
from emg_recognition.errors import DeviceError


@contextmanager
def not_root() -> Iterator[None]:
    """Give up root's rights temporarily, if there are any."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def check_line(error: DeviceError, name: str) -> None:
    line = str(error)
    assert "\n" not in line
    assert line.startswith(f"port {name}: ")
    assert "ports found: " in line or "no serial port was found" in line


def test_no_such_port(tmp_path: Path) -> None:
    name = str(tmp_path / "ttyUSB7")
    with pytest.raises(DeviceError, match="there is no such port; plug the device in") as caught:
        open_port(name, 115200)
    check_line(caught.value, name)


@pytest.mark.parametrize("kind", ["file", "folder", "null"])
def test_a_path_that_is_not_a_serial_port(kind: str, tmp_path: Path) -> None:
    path = {"file": tmp_path / "notes.txt", "folder": tmp_path, "null": Path("/dev/null")}[kind]
    if kind == "file":
        path.write_text("keep me")
    with pytest.raises(DeviceError, match="it is not a serial port") as caught:
        open_port(str(path), 115200)
    check_line(caught.value, str(path))
    if kind == "file":
        assert path.read_text() == "keep me"


def test_no_permission() -> None:
    terminal = PseudoTerminal()
    os.chmod(terminal.port, 0)
    with (
        not_root(),
        pytest.raises(DeviceError, match=r"no permission to open it; add yourself .*dialout") as caught,
    ):
        open_port(terminal.port, 115200)
    check_line(caught.value, terminal.port)
    terminal.close()


def test_a_port_in_use() -> None:
    terminal = PseudoTerminal()
    with open_port(terminal.port, 115200), pytest.raises(DeviceError, match="another program has opened it"):
        open_port(terminal.port, 115200)
    open_port(terminal.port, 115200).close()
    terminal.close()


def test_a_failure_leaks_nothing() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(DeviceError):
            open_port("/dev/null", 115200)
    assert len(os.listdir("/proc/self/fd")) == before
