"""Joint commands, serial frames and stamps are those of version 0.1.0, bit for bit.

Each function of RESULTS computes named values from inputs.npz. README.md describes the fixtures;
conftest.py compares the values with the stored ones.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# The API of the package: renamings are followed here, in exoskeleton() and in apply().
from emg_recognition.control.bridge import Bridge
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.trajectory import trajectory_points
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
from emg_recognition.types import Estimate, Model

HERE = Path(__file__).resolve().parent

EPOCH = 1_700_000_000.0
"""ROS time at which the steady clock of the bridge's script reads 0, s."""

ACTIONS = ("rest", "bend", "drop", "reach", "fist")
BRIDGES = {
    "default": BridgeSettings(),
    "slow": BridgeSettings(
        command_rate=100.0,
        decisions=DecisionSettings(votes=5, enter_votes=4, keep_votes=2, dwell=0.1, proportional=True),
        hold_timeout=0.5,
        follows_velocity=True,
    ),
}

STREAMS = {
    "emg": {},
    "ascii": {"rate": 200.0, "channels": 4, "scale": 10.0, "unit": "V"},
    "cyton": {},
}
"""Protocols -> what is set of the device."""


def exoskeleton() -> Exoskeleton:
    elbow = {"lower": 0.0, "upper": 2.0, "max_velocity": 0.5, "max_acceleration": 8.0}
    wrist = {"lower": -1.0, "upper": 1.0, "max_velocity": 0.4, "max_acceleration": 5.0}
    return Exoskeleton(
        (
            JointLimits(name="elbow", **elbow, neutral=0.8, neutral_velocity=0.2),
            JointLimits(name="wrist", **wrist, neutral=0.1, spring_back=0.05),
        ),
        (
            ActionMotion(action="bend", velocities={"elbow": 0.4}, confidence=0.6),
            ActionMotion(action="drop", velocities={"wrist": -0.4}),
            ActionMotion(action="reach", velocities={"elbow": -0.2, "wrist": -0.1}),
        ),
        no_motion=("fist",),
    )


def bridges() -> dict[str, Any]:
    found: dict[str, Any] = {}
    joints = exoskeleton().joints
    for name, settings in BRIDGES.items():
        with np.load(HERE / "inputs.npz") as inputs:
            script = [inputs[f"bridge {name} {part}"].tolist() for part in ("kind", "time", "values")]
        bridge = Bridge(exoskeleton(), settings)
        armed, states, commands, points = [], [], [], []
        for kind, time, values in zip(*script, strict=True):
            answer = apply(bridge, kind, time, values)
            if kind == "arm":
                armed.append(answer is None)
            if kind not in ("tick", "last_word"):
                continue
            states.append((bridge.state, -1 if bridge.action == "" else ACTIONS.index(bridge.action)))
            if answer is None:
                commands.append((math.nan,) * 5)
                continue
            commands.append((answer.time, *answer.positions, *answer.velocities))
            points += [(p.time, *p.positions, *p.velocities) for p in trajectory_points(answer, joints)]
        found[f"{name} commands"] = np.array(commands)
        found[f"{name} points sha256"] = np.array(points)
        found[f"{name} states and actions"] = np.array(states, np.int8)
        # Version 0.1.0 had no counter for a model other than the given bundle.
        counters = {reason: count for reason, count in bridge.counters.items() if reason != "other_model"}
        found[f"{name} armed"], found[f"{name} counters"] = armed, counters
    return found


def apply(bridge: Bridge, kind: str, time: float, values: list[float]) -> Any:
    """Tell the bridge one line of the script, and return its answer."""
    now = Instant(time, EPOCH + time)
    number = int(values[0])
    if kind == "estimate":
        known = ACTIONS[number] if number >= 0 else ""
        shares = {
            "confidence": values[2],
            "probabilities": (values[2], 1 - values[2]),
            "activation": values[3],
        }
        about = {"time": now.ros - 0.01, "last_index": int(values[1]), "model": "m1"}
        return bridge.estimate(
            Estimate(accepted=number >= 0, action_id=number, action=known, **shares, **about), now
        )
    if kind == "feedback":
        return bridge.feedback(["elbow", "wrist"], values[:2], now, now.ros)
    if kind == "announce":
        return bridge.announce(
            Model(model=f"m{number}", sha256="abc", actions=ACTIONS, rate=200.0, channels=8)
        )
    return {
        "tick": lambda: bridge.tick(now),
        "arm": lambda: bridge.arm(now),
        "last_word": lambda: bridge.last_command(now),
        "stop_input": lambda: bridge.stop_input(bool(number), now),
        "publishers": lambda: bridge.stop_input_publishers(number),
        "disarm": lambda: bridge.disarm("asked for"),
        "stop": lambda: bridge.stop("asked for"),
        "neutral": bridge.return_to_neutral,
    }[kind]()


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
        "rate": stream.measured_rate,
        "stream counters": dataclasses.asdict(stream.counters),
        "protocol counters": dataclasses.asdict(protocol.counters),
    }


RESULTS = {"bridges": (bridges, ("functions",)), "devices": (devices, ("functions",))}
"""Name -> the function, and the probes that it depends on."""


@pytest.mark.parametrize("result", RESULTS)
def test_results_are_those_of_the_code_before(result, check_before):
    compute, needed = RESULTS[result]
    check_before(result, compute(), needed)
