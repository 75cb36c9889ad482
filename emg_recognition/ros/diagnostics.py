"""Publish a node's level, message and counters on ``/diagnostics`` once a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emg_recognition.ros import qos
from emg_recognition.ros.following import Followed
from emg_recognition.ros.surprises import Surprises
from emg_recognition.text import printable

OK = DiagnosticStatus.OK
WARN = DiagnosticStatus.WARN
ERROR = DiagnosticStatus.ERROR
STALE = DiagnosticStatus.STALE

#: Longest message, characters.
_LONGEST = 1000

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
    topics : sequence of Followed
        The node's inputs: what was refused on them is part of the report, as ERROR where the node's own
        configuration does not suit them.
    """

    def __init__(
        self,
        node: Node,
        report: Callable[[], Report],
        hardware_id: str = "",
        topics: Sequence[Followed[Any]] = (),
    ) -> None:
        self._node = node
        self._report = report
        self._topics = topics
        self.hardware_id = hardware_id
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
        # Steady time: a paused simulation must not silence the diagnostics.
        node.create_timer(1.0, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish the report now."""
        level, message, values = self._report()
        for topic in self._topics:
            name = topic.topic.rpartition("/")[2]
            values = {**values, f"refused_{name}": topic.refused, f"foreign_{name}": topic.foreign}
            own, problem = topic.problem()
            if problem:
                level = ERROR if own else WARN if level == OK else level
                message = f"{message}; {problem}"
        surprises: Surprises | None = getattr(self._node, "surprises", None)
        if surprises is not None:
            strange, count = surprises.strange, surprises.count
            values = {**values, "refused_elsewhere": strange, "unexpected_errors": count}
            if count:
                level, message = (
                    ERROR,
                    f"{message}; {count} unexpected errors, the newest: {surprises.newest}",
                )
        status = DiagnosticStatus(
            level=level,
            name=self._node.get_fully_qualified_name().lstrip("/"),
            message=printable(message, _LONGEST),
            hardware_id=printable(self.hardware_id),
            values=[KeyValue(key=printable(key), value=printable(value)) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
