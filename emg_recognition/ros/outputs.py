"""The bridge's connections to an exoskeleton: trajectories, velocities or a serial port."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, MultiArrayLayout
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.motion import trajectory_points
from emg_recognition.control.trajectory import Command
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.ros import qos
from emg_recognition.ros.rivals import Rivals

if TYPE_CHECKING:
    from emg_recognition.devices.exoskeleton_frames import StateFrame

TRAJECTORY_TOPIC = "exo/joint_trajectory"
VELOCITY_TOPIC = "exo/velocity_command"


class Output(Protocol):
    """A connection for commands; its methods never raise, whatever happens at the other end."""

    @property
    def problem(self) -> str | None:
        """Why commands do not arrive or are not obeyed; None if they are."""

    @property
    def publishers(self) -> int:
        """How many publish on the topic of the commands, this one included; 1 without a topic."""

    def poll(self) -> None:
        """Take what the other end has reported; to be called every 5 ms."""

    def send(self, command: Command) -> None:
        """Send a command without waiting; it replaces one that has not left yet."""

    def flush(self, seconds: float) -> bool:
        """Wait until everything sent has arrived, as far as that can be known.

        Parameters
        ----------
        seconds : float
            Longest wait, s.

        Returns
        -------
        bool
            Whether it has arrived.
        """

    def close(self) -> None:
        """Release what the output has opened."""


class TrajectoryOutput:
    """Sends trajectories that end at standstill, for ``joint_trajectory_controller``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that publishes.
    joints : sequence of JointLimits
        In the order of the commands' values.
    stamped : bool
        Whether a trajectory begins at the ROS time at which it was sent, so that a controller with the same
        clock refuses it when it is old; otherwise it begins when it is received.

    Attributes
    ----------
    problem : None
        A DDS publisher learns of no problem; missing joint states show it.
    """

    problem: str | None = None

    def __init__(self, node: Node, joints: Sequence[JointLimits], *, stamped: bool = False) -> None:
        self._clock = node.get_clock() if stamped else None
        # Built once: setting a field costs more than filling one.
        zeros = [0.0] * len(joints)
        self._points = [
            JointTrajectoryPoint(positions=array("d", zeros), velocities=array("d", zeros)) for _ in range(2)
        ]
        # A stamp of zero means "start now".
        self._message = JointTrajectory(
            joint_names=[joint.name for joint in joints], points=list(self._points)
        )
        self._publisher = node.create_publisher(JointTrajectory, TRAJECTORY_TOPIC, qos.COMMANDS)
        self._rivals = Rivals(node, str(self._publisher.topic_name))

    @property
    def publishers(self) -> int:
        """How many publish on the topic, this one included."""
        return self._rivals.count()

    def poll(self) -> None:
        """Nothing to take: joint states come on their own topic."""

    def send(self, command: Command) -> None:
        """Publish the way to the command's standstill."""
        points = trajectory_points(command)
        for message, point in zip(self._points, points, strict=False):
            message.time_from_start.nanosec = round(point.time * 1e9)
            message.positions[:] = array("d", point.positions)
            message.velocities[:] = array("d", point.velocities)
        if len(self._message.points) != len(points):
            self._message.points = self._points[: len(points)]
        if self._clock is not None:
            self._message.header.stamp = self._clock.now().to_msg()
        self._publisher.publish(self._message)

    def flush(self, seconds: float) -> bool:
        """Wait until every subscriber has acknowledged the trajectories; True without a subscriber."""
        return bool(self._publisher.wait_for_all_acked(Duration(seconds=seconds)))

    def close(self) -> None:
        """Nothing to release: the publisher ends with its node."""


class VelocityOutput:
    """Sends velocities, for ``forward_command_controller``.

    Such a controller obeys its last message forever: only a watchdog behind it stops the joints when the
    bridge dies.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that publishes.
    joints : sequence of JointLimits
        In the order of the commands' values; their names label the message's layout.

    Attributes
    ----------
    problem : None
        A DDS publisher learns of no problem; missing joint states show it.
    """

    problem: str | None = None

    def __init__(self, node: Node, joints: Sequence[JointLimits]) -> None:
        names = ",".join(joint.name for joint in joints)
        size = len(joints)
        # Built once: setting a field costs more than filling one.
        self._message = Float64MultiArray(
            layout=MultiArrayLayout(dim=[MultiArrayDimension(label=names, size=size, stride=size)]),
            data=array("d", [0.0] * size),
        )
        self._publisher = node.create_publisher(Float64MultiArray, VELOCITY_TOPIC, qos.COMMANDS)
        self._rivals = Rivals(node, str(self._publisher.topic_name))

    @property
    def publishers(self) -> int:
        """How many publish on the topic, this one included."""
        return self._rivals.count()

    def poll(self) -> None:
        """Nothing to take: joint states come on their own topic."""

    def send(self, command: Command) -> None:
        """Publish a command's velocities."""
        self._message.data[:] = array("d", command.velocities)
        self._publisher.publish(self._message)

    def flush(self, seconds: float) -> bool:
        """Wait until every subscriber has acknowledged the velocities; True without a subscriber."""
        return bool(self._publisher.wait_for_all_acked(Duration(seconds=seconds)))

    def close(self) -> None:
        """Nothing to release: the publisher ends with its node."""


#: The device's watchdog is a problem only this long after the first command to move, s: reports are older.
_WATCHDOG_GRACE = 0.1

#: How long a problem that the device reports once is shown, s: the bridge's next tick must see it.
_SHOWN = 0.1


class SerialOutput:
    """Sends command frames and publishes the joint states that come back.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that publishes.
    joints : sequence of JointLimits
        In the order of the commands' values, which is the device's.
    port : str
        The serial port.
    baud_rate : int
        Its speed, baud.
    feedback : callable
        Called with the names and measured positions (rad) of the joints.

    Attributes
    ----------
    publishers : int
        Always 1: nobody else has the port.

    Raises
    ------
    DeviceError
        If the port cannot be opened, no device reports there, or it has another number of joints.
    """

    publishers = 1

    def __init__(
        self,
        node: Node,
        joints: Sequence[JointLimits],
        port: str,
        baud_rate: int,
        feedback: Callable[[Sequence[str], Sequence[float]], None],
    ) -> None:
        # Not needed by the other outputs.
        from emg_recognition.devices.exoskeleton_driver import SerialExoskeleton

        self._clock = node.get_clock()
        self._feedback = feedback
        self._names = [joint.name for joint in joints]
        self._lost: str | None = None
        self._warning: str | None = None
        self._warned = 0.0
        self._moving_since: float | None = None
        self._commanded = 0.0
        self._message = JointState(name=self._names)
        self._device = SerialExoskeleton(port, baud_rate, len(self._names))
        self._device.open()
        self._publisher = node.create_publisher(JointState, "exo/joint_states", qos.COMMANDS)

    @property
    def problem(self) -> str | None:
        """Why commands do not arrive or are not obeyed; None if they are.

        A lost port stays lost. What the device reports lasts until it reports it no longer and is no longer
        commanded to move.
        """
        return self._lost or self._warning

    def send(self, command: Command) -> None:
        """Send a command, unless the device has a problem: what waits would move it when that has gone."""
        if not command.moving:
            self._moving_since = None
        elif self._moving_since is None:
            self._moving_since = time.monotonic()
        self._commanded = time.monotonic()
        if self.problem is not None:
            return
        try:
            self._device.send(command.stops, (0.0,) * len(command.stops), command.until)
        except EmgRecognitionError as error:
            self._lose(error)

    def flush(self, seconds: float) -> bool:
        """Wait until the device has reported that it obeys the newest command, and no problem.

        A device whose emergency stop is pressed obeys nothing, whatever it has obeyed before.
        """
        deadline = time.monotonic() + seconds
        while self._lost is None and not self._obeys() and time.monotonic() < deadline:
            time.sleep(0.001)
            self.poll()
        return self._obeys()

    def _obeys(self) -> bool:
        return self.problem is None and self._device.obeyed

    def close(self) -> None:
        """Close the port."""
        self._device.close()

    def poll(self) -> None:
        """Read the port, publish the joint states, and pass the positions on."""
        if self._lost is not None:
            return
        try:
            states = self._device.read()
        except EmgRecognitionError as error:
            self._lose(error)
            return
        for state in states:
            self._judge(state)
        if not states:
            return
        newest = states[-1]
        self._message.header.stamp = self._clock.now().to_msg()
        self._message.position = array("d", newest.positions)
        self._message.velocity = array("d", newest.velocities)
        self._publisher.publish(self._message)
        self._feedback(self._names, newest.positions)

    def _judge(self, state: StateFrame) -> None:
        now = time.monotonic()
        if self._warning is not None and now - self._commanded > _SHOWN:
            # The bridge has given up.
            self._moving_since = None
        since = self._moving_since
        if state.emergency_stop:
            warning = "the exoskeleton's emergency stop is pressed: release it"
        elif state.refused:
            warning = "the exoskeleton refuses the commands: compare its limits with the configured ones"
        elif state.watchdog and since is not None and now - since > _WATCHDOG_GRACE:
            warning = "the exoskeleton's watchdog has stopped it: commands come late or not at all"
        else:
            if since is None and now - self._warned > _SHOWN:
                self._warning = None
            return
        # A device that is left alone because of one problem soon reports another.
        self._warning, self._warned = self._warning or warning, now

    def _lose(self, error: EmgRecognitionError) -> None:
        self._device.close()
        self._lost = str(error)
