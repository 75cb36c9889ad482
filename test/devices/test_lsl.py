"""The Lab Streaming Layer on this machine: real outlets in, real inlets out."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.devices.lsl_output import NOTHING, LslOutput
from emg_recognition.devices.lsl_source import LslSource, import_pylsl, wanted_stream
from emg_recognition.devices.protocol import InfoFrame
from emg_recognition.devices.stream import SampleChunk

pytest.importorskip("pylsl", reason="pylsl is not installed: pip install pylsl")
pylsl = import_pylsl()

PATIENCE = 60.0


@dataclass
class Sender:
    """Sends sample k at ``begin + k / rate``, whose value is k, in chunks of ten, until it is ended.

    Nothing is sent while `silent`; samples in `lost` are left out.
    """

    info: Any
    lost: frozenset[int] = frozenset()
    silent: bool = False

    def __enter__(self) -> Sender:
        self.outlet: Any = pylsl.StreamOutlet(self.info)
        self.begin, self.sent, self.end = pylsl.local_clock(), 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def run(self) -> None:
        rate, channels = self.info.nominal_srate(), self.info.channel_count()
        while not self.end:
            k = np.array([n for n in range(self.sent, self.sent + 10) if n not in self.lost])
            wait = self.begin + (self.sent + 9) / rate - pylsl.local_clock()
            time.sleep(max(0.0, wait))
            if len(k) and not self.silent:
                rows = np.repeat(k[:, None], channels, axis=1).astype(np.float32)
                self.outlet.push_chunk(rows, (self.begin + k / rate).tolist())
            self.sent += 10

    def __exit__(self, *_: object) -> None:
        self.end = True
        self.thread.join()
        self.outlet = None


@pytest.fixture
def stream() -> Callable[..., Any]:
    """A description of a stream that no other test has."""
    unique = uuid.uuid4().hex[:8]

    def describe(rate: float = 500.0, channels: int = 3, kind: int = pylsl.cf_float32, more: str = "") -> Any:
        return pylsl.StreamInfo(f"band {unique}", "EMG", channels, rate, kind, f"id_{unique}{more}")

    return describe


def read_until(source: Any, enough: Callable[[list[SampleChunk]], bool]) -> list[SampleChunk]:
    chunks: list[SampleChunk] = []
    deadline = time.monotonic() + PATIENCE
    while not enough(chunks):
        assert time.monotonic() < deadline, [(c.first_index, len(c.samples)) for c in chunks]
        chunks += source.read()
    return chunks


def counted(chunks: list[SampleChunk]) -> int:
    return sum(len(chunk.samples) for chunk in chunks)


def test_every_sample_arrives_with_its_true_time_and_losses_are_counted(stream) -> None:
    info = stream()
    info.set_channel_units("microvolts")
    info.set_channel_labels(["one", "two", "three"])
    with Sender(info) as sender, emg.open_source(f"lsl:name={info.name()}?pick=1,3") as source:
        assert source.info.device == info.name()
        assert (source.info.rate, source.info.unit, source.info.scale) == (500.0, "V", 1e6)
        assert source.info.channel_names == ("one", "three")
        chunks = read_until(source, lambda chunks: counted(chunks) > 600)
        begin = sender.sent + 50
        sender.lost = frozenset(begin + k for k in (3, 4, 5, 19, *range(100, 143)))
        chunks += read_until(source, lambda more: counted(more) > 400)
        offset = time.monotonic() - pylsl.local_clock()
    true = np.concatenate([chunk.samples[:, 1] for chunk in chunks]) * 1e6
    first = round(float(true[0]))
    index = np.concatenate([c.first_index + np.arange(len(c.samples)) for c in chunks])
    assert np.array_equal(np.rint(true).astype(int) - first, index)
    assert source.counters.stream.lost == len(sender.lost)
    assert sum(chunk.dropped_before for chunk in chunks) == len(sender.lost)
    for chunk in chunks[1:]:
        taken = sender.begin + round(float(chunk.samples[0, 1]) * 1e6) / 500.0 + offset
        assert chunk.time == pytest.approx(taken, abs=2e-3)


def test_a_stream_that_ends_is_announced_and_found_again(stream) -> None:
    said: list[str] = []
    info = stream()
    source = emg.open_source(f"lsl:source_id={info.source_id()}", say=said.append, silent_after=0.6)
    with Sender(info):
        source.open()
        source.start()
        read_until(source, lambda chunks: counted(chunks) > 100)
    read_until(source, lambda _: bool(said))
    with Sender(info):
        chunks = read_until(source, lambda chunks: counted(chunks) > 100)
    source.close()
    assert "gone" in said[0] or "nothing arrived" in said[0]
    assert "the number lost is not known" in said[-1]
    assert chunks[0].restart or chunks[1].restart
    assert source.reconnections == 1


def test_a_silent_stream_is_announced_and_what_was_missed_is_counted(stream) -> None:
    said: list[str] = []
    info = stream()
    address = f"lsl:name={info.name()}"
    with Sender(info) as sender, emg.open_source(address, say=said.append, silent_after=0.6) as source:
        chunks = read_until(source, lambda chunks: counted(chunks) > 700)
        sender.silent = True
        read_until(source, lambda _: bool(said))
        sender.silent = False
        chunks += read_until(source, lambda more: counted(more) > 100)
    assert "nothing arrived for 0.6 s" in said[0]
    assert "reconnected" in said[-1]
    # It is the same outlet, so that its stamps tell how many samples were missed.
    (restarted,) = [chunk for chunk in chunks[1:] if chunk.restart]
    missed = round(float(restarted.samples[0, 0] - chunks[0].samples[0, 0])) - restarted.first_index
    assert missed == 0
    assert restarted.dropped_before > 250


def test_several_streams_are_listed_and_one_can_be_chosen(stream) -> None:
    one, other = stream(more="a"), stream(more="b", channels=5)
    with Sender(one), Sender(other):
        source = LslSource("lsl:", {"name": one.name()})
        with pytest.raises(emg.DeviceError, match=r"2 streams match: .*add name=… or source_id") as caught:
            source.open()
        assert "5 channels at 500 Hz" in str(caught.value)
        chosen = LslSource("lsl:", {"name": one.name(), "source_id": other.source_id()})
        assert chosen.open().channels == 5
        chosen.close()


@pytest.mark.parametrize(
    ("kind", "message"),
    [({"kind": pylsl.cf_string}, "it sends texts"), ({"rate": 0.0}, "reports no sampling rate; set rate")],
)
def test_a_stream_that_is_no_signal_is_refused(stream, kind: dict[str, Any], message: str) -> None:
    info = stream(**kind)
    outlet = pylsl.StreamOutlet(info)
    with pytest.raises(emg.DeviceError, match=message):
        LslSource("lsl:x", {"name": info.name()}).open()
    del outlet


def test_no_stream_is_one_line_that_lists_others(stream) -> None:
    with Sender(stream()), pytest.raises(emg.DeviceError, match=r"no such stream.*found: .*name=band"):
        LslSource("lsl:x", {"name": "not there"}).open()


@pytest.mark.parametrize("target", ["EMG", "kind=EMG", "type=EMG,x=3", "name"])
def test_a_choice_that_lsl_does_not_know_is_refused(target: str) -> None:
    with pytest.raises(emg.SettingError, match="write name=… or type=…"):
        wanted_stream(target)
    assert wanted_stream("") == {"type": "EMG"}


def test_quotes_in_names(stream) -> None:
    assert LslSource("lsl:x", {"name": "Anna's"})._predicate == 'name="Anna\'s"'
    with pytest.raises(emg.SettingError, match="something simpler"):
        LslSource("lsl:x", {"name": "\"'"})


@pytest.fixture
def inlet() -> Iterator[Callable[[str], Any]]:
    opened = []

    def connect(name: str) -> Any:
        (found, *_) = pylsl.resolve_bypred(f"name='{name}'", 1, PATIENCE)
        one = pylsl.StreamInlet(found, as_numpy=True)
        one.open_stream(PATIENCE)
        opened.append(one)
        return one

    yield connect
    for one in opened:
        one.close_stream()


def pull(inlet: Any) -> tuple[Any, Any]:
    deadline = time.monotonic() + PATIENCE
    values, stamps = inlet.pull_chunk(1.0, min_samples=1)
    while not len(stamps):
        assert time.monotonic() < deadline
        values, stamps = inlet.pull_chunk(1.0, min_samples=1)
    return values, stamps


def test_estimates_and_decisions_are_markers_and_samples_a_stream(inlet) -> None:
    name = f"out_{uuid.uuid4().hex[:8]}"
    device = InfoFrame("band", "", 1000.0, 2, "V", 1e6, ("a", "b"), ("", ""))
    offset = pylsl.local_clock() - time.monotonic()
    with LslOutput(name, info=device) as output:
        samples, estimates, decisions = (
            inlet(f"{name}_{kind}") for kind in ("samples", "estimates", "decisions")
        )
        described = samples.info(PATIENCE)
        assert (described.type(), described.nominal_srate()) == ("EMG", 1000.0)
        assert (described.get_channel_labels(), described.get_channel_units()) == (["a", "b"], ["volts"] * 2)
        assert decisions.info(PATIENCE).type() == "Markers"
        sent = np.arange(20, dtype=np.float32).reshape(10, 2)
        output.samples(SampleChunk(0, sent, 50.0, 0, True, 1000.0, "V"))
        values, stamps = pull(samples)
        assert np.array_equal(values, sent)
        assert stamps == pytest.approx(50.0 + offset + np.arange(10) / 1000, abs=1e-3)
        estimate = emg.Estimate(
            time=51.0,
            last_index=9,
            accepted=True,
            action_id=1,
            action="elbow_flexion",
            confidence=0.75,
            probabilities=(0.25, 0.75),
            activation=1.0,
            model="m",
        )
        output.estimate(estimate)
        values, stamps = pull(estimates)
        assert values.tolist() == [[b"elbow_flexion", b"accepted", b"0.7500"]]
        assert stamps[0] == pytest.approx(51.0 + offset, abs=1e-3)
        for action, when in (("rest", 1.0), ("rest", 2.0), ("", 3.0), ("rest", 4.0)):
            output.decision(action, when)
        found: list[tuple[str, float]] = []
        while len(found) < 3:
            values, stamps = pull(decisions)
            found += [(row[0].decode(), stamp - offset) for row, stamp in zip(values, stamps, strict=True)]
        assert [action for action, _ in found] == ["rest", NOTHING, "rest"]
        assert [when for _, when in found] == pytest.approx([1.0, 3.0, 4.0], abs=1e-3)
