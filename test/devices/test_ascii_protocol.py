"""Lines of numbers: what is a sample, what is refused, and where a restart is."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.ascii_protocol import MAX_FIELD, AsciiProtocol, write_lines
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolSettings


@pytest.fixture
def protocol() -> AsciiProtocol:
    protocol = AsciiProtocol(ProtocolSettings(rate=500.0, channels=2))
    protocol.feed(b"\n")
    return protocol


def rows(frames: list[DataFrame | InfoFrame]) -> list[tuple[int, bool, list[list[float]]]]:
    return [(f.counter, f.restart, f.counts.tolist()) for f in frames if isinstance(f, DataFrame)]


def test_the_settings_describe_the_device() -> None:
    protocol = AsciiProtocol(ProtocolSettings(rate=500.0, channels=2, unit="V", scale=204.8))
    info = protocol.info()
    assert info is not None
    assert (info.rate, info.channels, info.unit, info.scale) == (500.0, 2, "V", 204.8)
    plain = AsciiProtocol(ProtocolSettings(rate=500.0, channels=2)).info()
    assert plain is not None
    assert (plain.unit, plain.scale) == ("count", 1.0)


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_lines_are_samples_however_the_stream_is_cut(
    protocol: AsciiProtocol, rng: np.random.Generator, step: int
) -> None:
    counts = rng.integers(-(2**23), 2**23, (500, 2))
    stream = write_lines(counts)
    found = [f for k in range(0, len(stream), step) for f in protocol.feed(stream[k : k + step])]
    data = [f for f in found if isinstance(f, DataFrame)]
    assert np.array_equal(np.concatenate([f.counts for f in data]), counts)
    assert [f.counter for f in data] == np.cumsum([0, *(len(f.counts) for f in data)])[:-1].tolist()
    assert protocol.counters.frames == 500


@pytest.mark.parametrize(
    "line",
    [
        *(b"1", b"1,2,3", b"1,2,", b",1", b"1,", b"1,x", b"1,nan", b"1,inf", b"1,0x1F", b"1,1_0", b"1,1e999"),
        *(b"1,--2", b"1 2", b"1,2 3", b"1,\xff2", b"1,2\x00", b"EMG ready", b"1,\xd9\xa1", b"1," + b"2" * 70),
    ],
)
def test_a_line_that_is_not_a_sample_is_refused_and_causes_a_restart(
    protocol: AsciiProtocol, line: bytes
) -> None:
    found = protocol.feed(b"5,6\n" + line + b"\n7,8\n9,10\n")
    assert rows(found) == [(0, True, [[5.0, 6.0]]), (1, True, [[7.0, 8.0], [9.0, 10.0]])]
    counters = protocol.counters
    assert (counters.frames, counters.refused) == (3, 1)
    assert counters.skipped_bytes == len(line) + 2  # and the first line feed


def test_an_empty_line_is_ignored(protocol: AsciiProtocol) -> None:
    assert rows(protocol.feed(b"5,6\n\r\n \n7,8\n")) == [(0, True, [[5.0, 6.0], [7.0, 8.0]])]
    assert protocol.counters.refused == 0


@pytest.mark.parametrize("begins_again", [False, True])
def test_the_line_in_which_reading_began_is_left_out(begins_again: bool) -> None:
    protocol = AsciiProtocol(ProtocolSettings(rate=500.0, channels=2))
    if begins_again:
        protocol.feed(b"\n1,2\n49")
        protocol.begin()
    assert rows(protocol.feed(b"8,500\n3,4\n")) == [(int(begins_again), True, [[3.0, 4.0]])]
    assert protocol.counters.refused == 0


def test_two_lines_run_together_are_refused(protocol: AsciiProtocol) -> None:
    assert rows(protocol.feed(b"1,2\n3,45,6\n7,8\n")) == [(0, True, [[1.0, 2.0]]), (1, True, [[7.0, 8.0]])]


@pytest.mark.parametrize("piece", [b"1" * 50, b"1" * 5000, b"\0\xff,-" * 10])
def test_a_line_without_an_end_is_dropped(protocol: AsciiProtocol, piece: bytes) -> None:
    for _ in range(100):
        assert protocol.feed(piece) == []
        assert protocol.pending_bytes <= 2 * MAX_FIELD
    assert protocol.counters.refused == 1
    assert rows(protocol.feed(b"\n7,8\n")) == [(0, True, [[7.0, 8.0]])]
