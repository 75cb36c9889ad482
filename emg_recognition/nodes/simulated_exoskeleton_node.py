"""Simulated joints behind the controllers that the bridge can command.

``exo/joint_trajectory`` or ``exo/velocity_command`` → ``exo/joint_states``; or a serial exoskeleton on
a pseudo-terminal, whose joint states the bridge publishes.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from emg_recognition.devices.exoskeleton_emulator import ExoskeletonEmulator
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes.settings import SimulatedExoskeletonSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.description import exoskeleton_of
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run
from emg_recognition.simulation.exoskeleton import (
    SimulatedJoint,
    TrajectoryPoint,
    TrajectorySimulator,
    VelocitySimulator,
)
from emg_recognition.simulation.serial_exoskeleton import SerialSimulator


class SimulatedExoskeletonNode(Node):
    """Obeys one kind of command and publishes where the joints are."""

    def __init__(self) -> None:
        super().__init__("simulated_exoskeleton")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, SimulatedExoskeletonSettings)
        exoskeleton = exoskeleton_of(self, settings.exoskeleton)
        joints = [SimulatedJoint(joint.name, joint.lower, joint.upper) for joint in exoskeleton.joints]
        self._emulator: ExoskeletonEmulator | None = None
        self._obeyed = 0
        self._refused = 0
        self._stepped = time.monotonic()
        if settings.controller == "serial":
            # The bridge publishes the joint states that arrive at its port.
            self._emulator = ExoskeletonEmulator(
                SerialSimulator(joints), link=settings.link, rate=settings.rate
            )
            self._emulator.start()
            self.create_service(SetBool, "~/emergency_stop", self._on_emergency_stop)
            self.get_logger().info(f"a serial exoskeleton is at {settings.link}")
        elif settings.controller == "velocity":
            velocity = VelocitySimulator(joints, settings.watchdog)
            self._simulate(
                velocity,
                Float64MultiArray,
                "exo/velocity_command",
                lambda message: velocity.obey(message.data),
            )
        else:
            trajectory = TrajectorySimulator(joints)
            self._simulate(
                trajectory,
                JointTrajectory,
                "exo/joint_trajectory",
                lambda message: trajectory.follow(message.joint_names, _points(message)),
            )
        if self._emulator is None:
            self._states = self.create_publisher(JointState, "exo/joint_states", qos.COMMANDS)
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            self.create_timer(1.0 / settings.rate, self._publish, clock=steady)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)

    def close(self) -> None:
        """Close the pseudo-terminal."""
        if self._emulator is not None:
            self._emulator.close()

    def _simulate(
        self,
        simulator: TrajectorySimulator | VelocitySimulator,
        kind: type,
        topic: str,
        obey: Callable[[Any], str | None],
    ) -> None:
        """Let a simulator obey the messages of a topic."""
        self._simulator = simulator
        self._message = JointState(name=list(simulator.joint_names))

        def on_command(message: object) -> None:
            self._pass_time()
            refusal = obey(message)
            if refusal is None:
                self._obeyed += 1
            else:
                self._refused += 1
                self.get_logger().error(f"refused: {refusal}", throttle_duration_sec=1.0)

        self.create_subscription(kind, topic, on_command, qos.COMMANDS)

    def _pass_time(self) -> None:
        now = time.monotonic()
        self._simulator.step(now - self._stepped)
        self._stepped = now

    def _publish(self) -> None:
        self._pass_time()
        self._message.header.stamp = self.get_clock().now().to_msg()
        self._message.position = array("d", self._simulator.positions)
        self._message.velocity = array("d", self._simulator.velocities)
        self._states.publish(self._message)

    def _on_emergency_stop(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        assert self._emulator is not None  # the service exists only then
        self._emulator.emergency_stop = request.data
        response.success = True
        response.message = "pressed" if request.data else "released"
        return response

    def _report(self) -> diagnostics.Report:
        source = self._emulator
        obeyed, refused = (source.obeyed, source.refused) if source else (self._obeyed, self._refused)
        values = {"obeyed": obeyed, "refused": refused}
        if refused:
            return diagnostics.WARN, f"{refused} commands refused since the start", values
        return diagnostics.OK, "running", values


def _points(message: JointTrajectory) -> list[TrajectoryPoint]:
    return [
        TrajectoryPoint(
            point.time_from_start.sec + point.time_from_start.nanosec * 1e-9,
            point.positions,
            point.velocities,
        )
        for point in message.points
    ]


def main() -> int:
    """Run the node."""
    return run("simulated_exoskeleton", SimulatedExoskeletonNode)


if __name__ == "__main__":
    sys.exit(main())
