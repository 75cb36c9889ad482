"""The launch files with the real `launch`, the real nodes and real signals."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from array import array

import pytest
import yaml

# Not `launch` itself: from the repository's root, the folder of that name is found as well.
pytest.importorskip("launch.actions", reason="launch comes with a ROS 2 from apt, not with the wheels")
pytest.importorskip(
    "launch_ros.actions", reason="launch_ros comes with a ROS 2 from apt, not with the wheels"
)
pytest.importorskip("emg_recognition.msg", reason="messages are not built: run `make test`")

import rclpy
from emg_recognition.msg import EmgSamples
from launch import LaunchContext
from launch.launch_description_sources import PythonLaunchDescriptionSource
from rclpy.serialization import serialize_message

from emg_recognition.bags.writer import BagWriter

#: Time for six processes to start on a busy machine, s.
PATIENCE = 60.0
ARGUMENTS = {
    "recognition": {"model", "port", "wait_for_port", "exoskeleton", "namespace", "params_file"},
    "simulation": {
        *("model", "port", "wait_for_port", "exoskeleton", "enabled", "show", "namespace", "params_file"),
    },
    "session": {
        *("port", "wait_for_port", "subject", "cohort", "session", "output", "plan", "script"),
        *("terminal", "namespace", "params_file"),
    },
    "training": {"data", "config", "output", "namespace", "params_file"},
    "replay": {"bag", "model", "output", "rate", "namespace", "player", "exoskeleton", "params_file"},
}
#: What `ros2 launch` does with a file and its arguments.
LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
arguments = [tuple(argument.split(":=", 1)) for argument in sys.argv[2:]]
source = PythonLaunchDescriptionSource(sys.argv[1])
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=arguments)])
)
sys.exit(service.run())
"""


@pytest.fixture
def launched(repository, tmp_path, monkeypatch):
    """Launch a file of launch/ in a separate process group; kill what is left of it at the end."""
    processes = []
    # A separate graph, limited to this machine.
    monkeypatch.setenv("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    if os.environ.get("ROS_DISTRO") == "humble":
        monkeypatch.setenv("ROS_LOCALHOST_ONLY", "1")
    else:
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

    def start(name: str, **arguments: str) -> tuple[subprocess.Popen, object]:
        log = tmp_path / f"{name}.log"
        environment = {**os.environ, "ROS_LOG_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
        words = [f"{key}:={value}" for key, value in arguments.items()]
        file = repository / "launch" / f"{name}.launch.py"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(file), *words],
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        processes.append(process)
        return process, log

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_arguments(name, repository):
    source = PythonLaunchDescriptionSource(str(repository / "launch" / f"{name}.launch.py"))
    arguments = source.get_launch_description(
        LaunchContext()
    ).get_launch_arguments_with_include_launch_description_actions()
    declared = {argument.name: argument.description for argument, _ in arguments}
    assert set(declared) == ARGUMENTS[name]
    assert all(declared.values())


@pytest.mark.parametrize("enabled", ["true", "false"])
@pytest.mark.parametrize("show", ["true", "false"])
def test_simulation_starts_switch_and_robot_state_publisher_as_requested(repository, enabled, show):
    # Without processes, because robot_state_publisher may not be installed.
    spec = importlib.util.spec_from_file_location("simulation", repository / "launch/simulation.launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = LaunchContext()
    given = {"enabled": enabled, "show": show, "exoskeleton": "", "namespace": "left_arm"}
    context.launch_configurations.update(given)
    started = [node.node_executable for node in module._simulation(context)]
    assert started == [
        *("simulated_armband_node", "simulated_exoskeleton_node"),
        *(["enabling_switch_node"] if enabled == "true" else []),
        *(["robot_state_publisher"] if show == "true" else []),
    ]


def test_a_missing_model_ends_the_simulation_with_its_reason(launched):
    process, log = launched("simulation", model="/nowhere/123", namespace="left_arm")
    process.wait(timeout=PATIENCE)
    text = log.read_text()
    assert "/nowhere/123" in text
    assert "Traceback" not in text
    for name in (
        "acquisition",
        "preprocessing",
        "signal_quality",
        "classifier",
        "command_bridge",
        "simulated_armband",
        "simulated_exoskeleton",
        "enabling_switch",
    ):
        assert f"{name}_node" in text
    assert re.search(r"process\[(preprocessing|classifier|command_bridge)_node-\d+\] was required", text)


def test_the_port_argument_reaches_acquisition(launched, tmp_path):
    port = tmp_path / "no_port"
    process, log = launched("recognition", port=str(port))
    process.wait(timeout=PATIENCE)
    assert f"port {port}" in log.read_text()


def test_training_names_the_recording_that_is_missing(launched, tmp_path):
    process, log = launched("training", data=str(tmp_path / "none.npz"), output=str(tmp_path / "out"))
    process.wait(timeout=PATIENCE)
    assert "none.npz" in log.read_text()


def test_a_session_without_a_subject_ends_the_launch_with_its_reason(launched, tmp_path):
    # Session 3 must reach the node as a text.
    process, log = launched(
        "session", port=str(tmp_path / "no_port"), wait_for_port="30.0", session="3", cohort="patient"
    )
    process.wait(timeout=PATIENCE)
    text = log.read_text()
    assert "parameter subject of /session is ''" in text
    assert "Traceback" not in text
    for name in ("acquisition", "signal_quality", "session"):
        assert f"{name}_node" in text


@pytest.fixture
def graph(launched):
    """A node that observes the launched graph."""
    context = rclpy.context.Context()
    context.init()
    node = rclpy.create_node("observer", context=context)
    yield node
    node.destroy_node()
    context.shutdown()


def test_ctrl_c_ends_every_node_in_order(launched, graph, tmp_path):
    # No hardware and no model: the lifecycle nodes wait for a manager.
    names = ("acquisition", "preprocessing", "signal_quality", "classifier", "command_bridge")
    idle = {
        f"/**/{name}": {"ros__parameters": {"autostart": False}} for name in ("acquisition", "classifier")
    }
    params_file = tmp_path / "idle.yaml"
    params_file.write_text(yaml.safe_dump(idle))
    process, log = launched("recognition", params_file=str(params_file), namespace="left_arm")
    expected = {(name, "/left_arm") for name in names}
    deadline = time.monotonic() + PATIENCE
    while not expected <= set(graph.get_node_names_and_namespaces()):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=PATIENCE)
    text = log.read_text()
    for name in names:
        assert any(f"{name}_node" in line and "finished cleanly" in line for line in text.splitlines()), text


def write_bag(path):
    """Write two seconds of the right arm, four channels at 500 Hz, and an empty topic for the left arm."""
    arms = {f"/{arm}/emg/samples": "emg_recognition/msg/EmgSamples" for arm in ("left_arm", "right_arm")}
    with BagWriter(path, arms) as writer:
        for first in range(0, 1000, 5):
            message = EmgSamples(
                first_index=first,
                rate=500.0,
                channels=4,
                unit="V",
                restart=first == 0,
                data=array("f", [1e-5 * (first % 7)] * 20),
            )
            message.header.stamp.sec, message.header.stamp.nanosec = (
                1000 + first // 500,
                first % 500 * 2_000_000,
            )
            received = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
            writer.write("/right_arm/emg/samples", received, serialize_message(message))


@pytest.mark.timeout(180)
def test_replay_plays_scores_and_ends_by_itself(launched, write_tiny_bundle, tmp_path):
    write_bag(tmp_path / "bag")
    bundle = write_tiny_bundle(tmp_path, (0.0, 0.0, 0.0))
    process, log = launched(
        "replay",
        bag=str(tmp_path / "bag"),
        namespace="right_arm",
        model=str(bundle),
        output=str(tmp_path / "out"),
        rate="4.0",
        player="own",
    )
    assert process.wait(timeout=2 * PATIENCE) == 0, log.read_text()
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["mode"] == "online"
    assert metrics["source"] == str(tmp_path / "bag")
    assert metrics["windows"]["estimated"] == metrics["windows"]["expected"] == 65
    assert metrics["signal"]["samples"] == 1000
    text = log.read_text()
    assert "ARMED" not in text
    for name in ("player", "evaluator", "preprocessing", "classifier", "command_bridge"):
        assert any(f"{name}_node" in line and "finished cleanly" in line for line in text.splitlines()), text


def test_replay_names_the_arms_of_a_bag(launched, tmp_path):
    write_bag(tmp_path / "bag")
    process, log = launched(
        "replay", bag=str(tmp_path / "bag"), model="/nowhere", output=str(tmp_path / "out")
    )
    assert process.wait(timeout=PATIENCE) == 1
    text = log.read_text()
    assert "/left_arm, /right_arm" in text
    assert "process started" not in text
