"""A guided recording: armband -> acquisition -> signal quality, and the session that prompts and records.

ros2 launch emg_recognition session.launch.py port:=/dev/ttyACM0 subject:=anna cohort:=patient session:=3

`ros2 launch` gives its nodes no keys. Let the session have a terminal of its own (terminal:="xterm -e"), call
its services, or run `emg-recognition session --port ...` instead, which does the same in one terminal.
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PARAMS_FILE = PathJoinSubstitution([FindPackageShare("emg_recognition"), "config", "recognition.yaml"])

#: What an argument sets: node, parameter type, description. An empty one leaves the node's default.
ARGUMENTS = {
    "port": ("acquisition", str, "Serial port of the armband; empty: as in params_file."),
    "wait_for_port": ("acquisition", float, "How long to wait for the port, s; empty: as in params_file."),
    "subject": ("session", str, "Who wears the electrodes."),
    "cohort": ("session", str, "To whom the subject belongs, e.g. patient."),
    "session": ("session", str, "Number or name of the session; empty: the name of the bag."),
    "output": ("session", str, "Folder of the bag; empty: session_ and date and time."),
    "plan": ("session", str, "YAML of actions, repetitions and times; empty: the packaged session.yaml."),
    "script": ("session", str, "YAML of what the operator does; empty: a person does it."),
}


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value="", description=text)
                for name, (_, _, text) in ARGUMENTS.items()
            ),
            DeclareLaunchArgument(
                "terminal",
                default_value="",
                description="Opens a terminal for screen and keys, e.g. 'xterm -e'; empty: none.",
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="Namespace of all nodes, e.g. left_arm."
            ),
            DeclareLaunchArgument(
                "params_file", default_value=PARAMS_FILE, description="YAML file of node parameters."
            ),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    return [_node(name, context) for name in ("acquisition", "signal_quality", "session")]


def _node(name: str, context: LaunchContext) -> Node:
    given = {
        argument: ParameterValue(LaunchConfiguration(argument), value_type=kind)
        for argument, (node, kind, _) in ARGUMENTS.items()
        if node == name and LaunchConfiguration(argument).perform(context)
    }
    return Node(
        package="emg_recognition",
        executable=f"{name}_node",
        name=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file"), *([given] if given else [])],
        prefix=LaunchConfiguration("terminal") if name == "session" else None,
        output="screen",
        on_exit=_end_all,
    )


def _end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # The end of the session is the end of all; else as in recognition.launch.py.
    return [] if context.is_shutdown else [Shutdown(reason=f"{event.process_name} has ended")]
