"""The nodes on the robot with a simulated armband and a simulated exoskeleton; needs no hardware.

ros2 launch emg_recognition simulation.launch.py model:=out/demo/training/bundle
"""

import os
import tempfile
from pathlib import Path

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from emg_recognition.errors import SettingError
from emg_recognition.nodes.settings import FILES
from emg_recognition.ros.launching import (
    SHARE,
    check_parameters,
    declare_arguments,
    end_all,
    full_namespace,
    given,
    is_on,
    log_level,
    namespace,
    params_file,
    robot_arguments,
    start,
    switch,
)

#: Each argument and the nodes here whose parameter it sets; recognition.launch.py gets them, too.
ARGUMENTS = {
    "model": ("classifier",),
    "exoskeleton": ("simulated_exoskeleton",),
    "autostart": ("classifier",),
}
#: The simulated armband takes a moment to appear, longer on a busy machine.
WAIT_FOR_PORT = "30.0"


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            *declare_arguments(ARGUMENTS),
            DeclareLaunchArgument(
                "port",
                default_value="",
                description="Link at which the simulated armband appears; empty: emg_armband_ with user and "
                "namespace, in the folder for temporary files.",
            ),
            switch("enabled", "true", "true: start an enabling switch and press it; false: start none."),
            switch("show", "false", "true: start robot_state_publisher, for RViz and Foxglove."),
            switch("bridge", "true", "false: decision_node instead of bridge, exoskeleton and switch."),
            switch("container", "false", "true: one process for acquisition, preprocessing and classifier."),
            switch("page", "false", "true: serve the page for patient and therapist, too."),
            *robot_arguments(),
            namespace(),
            log_level(),
            params_file("simulation.yaml"),
            OpaqueFunction(function=_simulation),
        ]
    )


def _simulation(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    names = ["simulated_armband"]
    if is_on("bridge", context):
        names += ["simulated_exoskeleton", *(["enabling_switch"] if is_on("enabled", context) else [])]
    check_parameters(context, names, *FILES["simulation.yaml"], *FILES["recognition.yaml"])
    port = given("port", context) or _default_port(full_namespace(context))
    values = {"simulated_armband": {"link": port}, "enabling_switch": {"pressed": True}}
    # Before any node starts: one that cannot be found must not leave a pressed switch behind.
    shown = [_robot_state_publisher(context)] if is_on("show", context) else []
    return [
        *(start(name, context, ARGUMENTS, values.get(name), on_exit=end_all) for name in names),
        *shown,
        _recognition(context, port),
    ]


def _default_port(namespace: str) -> str:
    """Return a link of which each user and each arm on a machine has one."""
    name = "_".join([str(os.getuid()), *namespace.strip("/").split("/")]).strip("_")
    return os.path.join(tempfile.gettempdir(), f"emg_armband_{name}")


def _recognition(context: LaunchContext, port: str) -> GroupAction:
    robot = [argument.name for argument in robot_arguments()]
    names = (*ARGUMENTS, *robot, "bridge", "container", "page", "namespace", "log_level", "params_file")
    source = PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, "launch", "recognition.launch.py"]))
    arguments = {
        **{name: given(name, context) for name in names},
        "port": port,
        "wait_for_port": WAIT_FOR_PORT,
    }
    return IncludeLaunchDescription(source, launch_arguments=arguments.items())


def _robot_state_publisher(context: LaunchContext) -> Node:
    name = "robot_state_publisher"
    try:
        get_package_prefix(name)
    except PackageNotFoundError as error:
        raise SettingError("show", "true", f"install the package {name}, or leave show out") from error
    urdf = Path(get_package_share_directory("emg_recognition")) / "urdf" / "exoskeleton.urdf"
    prefix = full_namespace(context).lstrip("/")
    joint_states = given("joint_states", context) or "exo/joint_states"
    return Node(
        package=name,
        executable=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=[
            {
                "robot_description": ParameterValue(urdf.read_text(encoding="utf-8"), value_type=str),
                # All arms share /tf: a second one needs other frames.
                "frame_prefix": f"{prefix}/" if prefix else "",
            }
        ],
        remappings=[("joint_states", joint_states)],
        output="screen",
    )
