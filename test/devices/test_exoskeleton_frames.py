"""The frames of a serial exoskeleton: the page, round trips, and damage of every kind."""

from __future__ import annotations

import json
import math
import re
from binascii import crc32
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.devices.exoskeleton_frames import (
    MAX_FRAME,
    MAX_JOINTS,
    CommandFrame,
    ExoskeletonDecoder,
    StateFrame,
    encode_command,
    encode_state,
    frame_size,
)
from emg_recognition.errors import SettingError

Frame = CommandFrame | StateFrame

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "exoskeleton-frames.md").read_text(
    encoding="utf-8"
)
EXAMPLES = re.findall(r"```json\n(.*?)```\s*```hex\n(.*?)```", PAGE, re.DOTALL)

# The checksum as the page writes it, bit by bit: a second opinion on binascii's.
_page: dict[str, Any] = {}
exec(re.search(r"```python\n(def crc32.*?)```", PAGE, re.DOTALL)[1], _page)  # type: ignore[index]
page_crc: Callable[[bytes], int] = _page["crc32"]

# No deadline: the machine that runs the tests may be busy.
relaxed = settings(max_examples=60)

words = st.integers(0, 2**32 - 1)
values = st.integers(-(2**31), 2**31 - 1).map(lambda n: n * 1e-6)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    joints = draw(st.integers(1, MAX_JOINTS) | st.just(3))
    one_each = st.lists(values, min_size=joints, max_size=joints).map(tuple)
    if draw(st.booleans()):
        return CommandFrame(draw(words), draw(words) * 1e-6, draw(one_each), draw(one_each))
    flags = draw(st.tuples(*[st.booleans()] * 3))
    return StateFrame(draw(words), *flags, draw(one_each), draw(one_each))


def encode(frame: Frame) -> bytes:
    return encode_command(frame) if isinstance(frame, CommandFrame) else encode_state(frame)


def feed_all(decoder: ExoskeletonDecoder, pieces: Iterable[bytes]) -> list[Frame]:
    found = [frame for piece in pieces for frame in decoder.feed(piece)]
    # Zeros are not a frame; this many of them end whatever the decoder is still waiting for.
    return found + decoder.feed(bytes(MAX_FRAME))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    borders = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[a:b] for a, b in pairwise(borders)]


@pytest.mark.parametrize(("wanted", "text"), EXAMPLES)
def test_the_examples_of_the_page(wanted: str, text: str) -> None:
    content = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(wanted).items()
    }
    frame: Frame = CommandFrame(**content) if "duration" in content else StateFrame(**content)
    stream = bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))
    assert encode(frame) == stream
    assert page_crc(stream[2:-4]) == int.from_bytes(stream[-4:], "little")
    (found,) = ExoskeletonDecoder().feed(stream)
    assert type(found) is type(frame)
    assert found.positions == pytest.approx(frame.positions, abs=1e-9)
    assert found.velocities == pytest.approx(frame.velocities, abs=1e-9)
    assert encode(found) == stream


def test_the_page_has_examples_of_every_kind() -> None:
    contents = [json.loads(wanted) for wanted, _ in EXAMPLES]
    assert len(contents) == 4
    assert sum("duration" in content for content in contents) == 2
    for flag in ("watchdog", "emergency_stop", "refused"):
        assert any(content.get(flag) for content in contents)
    assert f"at most {MAX_JOINTS}" in PAGE
    assert f"fewer than {MAX_FRAME} bytes" in PAGE


def test_the_checksum_of_the_standard_check_value() -> None:
    assert crc32(b"123456789") == page_crc(b"123456789") == 0xCBF43926


def test_sizes_of_frames() -> None:
    assert (frame_size(1, 3), frame_size(2, 3)) == (42, 38)
    assert [frame_size(*no) for no in ((0, 3), (3, 3), (1, 0), (2, MAX_JOINTS + 1))] == [0] * 4


@relaxed
@given(st.lists(frames(), max_size=4), st.lists(st.integers(0, 2000), max_size=8))
def test_round_trip_in_any_pieces(given_frames: list[Frame], places: list[int]) -> None:
    decoder = ExoskeletonDecoder()
    stream = b"".join(map(encode, given_frames))
    found = [frame for piece in cut(stream, places) for frame in decoder.feed(piece)]
    assert found == given_frames
    assert (decoder.frames, decoder.bad_checksum, decoder.skipped_bytes) == (len(found), 0, 0)
    assert decoder.pending_bytes == 0


def test_a_frame_is_returned_with_its_last_byte() -> None:
    decoder = ExoskeletonDecoder()
    stream = encode(CommandFrame(1, 0.005, (0.1,), (0.2,)))
    for place in range(len(stream) - 1):
        assert decoder.feed(stream[place : place + 1]) == []
    assert len(decoder.feed(stream[-1:])) == 1


debris = st.one_of(
    st.binary(max_size=80),
    frames().map(encode),
    st.tuples(frames(), st.integers(0, 300)).map(lambda t: encode(t[0])[: t[1] % frame_size(1, 1)]),
    # A sync and a plausible head that promises more than there is.
    st.tuples(st.integers(0, 3), st.integers(0, 40)).map(lambda t: b"\xa5\xc3\x01" + bytes(t)),
    st.just(b"\xa5"),
)


@relaxed
@given(st.lists(debris, max_size=12), st.lists(st.integers(0, 2000), max_size=8))
def test_any_bytes_raise_nothing_and_give_no_false_frame(pieces: list[bytes], places: list[int]) -> None:
    stream = b"".join(pieces)
    decoder, found = ExoskeletonDecoder(), []
    for piece in cut(stream, places):
        found += decoder.feed(piece)
        assert decoder.pending_bytes < MAX_FRAME
    size = 0
    for frame in found:
        data = encode(frame)
        assert data in stream
        assert page_crc(data[2:-4]) == int.from_bytes(data[-4:], "little")
        size += len(data)
    assert size + decoder.skipped_bytes + decoder.pending_bytes == len(stream)


@relaxed
@given(frames(), st.integers(0, 1 << 20))
def test_a_flipped_bit_is_never_accepted(frame: Frame, bit: int) -> None:
    damaged = bytearray(encode(frame))
    damaged[bit // 8 % len(damaged)] ^= 1 << bit % 8
    assert feed_all(ExoskeletonDecoder(), [bytes(damaged)]) == []


@relaxed
@given(frames(), st.binary(min_size=1, max_size=4), st.integers(0, 2000))
def test_a_burst_of_errors_is_never_accepted(frame: Frame, errors: bytes, place: int) -> None:
    damaged = bytearray(encode(frame))
    before = bytes(damaged)
    for offset, error in enumerate(errors):
        damaged[(place + offset) % len(damaged)] ^= error
    if bytes(damaged) != before:
        assert feed_all(ExoskeletonDecoder(), [bytes(damaged)]) == []


@relaxed
@given(frames(), st.integers(1, 2**32 - 1))
def test_a_wrong_checksum_is_counted(frame: Frame, change: int) -> None:
    data = encode(frame)
    checksum = int.from_bytes(data[-4:], "little") ^ change
    decoder = ExoskeletonDecoder()
    assert feed_all(decoder, [data[:-4] + checksum.to_bytes(4, "little")]) == []
    assert decoder.bad_checksum >= 1


@relaxed
@given(st.lists(st.tuples(st.one_of(debris, st.binary(max_size=300)), frames()), min_size=1, max_size=6))
def test_good_frames_in_garbage_are_all_found(parts: list[tuple[bytes, Frame]]) -> None:
    """Debris may contain whole frames itself; the frames behind it must still be found, in order."""
    found = feed_all(ExoskeletonDecoder(), [garbage + encode(frame) for garbage, frame in parts])
    remaining = iter(found)
    assert all(any(good == candidate for candidate in remaining) for _, good in parts)


def test_a_cut_frame_does_not_swallow_the_next_ones() -> None:
    streams = [encode(CommandFrame(k, 0.005, (0.1 * k,) * 3, (0.0,) * 3)) for k in range(1, 5)]
    for length in range(1, len(streams[0])):
        found = ExoskeletonDecoder().feed(streams[0][:length] + b"".join(streams[1:]))
        assert [frame.counter for frame in found] == [2, 3, 4]


def test_an_unknown_version_is_not_a_frame_and_unknown_flags_are_ignored() -> None:
    data = bytearray(encode(StateFrame(7, False, True, False, (0.1,), (0.2,))))

    def checked() -> bytes:
        return bytes(data[:-4]) + crc32(data[2:-4]).to_bytes(4, "little")

    data[5] |= 0xF8
    (frame,) = ExoskeletonDecoder().feed(checked())
    assert (frame.watchdog, frame.emergency_stop, frame.refused) == (False, True, False)
    data[2] = 2
    assert feed_all(ExoskeletonDecoder(), [checked()]) == []


GOOD: dict[str, Any] = {"counter": 1, "duration": 0.005, "positions": (0.1,), "velocities": (0.2,)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"positions": (math.nan,)}, "position is nan: give a number from -2147"),
        ({"positions": (3000.0,)}, "position is 3000.0"),
        ({"velocities": (-math.inf,)}, "velocity is -inf"),
        ({"velocities": (0.1, 0.2)}, "one for each of 1 joints"),
        ({"duration": -0.001}, "duration is -0.001"),
        ({"duration": math.nan}, "duration is nan"),
        ({"duration": 5000.0}, "duration is 5000.0"),
        ({"counter": 2**32}, "counter"),
        ({"positions": (), "velocities": ()}, "joints is 0"),
        ({"positions": (0.0,) * 33, "velocities": (0.0,) * 33}, "1 to 32 joints"),
    ],
)
def test_values_that_do_not_fit_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        encode_command(CommandFrame(**{**GOOD, **change}))
