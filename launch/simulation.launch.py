"""The robot's nodes with a simulated armband and a simulated exoskeleton: needs no hardware.

ros2 launch emg_recognition simulation.launch.py model:=out/demo/training/bundle
"""

import os
import tempfile

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, Shutdown
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
                "namespace",
                default_value="",
                description="Namespace of all nodes, e.g. left_arm; for a second arm.",
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([SHARE, "config", "simulation.yaml"]),
                description="YAML file of node parameters.",
            ),
            _simulated("armband", {"link": ParameterValue(LaunchConfiguration("port"), value_type=str)}),
            _simulated("exoskeleton", {}),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([SHARE, "launch", "recognition.launch.py"])
                ),
                launch_arguments={
                    "model": LaunchConfiguration("model"),
                    "port": LaunchConfiguration("port"),
                    "wait_for_port": "10.0",
                    "namespace": LaunchConfiguration("namespace"),
                    "params_file": LaunchConfiguration("params_file"),
                }.items(),
            ),
        ]
    )


def _simulated(what: str, given: dict[str, ParameterValue]) -> Node:
    name = f"simulated_{what}"
    return Node(
        package="emg_recognition",
        executable=f"{name}_node",
        name=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file"), *([given] if given else [])],
        output="screen",
        on_exit=_end_all,
    )


def _end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # As in recognition.launch.py.
    return [] if context.is_shutdown else [Shutdown(reason=f"{event.process_name} has ended")]
