"""What the launch files share: arguments that set node parameters, and the nodes that get them.

An argument is a name and the nodes whose parameter of that name it sets. Type and help come from the
settings of the node. An empty argument leaves what the parameter file says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from emg_recognition.nodes.settings import NODES
from emg_recognition.settings import Setting, settings_of

SHARE = FindPackageShare("emg_recognition")

#: Names of arguments, each with the nodes whose parameter of that name it sets.
Arguments = Mapping[str, Sequence[str]]


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
        "namespace", default_value="", description="Namespace of all nodes, e.g. left_arm for a second arm."
    )


def params_file(file: str) -> DeclareLaunchArgument:
    """Declare the parameter file; `file` is the default, a file of ``config/``."""
    return DeclareLaunchArgument(
        "params_file",
        default_value=PathJoinSubstitution([SHARE, "config", file]),
        description="YAML file of node parameters; an argument that is not empty overrides it.",
    )


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
    given = {
        argument: value(argument, name)
        for argument, nodes in (arguments or {}).items()
        if name in nodes and LaunchConfiguration(argument).perform(context)
    }
    given |= parameters or {}
    common = {"namespace": LaunchConfiguration("namespace"), "output": "screen"}
    return Node(
        package="emg_recognition",
        executable=f"{name}_node",
        name=name,
        parameters=[LaunchConfiguration("params_file"), *([given] if given else [])],
        **{**common, **options},
    )


def end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """End everything when a node ends, so that the operator sees it; for ``on_exit``.

    A chain with a link missing moves nothing. Not after Ctrl-C: launch would signal the other nodes a
    second time while they shut down.
    """
    return [] if context.is_shutdown else [Shutdown(reason=f"{event.process_name} has ended")]


def _setting(name: str, node: str) -> Setting:
    return next(settings_of(cls)[name] for cls in NODES[node] if name in settings_of(cls))
