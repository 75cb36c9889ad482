"""Play a bag into the real nodes and score what they say; nothing real can move.

ros2 launch emg_recognition replay.launch.py bag:=recording model:=bundle output:=out/replay rate:=2.0
"""

import json
import os
import tempfile
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import Action, LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessIO, OnShutdown
from launch.events.process import ProcessExited, ProcessIO
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

CONFIG = PathJoinSubstitution([FindPackageShare("emg_recognition"), "config"])
#: What the evaluator says when everybody who has to hear the bag is there, and when they hear the player.
READY = b"the graph is complete"
CONNECTED = b"a player is connected"
#: Fast replay must not drop windows, as the live classifier does when it is late.
QUEUE = 2000
INPUTS = ("emg/samples", "emg/info", "emg/label")


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument("bag", description="Bag to play: a folder, an .mcap or a .db3 file."),
            DeclareLaunchArgument("model", description="Directory of the model bundle."),
            DeclareLaunchArgument("output", description="Folder to make for metrics.json and report.html."),
            DeclareLaunchArgument(
                "rate", default_value="1.0", description="Seconds of the bag in one second."
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="Which arm, where the bag holds several."
            ),
            DeclareLaunchArgument(
                "player",
                default_value="auto",
                choices=["auto", "ros2bag", "own"],
                description="Who plays: `ros2 bag play` (auto: if installed) or the package's own player.",
            ),
            DeclareLaunchArgument(
                "exoskeleton",
                default_value="none",
                choices=["none", "simulated"],
                description="simulated: start a simulated exoskeleton and arm the bridge.",
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([CONFIG, "recognition.yaml"]),
                description="YAML file of the robot's node parameters; it may also set player and evaluator.",
            ),
            OpaqueFunction(function=_everything),
        ]
    )


def _everything(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    bag = LaunchConfiguration("bag").perform(context)
    # Before any process: what cannot be played is said in one line.
    namespace = _namespace(bag, LaunchConfiguration("namespace").perform(context))
    simulated = LaunchConfiguration("exoskeleton").perform(context) == "simulated"
    exoskeleton = {"exoskeleton": _text("exoskeleton")}
    evaluator = _node(
        "evaluator",
        namespace,
        {"output": _text("output"), "source": _text("bag"), **exoskeleton},
        # It writes the report after a signal, too.
        sigterm_timeout="60",
        sigkill_timeout="60",
    )
    if _use_ros2_bag(context, bag):
        qos_file = _write_qos(namespace)
        playing = [
            _when(evaluator, READY, _ros2_bag(bag, namespace, qos_file)),
            # It does not wait for subscribers itself.
            _when(evaluator, CONNECTED, _resume()),
            RegisterEventHandler(OnShutdown(on_shutdown=lambda *_: os.unlink(qos_file))),
        ]
    else:
        playing = [_when(evaluator, READY, _own_player(namespace, exoskeleton))]
    return [
        _node("preprocessing", namespace),
        _node("classifier", namespace, {"model": _text("model"), "queue": QUEUE}),
        _node("command_bridge", namespace),
        *([_node("simulated_exoskeleton", namespace)] if simulated else []),
        *playing,
        evaluator,
    ]


def _namespace(bag: str, wanted: str) -> str:
    """Return the namespace in which the bag was recorded; the graph runs in the same."""
    from emg_recognition.bags.reader import open_bag
    from emg_recognition.recordings.emg_bag import EmgBag

    with open_bag(bag) as opened:
        return EmgBag(opened, wanted or None).namespace


def _text(argument: str) -> ParameterValue:
    return ParameterValue(LaunchConfiguration(argument), value_type=str)


def _node(name: str, namespace: str, given: dict | None = None, **options: str) -> Node:
    return Node(
        package="emg_recognition",
        executable=f"{name}_node",
        name=name,
        namespace=namespace,
        parameters=[
            PathJoinSubstitution([CONFIG, "replay.yaml"]),
            LaunchConfiguration("params_file"),
            {"use_sim_time": True, **(given or {})},
        ],
        output="screen",
        on_exit=_end_all,
        **options,
    )


def _end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # As in recognition.launch.py; the evaluator ends when it has written.
    return [] if context.is_shutdown else [Shutdown(reason=f"{event.process_name} has ended")]


def _end_all_on_failure(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # A player that has played everything leaves; the evaluator still waits for the last estimates.
    return _end_all(event, context) if event.returncode else []


def _own_player(namespace: str, exoskeleton: dict) -> Node:
    return Node(
        package="emg_recognition",
        executable="player_node",
        name="player",
        namespace=namespace,
        parameters=[
            PathJoinSubstitution([CONFIG, "replay.yaml"]),
            LaunchConfiguration("params_file"),
            {
                "bag": _text("bag"),
                "bag_namespace": namespace,
                "rate": ParameterValue(LaunchConfiguration("rate"), value_type=float),
                "subscribers": 2,  # preprocessing and evaluator
                **exoskeleton,
            },
        ],
        output="screen",
        on_exit=_end_all_on_failure,
    )


def _use_ros2_bag(context: LaunchContext, bag: str) -> bool:
    wanted = LaunchConfiguration("player").perform(context)
    if wanted != "auto":
        return wanted == "ros2bag"
    path = Path(bag)
    # It plays no bag that was cut off: such a one has no metadata.yaml.
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
    """`ros2 bag play` would keep the last 10 messages, which at a high rate is less than one burst."""
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
    """Do something when the evaluator has said this: who is late misses the first samples."""
    done = False

    def look(event: ProcessIO) -> Action | None:
        nonlocal done
        if done or text not in event.text:
            return None
        done = True
        return action

    return RegisterEventHandler(OnProcessIO(target_action=evaluator, on_stderr=look, on_stdout=look))
