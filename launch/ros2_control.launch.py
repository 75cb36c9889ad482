"""The controllers that the command bridge drives, with ros2_control's mock hardware or a real arm's.

ros2 launch emg_recognition ros2_control.launch.py
ros2 launch emg_recognition recognition.launch.py model:=bundle port:=/dev/ttyACM0 \
  joint_states:=joint_states commands:=joint_trajectory_controller/joint_trajectory
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import Command, FindExecutable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from emg_recognition.ros.launching import SHARE, end_all, full_namespace, namespace

CONTROLLERS = ["joint_trajectory_controller", "forward_velocity_controller"]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "description",
                default_value=PathJoinSubstitution([SHARE, "urdf", "exoskeleton_ros2_control.urdf.xacro"]),
                description="URDF or xacro of the arm, with a <ros2_control> tag.",
            ),
            DeclareLaunchArgument(
                "hardware",
                default_value="mock_components/GenericSystem",
                description="Hardware component of the arm, for the xacro's argument of that name.",
            ),
            DeclareLaunchArgument(
                "controllers",
                default_value=PathJoinSubstitution([SHARE, "config", "controllers.yaml"]),
                description="YAML file of the controllers' parameters.",
            ),
            DeclareLaunchArgument(
                "controller",
                default_value=CONTROLLERS[0],
                choices=CONTROLLERS,
                description="Controller to start: for the bridge's output trajectory, or velocity.",
            ),
            namespace(),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    urdf = Command(
        [
            FindExecutable(name="xacro"),
            ' "',
            LaunchConfiguration("description"),
            '" hardware:=',
            LaunchConfiguration("hardware"),
        ]
    )
    prefix = full_namespace(context).strip("/")
    common = {"namespace": LaunchConfiguration("namespace"), "output": "screen"}
    return [
        Node(
            package="robot_state_publisher",
            executable="robot_state_publisher",
            parameters=[
                {
                    "robot_description": ParameterValue(urdf, value_type=str),
                    # All arms share /tf: a second one needs other frames.
                    "frame_prefix": f"{prefix}/" if prefix else "",
                }
            ],
            on_exit=end_all,
            **common,
        ),
        Node(
            package="controller_manager",
            executable="ros2_control_node",
            parameters=[LaunchConfiguration("controllers")],
            remappings=[("~/robot_description", "robot_description")],  # its name on Humble
            on_exit=end_all,
            **common,
        ),
        Node(
            package="controller_manager",
            executable="spawner",
            arguments=["joint_state_broadcaster", LaunchConfiguration("controller")],
            **common,
        ),
    ]
