"""OpenBCI Cyton: bytes of packets, finding packets, and the protocol."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.cyton_packets import (
    MAX_TEXT,
    PACKET,
    PacketFinder,
    banner,
    pack_packets,
    unpack_packets,
)
from emg_recognition.devices.cyton_protocol import CytonProtocol
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolSettings
from emg_recognition.errors import SampleError

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
def test_the_board_describes_itself(protocol: CytonProtocol, daisy: bool, step: int) -> None:
    text = b"junk\xa0" + banner(daisy)
    (info,) = [f for k in range(0, len(text), step) for f in protocol.feed(text[k : k + step])]
    assert isinstance(info, InfoFrame)
    assert (info.channels, info.rate, info.unit) == ((16, 125.0, "V") if daisy else (8, 250.0, "V"))
    # OpenBCI's documentation gives the scale: 0.02235 microvolts per count.
    assert 1e6 / info.scale == pytest.approx(0.02235, rel=1e-4)
    assert protocol.counter_period == (128 if daisy else 256)
    assert (protocol.counters.frames, protocol.counters.skipped_bytes) == (1, 5)


def test_the_message_of_a_dongle_without_its_board_is_not_an_answer(protocol: CytonProtocol) -> None:
    assert protocol.feed(OFF + b"hello$$$") == []
    assert len(protocol.feed(banner(False))) == 1


def test_answer_and_samples_in_one_read(protocol: CytonProtocol, counts: np.ndarray) -> None:
    info, data, *more = protocol.feed(banner(False) + pack_packets(0, counts[:9]) + banner(False))
    assert isinstance(info, InfoFrame)
    assert isinstance(data, DataFrame)
    # Text instead of a header follows the last packet, so it is not accepted.
    assert np.array_equal(data.counts, counts[:8])
    assert more == [info]


def test_rate_and_scale_of_modified_firmware_can_be_set() -> None:
    protocol = CytonProtocol(ProtocolSettings(rate=1000.0, scale=4e6))
    (info,) = protocol.feed(banner(False))
    assert isinstance(info, InfoFrame)
    assert (info.rate, info.scale) == (1000.0, 4e6)


def test_the_counter_continues_past_256(protocol: CytonProtocol, counts: np.ndarray) -> None:
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


def test_a_repeated_packet_has_its_number_again(protocol: CytonProtocol, counts: np.ndarray) -> None:
    stream = pack_packets(0, counts[:20])
    found = protocol.feed(stream[: 10 * PACKET] + stream[9 * PACKET :])
    assert starts(found) == [(0, 10, True), (9, 1, False), (10, 10, False)]


def test_after_a_new_beginning_the_counter_continues(protocol: CytonProtocol, counts: np.ndarray) -> None:
    protocol.feed(pack_packets(0, counts[:100]))
    protocol.begin()
    # The board begins at 0 again.
    found = protocol.feed(pack_packets(0, counts[:10])) + protocol.feed(pack_packets(12, counts[12:20]))
    assert starts(found) == [(100, 10, True), (112, 8, False)]


def test_with_a_daisy_half_a_sample_is_left_out(protocol: CytonProtocol, counts: np.ndarray) -> None:
    protocol.feed(banner(True))
    packets = [pack_packets(number % 256, counts[number : number + 1]) for number in range(400)]
    # The second half of sample 1 and the first half of sample 3 are lost; packet 0 is meaningless.
    kept = packets[:4] + packets[5:7] + packets[8:]
    frames = [f for packet in kept for f in protocol.feed(packet)]
    frames += protocol.feed(b"\xa0")
    data = [f for f in frames if isinstance(f, DataFrame)]
    assert [f.counter for f in data] == [0, 2, *range(4, 199)]
    for frame in data:
        first = 2 * frame.counter + 1
        assert np.array_equal(frame.counts, counts[first : first + 2].reshape(1, 16))


def test_packets_are_read_as_written(rng: np.random.Generator) -> None:
    counts = rng.integers(-(1 << 23), 1 << 23, (300, 8))
    assert np.array_equal(unpack_packets(pack_packets(200, counts)), counts)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.zeros((3, 4), np.int32), "8 channels"),
        (np.zeros(8, np.int32), "8 channels"),
        (np.full((1, 8), 1 << 23), "24 bits"),
        (np.full((1, 8), -(1 << 23) - 1), "24 bits"),
    ],
)
def test_counts_that_do_not_fit_are_not_written(counts: np.ndarray, message: str) -> None:
    with pytest.raises(SampleError, match=message):
        pack_packets(0, counts)


@pytest.fixture
def stream(rng: np.random.Generator) -> bytes:
    return pack_packets(250, rng.integers(-(1 << 23), 1 << 23, (40, 8)))


def accepted(finder: PacketFinder, *pieces: bytes) -> list[bytes]:
    """Return each packet accepted."""
    runs = [run for piece in pieces for _, run in finder.feed(piece)]
    return [run[place : place + PACKET] for run in runs for place in range(0, len(run), PACKET)]


def packets_of(stream: bytes) -> list[bytes]:
    return [stream[place : place + PACKET] for place in range(0, len(stream), PACKET)]


@pytest.mark.parametrize("step", [1, 32, 33, 34, 5000])
def test_every_packet_is_found_however_the_stream_is_cut(stream: bytes, step: int) -> None:
    finder = PacketFinder()
    pieces = [stream[place : place + step] for place in range(0, len(stream), step)]
    assert accepted(finder, *pieces) == packets_of(stream)
    assert (finder.refused, finder.skipped_bytes, finder.pending_bytes) == (0, 0, 0)


def test_a_packet_is_returned_when_it_is_complete(stream: bytes) -> None:
    finder = PacketFinder()
    packets = packets_of(stream)
    assert accepted(finder, packets[0]) == []  # a single one proves nothing
    assert accepted(finder, packets[1]) == packets[:2]
    assert accepted(finder, packets[2]) == packets[2:3]
    # After a loss the byte behind the packet must confirm it.
    assert accepted(finder, packets[5]) == []
    assert accepted(finder, packets[6][:1]) == packets[5:6]


@pytest.mark.parametrize("lost", [1, 2, 3, 10, 32, 34, 40, 70])
@pytest.mark.parametrize("tail", [1, 500])
def test_bytes_lost_within_packets_give_no_false_packet(stream: bytes, lost: int, tail: int) -> None:
    good = set(packets_of(stream))
    for place in range(5 * PACKET, 7 * PACKET):
        finder = PacketFinder()
        cut = stream[:place] + stream[place + lost :]
        found = accepted(finder, *(cut[k : k + tail] for k in range(0, len(cut), tail)))
        assert set(found) <= good
        assert len(found) >= len(good) - (lost // PACKET + 3)


def test_samples_that_look_like_packets_are_not_accepted() -> None:
    # Channels 3 and 4 contain a footer followed by a header, as a second packet would every 33 bytes.
    counts = np.tile([1, 2, 0x0011C0, -0x5FEDED, 5, 6, 7, 8], (300, 1))
    stream = pack_packets(0, counts)
    assert b"\xc0\xa0" in stream[:PACKET]
    finder = PacketFinder()
    # Reading begins within a packet, so the false header comes first.
    assert accepted(finder, stream[5:]) == packets_of(stream)[1:]
    assert finder.refused > 0


def test_random_bytes_contain_no_packet(rng: np.random.Generator) -> None:
    finder = PacketFinder()
    assert accepted(finder, *(rng.bytes(4096) for _ in range(250))) == []
    assert finder.skipped_bytes > 1_000_000
    assert finder.pending_bytes <= 2 * PACKET + MAX_TEXT


def test_text_between_packets_is_kept(stream: bytes) -> None:
    finder = PacketFinder()
    assert finder.feed(b"hello" + stream) == [(b"hello", stream)]
    assert finder.feed(b"x" * 1000 + b"bye") == []
    assert bytes(finder.text) == b"x" * (MAX_TEXT - 3) + b"bye"


def test_a_new_beginning_drops_an_unfinished_packet(stream: bytes) -> None:
    finder = PacketFinder()
    finder.feed(stream[: 3 * PACKET + 20])
    finder.begin()
    assert finder.pending_bytes == 0
    assert accepted(finder, stream[3 * PACKET + 20 :]) == packets_of(stream)[4:]
    assert finder.skipped_bytes == PACKET
