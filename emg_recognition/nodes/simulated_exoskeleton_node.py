"""Joints without an exoskeleton: ``exo/joint_trajectory`` → ``exo/joint_states``."""

from __future__ import annotations

import sys
import time
from array import array

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from emg_recognition.control.joints import load_exoskeleton
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes import diagnostics, qos
from emg_recognition.nodes.parameters import Parameter, declare
from emg_recognition.nodes.runner import run
from emg_recognition.resources import config_path
from emg_recognition.simulation.exoskeleton import ExoskeletonSimulator, SimulatedJoint, TrajectoryPoint

PARAMETERS = (
    Parameter("exoskeleton", "", "YAML file of joints and limits; empty for config/exoskeleton.yaml"),
    Parameter("rate", 100.0, "joint states a second", 10.0, 500.0),
)


class SimulatedExoskeletonNode(Node):
    """Obeys trajectories like ``joint_trajectory_controller`` and reports where the joints are."""

    def __init__(self) -> None:
        super().__init__("simulated_exoskeleton")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        values = declare(self, PARAMETERS)
        exoskeleton = load_exoskeleton(values["exoskeleton"] or config_path("exoskeleton.yaml"))
        self._simulator = ExoskeletonSimulator(
            [SimulatedJoint(joint.name, joint.lower, joint.upper) for joint in exoskeleton.joints]
        )
        self._stepped = time.monotonic()
        self._obeyed = 0
        self._refused = 0
        self._message = JointState(name=list(exoskeleton.joint_names))
        self._states = self.create_publisher(JointState, "exo/joint_states", qos.COMMANDS)
        self.create_subscription(JointTrajectory, "exo/joint_trajectory", self._on_trajectory, qos.COMMANDS)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / values["rate"], self._publish, clock=steady)

    def close(self) -> None:
        """Nothing to release."""

    def _pass_time(self) -> None:
        now = time.monotonic()
        self._simulator.step(now - self._stepped)
        self._stepped = now

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self._pass_time()
        points = [
            TrajectoryPoint(
                point.time_from_start.sec + point.time_from_start.nanosec * 1e-9,
                point.positions,
                point.velocities,
            )
            for point in message.points
        ]
        refusal = self._simulator.follow(message.joint_names, points)
        if refusal is None:
            self._obeyed += 1
        else:
            self._refused += 1
            self.get_logger().error(f"refused: {refusal}", throttle_duration_sec=1.0)

    def _publish(self) -> None:
        self._pass_time()
        self._message.header.stamp = self.get_clock().now().to_msg()
        self._message.position = array("d", self._simulator.positions)
        self._message.velocity = array("d", self._simulator.velocities)
        self._states.publish(self._message)

    def _report(self) -> diagnostics.Report:
        values = {"obeyed": self._obeyed, "refused": self._refused}
        if self._refused:
            return diagnostics.WARN, f"{self._refused} trajectories refused since the start", values
        return diagnostics.OK, "running", values


def main() -> int:
    """Run the node."""
    return run("simulated_exoskeleton", SimulatedExoskeletonNode)


if __name__ == "__main__":
    sys.exit(main())
