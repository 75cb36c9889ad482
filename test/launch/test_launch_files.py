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
from pathlib import Path

import pytest

# Not `launch` itself: from the repository's root, the folder of that name is found as well.
pytest.importorskip("launch.actions", reason="launch comes with a ROS 2 from apt, not with the wheels")
pytest.importorskip(
    "launch_ros.actions", reason="launch_ros comes with a ROS 2 from apt, not with the wheels"
)
pytest.importorskip("emg_recognition.msg", reason="messages are not built: run `make test`")

import rclpy
from ament_index_python.packages import get_package_prefix
from emg_recognition.msg import EmgSamples
from launch import LaunchContext
from launch.launch_description_sources import PythonLaunchDescriptionSource
from rclpy.serialization import serialize_message

from emg_recognition.bags.writer import BagWriter
from emg_recognition.errors import EmgRecognitionError

#: Time for six processes to start on a busy machine, s.
PATIENCE = 60.0
COMMON = {"namespace", "log_level", "params_file"}
ROBOT = {
    *("joint_states", "commands", "enable", "use_sim_time", "respawn", "autostart"),
    *("bridge", "container", "page"),
}
ARGUMENTS = {
    "recognition": {"model", "port", "source", "wait_for_port", "exoskeleton"} | ROBOT | COMMON,
    "simulation": {"model", "port", "exoskeleton", "enabled", "show"} | ROBOT | COMMON,
    "session": {
        *(
            "port",
            "source",
            "wait_for_port",
            "subject",
            "cohort",
            "session",
            "output",
            "plan",
            "script",
            "model",
            "bundle",
            "terminal",
            "page",
        ),
        *COMMON,
    },
    "training": {"data", "config", "output"} | COMMON,
    "ros2_control": {"description", "hardware", "controllers", "controller", "namespace"},
    "replay": {"bag", "model", "output", "rate", "player", "exoskeleton"} | COMMON,
}
#: What `ros2 launch` does with a file and its arguments.
LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource
arguments = [tuple(argument.split(":=", 1)) for argument in sys.argv[2:]]
source = AnyLaunchDescriptionSource(sys.argv[1])
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

    def start(name: str, file: Path | None = None, **arguments: str) -> tuple[subprocess.Popen, object]:
        log = tmp_path / f"{name}.log"
        environment = {**os.environ, "ROS_LOG_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
        words = [f"{key}:={value}" for key, value in arguments.items()]
        file = file or repository / "launch" / f"{name}.launch.py"
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


@pytest.fixture
def simulation(repository):
    """The simulation's launch file as a module, and a context in which its arguments have their defaults."""
    spec = importlib.util.spec_from_file_location("simulation", repository / "launch/simulation.launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = LaunchContext()
    for argument in module.generate_launch_description().get_launch_arguments():
        argument.execute(context)
    return module, context


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["simulated_armband", "simulated_exoskeleton", "enabling_switch"]),
        ({"enabled": "false"}, ["simulated_armband", "simulated_exoskeleton"]),
        ({"bridge": "false"}, ["simulated_armband"]),
    ],
)
def test_simulation_starts_what_is_requested(simulation, given, expected):
    module, context = simulation
    context.launch_configurations.update({"namespace": "ward/left_arm", **given})
    *nodes, _recognition = module._simulation(context)
    assert [node.node_executable for node in nodes] == [f"{name}_node" for name in expected]


def test_no_switch_is_pressed_if_robot_state_publisher_is_not_there(simulation, monkeypatch):
    module, context = simulation
    monkeypatch.setenv("AMENT_PREFIX_PATH", get_package_prefix("emg_recognition"))
    context.launch_configurations["show"] = "true"
    with pytest.raises(EmgRecognitionError, match="install the package robot_state_publisher"):
        module._simulation(context)


def test_two_arms_of_two_users_do_not_share_an_armband(simulation):
    module, _ = simulation
    ports = {module._default_port(namespace) for namespace in ("/", "/ward/left_arm", "/ward/right_arm")}
    assert len(ports) == 3
    assert all(f"emg_armband_{os.getuid()}" in port for port in ports)


def test_a_parameter_file_that_does_not_exist_starts_nothing(launched, tmp_path):
    process, log = launched("recognition", params_file=str(tmp_path / "robbot.yaml"))
    assert process.wait(timeout=PATIENCE) == 1
    assert "robbot.yaml" in log.read_text()
    assert "process started" not in log.read_text()


def test_a_missing_model_ends_the_simulation_with_its_reason(launched):
    process, log = launched("simulation", model="/nowhere/123", namespace="left_arm")
    assert process.wait(timeout=PATIENCE) == 1
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
    assert re.search(r"(preprocessing|classifier|command_bridge)_node-\d+ has ended with code 1", text)


def test_the_port_argument_reaches_acquisition(launched, tmp_path):
    port, file = tmp_path / "no_port", tmp_path / "idle.yaml"
    # Without a model, a classifier that starts itself would end everything, too.
    file.write_text("/**/classifier: {ros__parameters: {autostart: false}}")
    process, log = launched("recognition", port=str(port), params_file=str(file))
    assert process.wait(timeout=PATIENCE) == 1
    assert f"port {port}" in log.read_text()


def test_training_names_the_recording_that_is_missing(launched, tmp_path):
    process, log = launched("training", data=str(tmp_path / "none.npz"), output=str(tmp_path / "out"))
    assert process.wait(timeout=PATIENCE) == 1
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


NODES = ("acquisition", "preprocessing", "signal_quality", "classifier", "command_bridge")
#: Includes the robot's launch file from YAML for one arm, and from XML for the other.
YAML = """
launch:
- include:
    file: "$(find-pkg-share emg_recognition)/launch/recognition.launch.py"
    arg:
    - {name: namespace, value: ward/left_arm}
    - {name: autostart, value: "false"}
    - {name: enable, value: /operator/deadman}
    - {name: log_level, value: warn}
"""
XML = """
<launch>
  <group><include file="%s"/></group>
  <group>
    <push-ros-namespace namespace="ward"/>
    <include file="$(find-pkg-share emg_recognition)/launch/recognition.launch.py">
      <arg name="namespace" value="right_arm"/>
      <arg name="autostart" value="false"/>
      <arg name="joint_states" value="/joint_states"/>
      <arg name="commands" value="controller/joint_trajectory"/>
    </include>
  </group>
</launch>
"""


@pytest.fixture
def two_arms(launched, graph, tmp_path):
    """Two arms without hardware, included from XML and YAML; their lifecycle nodes wait for a manager."""
    for language in ("xml", "yaml"):
        pytest.importorskip(f"launch_{language}", reason=f"launch_{language} comes with a ROS 2 from apt")
    (tmp_path / "left.launch.yaml").write_text(YAML)
    (tmp_path / "both.launch.xml").write_text(XML % (tmp_path / "left.launch.yaml"))
    process, log = launched("both", tmp_path / "both.launch.xml")
    expected = {(name, f"/ward/{arm}_arm") for name in NODES for arm in ("left", "right")}
    deadline = time.monotonic() + PATIENCE
    while not expected <= set(graph.get_node_names_and_namespaces()):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return process, log


def test_two_arms_get_their_topics_and_ctrl_c_ends_every_node_in_order(two_arms, graph):
    process, log = two_arms

    def connected():
        # A node is known before all of its topics are.
        return (
            {"/operator/deadman", "/ward/left_arm/exo/joint_states"} <= topics(graph, "left")
            and {"/ward/right_arm/exo/enable", "/joint_states"} <= topics(graph, "right")
            and graph.count_publishers("/ward/right_arm/controller/joint_trajectory") == 1
            and graph.count_publishers("/ward/left_arm/exo/joint_trajectory") == 1
        )

    deadline = time.monotonic() + PATIENCE
    while not connected():
        assert time.monotonic() < deadline, (topics(graph, "left"), topics(graph, "right"))
        time.sleep(0.1)
    assert "/ward/left_arm/exo/enable" not in topics(graph, "left")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 0
    lines = log.read_text().splitlines()
    for name in NODES:
        clean = [line for line in lines if f"{name}_node" in line and "finished cleanly" in line]
        assert len(clean) == 2, log.read_text()


def topics(graph, arm):
    """What the bridge of an arm subscribes to."""
    found = graph.get_subscriber_names_and_types_by_node("command_bridge", f"/ward/{arm}_arm")
    return {name for name, _ in found}


def test_a_launch_that_gets_sigterm_leaves_no_node_running(two_arms):
    process, log = two_arms
    pids = [int(pid) for pid in re.findall(r"process started with pid \[(\d+)\]", log.read_text())]
    assert len(pids) == 2 * len(NODES)
    # launch itself leaves them alone (ros2/launch#666).
    process.terminate()
    process.wait(timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while any(runs(pid) for pid in pids):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def runs(pid):
    """Whether a process runs; where nobody collects an orphan that has ended, it has no command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


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
