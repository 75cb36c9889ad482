"""The robot's nodes with a simulated armband and a simulated exoskeleton: needs no hardware.

ros2 launch emg_recognition simulation.launch.py model:=out/demo/training/bundle
"""

import os
import tempfile
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction, Shutdown
from launch.events.process import ProcessExited
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare("emg_recognition")
#: Two users on one machine do not take each other's armband.
PORT = os.path.join(tempfile.gettempdir(), f"emg_armband_{os.getuid()}")


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "model",
                default_value="",
                description="Directory of the model bundle; empty: as in params_file.",
            ),
            DeclareLaunchArgument(
                "port",
                default_value=PORT,
                description="Where the simulated armband appears as a serial port; one for each arm.",
            ),
            DeclareLaunchArgument(
                "exoskeleton",
                default_value="",
                description="YAML file of joints, limits and motions; empty: as in params_file.",
            ),
            DeclareLaunchArgument(
                "enabled",
                default_value="true",
                choices=["true", "false"],
                description="true: an enabling switch is started, pressed; false: run one in a terminal.",
            ),
            DeclareLaunchArgument(
                "show",
                default_value="false",
                choices=["true", "false"],
                description="true: robot_state_publisher tells RViz and Foxglove where the joints are.",
            ),
            DeclareLaunchArgument(
                "namespace",
                default_value="",
                description="Namespace of all nodes, e.g. left_arm; for a second arm.",
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([SHARE, "config", "simulation.yaml"]),
                description="YAML file of node parameters.",
            ),
            OpaqueFunction(function=_simulation),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([SHARE, "launch", "recognition.launch.py"])
                ),
                launch_arguments={
                    "model": LaunchConfiguration("model"),
                    "port": LaunchConfiguration("port"),
                    "wait_for_port": "10.0",
                    "exoskeleton": LaunchConfiguration("exoskeleton"),
                    "namespace": LaunchConfiguration("namespace"),
                    "params_file": LaunchConfiguration("params_file"),
                }.items(),
            ),
        ]
    )


def _simulation(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def given(argument: str) -> str:
        return LaunchConfiguration(argument).perform(context)

    nodes = [
        _node("simulated_armband", {"link": _text("port")}),
        _node("simulated_exoskeleton", {"exoskeleton": _text("exoskeleton")} if given("exoskeleton") else {}),
    ]
    if given("enabled") == "true":
        nodes.append(_node("enabling_switch", {"pressed": True}))
    if given("show") == "true":
        nodes.append(_robot_state_publisher(given("namespace")))
    return nodes


def _text(argument: str) -> ParameterValue:
    return ParameterValue(LaunchConfiguration(argument), value_type=str)


def _node(name: str, given: dict[str, ParameterValue | bool]) -> Node:
    return Node(
        package="emg_recognition",
        executable=f"{name}_node",
        name=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file"), *([given] if given else [])],
        output="screen",
        on_exit=_end_all,
    )


def _robot_state_publisher(namespace: str) -> Node:
    urdf = Path(get_package_share_directory("emg_recognition")) / "urdf" / "exoskeleton.urdf"
    return Node(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        namespace=namespace,
        parameters=[
            {
                "robot_description": ParameterValue(urdf.read_text(encoding="utf-8"), value_type=str),
                # /tf is one for all: a second arm needs other frames.
                "frame_prefix": f"{namespace}/" if namespace else "",
            }
        ],
        remappings=[("joint_states", "exo/joint_states")],
        output="screen",
    )


def _end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # As in recognition.launch.py.
    return [] if context.is_shutdown else [Shutdown(reason=f"{event.process_name} has ended")]
