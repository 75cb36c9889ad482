from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.cyton_packets import PACKET, banner, pack_packets
from emg_recognition.devices.cyton_protocol import CytonProtocol
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolSettings

OFF = b"Failure: Communications timeout - Device failed to poll Host$$$"


@pytest.fixture
def counts(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(-(1 << 23), 1 << 23, (600, 8))


@pytest.fixture
def protocol() -> CytonProtocol:
    return CytonProtocol(ProtocolSettings())


def starts(frames: list[DataFrame | InfoFrame]) -> list[tuple[int, int, bool]]:
    return [(f.counter, len(f.counts), f.restart) for f in frames if isinstance(f, DataFrame)]


@pytest.mark.parametrize("daisy", [False, True])
@pytest.mark.parametrize("step", [1, 1000])
def test_the_board_says_what_it_is(protocol: CytonProtocol, daisy: bool, step: int) -> None:
    text = b"junk\xa0" + banner(daisy)
    (info,) = [f for k in range(0, len(text), step) for f in protocol.feed(text[k : k + step])]
    assert isinstance(info, InfoFrame)
    assert (info.channels, info.rate, info.unit) == ((16, 125.0, "V") if daisy else (8, 250.0, "V"))
    # The description gives the scale in words: 0.02235 microvolts a count.
    assert 1e6 / info.scale == pytest.approx(0.02235, rel=1e-4)
    assert protocol.counter_period == (128 if daisy else 256)
    assert (protocol.counters.frames, protocol.counters.skipped_bytes) == (1, 5)


def test_a_dongle_without_its_board_is_no_answer(protocol: CytonProtocol) -> None:
    assert protocol.feed(OFF + b"hello$$$") == []
    assert len(protocol.feed(banner(False))) == 1


def test_answer_and_samples_in_one_read(protocol: CytonProtocol, counts: np.ndarray) -> None:
    info, data, *more = protocol.feed(banner(False) + pack_packets(0, counts[:9]) + banner(False))
    assert isinstance(info, InfoFrame)
    assert isinstance(data, DataFrame)
    # The last packet is followed by text instead of a header: not sure enough.
    assert np.array_equal(data.counts, counts[:8])
    assert more == [info]


def test_a_changed_firmware_is_set() -> None:
    protocol = CytonProtocol(ProtocolSettings(rate=1000.0, scale=4e6))
    (info,) = protocol.feed(banner(False))
    assert isinstance(info, InfoFrame)
    assert (info.rate, info.scale) == (1000.0, 4e6)


def test_the_counter_goes_on_past_256(protocol: CytonProtocol, counts: np.ndarray) -> None:
    stream = pack_packets(0, counts)
    found = [f for k in range(0, len(stream), 500) for f in protocol.feed(stream[k : k + 500])]
    data = [f for f in found if isinstance(f, DataFrame)]
    assert np.array_equal(np.concatenate([f.counts for f in data]), counts)
    assert [f.counter for f in data] == np.cumsum([0, *(len(f.counts) for f in data)])[:-1].tolist()
    assert [f.restart for f in data] == [True] + [False] * (len(data) - 1)
    assert data[0].counts.dtype == np.int32


@pytest.mark.parametrize(("lost", "counted"), [(1, 1), (255, 255), (256, 0), (300, 44)])
def test_losses_are_counted_modulo_256(
    protocol: CytonProtocol, counts: np.ndarray, lost: int, counted: int
) -> None:
    stream = pack_packets(0, counts)
    found = protocol.feed(stream[: 100 * PACKET]) + protocol.feed(stream[(100 + lost) * PACKET :])
    assert starts(found)[1] == (100 + counted, 500 - lost, False)


def test_a_packet_that_comes_twice_has_its_number_twice(protocol: CytonProtocol, counts: np.ndarray) -> None:
    stream = pack_packets(0, counts[:20])
    found = protocol.feed(stream[: 10 * PACKET] + stream[9 * PACKET :])
    assert starts(found) == [(0, 10, True), (9, 1, False), (10, 10, False)]


def test_after_a_beginning_the_counter_goes_on(protocol: CytonProtocol, counts: np.ndarray) -> None:
    protocol.feed(pack_packets(0, counts[:100]))
    protocol.begin()
    # The board begins at 0 again.
    found = protocol.feed(pack_packets(0, counts[:10])) + protocol.feed(pack_packets(12, counts[12:20]))
    assert starts(found) == [(100, 10, True), (112, 8, False)]


def test_with_a_daisy_half_a_sample_is_none(protocol: CytonProtocol, counts: np.ndarray) -> None:
    protocol.feed(banner(True))
    packets = [pack_packets(number % 256, counts[number : number + 1]) for number in range(400)]
    # Of sample 1 the second half is lost, of sample 3 the first; 0 has no meaning.
    kept = packets[:4] + packets[5:7] + packets[8:]
    frames = [f for packet in kept for f in protocol.feed(packet)]
    frames += protocol.feed(b"\xa0")
    data = [f for f in frames if isinstance(f, DataFrame)]
    assert [f.counter for f in data] == [0, 2, *range(4, 199)]
    for frame in data:
        first = 2 * frame.counter + 1
        assert np.array_equal(frame.counts, counts[first : first + 2].reshape(1, 16))
