"""Publish a node's level, message and counters on ``/diagnostics`` once a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emg_recognition.ros import qos

OK = DiagnosticStatus.OK
WARN = DiagnosticStatus.WARN
ERROR = DiagnosticStatus.ERROR
STALE = DiagnosticStatus.STALE

#: Level, message and counters of a node.
Report = tuple[bytes, str, Mapping[str, object]]


class Diagnostics:
    """Publish a node's report once a second and on demand.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that reports.
    report : callable
        Returns level, message and counters.
    hardware_id : str
        Device or model that the report is about; may be empty.
    """

    def __init__(self, node: Node, report: Callable[[], Report], hardware_id: str = "") -> None:
        self._node = node
        self._report = report
        self.hardware_id = hardware_id
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
        # Steady time: a paused simulation must not silence the diagnostics.
        node.create_timer(1.0, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish the report now."""
        level, message, values = self._report()
        status = DiagnosticStatus(
            level=level,
            name=self._node.get_fully_qualified_name().lstrip("/"),
            message=message,
            hardware_id=self.hardware_id,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
