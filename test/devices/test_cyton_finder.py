from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.cyton_packets import MAX_TEXT, PACKET, PacketFinder, pack_packets


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
def test_every_packet_is_found_however_it_is_cut(stream: bytes, step: int) -> None:
    finder = PacketFinder()
    pieces = [stream[place : place + step] for place in range(0, len(stream), step)]
    assert accepted(finder, *pieces) == packets_of(stream)
    assert (finder.refused, finder.skipped_bytes, finder.pending_bytes) == (0, 0, 0)


def test_a_packet_leaves_when_it_is_whole(stream: bytes) -> None:
    finder = PacketFinder()
    packets = packets_of(stream)
    assert accepted(finder, packets[0]) == []  # one alone proves nothing
    assert accepted(finder, packets[1]) == packets[:2]
    assert accepted(finder, packets[2]) == packets[2:3]
    # After a loss the byte behind it must confirm it.
    assert accepted(finder, packets[5]) == []
    assert accepted(finder, packets[6][:1]) == packets[5:6]


@pytest.mark.parametrize("lost", [1, 2, 3, 10, 32, 34, 40, 70])
@pytest.mark.parametrize("tail", [1, 500])
def test_bytes_lost_within_packets_make_no_packet(stream: bytes, lost: int, tail: int) -> None:
    good = set(packets_of(stream))
    for place in range(5 * PACKET, 7 * PACKET):
        finder = PacketFinder()
        cut = stream[:place] + stream[place + lost :]
        found = accepted(finder, *(cut[k : k + tail] for k in range(0, len(cut), tail)))
        assert set(found) <= good
        assert len(found) >= len(good) - (lost // PACKET + 3)


def test_samples_that_look_like_packets_are_none() -> None:
    # Channels 3 and 4 hold a footer followed by a header: a second frame of the same period.
    counts = np.tile([1, 2, 0x0011C0, -0x5FEDED, 5, 6, 7, 8], (300, 1))
    stream = pack_packets(0, counts)
    assert b"\xc0\xa0" in stream[:PACKET]
    finder = PacketFinder()
    # Reading begins within a packet, where the wrong header is the first one.
    assert accepted(finder, stream[5:]) == packets_of(stream)[1:]
    assert finder.refused > 0


def test_equally_likely_bytes_hold_no_packet(rng: np.random.Generator) -> None:
    finder = PacketFinder()
    assert accepted(finder, *(rng.bytes(4096) for _ in range(250))) == []
    assert finder.skipped_bytes > 1_000_000
    assert finder.pending_bytes <= 2 * PACKET + MAX_TEXT


def test_what_stands_between_packets_is_kept_for_who_reads_it(stream: bytes) -> None:
    finder = PacketFinder()
    assert finder.feed(b"hello" + stream) == [(b"hello", stream)]
    assert finder.feed(b"x" * 1000 + b"bye") == []
    assert bytes(finder.text) == b"x" * (MAX_TEXT - 3) + b"bye"


def test_a_beginning_drops_what_is_unfinished(stream: bytes) -> None:
    finder = PacketFinder()
    finder.feed(stream[: 3 * PACKET + 20])
    finder.begin()
    assert finder.pending_bytes == 0
    assert accepted(finder, stream[3 * PACKET + 20 :]) == packets_of(stream)[4:]
    assert finder.skipped_bytes == PACKET
