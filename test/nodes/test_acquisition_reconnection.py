"""The acquisition node when its device is unplugged, falls silent or is replaced."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import EmgInfo, EmgSamples
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState

from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.ros import diagnostics, qos

RATE = 500.0
COUNTS = (np.arange(120_000, dtype=np.int32) % 30_000).reshape(-1, 4)


@pytest.fixture
def plug(tmp_path):
    """Return a context manager that plugs an armband in and unplugs it at the end."""

    def into(**changed):
        given = {"rate": RATE, "link": tmp_path / "armband", "loop": True, "serial_number": "1"} | changed
        return ArmbandEmulator(given.pop("counts", COUNTS), **given)

    return into


@pytest.fixture
def said(witness):
    """The node's latest diagnostics: level, message and values."""
    arrays = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)

    def latest():
        for array in reversed(arrays):
            for status in array.status:
                if status.name == "acquisition":
                    return status.level, status.message, {v.key: v.value for v in status.values}
        return None, "", {}

    return latest


def resources(process):
    return {kind: len(os.listdir(f"/proc/{process.pid}/{kind}")) for kind in ("fd", "task")}


def test_a_device_plugged_in_again_continues(start_node, witness, said, plug, tmp_path):
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    infos = witness.collect(EmgInfo, "emg/info", qos.LATCHED)
    before = None
    for times in range(6):
        with plug(serial_number=str(times)):
            if times == 0:
                node = start_node("acquisition", port=str(tmp_path / "armband"), subscribers=1)
            known = len(chunks)
            witness.spin_until(lambda known=known: len(chunks) > known + 20, "samples")
            assert infos[-1].serial_number == str(times)
            # Both while the port is open.
            if times == 1:
                before = resources(node.process)
            if times == 5:
                assert resources(node.process) == before
        if times == 0:
            # While the device is unplugged, the node stays active, reports it and publishes nothing.
            witness.spin_until(lambda: said()[0] == diagnostics.ERROR, "the fault in /diagnostics")
            assert str(tmp_path / "armband") in said()[1]
            assert "attempt" in said()[1]
            state = witness.call(GetState, "acquisition/get_state", GetState.Request())
            assert state.current_state.id == State.PRIMARY_STATE_ACTIVE
            known = len(chunks)
            witness.spin_for(0.5)
            assert len(chunks) == known
    assert sum(chunk.restart for chunk in chunks) == 6
    for one, other in pairwise(chunks):
        assert other.first_index == one.first_index + len(one.data) // 4 + other.dropped_before
    assert node.log.count("reconnected after") == 5
    assert all(len(line) < 400 for line in node.log.splitlines())
    # Deactivated while the device is unplugged, the node is active again when the device is back.
    witness.spin_until(lambda: said()[0] == diagnostics.ERROR, "the fault in /diagnostics")

    def transition(number):
        request = ChangeState.Request()
        request.transition.id = number
        return witness.call(ChangeState, "acquisition/change_state", request).success

    assert transition(Transition.TRANSITION_DEACTIVATE)
    assert not transition(Transition.TRANSITION_ACTIVATE)
    with plug():
        assert transition(Transition.TRANSITION_ACTIVATE)
        known = len(chunks)
        witness.spin_until(lambda: len(chunks) > known + 20, "samples")
        witness.spin_until(lambda: said()[0] == diagnostics.WARN, "a warning that it was away")
        assert "reconnected 5 times" in said()[1]
        assert said()[2]["reconnections"] == "5"
    assert node.interrupt() == 0


def test_silence_is_a_fault_and_another_device_is_refused(start_node, witness, said, plug, tmp_path):
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    with plug(counts=COUNTS[:500], loop=False):  # it ends after a second
        node = start_node("acquisition", port=str(tmp_path / "armband"), silent_after=0.5, subscribers=1)
        witness.spin_until(lambda: chunks, "samples")
        witness.spin_until(lambda: "nothing arrived for" in said()[1], "the silence in /diagnostics")
        assert said()[0] == diagnostics.ERROR
    with plug(counts=COUNTS[:, :2].copy(), rate=1000.0):
        known = len(chunks)
        witness.spin_until(lambda: "another armband" in said()[1], "the refusal in /diagnostics")
        assert "rate 500.0 is now 1000.0, channels 4 is now 2" in said()[1]
        assert node.log.count("another armband") == 1
        assert len(chunks) == known
    with plug():
        witness.spin_until(lambda: len(chunks) > known, "samples")
    assert chunks[known].restart
    assert node.interrupt() == 0


def test_a_device_that_cannot_describe_itself_and_its_true_rate(start_node, witness, said, plug, tmp_path):
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    infos = witness.collect(EmgInfo, "emg/info", qos.LATCHED)
    with plug(protocol="ascii"):
        node = start_node(
            "acquisition",
            port=str(tmp_path / "armband"),
            protocol="ascii",
            rate=570.0,
            channels=4,
            scale=2.0,
            unit="V",
        )
        witness.spin_until(lambda: len(chunks) > 20 and infos, "samples")
        (info,) = infos
        assert (info.rate, info.channels, info.gain, info.unit) == (570.0, 4, 2.0, "V")
        values = np.concatenate([np.frombuffer(chunk.data, np.float32) for chunk in chunks])
        begin = int(values[0] * 2)
        assert np.array_equal(values, (np.arange(begin, begin + len(values)) % 30_000 / 2).astype(np.float32))
        witness.spin_until(lambda: said()[0] == diagnostics.WARN, "the rate in /diagnostics")
        assert "Hz, the device reports 570 Hz" in said()[1]
        measured = float(said()[2]["measured_rate"])
        assert abs(measured - 500) < 10
        node.wait_for_log("Hz, not 570 Hz; set rate to ")
        # None of it counts as lost.
        assert said()[2]["dropped"] == "0"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"protocol": "morse"}, ("morse", "emg")),
        ({"protocol": "ascii", "channels": 4}, ("rate is 0.0",)),
        ({"rate": 500.0}, ("rate is 500.0", "leave it out")),
        ({"silent_after": 0.0}, ("0.0", "0.1")),
    ],
)
def test_impossible_settings_end_the_node_with_one_line(start_node, parameters, words):
    node = start_node("acquisition", port="/dev/null", **parameters)
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    for word in words:
        assert word in node.log
