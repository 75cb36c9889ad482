"""Simulated joints behind the controllers that the bridge can command.

``exo/joint_trajectory`` or ``exo/velocity_command`` → ``exo/joint_states``; or a serial exoskeleton on
a pseudo-terminal, whose joint states the bridge publishes.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from emg_recognition.devices.exoskeleton_emulator import ExoskeletonEmulator
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.nodes.settings import SimulatedExoskeletonSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.description import exoskeleton_of
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run
from emg_recognition.simulation.exoskeleton import (
    SimulatedJoint,
    SimulatedJoints,
    TrajectoryPoint,
    TrajectorySimulator,
    VelocitySimulator,
)
from emg_recognition.simulation.serial_exoskeleton import SerialSimulator
from emg_recognition.text import printable

CATCH_UP = 10.0
"""Longest pause of this process (s) that the controller's updates are made up for."""


class SimulatedExoskeletonNode(Node):
    """Obeys one kind of command and publishes where the joints are.

    The updates of a real controller do not wait for the process to be scheduled: those that are late are
    done for the moment at which they were due, before any message that has come since.
    """

    def __init__(self) -> None:
        super().__init__("simulated_exoskeleton")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, SimulatedExoskeletonSettings)
        exoskeleton = exoskeleton_of(self, settings.exoskeleton)
        joints = [SimulatedJoint(joint.name, joint.lower, joint.upper) for joint in exoskeleton.joints]
        self._emulator: ExoskeletonEmulator | None = None
        self._trace: IO[str] | None = None
        self._obeyed = 0
        self._refused = 0
        period = 1.0 / settings.rate
        if settings.controller == "serial":
            # The bridge publishes the joint states that arrive at its port.
            serial = SerialSimulator(joints)
            self._simulator: SimulatedJoints = serial.joints
            self._emulator = ExoskeletonEmulator(serial, link=settings.link, rate=settings.rate)
            self.create_service(SetBool, "~/emergency_stop", self._on_emergency_stop)
            self.get_logger().info(f"a serial exoskeleton is at {settings.link}")
        elif settings.controller == "velocity":
            velocity = VelocitySimulator(joints, period, watchdog=settings.watchdog)
            self._simulator = velocity
            self._subscribe(
                Float64MultiArray, "exo/velocity_command", lambda message: velocity.obey(message.data)
            )
        else:
            trajectory = TrajectorySimulator(
                joints,
                period,
                interpolate_from_desired_state=settings.interpolate_from_desired_state,
            )
            self._simulator = trajectory
            self._subscribe(
                JointTrajectory,
                "exo/joint_trajectory",
                lambda message: trajectory.follow(
                    message.joint_names, _points(message), self._start(message.header.stamp)
                ),
            )
        if settings.trace:
            self._record(Path(settings.trace))
        self._begun = time.monotonic()
        if self._emulator is not None:
            self._emulator.start()
        else:
            self._message = JointState(name=list(self._simulator.joint_names))
            self._published = -1.0
            self._states = self.create_publisher(JointState, "exo/joint_states", qos.COMMANDS)
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            self.create_timer(period, self._publish, clock=steady)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)

    def close(self) -> None:
        """Close the pseudo-terminal and the trace."""
        if self._emulator is not None:
            self._emulator.close()
        if self._trace is not None:
            self._trace.close()

    def _subscribe(self, kind: type, topic: str, obey: Callable[[Any], str | None]) -> None:
        """Obey the messages of a topic."""

        def on_command(message: object) -> None:
            self._update()
            refusal = obey(message)
            if refusal is None:
                self._obeyed += 1
            else:
                self._refused += 1
                self.get_logger().error(f"refused: {printable(refusal)}", throttle_duration_sec=1.0)

        self.create_subscription(kind, topic, on_command, qos.COMMANDS)

    def _record(self, path: Path) -> None:
        """Append what every update finds to a file: steady time (s), positions, velocities."""
        try:
            trace = self._trace = path.open("a", buffering=1)
        except OSError as error:
            raise SettingError("trace", str(path), f"it cannot be written ({error.strerror})") from error

        def write(now: float, positions: list[float], velocities: list[float]) -> None:
            values = (self._begun + now, *positions, *velocities)
            trace.write(",".join(f"{value:.7f}" for value in values) + "\n")

        self._simulator.observer = write

    def _start(self, stamp: Any) -> float | None:
        """Return the simulator's time of a stamp, s; None for the stamp 0, which means at once."""
        if not (stamp.sec or stamp.nanosec):
            return None
        ago = self.get_clock().now().nanoseconds * 1e-9 - (stamp.sec + stamp.nanosec * 1e-9)
        return time.monotonic() - self._begun - ago

    def _update(self) -> None:
        """Do the updates that are due, and keep what the last of them has found."""
        now = time.monotonic()
        simulator = self._simulator
        if now - self._begun - simulator.time > CATCH_UP:
            self._begun = now - CATCH_UP - simulator.time
        while simulator.time <= now - self._begun:
            self._measured = simulator.time
            self._message.position = array("d", simulator.positions)
            self._message.velocity = array("d", simulator.velocities)
            simulator.update()

    def _publish(self) -> None:
        self._update()
        if self._measured > self._published:
            self._published = self._measured
            age = time.monotonic() - self._begun - self._measured
            self._message.header.stamp = (self.get_clock().now() - Duration(seconds=age)).to_msg()
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
            point.accelerations,
        )
        for point in message.points
    ]


def main() -> int:
    """Run the node."""
    return run("simulated_exoskeleton", SimulatedExoskeletonNode)


if __name__ == "__main__":
    sys.exit(main())
