"""Train a model bundle from labelled recordings.

ros2 launch emg_recognition training.launch.py data:=archive.npz output:=out/training
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PARAMS_FILE = PathJoinSubstitution([FindPackageShare("emg_recognition"), "config", "training.yaml"])


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "data",
                default_value="",
                description="Archive, bag or description of CSV files; empty: as in params_file.",
            ),
            DeclareLaunchArgument(
                "config", default_value="", description="Experiment YAML; empty: as in params_file."
            ),
            DeclareLaunchArgument(
                "output",
                default_value="",
                description="Directory for bundle and report; empty: as in params_file.",
            ),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node."),
            DeclareLaunchArgument(
                "params_file", default_value=PARAMS_FILE, description="YAML file of node parameters."
            ),
            OpaqueFunction(function=_trainer),
        ]
    )


def _trainer(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    given = {
        argument: ParameterValue(LaunchConfiguration(argument), value_type=str)
        for argument in ("data", "config", "output")
        if LaunchConfiguration(argument).perform(context)
    }
    return [
        Node(
            package="emg_recognition",
            executable="trainer_node",
            name="trainer",
            namespace=LaunchConfiguration("namespace"),
            parameters=[LaunchConfiguration("params_file"), *([given] if given else [])],
            output="screen",
        )
    ]
