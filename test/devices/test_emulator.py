"""The emulated armband: what it sends, when, and what it does without a reader."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.devices.protocol import DataFrame, DeviceProtocol, InfoFrame, ProtocolSettings
from emg_recognition.devices.protocols import make_protocol
from emg_recognition.errors import EmgRecognitionError


@contextmanager
def raw_reader(emulator: ArmbandEmulator) -> Iterator[int]:
    """Open the port without pyserial: the emulator must not depend on one reader."""
    reader = os.open(emulator.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield reader
    finally:
        os.close(reader)


class Reader:
    def __init__(self, reader: int, protocol: DeviceProtocol | None = None) -> None:
        self.fd = reader
        self.decoder = protocol or make_protocol("emg", ProtocolSettings())
        self.frames: list[tuple[float, DataFrame | InfoFrame]] = []

    def read_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                time.sleep(0.0005)
                continue
            now = time.monotonic()
            self.frames += [(now, frame) for frame in self.decoder.feed(data)]

    def read_until_done(self, emulator: ArmbandEmulator, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not emulator.done:
            assert time.monotonic() < end
            self.read_for(0.02)
        self.read_for(0.1)

    @property
    def data(self) -> list[DataFrame]:
        return [frame for _, frame in self.frames if isinstance(frame, DataFrame)]


def ramp(samples: int, channels: int = 2) -> np.ndarray:
    return (np.arange(samples * channels, dtype=np.int16) % 30000).reshape(samples, channels)


def test_it_is_silent_until_started_and_describes_itself_at_any_time() -> None:
    with (
        ArmbandEmulator(ramp(400), rate=1000, scale=2e5, unit="V", muscle_sites=("a", "b")) as emulator,
        raw_reader(emulator) as fd,
    ):
        reader = Reader(fd)
        reader.read_for(0.1)
        assert reader.frames == []
        assert emulator.start_time is None
        os.write(fd, b"I")
        reader.read_for(0.1)
        assert [frame for _, frame in reader.frames] == [emulator.info]
        assert (emulator.info.rate, emulator.info.scale, emulator.info.unit) == (1000.0, 2e5, "V")
        assert emulator.info.muscle_sites == ("a", "b")
        os.write(fd, b"?S")
        reader.read_for(0.1)
        os.write(fd, b"I")
        reader.read_until_done(emulator, 10.0)
        assert sum(isinstance(frame, InfoFrame) for _, frame in reader.frames) == 2
        assert np.array_equal(np.concatenate([f.counts for f in reader.data]), ramp(400))
        assert reader.decoder.counters.skipped_bytes == 0


def test_frames_end_at_marks_and_the_next_says_restart() -> None:
    with (
        ArmbandEmulator(ramp(43), rate=1000, restarts=np.array([12, 20, 43])) as emulator,
        raw_reader(emulator) as fd,
    ):
        reader = Reader(fd)
        os.write(fd, b"S")
        reader.read_until_done(emulator, 10.0)
    starts = [(f.counter, len(f.counts), f.restart) for f in reader.data]
    assert starts == [
        (0, 5, True),
        (5, 5, False),
        (10, 2, False),
        (12, 5, True),
        (17, 3, False),
        (20, 5, True),
        (25, 5, False),
        (30, 5, False),
        (35, 5, False),
        (40, 3, False),
    ]


def test_frames_are_sent_when_their_last_sample_is_taken_without_drift() -> None:
    with ArmbandEmulator(ramp(1000), rate=1000) as emulator, raw_reader(emulator) as fd:
        reader = Reader(fd)
        os.write(fd, b"S")
        reader.read_until_done(emulator, 20.0)
        delays = [now - emulator.taken_at(f.counter + len(f.counts) - 1) for now, f in reader.frames]  # type: ignore[union-attr]
        assert emulator.sent == 1000
    assert min(delays) > 0.0
    # A busy machine delays frames, but the least delayed of the last ones shows no drift.
    assert min(delays[-50:]) < 0.01
    steps = {(b.device_us - a.device_us) % 2**32 for a, b in zip(reader.data, reader.data[1:], strict=False)}
    assert steps <= {4999, 5000, 5001}


def test_a_loop_continues_counting_and_marks_each_round() -> None:
    with ArmbandEmulator(ramp(40), rate=1000, loop=True) as emulator, raw_reader(emulator) as fd:
        reader = Reader(fd)
        os.write(fd, b"S")
        reader.read_for(0.2)
        assert not emulator.done
    frames = reader.data
    assert len(frames) > 16
    assert [f.counter for f in frames] == list(range(0, 5 * len(frames), 5))
    assert [f.restart for f in frames] == [f.counter % 40 == 0 for f in frames]
    assert all(np.array_equal(f.counts, ramp(40)[f.counter % 40 :][:5]) for f in frames)


def test_stop_pauses_and_start_continues_with_a_restart() -> None:
    with ArmbandEmulator(ramp(1000), rate=1000) as emulator, raw_reader(emulator) as fd:
        reader = Reader(fd)
        os.write(fd, b"S")
        reader.read_for(0.6)
        os.write(fd, b"X")
        reader.read_for(0.1)
        count = len(reader.data)
        reader.read_for(0.2)
        assert len(reader.data) == count
        assert 300 < emulator.sent < 1000
        resumed = time.monotonic()
        os.write(fd, b"S")
        reader.read_until_done(emulator, 10.0)
        delay = reader.frames[-1][0] - emulator.taken_at(999)
    frames = reader.data
    assert np.array_equal(np.concatenate([f.counts for f in frames]), ramp(1000))
    assert [k for k, f in enumerate(frames) if f.restart] == [0, count]
    # It continues at once, and the armband's clock kept running during the pause.
    assert reader.frames[count][0] - resumed < 0.2
    assert 0.0 < delay < 0.2
    assert frames[count].device_us - frames[count - 1].device_us > 200_000


def test_without_a_reader_nothing_is_dropped_and_lateness_is_counted() -> None:
    samples = ramp(3000, 16)
    with ArmbandEmulator(samples, rate=2000) as emulator, raw_reader(emulator) as fd:
        os.write(fd, b"S")
        time.sleep(1.0)
        before = resource.getrusage(resource.RUSAGE_SELF)
        stalled = emulator.sent
        time.sleep(0.5)
        after = resource.getrusage(resource.RUSAGE_SELF)
        assert emulator.sent == stalled < 2000
        # It waits for room instead of polling.
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.2
        reader = Reader(fd)
        reader.read_until_done(emulator, 10.0)
        assert emulator.late > 100
    assert np.array_equal(np.concatenate([f.counts for f in reader.data]), samples)
    assert reader.decoder.counters.skipped_bytes == 0


def test_it_answers_and_stops_while_its_buffer_is_full() -> None:
    with ArmbandEmulator(ramp(20000, 16), rate=2000) as emulator, raw_reader(emulator) as fd:
        os.write(fd, b"S")
        time.sleep(0.8)
        os.write(fd, b"X" + b"I" * 100)
        time.sleep(0.1)
        reader = Reader(fd)
        reader.read_for(0.5)
        assert reader.frames[-1][1] == emulator.info
        # Without a reader the requests did not pile up.
        assert sum(isinstance(frame, InfoFrame) for _, frame in reader.frames) <= 3
        assert reader.decoder.counters.skipped_bytes == 0
        assert emulator.sent == sum(len(f.counts) for f in reader.data)


def test_counts_beyond_16_bits_are_sent_with_24_bits() -> None:
    counts = np.array([[40000, -8388608], [8388607, 0]])
    with ArmbandEmulator(counts, rate=1000) as emulator, raw_reader(emulator) as fd:
        reader = Reader(fd)
        os.write(fd, b"S")
        reader.read_until_done(emulator, 10.0)
    assert np.array_equal(np.concatenate([f.counts for f in reader.data]), counts)


@pytest.mark.parametrize(
    ("name", "channels", "rate", "settings"),
    [
        ("cyton", 8, 250.0, ProtocolSettings()),
        ("cyton", 16, 125.0, ProtocolSettings()),
        ("ascii", 4, 250.0, ProtocolSettings(rate=250.0, channels=4)),
    ],
)
def test_other_protocols_are_sent_at_the_true_rate(
    name: str, channels: int, rate: float, settings: ProtocolSettings
) -> None:
    counts = ramp(round(0.8 * rate), channels).astype(np.int32) * -150
    protocol = make_protocol(name, settings)
    with (
        ArmbandEmulator(counts, rate=rate, protocol=name, frame_samples=1) as emulator,
        raw_reader(emulator) as fd,
    ):
        reader = Reader(fd, protocol)
        os.write(fd, protocol.stop + (protocol.ask or b""))
        reader.read_for(0.2)
        info = protocol.info() or reader.frames[0][1]
        assert isinstance(info, InfoFrame)
        assert (info.channels, info.rate) == (channels, rate)
        assert reader.data == []
        protocol.begin()
        os.write(fd, protocol.start)
        reader.read_for(0.3)
        os.write(fd, protocol.stop)
        reader.read_for(0.1)
        sent, received = emulator.sent, len(np.concatenate([f.counts for f in reader.data]))
        assert received == sent < len(counts)
        protocol.begin()
        os.write(fd, protocol.start)
        reader.read_until_done(emulator, 20.0)
        delays = [now - emulator.taken_at(f.counter) for now, f in reader.frames[-20:]]  # type: ignore[union-attr]
    assert np.array_equal(np.concatenate([f.counts for f in reader.data]), counts)
    assert [f.counter for f in reader.data if f.restart] == [0, sent]
    assert 0.0 < min(delays) < 0.05


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        (np.zeros((5, 2)), {}, "float64"),
        (np.zeros(5, np.int16), {}, "shape"),
        (np.zeros((0, 5), np.int16), {}, "shape"),
        (np.array([[0], [1 << 23]]), {}, "beyond 24 bits"),
        (ramp(5), {"frame_samples": 0}, "frame_samples"),
        (ramp(5, 300), {"frame_samples": 10}, "4080 bytes"),
        (ramp(5), {"rate": 0.0}, "rate"),
        (ramp(5), {"muscle_sites": ("one",)}, "muscle_sites"),
        (ramp(5), {"protocol": "myo"}, "emg, cyton, ascii"),
        (ramp(5), {"protocol": "cyton"}, "8 channels, or 16"),
        (ramp(5, 8).astype(np.int64) << 20, {"protocol": "cyton"}, "24 bits"),
    ],
)
def test_impossible_arguments_are_refused_at_once(
    counts: np.ndarray, options: dict[str, Any], message: str
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(EmgRecognitionError, match=message):
        ArmbandEmulator(counts, **{"rate": 1000, **options})
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_true_time_before_the_start_is_an_error() -> None:
    with (
        ArmbandEmulator(ramp(5), rate=1000) as emulator,
        pytest.raises(EmgRecognitionError, match="start_time"),
    ):
        emulator.taken_at(0)


def test_opening_and_closing_fifty_times_leaks_nothing(tmp_path: Path) -> None:
    descriptors, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(50):
        with (
            ArmbandEmulator(ramp(1000), rate=1000, link=tmp_path / "armband") as emulator,
            raw_reader(emulator) as fd,
        ):
            os.write(fd, b"S")
        emulator.close()  # closing again does no harm
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []
