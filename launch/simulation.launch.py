"""The nodes on the robot with a simulated armband and a simulated exoskeleton; needs no hardware.

ros2 launch emg_recognition simulation.launch.py model:=out/demo/training/bundle
"""

import os
import tempfile
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from emg_recognition.ros.launching import (
    SHARE,
    declare_arguments,
    end_all,
    namespace,
    params_file,
    start,
)

#: Passed on to recognition.launch.py; each argument and the nodes here whose parameter it sets.
ARGUMENTS = {"model": ("classifier",), "exoskeleton": ("simulated_exoskeleton",)}
#: Two users of one machine need two armbands.
PORT = os.path.join(tempfile.gettempdir(), f"emg_armband_{os.getuid()}")
#: The simulated armband takes a moment to appear.
WAIT_FOR_PORT = "10.0"


def generate_launch_description() -> LaunchDescription:
    passed_on = (*ARGUMENTS, "port", "namespace", "params_file")
    return LaunchDescription(
        [
            *declare_arguments(ARGUMENTS),
            DeclareLaunchArgument(
                "port",
                default_value=PORT,
                description="Serial port at which the simulated armband appears; one for each arm.",
            ),
            DeclareLaunchArgument(
                "enabled",
                default_value="true",
                choices=["true", "false"],
                description="true: start an enabling switch and press it; false: run one in a terminal.",
            ),
            DeclareLaunchArgument(
                "show",
                default_value="false",
                choices=["true", "false"],
                description="true: start robot_state_publisher, for RViz and Foxglove.",
            ),
            namespace(),
            params_file("simulation.yaml"),
            OpaqueFunction(function=_simulation),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([SHARE, "launch", "recognition.launch.py"])
                ),
                launch_arguments={
                    **{name: LaunchConfiguration(name) for name in passed_on},
                    "wait_for_port": WAIT_FOR_PORT,
                }.items(),
            ),
        ]
    )


def _simulation(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def given(argument: str) -> str:
        return LaunchConfiguration(argument).perform(context)

    link = ParameterValue(LaunchConfiguration("port"), value_type=str)
    nodes = [
        start("simulated_armband", context, parameters={"link": link}, on_exit=end_all),
        start("simulated_exoskeleton", context, ARGUMENTS, on_exit=end_all),
    ]
    if given("enabled") == "true":
        nodes.append(start("enabling_switch", context, parameters={"pressed": True}, on_exit=end_all))
    if given("show") == "true":
        nodes.append(_robot_state_publisher(given("namespace")))
    return nodes


def _robot_state_publisher(namespace: str) -> Node:
    urdf = Path(get_package_share_directory("emg_recognition")) / "urdf" / "exoskeleton.urdf"
    return Node(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        namespace=namespace,
        parameters=[
            {
                "robot_description": ParameterValue(urdf.read_text(encoding="utf-8"), value_type=str),
                # All arms share /tf: a second one needs other frames.
                "frame_prefix": f"{namespace}/" if namespace else "",
            }
        ],
        remappings=[("joint_states", "exo/joint_states")],
        output="screen",
    )
