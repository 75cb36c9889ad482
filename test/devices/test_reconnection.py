"""A loose plug, a silent device and a babbling one: pseudo-terminals come and go behind a link."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.devices import reconnection
from emg_recognition.devices.ascii_protocol import AsciiProtocol
from emg_recognition.devices.emg_protocol import EmgProtocol, encode_info
from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.devices.protocol import DeviceProtocol, ProtocolSettings
from emg_recognition.devices.pseudo_terminal import PseudoTerminal
from emg_recognition.devices.reconnection import ReconnectingArmband
from emg_recognition.devices.serial_armband import SerialArmband
from emg_recognition.devices.stream import SampleChunk
from emg_recognition.errors import DeviceError

COUNTS = np.arange(2000, dtype=np.int16).reshape(1000, 2)
PATIENCE = 20.0


class Bench:
    """A link, the armband behind it, and the lines about it."""

    def __init__(self, link: Path, protocol: DeviceProtocol, silent_after: float) -> None:
        self.link = link
        self.said: list[str] = []
        self.chunks: list[SampleChunk] = []
        self.armband = SerialArmband(str(link), protocol=protocol)
        self.source = ReconnectingArmband(self.armband, silent_after, self.said.append)

    def emulate(self, *, rate: float = 1000.0, protocol: str = "emg") -> ArmbandEmulator:
        return ArmbandEmulator(COUNTS, rate=rate, link=self.link, loop=True, protocol=protocol)

    def read_until(self, condition: Callable[[], object]) -> list[SampleChunk]:
        """Read until a condition holds; return what arrived."""
        end, came = time.monotonic() + PATIENCE, []
        while not condition():
            assert time.monotonic() < end, f"{self.said} {self.source.fault} {self.armband.counters}"
            came += self.source.read()
        self.chunks += came
        return came

    def read_samples(self, samples: int) -> list[SampleChunk]:
        wanted = self.armband.counters.stream.samples + samples
        return self.read_until(lambda: self.armband.counters.stream.samples >= wanted)

    def check_line(self) -> None:
        """Check that every sample has one index, and that missing ones are counted."""
        for before, after in zip(self.chunks, self.chunks[1:], strict=False):
            assert after.first_index == before.first_index + len(before.samples) + after.dropped_before
            assert after.time > before.time


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    protocol = EmgProtocol(ProtocolSettings())
    protocol.answer_seconds = 0.4
    return Bench(tmp_path / "armband", protocol, silent_after=0.3)


def test_unplugging_and_replugging_100_times_leaks_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnection, "FIRST_PAUSE", 0.002)

    def cycle() -> None:
        with bench.emulate():
            if not bench.armband.is_open and not bench.source.fault:
                bench.source.start()
            (first, *_) = bench.read_samples(5)
            assert first.restart
        bench.read_until(lambda: bench.source.fault)

    def resources() -> tuple[int, int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count(), len(gc.get_objects())

    for _ in range(10):
        cycle()
    bench.chunks.clear()
    bench.said.clear()
    files, threads, objects = resources()
    for _ in range(100):
        cycle()
    bench.check_line()
    assert sum(chunk.restart for chunk in bench.chunks) == 100
    assert sum("reconnected" in line for line in bench.said) == bench.source.reconnections - 9 == 100
    bench.chunks.clear()
    bench.said.clear()
    after = resources()
    assert after[:2] == (files, threads)
    assert after[2] - objects < 100


def test_each_loss_and_reconnection_is_announced_and_the_index_continues(bench: Bench) -> None:
    with bench.emulate():
        bench.source.start()
        bench.read_samples(50)
    bench.read_until(lambda: bench.source.fault)
    assert "the armband has gone" in bench.source.fault
    assert bench.said[0].endswith("trying to reach it again")
    bench.read_until(lambda: bench.source.attempts == 2)
    assert "there is no such port" in bench.source.fault
    with bench.emulate():
        (first, *_) = bench.read_samples(50)
        assert (bench.source.fault, bench.source.reconnections) == ("", 1)
    assert first.restart
    bench.check_line()
    assert len(bench.said) == 3  # lost, why it cannot be reached, reached again
    assert f"the stream restarts with sample {first.first_index}" in bench.said[-1]
    assert all("\n" not in line for line in bench.said)


def test_the_pauses_double_up_to_five_seconds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench.emulate():
        bench.source.start()
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(reconnection.time, "sleep", sleep)
    monkeypatch.setattr(reconnection.time, "monotonic", lambda: now[0])
    bench.source._lose("unplugged")
    pauses: list[float] = []
    while len(pauses) < 9:
        attempts, begin = bench.source.attempts, now[0]
        while bench.source.attempts == attempts:
            assert bench.source.read() == []
        pauses.append(round(now[0] - begin, 6))
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert max(slept) <= 0.05  # a request to stop waits no longer
    assert len(bench.said) == 2  # nine attempts that fail for the same reason get one line


def test_an_armband_that_was_never_there_is_not_waited_for(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="there is no such port"):
        bench.source.start()


@pytest.mark.parametrize(
    ("saying", "found"),
    [(b"", "nothing arrived"), (b"\xa5\x5agarbage", "nothing that arrived was a valid sample")],
)
def test_silence_and_garbage_are_faults_and_the_device_is_asked_again(
    bench: Bench, saying: bytes, found: str
) -> None:
    terminal = PseudoTerminal(bench.link)
    info = encode_info(ArmbandEmulator(COUNTS, rate=1000.0).info)

    def answer() -> None:
        while not closing.wait(0.01):
            if b"I" in terminal.read():
                terminal.write(info)
            terminal.write(saying)

    closing = threading.Event()
    thread = threading.Thread(target=answer)
    thread.start()
    try:
        bench.source.start()
        bench.read_until(lambda: bench.source.fault)
        assert f"{found} for 0.4 s; check" in bench.source.fault
        bench.read_until(lambda: bench.source.attempts == 2)
        assert bench.source.reconnections == 0
    finally:
        closing.set()
        thread.join()
        terminal.close()
    with bench.emulate():
        (first, *_) = bench.read_samples(10)
    assert first.restart


def test_a_device_that_falls_silent_for_longer_than_allowed_is_opened_again(bench: Bench) -> None:
    with bench.emulate() as emulator:
        bench.source.start()
        bench.read_samples(50)
        emulator._playing = False  # like firmware that hangs
        bench.read_until(lambda: bench.source.fault)
        assert "nothing arrived for 0.3 s" in bench.source.fault
        (first, *_) = bench.read_samples(50)
        assert first.restart
    bench.check_line()
    assert bench.source.reconnections == 1
    assert bench.armband.counters.stream.reboots == 0


def test_a_rebooted_device_continues_the_same_sequence_of_samples(bench: Bench) -> None:
    with bench.emulate() as emulator:
        bench.source.start()
        bench.read_samples(200)
        emulator._playing = False  # after power-on it is silent and has lost time and counter
        emulator.sent, emulator._power_on = 0, time.monotonic()
        bench.read_samples(200)
    bench.check_line()
    assert (bench.source.reconnections, bench.armband.counters.stream.reboots) == (1, 1)


@pytest.mark.parametrize(("rate", "channels"), [(500.0, 2), (1000.0, 3)])
def test_another_device_is_refused_with_both_values_and_the_first_waited_for(
    bench: Bench, rate: float, channels: int
) -> None:
    with bench.emulate():
        bench.source.start()
        bench.read_samples(50)
    other = np.zeros((100, channels), np.int16)
    with ArmbandEmulator(other, rate=rate, link=bench.link, loop=True):
        bench.read_until(lambda: "another armband" in bench.source.fault)
        change = "rate 1000.0 is now 500.0" if rate == 500 else "channels 2 is now 3"
        assert f"another armband: {change}; connect the previous one" in bench.source.fault
        bench.read_until(lambda: bench.source.attempts >= 2)
        assert sum("another armband" in line for line in bench.said) == 1
    with bench.emulate():
        (first, *_) = bench.read_samples(50)
    assert first.restart
    bench.check_line()


def test_a_device_that_sends_lines_is_reconnected_too(tmp_path: Path) -> None:
    settings = ProtocolSettings(rate=1000.0, channels=2)
    bench = Bench(tmp_path / "lines", AsciiProtocol(settings), silent_after=0.3)
    for times in range(3):
        with bench.emulate(protocol="ascii"):
            if not times:
                bench.source.start()
            (first, *_) = bench.read_samples(100)
            assert first.restart
        bench.read_until(lambda: bench.source.fault)
    bench.check_line()
    assert bench.armband.counters.stream.lost == 0
    # No line was put together from two halves: the numbers of a line are consecutive.
    values = np.concatenate([chunk.samples for chunk in bench.chunks])
    assert (values[:, 1] - values[:, 0] == 1).all()
    assert bench.source.reconnections == 2
