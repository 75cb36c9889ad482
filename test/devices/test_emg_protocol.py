"""The package's own protocol: the page, round trips, and damage of every kind."""

from __future__ import annotations

import json
import re
from binascii import crc_hqx
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.devices.emg_protocol import (
    MAX_BODY,
    MAX_FRAME,
    FrameDecoder,
    encode_data,
    encode_info,
)
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.errors import EmgRecognitionError

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "emg-protocol.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```\s*```hex\n(.*?)```", PAGE, re.DOTALL)

# The checksum as the page writes it, bit by bit: a second opinion on binascii's.
_page: dict[str, Any] = {}
exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], _page)  # type: ignore[index]
page_crc: Callable[[bytes], int] = _page["crc16_xmodem"]

# No deadline: the machine that runs the tests may be busy.
relaxed = settings(max_examples=60)

words = st.integers(0, 2**32 - 1)


@st.composite
def data_frames(draw: st.DrawFn) -> tuple[DataFrame, int]:
    bits = draw(st.sampled_from([16, 24]))
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    size = shape[0] * shape[1] * 4
    # Any 32-bit numbers, shifted down to the bits of the frame, which keeps the sign.
    counts = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), "<i4") >> (32 - bits)
    frame = DataFrame(draw(words), draw(words), draw(st.booleans()), counts.reshape(shape))
    return frame, bits


@st.composite
def info_frames(draw: st.DrawFn) -> InfoFrame:
    channels = draw(st.integers(1, 4))
    positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
    text = st.text(max_size=12)
    names = st.lists(text, min_size=channels, max_size=channels).map(tuple)
    unit = draw(st.sampled_from(["V", "count"]))
    return InfoFrame(
        draw(text), draw(text), draw(positive), channels, unit, draw(positive), draw(names), draw(names)
    )


encoded = st.one_of(
    data_frames().map(lambda pair: (pair[0], encode_data(*pair))),
    info_frames().map(lambda i: (i, encode_info(i))),
)


def same(left: DataFrame | InfoFrame, right: DataFrame | InfoFrame) -> bool:
    if isinstance(left, DataFrame) and isinstance(right, DataFrame):
        heads = [(f.counter, f.device_us, f.restart) for f in (left, right)]
        return heads[0] == heads[1] and np.array_equal(left.counts, right.counts)
    return left == right


def all_same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(map(same, left, right))


def feed_all(decoder: FrameDecoder, pieces: Iterable[bytes]) -> list[DataFrame | InfoFrame]:
    found = [frame for piece in pieces for frame in decoder.feed(piece)]
    # Zeros are not a frame; this many of them end whatever the decoder is still waiting for.
    return found + decoder.feed(bytes(MAX_FRAME))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    borders = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[a:b] for a, b in pairwise(borders)]


@pytest.mark.parametrize(("values", "text"), EXAMPLES)
def test_the_examples_of_the_page(values: str, text: str) -> None:
    wanted = json.loads(values)
    stream = bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))
    (found,) = FrameDecoder().feed(stream)
    if "counts" in wanted:
        counts, bits = np.array(wanted.pop("counts"), np.int32), wanted.pop("bits")
        frame: DataFrame | InfoFrame = DataFrame(counts=counts, **wanted)
        assert isinstance(found, DataFrame)
        assert found.counts.dtype == np.int32
        assert encode_data(frame, bits) == stream  # type: ignore[arg-type]
    else:
        lists = {name: tuple(value) for name, value in wanted.items() if isinstance(value, list)}
        frame = InfoFrame(**{**wanted, **lists})
        assert encode_info(frame) == stream
    assert same(found, frame)


def test_the_page_has_examples_of_every_kind() -> None:
    assert len(EXAMPLES) == 4
    flags = [json.loads(values) for values, _ in EXAMPLES]
    assert {example.get("bits") for example in flags} == {16, 24, None}
    assert any(example.get("restart") for example in flags)


def test_the_checksum_of_the_standard_check_value() -> None:
    assert crc_hqx(b"123456789", 0) == page_crc(b"123456789") == 0x31C3


@relaxed
@given(st.lists(encoded, max_size=4), st.lists(st.integers(0, 2000), max_size=8))
def test_round_trip_in_any_pieces(frames: list[Any], places: list[int]) -> None:
    decoder = FrameDecoder()
    stream = b"".join(data for _, data in frames)
    found = [frame for piece in cut(stream, places) for frame in decoder.feed(piece)]
    assert all_same(found, [frame for frame, _ in frames])
    assert (decoder.frames, decoder.bad_checksum, decoder.skipped_bytes) == (len(frames), 0, 0)
    assert decoder.pending_bytes == 0


def test_a_frame_is_returned_with_its_last_byte(rng: np.random.Generator) -> None:
    decoder, stream = FrameDecoder(), encode_data(DataFrame(1, 2, False, rng.integers(-9, 9, (5, 8))))
    for place in range(len(stream) - 1):
        assert decoder.feed(stream[place : place + 1]) == []
    assert len(decoder.feed(stream[-1:])) == 1


def checked(kind: int, body: bytes, version: int = 1, flags: int = 0) -> bytes:
    head = bytes([version, kind, flags]) + len(body).to_bytes(2, "little")
    return b"\xa5\x5a" + head + body + crc_hqx(head + body, 0).to_bytes(2, "little")


def reworded(info: InfoFrame, place: int, byte: int) -> bytes:
    body = bytearray(encode_info(info)[7:-2])
    body[place % len(body)] = byte
    return checked(2, bytes(body))


debris = st.one_of(
    st.binary(max_size=60),
    encoded.map(lambda pair: pair[1]),
    st.tuples(encoded, st.integers(0, 200)).map(lambda t: t[0][1][: t[1] % len(t[0][1])]),
    # A sync and a plausible head that promises more than there is.
    st.integers(0, MAX_BODY + 9).map(lambda n: b"\xa5\x5a\x01\x02\x00" + n.to_bytes(2, "little")),
    st.just(b"\xa5"),
    # A right checksum around any body.
    st.tuples(st.integers(1, 3), st.binary(max_size=40)).map(lambda pair: checked(*pair)),
    st.tuples(info_frames(), st.integers(0, 500), st.integers(0, 255)).map(lambda t: reworded(*t)),
)


@relaxed
@given(st.lists(debris, max_size=12), st.lists(st.integers(0, 2000), max_size=8))
def test_any_bytes_raise_nothing_and_give_no_false_frame(pieces: list[bytes], places: list[int]) -> None:
    stream = b"".join(pieces)
    decoder, found = FrameDecoder(), []
    for piece in cut(stream, places):
        found += decoder.feed(piece)
        assert decoder.pending_bytes < MAX_FRAME
    size = 0
    for frame in found:
        if isinstance(frame, InfoFrame):
            written = {encode_info(frame)}
        else:
            fits = np.abs(frame.counts.astype(np.int64) * 2 + 1).max() < 1 << 16
            written = {encode_data(frame, bits) for bits in ((16, 24) if fits else (24,))}
        (original,) = (data for data in written if data in stream)
        assert page_crc(original[2:-2]) == int.from_bytes(original[-2:], "little")
        size += len(original)
    assert size + decoder.skipped_bytes + decoder.pending_bytes == len(stream)


@relaxed
@given(encoded, st.integers(0, 1 << 20))
def test_a_flipped_bit_is_never_accepted(pair: tuple[Any, bytes], bit: int) -> None:
    damaged = bytearray(pair[1])
    damaged[bit // 8 % len(damaged)] ^= 1 << bit % 8
    assert feed_all(FrameDecoder(), [bytes(damaged)]) == []


@relaxed
@given(encoded, st.integers(1, 0xFFFF))
def test_a_wrong_checksum_is_counted(pair: tuple[Any, bytes], change: int) -> None:
    checksum = int.from_bytes(pair[1][-2:], "little") ^ change
    decoder = FrameDecoder()
    assert feed_all(decoder, [pair[1][:-2] + checksum.to_bytes(2, "little")]) == []
    assert decoder.bad_checksum == 1


@relaxed
@given(st.lists(st.tuples(st.one_of(debris, st.binary(max_size=300)), encoded), min_size=1, max_size=6))
def test_good_frames_in_garbage_are_all_found(parts: list[tuple[bytes, tuple[Any, bytes]]]) -> None:
    """Debris may contain whole frames itself; the frames behind it must still be found, in order."""
    found = feed_all(FrameDecoder(), [garbage + data for garbage, (_, data) in parts])
    remaining = iter(found)
    assert all(any(same(good, candidate) for candidate in remaining) for _, (good, _) in parts)


def test_a_truncated_frame_does_not_hold_up_the_next_ones(rng: np.random.Generator) -> None:
    frames = [DataFrame(5 * k, 5000 * k, False, rng.integers(-999, 999, (5, 8), np.int32)) for k in range(4)]
    streams = [encode_data(frame) for frame in frames]
    decoder = FrameDecoder()
    for length in range(1, len(streams[0])):
        found = decoder.feed(streams[0][:length] + b"".join(streams[1:]))
        assert all_same(found, frames[1:])


def test_a_damaged_length_does_not_hold_up_the_next_frame() -> None:
    stream = bytearray(encode_data(DataFrame(0, 0, False, np.zeros((5, 8), np.int32))))
    stream[5:7] = MAX_BODY.to_bytes(2, "little")
    good = DataFrame(5, 5000, False, np.ones((5, 8), np.int32))
    (found,) = FrameDecoder().feed(bytes(stream) + encode_data(good))
    assert same(found, good)


INFO_BODY = encode_info(InfoFrame("d", "s", 100.0, 1, "V", 1.0, ("a",), ("b",)))[7:-2]


@pytest.mark.parametrize(
    "frame",
    [
        checked(3, b"something new"),
        checked(2, INFO_BODY + b"\0"),
        checked(2, INFO_BODY[:-1]),
        checked(2, INFO_BODY[:-1] + b"\xff"),  # not UTF-8
        checked(2, INFO_BODY[:10] + b"\x07" + INFO_BODY[11:]),  # no such unit
        checked(2, bytes(8) + INFO_BODY[8:]),  # 0 Hz
        checked(2, b"\xff" * 8 + INFO_BODY[8:]),  # NaN
        checked(2, INFO_BODY[:8] + b"\xff\xff" + INFO_BODY[10:]),  # 65535 channels
    ],
)
def test_invalid_content_is_refused(frame: bytes) -> None:
    decoder = FrameDecoder()
    assert decoder.feed(frame + bytes(MAX_FRAME)) == []
    assert (decoder.refused, decoder.bad_checksum) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", bytes(12), bytes(13), bytes(8) + b"\1\0\0\0\x10"),  # cut, or no samples
        bytes(8) + b"\0\0\1\0\x10",  # no channels
        bytes(8) + b"\1\0\1\0\x08\0",  # 8 bits
        bytes(8) + b"\1\0\1\0\x20\0\0\0\0",  # 32 bits
    ],
)
def test_a_data_frame_without_samples_is_not_a_frame(body: bytes) -> None:
    decoder = FrameDecoder()
    assert feed_all(decoder, [checked(1, body)]) == []
    assert decoder.skipped_bytes >= len(body) + 9


def test_an_unknown_version_is_not_a_frame_and_unknown_flags_are_ignored() -> None:
    body = encode_data(DataFrame(7, 8, False, np.array([[9]], np.int32)))[7:-2]
    assert feed_all(FrameDecoder(), [checked(1, body, version=2)]) == []
    (frame,) = FrameDecoder().feed(checked(1, body, flags=0xFE))
    assert isinstance(frame, DataFrame)
    assert not frame.restart


def test_a_frame_too_long_is_not_written() -> None:
    with pytest.raises(EmgRecognitionError, match="4080 bytes"):
        encode_data(DataFrame(0, 0, False, np.zeros((300, 8), np.int32)))


def test_a_description_too_long_for_a_frame_is_not_written() -> None:
    info = InfoFrame("d", "s", 1.0, 30, "V", 1.0, ("n" * 200,) * 30, ("",) * 30)
    with pytest.raises(EmgRecognitionError, match="4080 bytes"):
        encode_info(info)


@pytest.mark.parametrize("bits", [16, 24])
def test_extreme_counts_keep_their_sign(bits: int) -> None:
    high = 1 << bits - 1
    counts = np.array([[-high, high - 1, -1], [0, 1, high // 2]])
    stream = encode_data(DataFrame(0, 0, True, counts), bits)
    assert len(stream) == 7 + 13 + 6 * bits // 8 + 2
    (frame,) = FrameDecoder().feed(stream)
    assert isinstance(frame, DataFrame)
    assert frame.counts.dtype == np.int32
    assert np.array_equal(frame.counts, counts)


@pytest.mark.parametrize(
    ("counts", "bits", "message"),
    [
        (np.array([[32768]]), 16, "beyond 16 bits"),
        (np.array([[-(1 << 23) - 1]]), 24, "beyond 24 bits"),
        (np.zeros((0, 3), np.int32), 16, "shape"),
        (np.zeros(3, np.int32), 16, "shape"),
        (np.zeros((2, 2)), 16, "float64"),
        (np.zeros((2, 2), np.int32), 12, "use 16 or 24"),
    ],
)
def test_counts_that_do_not_fit_are_not_written(counts: np.ndarray, bits: int, message: str) -> None:
    with pytest.raises(EmgRecognitionError, match=message):
        encode_data(DataFrame(0, 0, False, counts), bits)


def test_a_counter_beyond_32_bits_is_not_written() -> None:
    with pytest.raises(EmgRecognitionError, match=r"modulo 2\*\*32"):
        encode_data(DataFrame(1 << 32, 0, False, np.zeros((1, 1), np.int32)), 16)
