"""The acquisition node on a real pseudo-terminal, against what the armband sent."""

import os
import time
import tty

import numpy as np
import pytest
from emg_recognition.msg import EmgInfo, EmgSamples
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

import emg_recognition as emg
from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.ros import qos

RATE, SCALE, BREAK = 500.0, 1e6, 303


@pytest.fixture
def counts(rng):
    return rng.integers(-30000, 30000, (1000, 4), dtype=np.int32)


@pytest.fixture
def armband(counts, tmp_path):
    with ArmbandEmulator(
        counts,
        rate=RATE,
        scale=SCALE,
        unit="V",
        restarts=[BREAK],
        link=tmp_path / "armband",
        device="test band",
        serial_number="7",
        muscle_sites=["biceps", "triceps", "", ""],
    ) as emulator:
        yield emulator


def transition(witness, number):
    request = ChangeState.Request()
    request.transition.id = number
    return witness.call(ChangeState, "acquisition/change_state", request).success


def test_everything_sent_arrives_to_the_bit(start_node, witness, armband, counts, tmp_path):
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    node = start_node(
        "acquisition", port=str(tmp_path / "armband"), autostart=False, frame_id="left_arm", subscribers=1
    )
    assert transition(witness, Transition.TRANSITION_CONFIGURE)
    # A late subscriber still receives the description of the device.
    infos = witness.collect(EmgInfo, "emg/info", qos.LATCHED)
    witness.spin_until(lambda: infos, "the device's description")
    (info,) = infos
    assert (info.device, info.serial_number, info.channels) == ("test band", "7", 4)
    assert (info.rate, info.unit, info.gain) == (RATE, "V", SCALE)
    assert list(info.muscle_sites) == ["biceps", "triceps", "", ""]
    assert not chunks
    assert transition(witness, Transition.TRANSITION_ACTIVATE)
    witness.spin_until(lambda: sum(len(chunk.data) // 4 for chunk in chunks) >= len(counts), "all samples")
    index = 0
    for chunk in chunks:
        assert chunk.first_index == index
        assert (chunk.rate, chunk.channels, chunk.unit) == (RATE, 4, "V")
        assert chunk.restart == (index in (0, BREAK))
        assert chunk.dropped_before == 0
        assert chunk.header.frame_id == "left_arm"
        index += len(chunk.data) // 4
    received = np.concatenate([np.frombuffer(chunk.data, np.float32) for chunk in chunks])
    assert np.array_equal(received, (counts / SCALE).astype(np.float32).ravel())
    # The stamps follow the device's clock and have no jitter of arrival.
    stamps = np.array([chunk.header.stamp.sec + chunk.header.stamp.nanosec * 1e-9 for chunk in chunks])
    first = np.array([chunk.first_index for chunk in chunks])
    assert np.ptp(stamps - first / RATE) < 0.02
    assert (np.diff(stamps) > 0).all()
    assert transition(witness, Transition.TRANSITION_DEACTIVATE)
    assert transition(witness, Transition.TRANSITION_CLEANUP)
    assert node.interrupt() == 0


def test_a_recording_is_a_source_like_any_other(start_node, witness, counts, tmp_path):
    recordings = emg.Recordings.from_segments([counts[:300], counts[300:]], ["rest", "a"], rate=RATE)
    recordings.save(tmp_path / "study.npz")
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    node = start_node("acquisition", source=f"playback:{tmp_path / 'study.npz'}?speed=2", subscribers=1)
    witness.spin_until(lambda: sum(len(chunk.data) // 4 for chunk in chunks) >= len(counts), "all samples")
    received = np.concatenate([np.frombuffer(chunk.data, np.float32) for chunk in chunks])
    assert np.array_equal(received, counts.astype(np.float32).ravel())
    assert [chunk.first_index for chunk in chunks if chunk.restart] == [0, 300]
    node.wait_for_log("it has ended")
    assert node.interrupt() == 0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"source": "morse:x"}, "source is 'morse:x': begin with one of serial:/dev/ttyACM0, tcp:"),
        ({"source": "udp:3000", "port": "/dev/ttyACM0"}, "set port or source, not both"),
        ({"source": "playback:x.npz", "rate": 500.0}, "rate is no setting of playback"),
        ({"source": "tcp:127.0.0.1:9"}, "source tcp:127.0.0.1:9: no connection"),
    ],
)
def test_a_source_that_cannot_be_used_ends_the_node_with_one_line(start_node, parameters, message):
    node = start_node("acquisition", **parameters)
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    assert message in node.log


def test_a_line_that_is_refused_is_quoted_in_the_log(start_node):
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        node = start_node(
            "acquisition", port=os.ttyname(slave), protocol="ascii", rate=500.0, channels=2, silent_after=0.5
        )
        node.wait_for_log("lines of numbers, 2 channels")
        for k in range(200):
            os.write(master, b"EMG1:%d,EMG2:%d\n" % (k, -k))
            time.sleep(0.005)
        node.wait_for_log("its numbers have labels; set labels to true")
        node.wait_for_log("nothing that arrived was a valid sample for")
        assert node.log.count("was refused") == 1
        assert node.interrupt() == 0
    finally:
        os.close(master)
        os.close(slave)


def test_autostart_waits_for_the_port(start_node, witness, counts, tmp_path):
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    link = tmp_path / "later"
    start_node("acquisition", port=str(link), wait_for_port=30.0)
    witness.spin_for(1.0)
    with ArmbandEmulator(counts, rate=RATE, scale=SCALE, unit="V", link=link, loop=True):
        witness.spin_until(lambda: chunks, "samples")


def test_a_missing_port_ends_the_node_with_one_line(start_node):
    node = start_node("acquisition", port="/dev/no_such_port")
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    assert "/dev/no_such_port" in node.log


def test_a_port_without_an_armband_ends_the_node_with_one_line(start_node):
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        os.write(master, bytes(range(256)))
        node = start_node("acquisition", port=os.ttyname(slave))
        assert node.wait() == 1
        assert len(node.log.strip().splitlines()) == 1
        assert "no valid frame" in node.log
    finally:
        os.close(master)
        os.close(slave)


def test_a_refused_transition_is_logged_and_can_be_repeated(start_node, witness, counts, tmp_path):
    link = tmp_path / "armband"
    node = start_node("acquisition", port=str(link), autostart=False)
    assert not transition(witness, Transition.TRANSITION_CONFIGURE)
    node.wait_for_log("[ERROR]")
    assert str(link) in node.log
    with ArmbandEmulator(counts, rate=RATE, link=link):
        assert transition(witness, Transition.TRANSITION_CONFIGURE)


def test_without_reconnection_an_unplugged_armband_ends_the_node(start_node, witness, counts, tmp_path):
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    with ArmbandEmulator(counts, rate=RATE, link=tmp_path / "armband", loop=True):
        node = start_node("acquisition", port=str(tmp_path / "armband"), reconnect=False)
        witness.spin_until(lambda: chunks, "samples")
    assert node.wait() == 1
    assert sum("[FATAL]" in line for line in node.log.splitlines()) == 1


def test_the_device_starts_when_the_requested_subscribers_exist(start_node, witness, counts, tmp_path):
    with ArmbandEmulator(counts, rate=RATE, link=tmp_path / "armband") as armband:
        start_node("acquisition", port=str(tmp_path / "armband"), subscribers=1)
        witness.spin_for(3.0)
        assert armband.sent == 0
        chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
        witness.spin_until(lambda: chunks, "samples")
        assert chunks[0].first_index == 0
