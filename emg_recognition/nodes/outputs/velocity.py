"""Commands as ``std_msgs/Float64MultiArray`` on ``exo/velocity_command``: velocities and nothing else."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, MultiArrayLayout

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command
from emg_recognition.nodes import qos


class VelocityOutput:
    """Sends velocities, for ``forward_command_controller``.

    Such a controller obeys the newest message for ever: only a watchdog behind it stops the joints
    when the bridge dies.

    Parameters
    ----------
    node : rclpy.node.Node
        Publishes.
    joints : sequence of JointLimits
        In the order of the commands' values; their names label the message's layout.

    Attributes
    ----------
    problem : None
        DDS tells a publisher of no problem; silence of the joint states does.
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
        self._publisher = node.create_publisher(Float64MultiArray, "exo/velocity_command", qos.COMMANDS)

    def send(self, command: Command) -> None:
        """Publish a command's velocities; all are zero where nothing is to move."""
        self._message.data[:] = array("d", command.velocities)
        self._publisher.publish(self._message)

    def flush(self, seconds: float) -> bool:
        """Wait until every subscriber has acknowledged the velocities; True without a subscriber."""
        return bool(self._publisher.wait_for_all_acked(Duration(seconds=seconds)))

    def close(self) -> None:
        """Nothing to release: the publisher goes with its node."""
