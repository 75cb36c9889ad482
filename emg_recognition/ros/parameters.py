"""Typed, described, range-checked parameters, and one error line for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from emg_recognition.errors import SettingError

#: Parameters that rclpy declares by itself; a YAML file may name them for any node.
_OF_RCLPY = ("use_sim_time", "start_type_description_service", "qos_overrides.")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a node.

    Attributes
    ----------
    name : str
        Its name in YAML files and on the command line.
    default : bool, int, float, str or list of str
        Its default, which also fixes its type.
    description : str
        What it does, with the unit; shown by ``ros2 param describe``.
    minimum, maximum : float or None
        The range of a number, both ends included.
    choices : tuple of str
        The allowed strings; empty for any.
    changes : bool
        Whether it may be changed while the node runs. The node itself takes the change up.
    """

    name: str
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    changes: bool = False

    def descriptor(self) -> ParameterDescriptor:
        """Return what rclpy needs to describe and check the parameter.

        Most parameters are read once, when the node starts; rclpy refuses a later change.
        """
        descriptor = ParameterDescriptor(description=self.description, read_only=not self.changes)
        if self.choices:
            descriptor.additional_constraints = f"one of {', '.join(self.choices)}"
        if self.minimum is not None and self.maximum is not None:
            if isinstance(self.default, float):
                range_ = FloatingPointRange(from_value=float(self.minimum), to_value=float(self.maximum))
                descriptor.floating_point_range = [range_]
            else:
                range_ = IntegerRange(from_value=int(self.minimum), to_value=int(self.maximum))
                descriptor.integer_range = [range_]
        return descriptor

    def expected(self) -> str:
        """Return what the parameter takes, in words."""
        if self.choices:
            return f"use one of {', '.join(self.choices)}"
        kind = {bool: "true or false", int: "a whole number", float: "a number with a decimal point"}
        words = f"use {kind.get(type(self.default), 'a text')}"
        if self.minimum is not None:
            words += f" from {self.minimum} to {self.maximum}"
        return words


def declare(node: Node, parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Declare the parameters of a node and read them.

    Parameters
    ----------
    node : rclpy.node.Node
        The node, fresh from its constructor.
    parameters : iterable of Parameter
        All its parameters.

    Returns
    -------
    dict
        The value of each parameter by name.

    Raises
    ------
    SettingError
        For a value of the wrong type, out of range or not among the choices, and for a parameter
        that the node does not have (a misspelled name would otherwise be ignored in silence).
    """
    parameters = list(parameters)
    # rclpy has no public way to ask for overrides that nobody declared.
    overrides = getattr(node, "_parameter_overrides", {})
    values: dict[str, Any] = {}
    for parameter in parameters:
        name = f"parameter {parameter.name} of {node.get_fully_qualified_name()}"
        given = overrides[parameter.name].value if parameter.name in overrides else None
        try:
            value = node.declare_parameter(parameter.name, parameter.default, parameter.descriptor()).value
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise SettingError(name, given, parameter.expected()) from error
        if parameter.choices and value not in parameter.choices:
            raise SettingError(name, value, parameter.expected())
        values[parameter.name] = value
    for name, override in overrides.items():
        if name not in values and not name.startswith(_OF_RCLPY):
            raise SettingError(
                f"parameter {name} of {node.get_fully_qualified_name()}",
                override.value,
                f"no such parameter; known are {', '.join(values)}",
            )
    return values
