"""What the launch files share: arguments that set node parameters, and the nodes that get them.

An argument is a name and the nodes whose parameter of that name it sets. Type and help come from the
settings of the node. An empty argument leaves what the parameter file says.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import FindPackageShare
from launch_ros.utilities import make_namespace_absolute, prefix_namespace

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes.settings import NODES
from emg_recognition.ros.parameter_files import check_parameter_file
from emg_recognition.settings import Setting, settings_of

SHARE = FindPackageShare("emg_recognition")

#: Names of arguments, each with the nodes whose parameter of that name it sets.
Arguments = Mapping[str, Sequence[str]]

#: Arguments that give topics at the border to the robot other names.
TOPICS = {
    "joint_states": ("exo/joint_states",),
    "commands": ("exo/joint_trajectory", "exo/velocity_command"),
    "enable": ("exo/enable",),
}
#: How long a node that died stays away, s.
_RESPAWN_DELAY = 1.0


def declare_arguments(arguments: Arguments) -> list[DeclareLaunchArgument]:
    """Declare arguments that may be left empty."""
    return [
        DeclareLaunchArgument(name, default_value="", description=describe(name, nodes[0]))
        for name, nodes in arguments.items()
    ]


def describe(name: str, node: str) -> str:
    """Return the help of a node's parameter as a sentence."""
    text = _setting(name, node).describe()
    return f"{text[0].upper()}{text[1:]}."


def namespace() -> DeclareLaunchArgument:
    """Declare the namespace of the nodes."""
    return DeclareLaunchArgument(
        "namespace",
        default_value="",
        description="Namespace of all nodes, e.g. left_arm for a second arm, or ward_1/left_arm.",
    )


def log_level() -> DeclareLaunchArgument:
    """Declare what the nodes log."""
    return DeclareLaunchArgument(
        "log_level",
        default_value="",
        choices=["", "debug", "info", "warn", "error", "fatal"],
        description="Least severity that the nodes log; empty: info.",
    )


def robot_arguments() -> list[DeclareLaunchArgument]:
    """Declare what fits the nodes into a robot: its topics, its clock, and what happens when a node dies."""
    remaps = [
        DeclareLaunchArgument(
            name, default_value="", description=f"Topic to use instead of {' or '.join(topics)}."
        )
        for name, topics in TOPICS.items()
    ]
    return [
        *remaps,
        switch("use_sim_time", "", "true: the nodes follow /clock; empty: what params_file says."),
        switch("respawn", "false", "true: start a node again a second after it died; false: end everything."),
    ]


def switch(name: str, default: str, description: str) -> DeclareLaunchArgument:
    """Declare an argument that is true or false; it may be left empty if that is its default."""
    choices = ["true", "false"] if default else ["", "true", "false"]
    return DeclareLaunchArgument(name, default_value=default, choices=choices, description=description)


def given(name: str, context: LaunchContext) -> str:
    """Return an argument's text; empty for one that the launch file does not have."""
    return LaunchConfiguration(name, default="").perform(context)


def is_on(name: str, context: LaunchContext) -> bool:
    """Return whether an argument of :func:`switch` is true."""
    return given(name, context) == "true"


def full_namespace(context: LaunchContext) -> str:
    """Return the absolute namespace of the nodes, with the one that an including launch file has pushed."""
    pushed = context.launch_configurations.get("ros_namespace")
    return make_namespace_absolute(prefix_namespace(pushed, given("namespace", context))) or "/"


def params_file(file: str) -> DeclareLaunchArgument:
    """Declare the parameter file; `file` is the default, a file of ``config/``."""
    return DeclareLaunchArgument(
        "params_file",
        default_value=PathJoinSubstitution([SHARE, "config", file]),
        description="YAML file of node parameters; an argument that is not empty overrides it.",
    )


def check_parameters(
    context: LaunchContext, nodes: Sequence[str], *others: str, namespace: str | None = None
) -> None:
    """Refuse a parameter file that does not exist or sets none of these nodes, before any of them starts.

    Parameters
    ----------
    context : LaunchContext
        Knows the arguments.
    nodes : sequence of str
        The nodes that are started.
    *others : str
        Nodes that the same file may set as well.
    namespace : str, optional
        The absolute namespace of the nodes; default :func:`full_namespace`.

    Raises
    ------
    SettingError
        As :func:`~emg_recognition.ros.parameter_files.check_parameter_file`.
    """
    check_parameter_file(given("params_file", context), namespace or full_namespace(context), nodes, others)


def value(name: str, node: str) -> ParameterValue:
    """Return an argument as the value of a node's parameter, in its type.

    Without the type a text like ``3`` would reach the node as a number.
    """
    return ParameterValue(LaunchConfiguration(name), value_type=_setting(name, node).kind)


def start(
    name: str,
    context: LaunchContext,
    arguments: Arguments | None = None,
    parameters: Mapping[str, Any] | None = None,
    **options: Any,
) -> Node:
    """Start a node of this package.

    Parameters
    ----------
    name : str
        The node, e.g. ``"acquisition"``.
    context : LaunchContext
        Knows the arguments.
    arguments : mapping, optional
        As in :func:`declare_arguments`; those of this node that are not empty set its parameters.
    parameters : mapping, optional
        Values that override everything else.
    **options : Any
        Of ``launch_ros.actions.Node``.

    Returns
    -------
    launch_ros.actions.Node
        In the namespace of the argument `namespace` unless `options` has one.
    """
    values = _values(name, context, arguments or {}, parameters or {})
    return _node(name, context, [values] if values else [], name=name, **options)


def start_together(
    executable: str,
    names: Sequence[str],
    context: LaunchContext,
    arguments: Arguments,
    parameters: Mapping[str, Mapping[str, Any]],
    **options: Any,
) -> Node:
    """Start nodes of this package in one process.

    Parameters
    ----------
    executable : str
        The program that holds them, e.g. ``"chain"``.
    names : sequence of str
        The nodes.
    context, arguments, **options
        As in :func:`start`.
    parameters : mapping
        For each node what :func:`start` calls so.
    """
    content = {}
    for name in names:
        values = _values(name, context, arguments, parameters.get(name, {}))
        plain = {key: _evaluated(one, context) for key, one in values.items()}
        content[f"/**/{name}"] = {"ros__parameters": plain}
    # As launch_ros does, but with the names of the nodes: the process has several.
    with tempfile.NamedTemporaryFile("w", prefix="launch_params_", delete=False) as file:
        yaml.safe_dump(content, file)
    return _node(executable, context, [ParameterFile(file.name)], **options)


def _values(
    name: str, context: LaunchContext, arguments: Arguments, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the parameters that a node gets besides the file's."""
    values: dict[str, Any] = {
        argument: value(argument, name)
        for argument, nodes in arguments.items()
        if name in nodes and given(argument, context)
    }
    if given("use_sim_time", context):
        values["use_sim_time"] = is_on("use_sim_time", context)
    return {**values, **parameters}


def _evaluated(one: Any, context: LaunchContext) -> Any:
    return one.evaluate(context) if isinstance(one, ParameterValue) else one


def _node(executable: str, context: LaunchContext, parameters: list[Any], **options: Any) -> Node:
    common: dict[str, Any] = {
        "namespace": LaunchConfiguration("namespace"),
        "output": "screen",
        "remappings": remappings(context),
    }
    words = ["--log-level", level] if (level := given("log_level", context)) else []
    if os.environ.get("ROS_SECURITY_ENABLE") == "true":
        words += ["--enclave", f"/emg_recognition/{executable}"]  # config/sros2/policy.xml
    if words:
        common["ros_arguments"] = words
    if is_on("respawn", context):
        common |= {"respawn": True, "respawn_delay": _RESPAWN_DELAY}
        options.pop("on_exit", None)
    return Node(
        package="emg_recognition",
        executable=f"{executable}_node",
        parameters=[LaunchConfiguration("params_file"), *parameters],
        **{**common, **options},
    )


def remappings(context: LaunchContext) -> list[tuple[str, str]]:
    """Return what the arguments of :data:`TOPICS` that are not empty make of the nodes' own topics."""
    return [
        (topic, new) for name, topics in TOPICS.items() if (new := given(name, context)) for topic in topics
    ]


def end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """End everything when a node ends, so that the operator sees it; for ``on_exit``.

    A chain with a link missing moves nothing. Not after Ctrl-C: launch would signal the other nodes a
    second time while they shut down.

    Raises
    ------
    EmgRecognitionError
        If the node has failed. `ros2 launch` then ends everything as well, and with exit code 1.
    """
    if context.is_shutdown:
        return []
    if event.returncode:
        raise EmgRecognitionError(f"{event.process_name} has ended with code {event.returncode}")
    return [Shutdown(reason=f"{event.process_name} has ended")]


def _setting(name: str, node: str) -> Setting:
    return next(settings_of(cls)[name] for cls in NODES[node] if name in settings_of(cls))
