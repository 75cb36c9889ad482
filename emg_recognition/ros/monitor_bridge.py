"""Read the bridge, the joints and the nodes' reports for the live view."""

from __future__ import annotations

import time
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.srv import GetParameters
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from emg_recognition.control.exoskeleton import load_exoskeleton
from emg_recognition.control.inputs import StopInput as JudgedStopInput
from emg_recognition.control.states import Reason, State
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.messages import check_bridge_state, check_joints
from emg_recognition.monitor.snapshot import STALE, Bridge, Joint, Level, Report, StopInput
from emg_recognition.msg import BridgeCounters, BridgeState
from emg_recognition.resources import config_path
from emg_recognition.ros import heartbeat
from emg_recognition.ros.monitor_signal import Feed, glance
from emg_recognition.ros.publishers import IdentifiedSubscription
from emg_recognition.text import printable


class AskedLimits:
    """Ask the bridge for its exoskeleton file, again whenever it was restarted, and read the joint limits.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that calls the service.

    Attributes
    ----------
    limits : dict of str to (float, float)
        Lower and upper limit of each joint, rad; empty while unknown or if the file cannot be read on this
        machine.
    """

    def __init__(self, node: Node) -> None:
        self._client = node.create_client(GetParameters, "command_bridge/get_parameters")
        self._pending: Future | None = None
        self._asked = False
        self.limits: dict[str, tuple[float, float]] = {}

    def look(self, bridge_age: float) -> None:
        """Ask, or take the answer; `bridge_age` is the age of the bridge's last message, s."""
        if bridge_age > STALE:
            self._asked, self._pending = False, None
        elif not self._asked and self._client.service_is_ready():
            self._asked = True
            self._pending = self._client.call_async(GetParameters.Request(names=["exoskeleton"]))
        elif self._pending is not None and self._pending.done():
            self.limits = _read(self._pending.result().values)
            self._pending = None


def _read(values: list) -> dict[str, tuple[float, float]]:
    try:
        path = values[0].string_value or config_path("exoskeleton.yaml")
        joints = load_exoskeleton(path).joints
    except (EmgRecognitionError, IndexError):
        return {}
    return {joint.name: (joint.lower, joint.upper) for joint in joints}


#: Most joints, and most nodes, that are shown.
_MOST = 200
_REASONS = {reason.counter for reason in Reason}


class BridgeReader:
    """Read ``exo/bridge_state``, ``exo/bridge_counters``, ``exo/enable`` and ``exo/joint_states``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    """

    def __init__(self, node: Node) -> None:
        self._bridge = Feed(node, BridgeState, "exo/bridge_state", glance(1), check_bridge_state)
        self._counters = Feed(node, BridgeCounters, "exo/bridge_counters", glance(1))
        self._switch = IdentifiedSubscription(node, Bool, heartbeat.TOPIC, glance(20))
        self._stop_input = JudgedStopInput(self._switch.topic_name)
        self._allowed: bool | None = None
        self._joints = Feed(node, JointState, "exo/joint_states", glance(5), check_joints)
        self._positions: dict[str, float] = {}
        self._limits = AskedLimits(node)

    def look(self) -> None:
        """Take the new messages."""
        self._bridge.take()
        self._counters.take()
        while (said := self._switch.take()) is not None:
            self._allowed = said[0].data
            self._stop_input.receive(said[0].data, time.monotonic(), said[1])
        # A driver may publish its joints one by one.
        for joints, _ in self._joints.take():
            if len(self._positions) > _MOST:
                self._positions.clear()
            self._positions.update(zip(joints.name, joints.position, strict=True))
        self._limits.look(self._bridge.age)

    def bridge(self) -> Bridge | None:
        """Return the newest state of the bridge; None before the first."""
        newest = self._bridge.newest
        if newest is None:
            return None
        counters = self._counters.newest
        counted = zip(counters.names, counters.values, strict=False) if counters is not None else ()
        return Bridge(
            age=self._bridge.age,
            state=State(newest.state),
            reason=newest.reason,
            action=newest.action,
            signal_age=newest.signal_age,
            feedback_age=newest.feedback_age,
            stop_input_age=newest.stop_input_age,
            violations=tuple((name, count) for name, count in counted if count and name in _REASONS),
        )

    def stop_input(self) -> StopInput | None:
        """Return the newest stop input; None before the first."""
        if self._allowed is None:
            return None
        now = time.monotonic()
        self._stop_input.count(self._switch.publishers)
        return StopInput(
            age=self._stop_input.age(now),
            allowed=self._allowed,
            publishers=sum(self._stop_input.publishers(now)),
            topic=self._switch.topic_name,
        )

    def joints(self) -> tuple[tuple[Joint, ...], float]:
        """Return the joints, and the age of the newest joint state, s."""
        limits = self._limits.limits
        joints = tuple(
            Joint(name=name, position=position, lower=lower, upper=upper)
            for name, position in self._positions.items()
            for lower, upper in (limits.get(name, (None, None)),)
        )
        return joints, self._joints.age


#: A node that has been silent for this long was ended on purpose, s.
_FORGET = 60.0


@dataclass
class _Heard:
    status: DiagnosticStatus
    heard: float
    since: float


class ReportReader:
    """Keep the newest report of each node in a namespace.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes; its namespace is that of the arm.
    """

    def __init__(self, node: Node) -> None:
        self._below = node.get_namespace().strip("/")
        # Each node reports once a second; when many nodes start, the reports arrive in a burst.
        self._arrays = Feed(node, DiagnosticArray, "/diagnostics", glance(50))
        self._heard: dict[str, _Heard] = {}

    def look(self) -> None:
        """Take the new reports, and forget the nodes that were ended."""
        now = time.monotonic()
        for array, _ in self._arrays.take():
            for status in array.status:
                self._hear(status, now)
        self._heard = {name: one for name, one in self._heard.items() if now - one.heard < _FORGET}

    def reports(self) -> tuple[Report, ...]:
        """Return the newest report of each node, sorted by name."""
        now = time.monotonic()
        return tuple(
            Report(
                node=name,
                level=_level(one.status),
                message=one.status.message,
                age=now - one.heard,
                since=now - one.since,
                values={pair.key: pair.value for pair in one.status.values},
            )
            for name, one in sorted(self._heard.items())
        )

    def _hear(self, status: DiagnosticStatus, now: float) -> None:
        name = printable(status.name.strip("/"))
        if self._below:
            if not name.startswith(f"{self._below}/"):
                return
            name = name[len(self._below) + 1 :]
        before = self._heard.get(name)
        if before is None and len(self._heard) >= _MOST:
            return
        since = before.since if before is not None and _level(before.status) is _level(status) else now
        self._heard[name] = _Heard(status, now, since)


def _level(status: DiagnosticStatus) -> Level:
    return Level(min(status.level[0], Level.STALE))
