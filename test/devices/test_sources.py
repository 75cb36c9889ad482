"""Armbands as sources: context managers that are iterated over, and what a recognizer makes of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.devices.protocol import ProtocolSettings
from emg_recognition.devices.protocols import make_protocol
from emg_recognition.devices.stream import SampleChunk

COUNTS = np.arange(4000, dtype=np.int16).reshape(2000, 2)


def test_entering_starts_iterating_yields_and_leaving_stops() -> None:
    with ArmbandEmulator(COUNTS, rate=1000.0) as emulator:
        chunks = []
        with emg.SerialArmband(emulator.port) as armband:
            for chunk in armband:
                chunks.append(chunk)
                if chunk.first_index > 100:
                    break
        assert not armband.is_open
        sent = emulator.sent
        time.sleep(0.1)
        assert emulator.sent - sent <= 10  # it has stopped; a frame may have been under way
    assert [(chunk.rate, chunk.unit) for chunk in chunks] == [(1000.0, "count")] * len(chunks)
    assert [chunk.restart for chunk in chunks] == [True] + [False] * (len(chunks) - 1)
    assert all(b.first_index == a.first_index + len(a.samples) for a, b in pairwise(chunks))
    received = np.concatenate([chunk.samples for chunk in chunks])
    assert np.array_equal(received, COUNTS[: len(received)].astype(np.float32))


def test_what_arrived_together_is_one_chunk() -> None:
    with ArmbandEmulator(COUNTS, rate=1000.0) as emulator, emg.SerialArmband(emulator.port) as armband:
        stream = iter(armband)
        first = next(stream)
        while emulator.sent < len(first.samples) + 50:
            time.sleep(0.01)
        assert len(next(stream).samples) >= 50


def test_the_iteration_ends_when_the_armband_is_closed() -> None:
    with ArmbandEmulator(COUNTS, rate=1000.0) as emulator, emg.SerialArmband(emulator.port) as armband:
        for chunk in armband:
            if chunk.first_index > 20:
                armband.close()
        assert chunk.first_index > 20


@pytest.mark.parametrize("wrap", [lambda armband: armband, emg.ReconnectingArmband])
def test_an_armband_that_is_not_open_is_an_error(wrap) -> None:
    with pytest.raises(emg.DeviceError, match="the armband is not open"):
        next(iter(wrap(emg.SerialArmband("/dev/ttyACM0"))))


@pytest.mark.parametrize("wrap", [lambda armband: armband, emg.ReconnectingArmband])
def test_an_armband_that_is_not_there_is_an_error(wrap) -> None:
    with pytest.raises(emg.DeviceError, match="there is no such port"), wrap(emg.SerialArmband("/dev/none")):
        pass


def test_a_reconnecting_armband_continues_after_a_loss(tmp_path: Path) -> None:
    port = tmp_path / "armband"
    said: list[str] = []
    source = emg.ReconnectingArmband(emg.SerialArmband(str(port)), say=said.append)
    emulator = ArmbandEmulator(COUNTS, rate=1000.0, link=port)
    emulator.start()
    chunks: list[SampleChunk] = []
    with source:
        for chunk in source:
            chunks.append(chunk)
            if chunk.restart and len(chunks) == 1:
                emulator.close()
                emulator = ArmbandEmulator(COUNTS, rate=1000.0, link=port)
                emulator.start()
            elif chunk.restart:
                source.close()
    emulator.close()
    assert not source.armband.is_open
    assert [chunk.restart for chunk in chunks if chunk.restart] == [True, True]
    assert chunks[-1].first_index >= chunks[0].first_index + len(chunks[0].samples)
    assert len(said) >= 2
    assert "reconnected" in said[-1]


@pytest.mark.parametrize(
    ("arguments", "name", "remedy"),
    [
        ({"protocol": "morse"}, "protocol", "use one of emg, cyton, ascii"),
        ({"rate": 500.0}, "rate", "the armband reports it"),
        ({"protocol": "ascii", "channels": 2}, "rate", "give the samples a second"),
        ({"unit": "mV"}, "unit", "use one of"),
        ({"baud_rate": -1}, "baud_rate", "above 0"),
        (
            {"protocol": make_protocol("emg", ProtocolSettings()), "rate": 5.0},
            "protocol",
            "to the protocol object",
        ),
    ],
)
def test_impossible_arguments_are_refused(arguments, name, remedy) -> None:
    with pytest.raises(emg.SettingError, match=f"^{name} is .*{remedy}"):
        emg.SerialArmband("/dev/ttyACM0", **arguments)


def test_a_recognizer_gives_the_same_from_the_port_as_from_the_samples(tiny_bundle, rng) -> None:
    scale, restart = 2e6, 411
    counts = rng.integers(-400, 400, (800, 4), np.int16)
    samples = (counts.astype(np.float64) / scale).astype(np.float32)
    live = emg.Recognizer.load(tiny_bundle)
    found, received = [], 0
    with (
        ArmbandEmulator(counts, rate=500.0, scale=scale, unit="V", restarts=[restart]) as emulator,
        emg.SerialArmband(emulator.port) as armband,
    ):
        for chunk in armband:
            received += len(chunk.samples)
            found += live.push(chunk)
            if received == len(counts):
                break
        # The time is that of the window's last sample, as far as the host can know it.
        assert found[-1].time == pytest.approx(emulator.taken_at(found[-1].last_index), abs=0.1)
    replayed = emg.Recognizer.load(tiny_bundle)
    wanted = []
    for first, end in ((0, restart), (restart, len(counts))):
        part = SimpleNamespace(
            first_index=first, samples=samples[first:end], time=0.0, restart=True, rate=500.0, unit="V"
        )
        wanted += replayed.push(part)
    assert len(found) == len(wanted) > 20
    for one, other in zip(found, wanted, strict=True):
        assert one.first_index == other.first_index
        assert one.probabilities == other.probabilities
        assert (one.action, one.decision, one.activation) == (other.action, other.decision, other.activation)
    assert live.counters == replayed.counters


def test_ctrl_c_ends_a_program_that_iterates() -> None:
    program = """
import sys, emg_recognition as emg
armband = emg.SerialArmband(sys.argv[1])
try:
    with armband:
        for chunk in armband:
            print(chunk.first_index, flush=True)
except KeyboardInterrupt:
    print("closed", not armband.is_open)
"""
    with ArmbandEmulator(COUNTS, rate=1000.0, loop=True) as emulator:
        child = subprocess.Popen(
            [sys.executable, "-c", program, emulator.port], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "0\n"
        child.send_signal(signal.SIGINT)
        output, _ = child.communicate(timeout=30)
    assert output.splitlines()[-1] == "closed True"
    assert child.returncode == 0


def test_devices_import_without_termios(repository: Path) -> None:
    # As on Windows, where only pyserial knows how to talk to a port.
    names = [path.stem for path in sorted((repository / "emg_recognition" / "devices").glob("*.py"))]
    program = f"""
import importlib, sys
import serial, serial.tools.list_ports
for missing in ("termios", "tty", "pty", "fcntl"):
    sys.modules[missing] = None
for name in {names!r}:
    importlib.import_module("emg_recognition.devices." + name)
from emg_recognition.devices.pseudo_terminal import PseudoTerminal
from emg_recognition.devices.serial_armband import SerialArmband
from emg_recognition.errors import DeviceError
for use in (PseudoTerminal, SerialArmband("/dev/none").open):
    try:
        use()
    except DeviceError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    emulated, missing = done.stdout.splitlines()
    assert "this system has none; emulate devices on Linux or macOS" in emulated
    assert "there is no such port" in missing
