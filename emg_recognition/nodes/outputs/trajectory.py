"""Commands as ``trajectory_msgs/JointTrajectory`` on ``exo/joint_trajectory``."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from rclpy.duration import Duration
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command, trajectory_points
from emg_recognition.nodes import qos


class TrajectoryOutput:
    """Sends trajectories that end at standstill, for ``joint_trajectory_controller``.

    Parameters
    ----------
    node : rclpy.node.Node
        Publishes.
    joints : sequence of JointLimits
        In the order of the commands' values.

    Attributes
    ----------
    problem : None
        DDS tells a publisher of no problem; silence of the joint states does.
    """

    problem: str | None = None

    def __init__(self, node: Node, joints: Sequence[JointLimits]) -> None:
        self._joints = tuple(joints)
        still = [0.0] * len(self._joints)
        # Built once: setting a field costs more than filling one.
        self._points = [
            JointTrajectoryPoint(positions=array("d", still), velocities=array("d", still)) for _ in range(2)
        ]
        # A stamp of zero means: start now.
        self._message = JointTrajectory(
            joint_names=[joint.name for joint in self._joints], points=list(self._points)
        )
        self._publisher = node.create_publisher(JointTrajectory, "exo/joint_trajectory", qos.COMMANDS)

    def send(self, command: Command) -> None:
        """Publish a command and the stop after it."""
        points = trajectory_points(command, self._joints)
        for message, point in zip(self._points, points, strict=False):
            message.time_from_start.nanosec = round(point.time * 1e9)
            message.positions[:] = array("d", point.positions)
            message.velocities[:] = array("d", point.velocities)
        if len(self._message.points) != len(points):
            self._message.points = self._points[: len(points)]
        self._publisher.publish(self._message)

    def flush(self, seconds: float) -> bool:
        """Wait until every subscriber has acknowledged the trajectories; True without a subscriber."""
        return bool(self._publisher.wait_for_all_acked(Duration(seconds=seconds)))

    def close(self) -> None:
        """Nothing to release: the publisher goes with its node."""
