"""A healthy graph that each test changes."""

from __future__ import annotations

import dataclasses

import pytest

from emg_recognition.control.states import State
from emg_recognition.monitor.snapshot import (
    Bridge,
    Channel,
    Estimate,
    Joint,
    Level,
    Quality,
    Report,
    Samples,
    Snapshot,
    StopInput,
)

ACTIONS = ("rest", "wrist_internal_rotation", "elbow_flexion", "elbow_extension", "wrist_rotation", "fist")


def make_channels(number, quality=Quality.GOOD, advice=""):
    return tuple(
        Channel(name=f"CH{i + 1}", rms=1e-5 * (i + 1), quality=quality, advice=advice) for i in range(number)
    )


def make_report(node, level=Level.OK, message="running", **changes):
    return Report(
        **{
            "node": node,
            "level": level,
            "message": message,
            "age": 0.3,
            "since": 9.0,
            "values": {},
            **changes,
        }
    )


WELL = Snapshot(
    namespace="/",
    open_for=60.0,
    device="armband 0042",
    model="m1",
    prompt="elbow_flexion",
    samples=Samples(
        age=0.0,
        unit="V",
        rate=999.6,
        nominal_rate=1000.0,
        full_scale=8e-5,
        lost=0,
        restarts=0,
        unseen=0,
        channels=make_channels(8),
    ),
    estimate=Estimate(
        age=0.0,
        rate=40.0,
        action="elbow_flexion",
        confidence=0.93,
        probabilities=tuple(zip(ACTIONS, (0.01, 0.0, 0.93, 0.06, 0.0, 0.0), strict=True)),
        latency=0.0061,
        worst_latency=0.0118,
    ),
    bridge=Bridge(
        age=0.0,
        state=State.DISARMED,
        reason="not armed yet",
        action="",
        signal_age=0.012,
        feedback_age=0.004,
        stop_input_age=0.031,
    ),
    stop_input=StopInput(age=0.05, allowed=True, publishers=1),
    joints=(
        Joint(name="elbow_flexion", position=1.15, lower=0.0, upper=2.3),
        Joint(name="wrist_extension", position=-0.5),
    ),
    joints_age=0.01,
    reports=(
        make_report("acquisition"),
        make_report("classifier", values={"dropped_windows": "3"}),
        make_report("preprocessing", values={"windows": "1234"}),
    ),
)


@pytest.fixture
def graph():
    """Return the healthy graph with changes: fields of the snapshot, or mappings for its parts."""

    def make(**changes):
        given = {
            name: dataclasses.replace(getattr(WELL, name), **change) if isinstance(change, dict) else change
            for name, change in changes.items()
        }
        return dataclasses.replace(WELL, **given)

    return make
