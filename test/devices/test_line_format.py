"""Lines that hobby boards print: what the settings make of them, and what a refusal says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from emg_recognition.devices.ascii_protocol import REASONS, AsciiProtocol
from emg_recognition.devices.protocol import DataFrame, ProtocolSettings


def make(**settings) -> AsciiProtocol:
    protocol = AsciiProtocol(ProtocolSettings(**{"rate": 500.0, "channels": 2, **settings}))
    protocol.feed(protocol.line_end)
    return protocol


def samples(protocol: AsciiProtocol, stream: bytes) -> list[list[float]]:
    return [row for frame in protocol.feed(stream) for row in frame.counts.tolist()]  # type: ignore[union-attr]


FORMATS = [
    (b"EMG1:512,EMG2:498", {"labels": True}),
    (b"a : 512 ; b : 498", {"labels": True, "delimiter": ";"}),
    (b"512,498,", {"trailing_delimiter": True}),
    (b"512\t498\t", {"delimiter": " "}),
    (b"[512,498]", {"brackets": True}),
    (b"{EMG1:512,EMG2:498,}", {"brackets": True, "labels": True, "trailing_delimiter": True}),
    (b"80123,512,498", {"leading_numbers": 1}),
    (b"7,80123,512,498", {"leading_numbers": 2}),
    (b"512;498", {"delimiter": ";"}),
]


@pytest.mark.parametrize(("line", "settings"), FORMATS)
def test_a_refused_line_is_quoted_with_settings_that_allow_it(line, settings) -> None:
    refused = make()
    assert samples(refused, line + b"\n" + line + b"\n") == []
    (remark,) = refused.remarks()
    shown = line.decode().strip().replace("\t", "\\t")
    assert remark.startswith(f'the line "{shown}')
    assert refused.remarks() == []  # once
    # What the remark says to set is what makes the line a sample.
    said = dict(re.findall(r"(\w+) to (true|'.'|\d+)", remark.partition("; ")[2]))
    said.pop("channels", None)
    kinds = {"true": True}
    found = {name: kinds.get(text, text.strip("'")) for name, text in said.items()}
    found = {name: int(text) if str(text).isdigit() else text for name, text in found.items()}
    assert found == settings
    assert samples(make(**settings), line + b"\n") == [[512.0, 498.0]]
    assert refused.advice.startswith("set ")


@pytest.mark.parametrize(("line", "settings"), FORMATS)
def test_a_format_refuses_lines_of_another(line, settings) -> None:
    protocol = make(**settings)
    assert samples(protocol, b"512,498\n" + b"512\n" + line[:-1].rstrip(b"0123456789") + b"\n") == []
    assert protocol.counters.refused == 3


def test_more_numbers_than_channels_may_be_channels() -> None:
    protocol = make()
    protocol.feed(b"1,2,3,4,5\n")
    assert "it has 5 numbers, not 2; set channels to 5" in protocol.remarks()[0]


def test_what_is_no_number_is_said_and_reasons_are_few() -> None:
    protocol = make()
    protocol.feed(
        b"EMG ready\n1,nan\n\x1b[2J\n" + b"".join(b",".join([b"1"] * n) + b"\n" for n in range(3, 20))
    )
    remarks = protocol.remarks()
    assert len(remarks) == REASONS
    assert 'the line "EMG ready" was refused: it is not 2 decimal numbers separated by' in remarks[0]
    assert "\x1b" not in "".join(remarks)


def test_carriage_returns_alone_are_recognised_and_can_be_set() -> None:
    stream = b"".join(b"%d,%d\r" % (k, -k) for k in range(200))
    protocol = make()
    assert samples(protocol, stream) == []
    assert "set line_end to 'cr'" in protocol.remarks()[0]
    assert samples(make(line_end="cr"), stream) == [[k, -k] for k in range(200)]
    other = make(line_end="cr")
    other.feed(stream.replace(b"\r", b"\n"))
    assert "set line_end to 'lf'" in other.remarks()[0]


@pytest.mark.parametrize("step", [1, 13, 100_000])
def test_a_counter_in_the_line_counts_what_was_lost(step: int) -> None:
    lost = {5, 6, 260, 261, 262}
    stream = b"".join(b"%d,%d,%d\n" % (k % 256, k, -k) for k in range(600) if k not in lost)
    stream = stream.replace(b"100,100,-100", b"100,1x0,-100")  # damaged, so lost
    protocol = make(counter_period=256)
    frames = [f for k in range(0, len(stream), step) for f in protocol.feed(stream[k : k + step])]
    data = [frame for frame in frames if isinstance(frame, DataFrame)]
    assert all(frame.counts[0, 0] == frame.counter for frame in data)
    assert [frame.restart for frame in data if frame.restart] == [True]
    received = np.concatenate([frame.counts[:, 0] for frame in data])
    assert sorted(set(range(600)) - set(received.astype(int).tolist())) == sorted({*lost, 100})


@pytest.mark.parametrize("number", [b"256", b"-1", b"1.5"])
def test_a_number_that_is_no_counter_is_refused(number: bytes) -> None:
    protocol = make(counter_period=256)
    assert samples(protocol, number + b",1,2\n") == []
    assert "counter" in protocol.remarks()[0]
