"""Serial frames and stamps are those of version 0.1.0, bit for bit.

Each function of RESULTS computes named values from inputs.npz. README.md describes the fixtures;
conftest.py compares the values with the stored ones.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emg_recognition.devices.emg_protocol import encode_data, encode_info
from emg_recognition.devices.exoskeleton_frames import (
    CommandFrame,
    ExoskeletonDecoder,
    StateFrame,
    encode_command,
    encode_state,
)
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolSettings
from emg_recognition.devices.protocols import make_protocol
from emg_recognition.devices.stream import SampleStream

HERE = Path(__file__).resolve().parent

STREAMS = {
    "emg": {},
    "ascii": {"rate": 200.0, "channels": 4, "scale": 10.0, "unit": "V"},
    "cyton": {},
}
"""Protocols -> what is set of the device."""


def devices() -> dict[str, Any]:
    counts = np.array([[-32768, 32767, 0], [1, -1, 258]], np.int32)
    info = InfoFrame("Bracelet", "é7", 1000.0, 3, "V", 4e6, ("a", "b", "c"), ("", "biceps", ""))
    command = CommandFrame(4294967295, 0.1, (0.1234567, -1.5), (0.25, -0.0000005))
    state = StateFrame(7, True, False, True, (2.0, -0.3), (1e-6, 0.0))
    encoded = {
        "data of 16 bits": encode_data(DataFrame(4294967290, 123456789, True, counts), 16),
        "data of 24 bits": encode_data(DataFrame(5, 0, False, counts * 200), 24),
        "info": encode_info(info),
        "command": encode_command(command),
        "state": encode_state(state),
    }
    decoder = ExoskeletonDecoder()
    noisy = (
        b"\xa5" + encoded["state"] + b"\xa5\xc3\x01" + encoded["command"][:-1] + b"\0" + encoded["command"]
    )
    found: dict[str, Any] = {name: frame.hex() for name, frame in encoded.items()}
    found["joints"] = [dataclasses.asdict(frame) for byte in noisy for frame in decoder.feed(bytes([byte]))]
    found["joints counters"] = [decoder.frames, decoder.bad_checksum, decoder.skipped_bytes]
    with np.load(HERE / "inputs.npz") as inputs:
        for name, settings in STREAMS.items():
            data, cut, time = (inputs[f"device {name} {part}"] for part in ("bytes", "cut", "time"))
            pieces = [piece.tobytes() for piece in np.split(data, cut)]
            found |= {f"{name} {key}": value for key, value in decoded(name, settings, pieces, time).items()}
    return found


def decoded(name: str, settings: dict[str, Any], pieces: list[bytes], times: np.ndarray) -> dict[str, Any]:
    protocol = make_protocol(name, ProtocolSettings(**settings))
    facts = {"counter_period": protocol.counter_period, "has_clock": protocol.has_clock}
    stream = None if protocol.info() is None else SampleStream(protocol.info(), **facts)
    chunks = []
    for number, (piece, arrival) in enumerate(zip(pieces, times.tolist(), strict=True)):
        for frame in protocol.feed(piece):
            if isinstance(frame, DataFrame):
                chunks.append(stream.chunk(frame, arrival, fresh=number % 7 != 3))
            elif stream is None:
                facts["counter_period"] = protocol.counter_period
                stream = SampleStream(frame, **facts)
                protocol.begin()
    chunks = [chunk for chunk in chunks if chunk is not None]
    rows = [(c.first_index, len(c.samples), c.dropped_before, c.restart) for c in chunks]
    return {
        "chunks": np.array(rows, np.int64),
        "times": np.array([chunk.time for chunk in chunks]),
        "samples sha256": np.concatenate([chunk.samples for chunk in chunks]),
        "stream counters": dataclasses.asdict(stream.counters),
        "protocol counters": dataclasses.asdict(protocol.counters),
    }


RESULTS = {"devices": (devices, ("functions",))}
"""Name -> the function, and the probes that it depends on."""


@pytest.mark.parametrize("result", RESULTS)
def test_results_are_those_of_the_code_before(result, check_before):
    compute, needed = RESULTS[result]
    check_before(result, compute(), needed)
