from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.devices.emulator_voices import VOICES
from emg_recognition.devices.protocol import DataFrame, DeviceProtocol, InfoFrame, ProtocolSettings
from emg_recognition.devices.protocols import PROTOCOLS, make_protocol
from emg_recognition.errors import SettingError

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "protocols.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```\s*```(hex|text)\n(.*?)```", PAGE, re.DOTALL)

SETTINGS = {
    "emg": ProtocolSettings(),
    "cyton": ProtocolSettings(),
    "ascii": ProtocolSettings(rate=500.0, channels=2),
}


def samples(frames: list[DataFrame | InfoFrame]) -> list[DataFrame]:
    return [frame for frame in frames if isinstance(frame, DataFrame)]


def example_bytes(kind: str, text: str) -> bytes:
    if kind == "hex":
        return bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))
    return text.removesuffix("\n").encode("latin-1").decode("unicode_escape").encode("latin-1")


def test_page_has_the_examples() -> None:
    assert [json.loads(wanted)["protocol"] for wanted, _, _ in EXAMPLES] == ["cyton"] * 3 + ["ascii"] * 2
    assert all(f"`{name}`" in PAGE for name in PROTOCOLS)


@pytest.mark.parametrize("step", [1, 10_000])
@pytest.mark.parametrize(("wanted", "kind", "text"), EXAMPLES)
def test_page_examples(wanted: str, kind: str, text: str, step: int) -> None:
    values = json.loads(wanted)
    settings = ProtocolSettings()
    if values["protocol"] == "ascii":
        delimiter = values.get("delimiter", ",")
        settings = ProtocolSettings(rate=100.0, channels=values["channels"], delimiter=delimiter)
    protocol, stream = make_protocol(values["protocol"], settings), example_bytes(kind, text)
    found: list[DataFrame] = []
    for place in range(0, len(stream), step):
        found += samples(protocol.feed(stream[place : place + step]))
    # What is one frame depends on the reads; which samples there are, and their numbers, does not.
    numbered = [(f.counter + k, row.tolist()) for f in found for k, row in enumerate(f.counts)]
    assert numbered == [(first + k, row) for first, rows in values["frames"] for k, row in enumerate(rows)]
    if step > len(stream):
        assert [frame.counter for frame in found] == [first for first, _ in values["frames"]]
    assert found[0].restart


def test_every_protocol_can_be_played() -> None:
    assert set(VOICES) == set(PROTOCOLS) == set(SETTINGS)
    for name, protocol in PROTOCOLS.items():
        assert (VOICES[name].start, VOICES[name].stop) == (protocol.start, protocol.stop)
        assert VOICES[name].ask == (protocol.ask or b"")


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_device_is_asked_or_known(name: str) -> None:
    protocol = make_protocol(name, SETTINGS[name])
    assert (protocol.info() is None) == (protocol.ask is not None)
    assert protocol.answer_seconds > protocol.ask_seconds > 0


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("myo", {}, "write one of emg, cyton, ascii"),
        ("emg", {"rate": 1000.0}, "rate is 1000.0"),
        ("emg", {"channels": 8}, "channels is 8"),
        ("cyton", {"channels": 16}, "channels is 16"),
        ("cyton", {"unit": "V"}, "unit is 'V'"),
        ("ascii", {"channels": 2}, "rate is 0.0: give the samples a second"),
        ("ascii", {"rate": 100.0}, "channels is 0: give the numbers in a line"),
    ],
)
def test_settings_that_do_not_fit_are_refused(name: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        make_protocol(name, ProtocolSettings(**options))  # type: ignore[arg-type]


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Pieces of good streams of any protocol, cut, mutated and mixed with random bytes."""
    counts = np.array(
        draw(st.lists(st.lists(st.integers(-9, 9), min_size=8, max_size=8), min_size=1, max_size=4))
    )
    info = InfoFrame("d", "s", 100.0, 8, "V", 1.0, ("",) * 8, ("",) * 8)
    pieces = []
    for voice in draw(st.lists(st.sampled_from(sorted(VOICES)), max_size=4)):
        device = VOICES[voice](info, -9, 9)
        good = bytearray(device.describe() + device.begin() + device.data(DataFrame(0, 0, False, counts)))
        for place, byte in draw(
            st.lists(st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255)), max_size=3)
        ):
            good[place] = byte
        pieces += [bytes(good[: draw(st.integers(0, len(good)))]), draw(st.binary(max_size=40))]
    return pieces


@pytest.mark.parametrize("name", PROTOCOLS)
@settings(deadline=None, max_examples=60)
@given(streams())
def test_no_bytes_upset_a_decoder_and_it_keeps_few(name: str, pieces: list[bytes]) -> None:
    protocol = make_protocol(name, SETTINGS[name])
    for piece in pieces:
        protocol.feed(piece)
        assert protocol.pending_bytes < 4090
    protocol.begin()
    accounted = protocol.counters.skipped_bytes + protocol.pending_bytes
    assert accounted <= sum(map(len, pieces))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_after_garbage_the_good_is_found_again(name: str, rng: np.random.Generator) -> None:
    protocol = make_protocol(name, SETTINGS[name])
    protocol.feed(rng.bytes(20_000))
    info = InfoFrame("d", "s", 100.0, 8, "V", 1.0, ("",) * 8, ("",) * 8)
    channels = 2 if name == "ascii" else 8
    voice, wanted = VOICES[name](info, 0, 0), rng.integers(-999, 999, (40, channels), np.int32)
    stream = b"".join(voice.data(DataFrame(k, 0, False, wanted[k : k + 1])) for k in range(40))
    found = samples(protocol.feed(voice.begin() + stream))
    assert np.array_equal(np.concatenate([frame.counts for frame in found])[-38:], wanted[-38:])


def test_a_new_one_needs_all_that_the_reader_relies_on() -> None:
    class Half(DeviceProtocol):
        def __init__(self, settings: ProtocolSettings) -> None: ...

    with pytest.raises(TypeError, match="abstract"):
        Half(ProtocolSettings())  # type: ignore[abstract]
