"""The robot: armband -> acquisition -> preprocessing -> classifier -> command bridge.

ros2 launch emg_recognition recognition.launch.py model:=bundle port:=/dev/ttyACM0

It starts no enabling switch: the bridge waits for the one in the operator's hand (docs/reference/topics.md).
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PARAMS_FILE = PathJoinSubstitution([FindPackageShare("emg_recognition"), "config", "recognition.yaml"])

#: What an argument sets: node, parameter type. An empty argument leaves what params_file says.
ARGUMENTS = {
    "model": ("classifier", str),
    "port": ("acquisition", str),
    "wait_for_port": ("acquisition", float),
    "exoskeleton": ("command_bridge", str),
}


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "model",
                default_value="",
                description="Directory of the model bundle; empty: as in params_file.",
            ),
            DeclareLaunchArgument(
                "port", default_value="", description="Serial port of the armband; empty: as in params_file."
            ),
            DeclareLaunchArgument(
                "wait_for_port",
                default_value="",
                description="How long to wait for the port to appear, s; empty: as in params_file.",
            ),
            DeclareLaunchArgument(
                "exoskeleton",
                default_value="",
                description="YAML file of joints, limits and motions; empty: as in params_file.",
            ),
            DeclareLaunchArgument(
                "namespace",
                default_value="",
                description="Namespace of all nodes, e.g. left_arm; for a second arm.",
            ),
            DeclareLaunchArgument(
                "params_file", default_value=PARAMS_FILE, description="YAML file of node parameters."
            ),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    names = ("acquisition", "preprocessing", "signal_quality", "classifier", "command_bridge")
    return [_node(name, context) for name in names]


def _node(name: str, context: LaunchContext) -> Node:
    given = {
        argument: ParameterValue(LaunchConfiguration(argument), value_type=kind)
        for argument, (node, kind) in ARGUMENTS.items()
        if node == name and LaunchConfiguration(argument).perform(context)
    }
    return Node(
        package="emg_recognition",
        executable=f"{name}_node",
        name=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file"), *([given] if given else [])],
        output="screen",
        # Signal quality is no link of the chain.
        on_exit=None if name == "signal_quality" else _end_all,
    )


def _end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # A chain with a link missing moves nothing; the operator should see that it is down. Not
    # after Ctrl-C: it would signal nodes again that are saying their last word.
    return [] if context.is_shutdown else [Shutdown(reason=f"{event.process_name} has ended")]
