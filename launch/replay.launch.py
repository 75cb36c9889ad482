"""Play a bag into the real nodes and score their estimates; nothing real can move.

ros2 launch emg_recognition replay.launch.py bag:=recording model:=bundle output:=out/replay rate:=2.0
"""

import json
import os
import tempfile
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import Action, LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessIO, OnShutdown
from launch.events.process import ProcessExited, ProcessIO
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from emg_recognition.nodes.settings import FILES
from emg_recognition.ros import launching
from emg_recognition.ros.launching import describe, end_all

#: What the evaluator logs when every subscriber of the bag is there, and when they have found the player.
READY = b"the graph is complete"
CONNECTED = b"a player is connected"
#: The live classifier drops windows when it is late; fast replay must not.
QUEUE = 2000
INPUTS = ("emg/samples", "emg/info", "emg/label")


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument("bag", description=describe("bag", "player")),
            DeclareLaunchArgument("model", description=describe("model", "classifier")),
            DeclareLaunchArgument("output", description=describe("output", "evaluator")),
            DeclareLaunchArgument("rate", default_value="1.0", description=describe("rate", "player")),
            DeclareLaunchArgument(
                "namespace", default_value="", description=describe("bag_namespace", "player")
            ),
            DeclareLaunchArgument(
                "player",
                default_value="auto",
                choices=["auto", "ros2bag", "own"],
                description="Player to use: `ros2 bag play` (auto: if installed) or the package's own.",
            ),
            DeclareLaunchArgument(
                "exoskeleton",
                default_value="none",
                choices=["none", "simulated"],
                description="simulated: start a simulated exoskeleton and arm the bridge.",
            ),
            launching.log_level(),
            launching.params_file("recognition.yaml"),
            OpaqueFunction(function=_everything),
        ]
    )


def _everything(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    bag = LaunchConfiguration("bag").perform(context)
    # Before any process starts, so that a bag that cannot be played is reported in one line.
    namespace = _namespace(bag, LaunchConfiguration("namespace").perform(context))
    simulated = LaunchConfiguration("exoskeleton").perform(context) == "simulated"

    launching.check_parameters(
        context,
        ["preprocessing", "classifier", "command_bridge", "evaluator", "player"],
        *(node for file in FILES.values() for node in file),
        namespace=namespace or "/",
    )

    def start(name: str, *arguments: str, **parameters: object) -> Node:
        """Start a node with these arguments as its parameters."""
        given = {argument: launching.value(argument, name) for argument in arguments}
        # The evaluator writes its report after a signal, too.
        patience = {"sigterm_timeout": "60", "sigkill_timeout": "60"} if name == "evaluator" else {}
        return launching.start(
            name,
            context,
            parameters={"use_sim_time": True, **given, **parameters},
            namespace=namespace,
            on_exit=_end_all_on_failure if name == "player" else end_all,
            **patience,
        )

    evaluator = start("evaluator", "model", "output", "exoskeleton", source=launching.value("bag", "player"))
    if _use_ros2_bag(context, bag):
        qos_file = _write_qos(namespace)
        playing = [
            _when(evaluator, READY, _ros2_bag(bag, namespace, qos_file)),
            # It does not wait for subscribers itself.
            _when(evaluator, CONNECTED, _resume()),
            RegisterEventHandler(OnShutdown(on_shutdown=lambda *_: os.unlink(qos_file))),
        ]
    else:
        # Preprocessing and evaluator subscribe to the samples. The player makes the time and has none itself.
        player = start(
            *("player", "bag", "rate", "exoskeleton"),
            bag_namespace=namespace,
            subscribers=2,
            use_sim_time=False,
        )
        playing = [_when(evaluator, READY, player)]
    return [
        start("preprocessing", "model"),
        start("classifier", "model", queue=QUEUE),
        start("command_bridge", "model"),
        *([start("simulated_exoskeleton")] if simulated else []),
        *playing,
        evaluator,
    ]


def _namespace(bag: str, wanted: str) -> str:
    """Return the namespace in which the bag was recorded; the nodes run in the same."""
    from emg_recognition.bags.reader import open_bag
    from emg_recognition.recordings.emg_bag import EmgBag

    with open_bag(bag) as opened:
        return EmgBag(opened, wanted or None).namespace


def _end_all_on_failure(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # The player ends when it has played everything; the evaluator still waits for the last estimates.
    return end_all(event, context) if event.returncode else []


def _use_ros2_bag(context: LaunchContext, bag: str) -> bool:
    wanted = LaunchConfiguration("player").perform(context)
    if wanted != "auto":
        return wanted == "ros2bag"
    path = Path(bag)
    # It cannot play a bag that was cut off, which has no metadata.yaml.
    whole = path.is_file() or (path / "metadata.yaml").exists()
    needed = ["ros2bag", "rosbag2_storage_mcap"] if _is_mcap(path) else ["ros2bag"]
    return whole and all(map(_installed, needed))


def _is_mcap(path: Path) -> bool:
    return path.suffix == ".mcap" or any(path.glob("*.mcap"))


def _installed(package: str) -> bool:
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def _write_qos(namespace: str) -> str:
    """Write QoS profiles for `ros2 bag play`; its own queue of 10 is less than one burst at a high rate."""
    profile = {
        "history": "keep_last",
        "depth": 2000,
        "reliability": "reliable",
        "durability": "transient_local",
    }
    content = {f"{namespace}/{topic}": profile for topic in INPUTS}
    content[f"{namespace}/{INPUTS[0]}"] = {**profile, "durability": "volatile"}
    with tempfile.NamedTemporaryFile("w", prefix="emg_replay_", suffix=".yaml", delete=False) as file:
        json.dump(content, file)  # JSON is YAML
    return file.name


def _ros2_bag(bag: str, namespace: str, qos_file: str) -> ExecuteProcess:
    return ExecuteProcess(
        cmd=[
            *("ros2", "bag", "play", bag),
            *("--clock", "200", "--rate", LaunchConfiguration("rate")),
            *("--start-paused", "--disable-keyboard-controls", "--read-ahead-queue-size", "10000"),
            *("--qos-profile-overrides-path", qos_file),
            *("--topics", *(f"{namespace}/{topic}" for topic in INPUTS)),
        ],
        name="ros2_bag_play",
        output="screen",
        on_exit=_end_all_on_failure,
    )


def _resume() -> ExecuteProcess:
    return ExecuteProcess(
        cmd=["ros2", "service", "call", "/rosbag2_player/resume", "rosbag2_interfaces/srv/Resume"],
        name="ros2_bag_resume",
        output="log",
        on_exit=_end_all_on_failure,
    )


def _when(evaluator: Node, text: bytes, action: Action) -> RegisterEventHandler:
    """Do something when the evaluator has logged this text."""
    done = False

    def look(event: ProcessIO) -> Action | None:
        nonlocal done
        if done or text not in event.text:
            return None
        done = True
        return action

    return RegisterEventHandler(OnProcessIO(target_action=evaluator, on_stderr=look, on_stdout=look))
