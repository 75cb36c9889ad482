"""What all protocols have in common: settings, descriptions, the page, and any bytes at all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.devices.emulator_voices import VOICES
from emg_recognition.devices.protocol import DataFrame, DeviceProtocol, InfoFrame, ProtocolSettings
from emg_recognition.devices.protocols import PROTOCOLS, make_protocol
from emg_recognition.errors import EmgRecognitionError, SettingError

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


def test_the_page_has_examples_of_every_protocol() -> None:
    assert [json.loads(wanted)["protocol"] for wanted, _, _ in EXAMPLES] == ["cyton"] * 3 + ["ascii"] * 2
    assert all(f"`{name}`" in PAGE for name in PROTOCOLS)


@pytest.mark.parametrize("step", [1, 10_000])
@pytest.mark.parametrize(("wanted", "kind", "text"), EXAMPLES)
def test_the_examples_of_the_page(wanted: str, kind: str, text: str, step: int) -> None:
    values = json.loads(wanted)
    settings = ProtocolSettings()
    if values["protocol"] == "ascii":
        delimiter = values.get("delimiter", ",")
        settings = ProtocolSettings(rate=100.0, channels=values["channels"], delimiter=delimiter)
    protocol, stream = make_protocol(values["protocol"], settings), example_bytes(kind, text)
    found: list[DataFrame] = []
    for place in range(0, len(stream), step):
        found += samples(protocol.feed(stream[place : place + step]))
    # How samples form frames depends on the reads; the samples and their numbers do not.
    numbered = [(f.counter + k, row.tolist()) for f in found for k, row in enumerate(f.counts)]
    assert numbered == [(first + k, row) for first, rows in values["frames"] for k, row in enumerate(rows)]
    if step > len(stream):
        assert [frame.counter for frame in found] == [first for first, _ in values["frames"]]
    assert found[0].restart


def test_every_protocol_can_be_emulated() -> None:
    assert set(VOICES) == set(PROTOCOLS) == set(SETTINGS)
    for name, protocol in PROTOCOLS.items():
        assert (VOICES[name].start, VOICES[name].stop) == (protocol.start, protocol.stop)
        assert VOICES[name].ask == (protocol.ask or b"")


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_description_is_requested_or_known(name: str) -> None:
    protocol = make_protocol(name, SETTINGS[name])
    assert (protocol.info() is None) == (protocol.ask is not None)
    assert protocol.answer_seconds > protocol.ask_seconds > 0


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("myo", {}, "use one of emg, cyton, ascii"),
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
@settings(max_examples=60)
@given(streams())
def test_any_bytes_raise_nothing_and_few_are_kept(name: str, pieces: list[bytes]) -> None:
    protocol = make_protocol(name, SETTINGS[name])
    for piece in pieces:
        protocol.feed(piece)
        assert protocol.pending_bytes < 4090
    protocol.begin()
    accounted = protocol.counters.skipped_bytes + protocol.pending_bytes
    assert accounted <= sum(map(len, pieces))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_good_frames_after_garbage_are_found(name: str, rng: np.random.Generator) -> None:
    protocol = make_protocol(name, SETTINGS[name])
    protocol.feed(rng.bytes(20_000))
    info = InfoFrame("d", "s", 100.0, 8, "V", 1.0, ("",) * 8, ("",) * 8)
    channels = 2 if name == "ascii" else 8
    voice, wanted = VOICES[name](info, 0, 0), rng.integers(-999, 999, (40, channels), np.int32)
    stream = b"".join(voice.data(DataFrame(k, 0, False, wanted[k : k + 1])) for k in range(40))
    found = samples(protocol.feed(voice.begin() + stream))
    assert np.array_equal(np.concatenate([frame.counts for frame in found])[-38:], wanted[-38:])


def test_an_incomplete_protocol_cannot_be_instantiated() -> None:
    class Half(DeviceProtocol):
        def __init__(self, settings: ProtocolSettings) -> None: ...

    with pytest.raises(TypeError, match="abstract"):
        Half(ProtocolSettings())  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", -1.0),
        ("rate", float("nan")),
        ("scale", float("inf")),
        ("channels", -1),
        ("channels", 65536),
        ("unit", "mV"),
        ("delimiter", ""),
        ("delimiter", "1"),
        ("delimiter", ",,"),
    ],
)
def test_settings_that_no_device_can_have_are_refused(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=name):
        ProtocolSettings(**{name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": float("nan")}, "rate"),
        ({"channels": 0, "channel_names": (), "muscle_sites": ()}, "channels"),
        ({"unit": "mV"}, "unit"),
        ({"scale": 0.0}, "scale"),
        ({"muscle_sites": ()}, "muscle_sites"),
        ({"device": "x" * 256}, "255 bytes"),
    ],
)
def test_an_impossible_description_is_refused(change: dict[str, Any], message: str) -> None:
    good = {"device": "d", "serial_number": "s", "rate": 1.0, "channels": 1, "unit": "V", "scale": 1.0}
    with pytest.raises(EmgRecognitionError, match=message):
        InfoFrame(**{**good, "channel_names": ("a",), "muscle_sites": ("b",), **change})
