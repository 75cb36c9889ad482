"""The driver of an armband, against emulated devices and against ports that are not armbands."""

from __future__ import annotations

import os
import re
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.devices.emg_protocol import EmgProtocol, encode_data, encode_info
from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolCounters, ProtocolSettings
from emg_recognition.devices.pseudo_terminal import PseudoTerminal
from emg_recognition.devices.serial_armband import SerialArmband
from emg_recognition.devices.stream import SampleChunk
from emg_recognition.errors import DeviceError, SettingError


def on_port(port: str, answer_seconds: float = 2.0) -> SerialArmband:
    """Return the driver of an armband that speaks our own protocol."""
    protocol = EmgProtocol(ProtocolSettings())
    protocol.answer_seconds = answer_seconds
    return SerialArmband(port, protocol=protocol)


def collect(armband: SerialArmband, samples: int, seconds: float) -> list[SampleChunk]:
    """Read until this many samples have arrived."""
    chunks: list[SampleChunk] = []
    end = time.monotonic() + seconds
    while sum(len(c.samples) for c in chunks) < samples:
        assert time.monotonic() < end, f"{armband.counters} after {seconds} s"
        chunks += armband.read()
    return chunks


def read_on(armband: SerialArmband, chunks: list[SampleChunk], seconds: float = 5.0) -> None:
    """Read until an error is raised."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        chunks += armband.read()


@pytest.mark.parametrize(
    ("rate", "channels", "seconds"), [(1000.0, 8, 2.0), (2000.0, 16, 1.0), (200.0, 8, 0.5)]
)
def test_everything_sent_is_received_bit_for_bit(
    rate: float, channels: int, seconds: float, rng: np.random.Generator, tmp_path: Path
) -> None:
    counts = rng.integers(-(1 << 15), 1 << 15, (int(rate * seconds), channels), np.int16)
    marks = [len(counts) // 3 + 1, len(counts) // 2]
    link, scale = tmp_path / "armband", 7.3e5
    with (
        ArmbandEmulator(counts, rate=rate, scale=scale, unit="V", restarts=marks, link=link) as emulator,
        on_port(str(link)) as armband,
    ):
        chunks = collect(armband, len(counts), 5 * seconds + 10)
        stamps = np.array([c.time for c in chunks])
        true = np.array([emulator.taken_at(c.first_index) for c in chunks])
        counters = armband.counters
    assert emulator.sent == len(counts)
    assert emulator.done
    received = np.concatenate([c.samples for c in chunks])
    assert received.dtype == np.float32
    assert np.array_equal(received, (counts.astype(np.float64) / scale).astype(np.float32))
    assert [c.first_index for c in chunks if c.restart] == [0, *marks]
    assert all(b.first_index == a.first_index + len(a.samples) for a, b in pairwise(chunks))
    assert sum(c.dropped_before for c in chunks) == 0
    assert counters.protocol == ProtocolCounters(frames=len(chunks) + 1)
    assert (counters.stream.samples, counters.stream.lost, counters.stream.reboots) == (len(counts), 0, 0)
    # Both sides share one clock: what remains is the smallest delay of the path and of a busy machine.
    late = (stamps - true)[len(stamps) // 2 :]
    assert late.min() > -0.002
    assert late.max() < 0.02


def test_24_bits(rng: np.random.Generator) -> None:
    counts = rng.integers(-(1 << 23), 1 << 23, (200, 4), np.int32)
    with ArmbandEmulator(counts, rate=1000.0) as emulator, on_port(emulator.port) as armband:
        chunks = collect(armband, 200, 10.0)
    assert np.array_equal(np.concatenate([c.samples for c in chunks]), counts.astype(np.float32))


def test_reads_are_short_and_return_frames_at_once() -> None:
    counts = np.zeros((600, 8), np.int16)
    with ArmbandEmulator(counts, rate=1000.0) as emulator, on_port(emulator.port) as armband:
        armband.stop()
        while armband.read():
            pass
        durations = []
        for _ in range(8):
            begin = time.monotonic()
            assert armband.read() == []
            durations.append(time.monotonic() - begin)
        assert min(durations) > 0.045  # it waits for data instead of polling
        assert min(durations) < 0.06
        armband.start()
        ages, received = [], 0
        while received < 500:
            for chunk in armband.read():
                received += len(chunk.samples)
                ages.append(time.monotonic() - emulator.taken_at(received - 1))
    assert np.median(ages) < 0.005


def test_the_armband_obeys_stop_and_continues_after_start() -> None:
    counts = np.arange(4000, dtype=np.int16).reshape(2000, 2)
    with ArmbandEmulator(counts, rate=1000.0) as emulator, on_port(emulator.port) as armband:
        chunks = collect(armband, 100, 10.0)
        armband.stop()
        while more := armband.read():
            chunks += more
        time.sleep(0.2)
        assert armband.read() == []
        armband.start()
        chunks += (after := collect(armband, 100, 10.0))
        assert armband.counters.stream.reboots == 0
    assert after[0].restart
    assert after[0].time - chunks[-len(after) - 1].time > 0.2
    received = np.concatenate([c.samples for c in chunks])
    assert np.array_equal(received, counts[: len(received)].astype(np.float32))


def test_when_opened_again_the_index_continues_with_a_restart() -> None:
    counts = np.arange(8000, dtype=np.int16).reshape(4000, 2)
    with ArmbandEmulator(counts, rate=1000.0) as emulator:
        armband = on_port(emulator.port)
        ends = [0]
        for _ in range(3):
            armband.open()
            armband.start()
            chunks = collect(armband, 50, 10.0)
            assert [c.restart for c in chunks] == [True] + [False] * (len(chunks) - 1)
            assert chunks[0].first_index == ends[-1] + chunks[0].dropped_before
            for chunk in chunks:
                wanted = counts[chunk.first_index : chunk.first_index + len(chunk.samples)]
                assert np.array_equal(chunk.samples, wanted.astype(np.float32))
            ends.append(chunks[-1].first_index + len(chunks[-1].samples))
            armband.close()
        assert armband.counters.stream.samples == ends[-1] - armband.counters.stream.lost


def test_another_armband_at_the_same_port_is_a_reboot(tmp_path: Path) -> None:
    link, armband = tmp_path / "armband", on_port(str(tmp_path / "armband"))
    with ArmbandEmulator(np.zeros((900, 2), np.int16), rate=1000.0, link=link):
        armband.open()
        armband.start()
        chunks = collect(armband, 300, 10.0)
    with pytest.raises(DeviceError, match="the armband has gone"):
        read_on(armband, chunks)
    with ArmbandEmulator(np.zeros((900, 2), np.int16), rate=1000.0, link=link):
        armband.open()
        armband.start()
        first = collect(armband, 5, 10.0)[0]
        armband.close()
    last = chunks[-1]
    assert (first.first_index, first.restart) == (last.first_index + len(last.samples), True)
    assert first.time > last.time
    assert armband.counters.stream.reboots == 1


def test_unplugging_is_an_error_at_once_and_once() -> None:
    emulator = ArmbandEmulator(np.zeros((9000, 2), np.int16), rate=1000.0)
    emulator.start()
    armband = on_port(emulator.port)
    armband.open()
    armband.start()
    collect(armband, 50, 10.0)
    emulator.close()
    begin = time.monotonic()
    with pytest.raises(DeviceError, match=r"the armband has gone .* check plug and power") as caught:
        read_on(armband, [])
    assert time.monotonic() - begin < 1.0
    assert "\n" not in str(caught.value)
    for action in (armband.read, armband.start, armband.stop):
        with pytest.raises(DeviceError, match="not open"):
            action()
    armband.close()


def test_a_silent_port_is_not_an_armband() -> None:
    terminal = PseudoTerminal()
    begin = time.monotonic()
    with pytest.raises(DeviceError, match=r"no valid frame within 0.6 s \(0 bytes seen\); check") as caught:
        on_port(terminal.port, 0.6).open()
    assert 0.5 < time.monotonic() - begin < 3.0
    assert "\n" not in str(caught.value)
    # It was asked more than once, and stopped first and last.
    heard = b""
    while not heard.endswith(b"IX") and time.monotonic() - begin < 5.0:
        terminal.wait(0.1, writable=False)
        heard += terminal.read()
    assert re.fullmatch(b"XI{2,3}X", heard)
    terminal.close()


class Talker:
    """A device that is not an armband, or a faulty one: it repeats the same bytes."""

    def __init__(self, *sayings: bytes, pause: float = 0.01) -> None:
        self.terminal = PseudoTerminal()
        self._sayings, self._pause, self._end = sayings, pause, threading.Event()
        self._thread = threading.Thread(target=self._talk)

    def _talk(self) -> None:
        while not self._end.wait(self._pause):
            for saying in self._sayings:
                self.terminal.write(saying)

    def __enter__(self) -> Talker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self.terminal.close()


FRAME = encode_data(DataFrame(0, 0, False, np.zeros((5, 2), np.int32)))
INFO = InfoFrame("d", "1", 1000.0, 2, "V", 1.0, ("a", "b"), ("", ""))


def test_garbage_is_not_an_armband(rng: np.random.Generator) -> None:
    with (
        Talker(rng.bytes(300), b"$GPGGA,123519,4807.038,N\r\n") as talker,
        pytest.raises(DeviceError, match=r"no valid frame within 0.5 s \([1-9][0-9]+ bytes seen\)"),
    ):
        on_port(talker.terminal.port, 0.5).open()


def test_data_without_a_description_is_not_an_armband() -> None:
    with Talker(FRAME) as talker, pytest.raises(DeviceError, match=r"[0-9]+ data frames but no description"):
        on_port(talker.terminal.port, 0.5).open()


def test_garbage_before_the_description_is_ignored(rng: np.random.Generator) -> None:
    garbage = rng.bytes(500)
    with (
        Talker(garbage, FRAME[:20], encode_info(INFO)) as talker,
        on_port(talker.terminal.port) as armband,
    ):
        assert armband.counters.protocol.skipped_bytes >= 500


def test_a_changed_description_is_an_error_with_both_values() -> None:
    other = InfoFrame("d", "2", 500.0, 2, "V", 1.0, ("a", "b"), ("", ""))
    with Talker(encode_info(INFO), pause=0.05) as talker, on_port(talker.terminal.port) as armband:
        for _ in range(3):
            armband.read()  # repeating the same description is fine
        talker.terminal.write(encode_info(other))
        with pytest.raises(
            DeviceError, match=r"serial_number '1' is now '2', rate 1000.0 is now 500.0; open it"
        ):
            read_on(armband, [])


def test_no_such_port() -> None:
    with pytest.raises(DeviceError, match="port /dev/no-such-port: there is no such port"):
        on_port("/dev/no-such-port").open()


def test_an_impossible_baud_rate() -> None:
    with pytest.raises(SettingError, match="baud_rate"):
        SerialArmband("/dev/ttyUSB0", baud_rate=0)


def test_opening_and_closing_fifty_times_leaks_nothing() -> None:
    with ArmbandEmulator(np.zeros((100, 2), np.int16), rate=1000.0, loop=True) as emulator:
        armband = on_port(emulator.port)
        armband.open()
        armband.close()
        before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
        for _ in range(50):
            armband.open()
            armband.start()
            armband.close()
        assert len(os.listdir("/proc/self/fd")) == before
        assert threading.active_count() == threads


def test_samples_before_a_changed_description_are_delivered() -> None:
    other = InfoFrame("d", "2", 500.0, 2, "V", 1.0, ("a", "b"), ("", ""))
    with Talker(encode_info(INFO), pause=0.2) as talker, on_port(talker.terminal.port) as armband:
        talker.terminal.write(FRAME + encode_info(other) + FRAME)
        chunks: list[SampleChunk] = []
        with pytest.raises(DeviceError, match=r"rate 1000\.0 is now 500\.0"):
            read_on(armband, chunks)
    assert sum(len(chunk.samples) for chunk in chunks) == armband.counters.stream.samples == 5


@pytest.mark.parametrize(("rate", "channels"), [(500.0, 2), (1000.0, 3)])
def test_another_device_is_refused_when_opened_again(rate: float, channels: int, tmp_path: Path) -> None:
    link = tmp_path / "armband"
    armband = on_port(str(link))
    for given, width in ((1000.0, 2), (rate, channels)):
        with ArmbandEmulator(np.zeros((100, width), np.int16), rate=given, link=link):
            if given == 1000.0 and width == 2:
                armband.open()
                armband.close()
                continue
            with pytest.raises(DeviceError, match=r"another armband: (rate|channels) .* is now"):
                armband.open()
            assert not armband.is_open


@pytest.mark.parametrize("channels", [8, 16])
def test_cyton_packets_arrive_through_a_port(channels: int, rng: np.random.Generator) -> None:
    counts = rng.integers(-(1 << 23), 1 << 23, (600, channels), np.int32)
    rate = 250.0 if channels == 8 else 125.0
    with ArmbandEmulator(counts, rate=rate, protocol="cyton", frame_samples=1) as emulator:
        armband = SerialArmband(emulator.port, baud_rate=115_200, protocol="cyton")
        info = armband.open()
        assert (info.rate, info.channels, info.unit) == (rate, channels, "V")
        armband.start()
        chunks = collect(armband, 300 if channels == 8 else 150, 10.0)  # beyond the counter's period
        measured = armband.counters.stream
        armband.close()
    received = np.concatenate([chunk.samples for chunk in chunks])
    wanted = (counts.astype(np.float64) / info.scale).astype(np.float32)
    assert np.array_equal(received, wanted[: len(received)])
    assert [chunk.restart for chunk in chunks] == [True] + [False] * (len(chunks) - 1)
    assert (measured.lost, measured.duplicates, measured.late) == (0, 0, 0)


def test_a_reader_that_pauses_for_seconds_counts_no_loss() -> None:
    """The samples of a device without a clock wait in the kernel meanwhile: that is delay."""
    counts = np.arange(8000, dtype=np.int32).reshape(4000, 2)
    with ArmbandEmulator(counts, rate=500.0, protocol="ascii") as emulator:
        armband = SerialArmband(emulator.port, protocol="ascii", rate=500.0, channels=2)
        armband.open()
        armband.start()
        chunks = collect(armband, 100, 10.0)
        time.sleep(1.2)
        chunks += collect(armband, 1200, 10.0)
        armband.close()
    assert [chunk.restart for chunk in chunks] == [True] + [False] * (len(chunks) - 1)
    assert armband.counters.stream.lost == 0
    values = np.concatenate([chunk.samples for chunk in chunks])
    assert np.array_equal(np.diff(values[:, 0]), np.full(len(values) - 1, 2.0))
