"""Declare the parameters of a node from settings dataclasses; a wrong one ends the node with one line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy

from emg_recognition.errors import SettingError
from emg_recognition.settings import Setting, settings_of, unknown_name

if TYPE_CHECKING:
    from emg_recognition.models.bundle import BundleInfo

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

#: Parameters that rclpy declares by itself; a YAML file may name them for any node.
_OF_RCLPY = ("use_sim_time", "start_type_description_service")
#: How the parameters of a QoS override begin, as in rclpy.
_QOS_OVERRIDES = "qos_overrides."


@overload
def declare(
    node: Node,
    first: type[A],
    /,
    *,
    defaults: Mapping[str, Any] | None = None,
    shown: Collection[str] = (),
) -> A: ...


@overload
def declare(
    node: Node, first: type[A], second: type[B], /, *, defaults: Mapping[str, Any] | None = None
) -> tuple[A, B]: ...


@overload
def declare(
    node: Node,
    first: type[A],
    second: type[B],
    third: type[C],
    /,
    *,
    defaults: Mapping[str, Any] | None = None,
) -> tuple[A, B, C]: ...


@overload
def declare(node: Node) -> tuple[()]: ...


def declare(
    node: Node, *classes: type, defaults: Mapping[str, Any] | None = None, shown: Collection[str] = ()
) -> Any:
    """Declare the parameters of a node and read them.

    Parameters
    ----------
    node : rclpy.node.Node
        The node, fresh from its constructor.
    *classes : type
        The settings dataclasses that declare all its parameters.
    defaults : mapping, optional
        Defaults that differ from those of the dataclasses, by name.
    shown : collection of str
        Parameters that the node sets itself, to show what it has read; it refuses that others do.

    Returns
    -------
    instance or tuple of instances
        The settings: one instance for one class, otherwise a tuple.

    Raises
    ------
    SettingError
        For a value of the wrong type, out of range or not among the choices; for values that
        contradict each other; and for a parameter that the node does not have, with its new name if
        it was renamed.
    """
    known = {name: one for cls in classes for name, one in settings_of(cls).items()}
    for name, value in given_parameters(node).items():
        if name.startswith(_QOS_OVERRIDES):
            if not node.has_parameter(name):
                raise parameter_error(node, name, value, _no_override(node))
        elif name not in known and name not in _OF_RCLPY:
            raise parameter_error(node, name, value, _unknown(classes, name, known))
    values = {
        name: _declare(
            node,
            one,
            (defaults or {}).get(name, one.default),
            read_only=not one.changes and name not in shown,
        )
        for name, one in known.items()
    }
    settings: tuple[Any, ...] = tuple(_make(node, cls, values) for cls in classes)
    return settings[0] if len(settings) == 1 else settings


def overridable(node: Node, topic: str, entity: str, profile: QoSProfile) -> QoSProfile:
    """Return a profile with the QoS overrides that the user gave for it; call it before :func:`declare`.

    rclpy's own overrides (``qos_overriding_options``) have the same names, but ignore those of other topics.

    Parameters
    ----------
    node : rclpy.node.Node
        The node, fresh from its constructor.
    topic : str
        The topic, relative or not.
    entity : {"publisher", "subscription"}
        What the profile is for.
    profile : rclpy.qos.QoSProfile
        The profile without overrides; it keeps its last messages.

    Returns
    -------
    rclpy.qos.QoSProfile
        With the parameters ``qos_overrides./TOPIC.ENTITY.reliability`` and ``.depth``.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """
    prefix = f"{_QOS_OVERRIDES}{node.resolve_topic_name(topic)}.{entity}."
    declared = (
        Setting(
            name=f"{prefix}reliability",
            kind=str,
            default=profile.reliability.name.lower(),
            help="whether lost messages are sent again",
            choices=("reliable", "best_effort"),
        ),
        Setting(
            name=f"{prefix}depth",
            kind=int,
            default=profile.depth,
            help="messages that may wait",
            low=1,
            high=100_000,
        ),
    )
    found = []
    for one in declared:
        value = _declare(node, one, one.default)
        try:
            found.append(one.checked(value))
        except SettingError as error:
            raise parameter_error(node, error.name, error.value, error.remedy) from error
    reliability, depth = found
    return QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy[reliability.upper()],
        durability=profile.durability,
    )


def given_parameters(node: Node) -> dict[str, Any]:
    """Return the parameters that the user gave this node, declared or not, by name."""
    # rclpy has no public way to ask for overrides that nobody has declared yet.
    return {name: parameter.value for name, parameter in getattr(node, "_parameter_overrides", {}).items()}


def show_values(node: Node, values: Mapping[str, Any], but: Collection[str] = ()) -> None:
    """Let parameters say what the node has read from a model.

    Parameters
    ----------
    node : rclpy.node.Node
        The node, which allows the change.
    values : mapping
        The values by name.
    but : collection of str
        Names that are being set just now.
    """
    shown = [
        Parameter(name, value=value)
        for name, value in values.items()
        if name not in but and node.get_parameter(name).value != value
    ]
    if shown:
        node.set_parameters(shown)


def given_bundle(node: Node) -> BundleInfo | None:
    """Return the model bundle that the parameter ``model`` names; None if it is not given or empty.

    Raises
    ------
    SettingError
        If `model` is not a text.
    BundleError
        If the bundle cannot be used.
    """
    path = given_parameters(node).get("model") or ""
    if not isinstance(path, str):
        raise parameter_error(node, "model", path, "use a text")
    if not path:
        return None
    # Acquisition reads no bundle.
    from emg_recognition.models.bundle import read_bundle

    return read_bundle(path)


def _make(node: Node, cls: type, values: Mapping[str, Any]) -> Any:
    try:
        return cls(**{name: values[name] for name in settings_of(cls)})
    except SettingError as error:
        raise parameter_error(node, error.name, error.value, error.remedy) from error


def _declare(node: Node, one: Setting, default: Any, *, read_only: bool = True) -> Any:
    given = given_parameters(node).get(one.name)
    default = list(default) if isinstance(default, tuple) else default
    try:
        value = node.declare_parameter(one.name, default, _descriptor(one, read_only)).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        remedy = one.expected()
        if one.kind is float and isinstance(given, int) and not isinstance(given, bool):
            remedy += f", with a decimal point ({given:.1f})"
        raise parameter_error(node, one.name, given, remedy) from error
    return value


def _descriptor(one: Setting, read_only: bool) -> ParameterDescriptor:
    """Return what rclpy needs to describe a parameter and to check it.

    Most parameters are read once, when the node starts; rclpy refuses a later change.
    """
    descriptor = ParameterDescriptor(description=one.describe(), read_only=read_only)
    if one.low is not None and one.high is not None:
        if one.kind is float:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(one.low), to_value=float(one.high))
            ]
        else:
            descriptor.integer_range = [IntegerRange(from_value=int(one.low), to_value=int(one.high))]
    elif one.choices or one.kind in (int, float):
        descriptor.additional_constraints = one.expected()
    return descriptor


def _no_override(node: Node) -> str:
    # Asked only once something is wrong.
    declared = sorted(name for name in node.get_parameters_by_prefix(_QOS_OVERRIDES[:-1]))
    if not declared:
        return "this node has no QoS that can be overridden"
    return f"this node honours {', '.join(f'{_QOS_OVERRIDES}{name}' for name in declared)}"


def _unknown(classes: tuple[type, ...], name: str, known: Mapping[str, Setting]) -> str:
    for cls in classes:
        if name in getattr(cls, "RENAMED", {}):
            return unknown_name(cls, name, known)
    return f"no such parameter; known are {', '.join(known)}"


def parameter_error(node: Node, name: str, value: Any, remedy: str) -> SettingError:
    """Return the error for a value that a node cannot use."""
    return SettingError(f"parameter {name} of {node.get_fully_qualified_name()}", value, remedy)
