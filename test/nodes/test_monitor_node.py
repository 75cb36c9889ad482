"""The live view on a real terminal: it shows the graph, and every end restores the terminal."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from emg_recognition.msg import (
    ActionEstimate,
    ActionLabel,
    BridgeCounters,
    BridgeState,
    EmgInfo,
    EmgSamples,
    ModelInfo,
    SignalQuality,
)
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats

from .terminal import BACKGROUND, ENTER, Terminal

MODULE = ("-m", "emg_recognition.nodes.monitor_node")
#: Runs a node whose third redraw fails.
BROKEN = """
import sys
from emg_recognition.monitor import terminal
from emg_recognition.nodes import monitor_node
drawn, draw = [], terminal.draw
def fail(*arguments):
    drawn.append(1)
    assert len(drawn) < 3, "the third picture"
    return draw(*arguments)
terminal.draw = fail
sys.exit(monitor_node.main())
"""


@pytest.fixture
def open_monitor(ros_environment):
    opened = []

    def make(*arguments, command=MODULE, **options):
        ros = ("--ros-args", *arguments) if arguments else ()
        opened.append(Terminal(*command, *ros, **options))
        return opened[-1]

    yield make
    for terminal in opened:
        terminal.close()


def wait_for(witness, terminal, *words):
    def shown():
        assert terminal.process.poll() is None, terminal.output.decode()
        picture = "\n".join(terminal.picture)
        return all(word in picture for word in words)

    witness.spin_until(shown, f"{words} on the screen")


def wait_for_end(witness, terminal):
    witness.spin_until(lambda: terminal.process.poll() is not None, "the end")
    witness.spin_for(0.2)
    return terminal.process.returncode


class Arm:
    """The witness in place of all nodes of an arm."""

    def __init__(self, witness, namespace=""):
        node = witness.node
        prefix = f"{namespace}/" if namespace else ""

        def publish(kind, topic, profile):
            return node.create_publisher(kind, f"{prefix}{topic}", profile)

        self._prefix = prefix
        self._samples = publish(EmgSamples, "emg/samples", qos.SAMPLES)
        self._info = publish(EmgInfo, "emg/info", qos.LATCHED)
        self._model = publish(ModelInfo, "emg/model", qos.LATCHED)
        self._quality = publish(SignalQuality, "emg/quality", qos.DIAGNOSTICS)
        self._estimates = publish(ActionEstimate, "emg/action", qos.ESTIMATES)
        self._labels = publish(ActionLabel, "emg/label", qos.LABELS)
        self._states = publish(BridgeState, "exo/bridge_state", qos.STATE)
        self._counters = publish(BridgeCounters, "exo/bridge_counters", qos.LATCHED)
        self._switch = publish(Bool, "exo/enable", qos.ENABLE)
        self._joints = publish(JointState, "exo/joint_states", qos.COMMANDS)
        self._diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
        self._now = lambda: node.get_clock().now().to_msg()
        self._ticks = itertools.count()
        self.index = 0
        self.speaking = True
        self.state = BridgeState(state=BridgeState.DISARMED, reason="not armed yet")
        self.state.signal_age = self.state.feedback_age = self.state.stop_input_age = 0.01
        self.counters = BridgeCounters(names=["estimates", "signal_stale"], values=array("Q", [1000, 3]))
        # Published once, and latched for late subscribers.
        self._info.publish(
            EmgInfo(device="test armband", channels=2, channel_names=["flexor", "extensor"], rate=1000.0)
        )
        self._model.publish(ModelInfo(model="m17", actions=["rest", "elbow_flexion"]))
        self._labels.publish(ActionLabel(event=ActionLabel.START, action="elbow_flexion"))
        node.create_timer(0.05, self._say)

    def _say(self):
        if not self.speaking:
            return
        self.chunk()
        estimate = ActionEstimate(action="elbow_flexion", confidence=0.93, probabilities=[0.07, 0.93])
        estimate.header.stamp = self._now()
        self._estimates.publish(estimate)
        self._states.publish(self.state)
        self._counters.publish(self.counters)
        self._switch.publish(Bool(data=True))
        self._joints.publish(JointState(name=["elbow_flexion"], position=[1.25]))
        if next(self._ticks) % 20 == 0:
            self._quality.publish(SignalQuality(state=[0, 2], advice=["", "no skin contact: press it on"]))
            for name, level, message, values in (
                ("preprocessing", b"\x00", "running", {"windows": 77}),
                ("classifier", b"\x01", "5 windows dropped since the start", {"dropped_windows": 5}),
            ):
                status = DiagnosticStatus(level=level, name=f"{self._prefix}{name}", message=message)
                status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
                self._diagnostics.publish(DiagnosticArray(status=[status]))

    def chunk(self, dropped=0, restart=False):
        """Publish 50 ms of samples, 100 µV on the first channel and 50 µV on the second."""
        self.index += dropped
        wave = np.where(np.arange(50) % 2, 1e-4, -1e-4)
        samples = np.stack([wave + 0.5, wave / 2], axis=1)
        message = EmgSamples(
            first_index=self.index,
            rate=1000.0,
            channels=2,
            unit="V",
            dropped_before=dropped,
            restart=restart,
            data=to_floats(samples),
        )
        message.header.stamp = self._now()
        self._samples.publish(message)
        self.index += 50


def test_the_screen_shows_every_part_of_the_graph(witness, open_monitor):
    arm = Arm(witness)
    terminal = open_monitor()
    wait_for(
        witness,
        terminal,
        "test armband, 2 channels",
        "flexor",
        "100 µV GOOD",
        "50 µV BAD",
        "BAD   extensor: no skin contact: press it on",
        "m17",
        "recognised elbow_flexion  93 %",
        "prompted   elbow_flexion",
        "nominal 1000 Hz",
        "0 samples, 0 restarts",
        "77 made, 5 dropped",
        " DISARMED ",
        "not armed yet",
        "may move, 10 ms ago",
        "signal_stale 3",
        "+1.25 rad",
        "WARN  classifier: 5 windows dropped since the start",
        "→ before arming: channel extensor: no skin contact",
    )
    arm.chunk(dropped=30)
    arm.chunk(restart=True)
    wait_for(witness, terminal, "30 samples, 1 restarts")
    arm.state.state, arm.state.reason = BridgeState.FAULT, "the stop input says false"
    wait_for(witness, terminal, " FAULT ", "the stop input says false")
    # Nodes end and start again.
    arm.speaking = False
    wait_for(witness, terminal, "no samples for", "no command bridge is running", "stop input silent")
    arm.speaking = True
    wait_for(witness, terminal, "100 µV GOOD", " FAULT ", "recognised elbow_flexion  93 %")


def test_it_only_reads(witness, open_monitor):
    arm = Arm(witness)
    terminal = open_monitor()
    wait_for(witness, terminal, "test armband")
    node = witness.node
    published = node.get_publisher_names_and_types_by_node("monitor", "/")
    assert [name for name, _ in published if name != "/parameter_events"] == []
    services = {
        name.rsplit("/", 1)[-1] for name, _ in node.get_service_names_and_types_by_node("monitor", "/")
    }
    assert services <= {"get_type_description"}  # every node has it since Jazzy
    for topic in ("emg/samples", "emg/action", "exo/bridge_state", "exo/bridge_counters", "exo/enable"):
        (endpoint,) = node.get_subscriptions_info_by_topic(node.resolve_topic_name(topic))
        # No publisher can wait for a slow reader.
        assert endpoint.qos_profile.reliability.name == "BEST_EFFORT"
    assert arm.speaking


def test_another_arm_is_not_shown(witness, open_monitor):
    Arm(witness)
    left = Arm(witness, "left_arm")
    left.state.reason = "left"
    terminal = open_monitor("-r", "__ns:=/left_arm")
    wait_for(witness, terminal, "/left_arm", "DISARMED", "left", "77 made", "WARN  classifier: 5")
    assert "not armed yet" not in "\n".join(terminal.picture)


def test_an_empty_graph_is_reported_and_the_view_follows_a_resize(witness, open_monitor):
    terminal = open_monitor()
    wait_for(
        witness,
        terminal,
        "no samples: is acquisition running?",
        "no command bridge is running",
        "emg-recognition run --model BUNDLE --port PORT",
    )
    assert [len(line) for line in terminal.picture] == [80] * 24
    for columns, rows in ((120, 40), (60, 15)):
        terminal.resize(columns, rows)
        size = [columns] * rows
        witness.spin_until(lambda: [len(line) for line in terminal.picture] == size, "the new size")  # noqa: B023


@pytest.mark.parametrize("end", ["q", "ctrl-c", "terminate", "hang up by signal"])
def test_every_end_restores_the_terminal(witness, open_monitor, end):
    terminal = open_monitor()
    wait_for(witness, terminal, "emg-recognition monitor")
    assert not terminal.restored()
    if end == "q":
        terminal.type(b"q")
    elif end == "ctrl-c":
        terminal.type(b"\x03")
    else:
        terminal.process.send_signal(signal.SIGTERM if end == "terminate" else signal.SIGHUP)
    assert wait_for_end(witness, terminal) == 0
    assert terminal.restored()
    assert terminal.rest == ""


def test_other_keys_do_nothing(witness, open_monitor):
    terminal = open_monitor()
    wait_for(witness, terminal, "emg-recognition monitor")
    terminal.type(b"e \x1b[A\x1a\x1c\x13\x04\r")
    before = terminal.output.count(b"q quits")
    witness.spin_until(lambda: terminal.output.count(b"q quits") > before + 5, "more pictures")
    assert terminal.process.poll() is None


def test_an_exception_restores_the_terminal_before_it_is_shown(witness, open_monitor):
    terminal = open_monitor(command=("-c", BROKEN))
    assert wait_for_end(witness, terminal) == 1
    assert terminal.restored()
    assert terminal.output.count(ENTER) == 1
    assert terminal.rest.strip().endswith("AssertionError: the third picture")


def test_a_closed_terminal_ends_the_view(witness, open_monitor):
    terminal = open_monitor()
    wait_for(witness, terminal, "emg-recognition monitor")
    terminal.hang_up()
    witness.spin_until(lambda: terminal.process.poll() is not None, "the end")


@pytest.mark.parametrize("reason", ["dumb", "background"])
def test_a_terminal_that_cannot_show_a_screen_gets_lines(witness, open_monitor, reason):
    options = {"TERM": "dumb"} if reason == "dumb" else {"start": BACKGROUND}
    terminal = open_monitor(columns=200, **options)
    witness.spin_until(lambda: terminal.output.count(b"\n") >= 2, "two lines")
    assert terminal.output.startswith(b"no samples | no actions | no bridge | next: ")
    assert ENTER not in terminal.output


def test_without_a_terminal_it_writes_a_line_a_second(witness, start_node):
    Arm(witness)
    node = start_node("monitor")
    witness.spin_until(lambda: "elbow_flexion 93 % (prompted elbow_flexion), latency" in node.log, "a line")
    begin, before = time.monotonic(), node.log.count("\n")
    witness.spin_until(lambda: node.log.count("\n") >= before + 3, "three more")
    assert time.monotonic() - begin > 1.5
    line = node.log.splitlines()[-1]
    assert "1/2 channels good" in line
    assert "| DISARMED: not armed yet | elbow_flexion +1.25 rad | warnings from classifier |" in line
    assert "\x1b" not in node.log
    assert node.interrupt() == 0


def test_a_closed_pipe_ends_the_view(ros_environment):
    with subprocess.Popen(
        [sys.executable, *MODULE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().startswith(b"no samples | ")
        process.stdout.close()
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == b""


def test_the_joints_have_the_limits_of_the_running_bridge(witness, start_node, open_monitor, tmp_path):
    file = tmp_path / "exoskeleton.yaml"
    file.write_text(
        "joints: {elbow_flexion: {lower: -0.7, upper: 1.9, max_velocity: 0.6, max_acceleration: 8.0}}\n"
        "actions: {elbow_flexion: {velocities: {elbow_flexion: 0.4}}}\n"
    )
    start_node("simulated_exoskeleton", exoskeleton=str(file))
    start_node("command_bridge", exoskeleton=str(file), command_rate=50.0)
    terminal = open_monitor(columns=120)
    wait_for(witness, terminal, "DISARMED", "-0.7 ─", "─ +1.9")
