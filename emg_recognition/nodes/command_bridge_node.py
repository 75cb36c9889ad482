"""``emg/action`` → ``exo/joint_trajectory``, while armed; says a stop on any doubt and as its last word."""

from __future__ import annotations

import sys
import time
from array import array

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emg_recognition.control.bridge import COUNTERS, Bridge, State
from emg_recognition.control.delay import controller_delay, is_long
from emg_recognition.control.joints import load_exoskeleton
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.signals import Estimate, Instant, Model
from emg_recognition.control.trajectory import Command, trajectory_points
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.msg import ActionEstimate, BridgeState, ModelInfo
from emg_recognition.nodes import diagnostics, qos
from emg_recognition.nodes.conversions import to_nanoseconds
from emg_recognition.nodes.parameters import Parameter, declare
from emg_recognition.nodes.runner import run
from emg_recognition.resources import config_path

PARAMETERS = (
    Parameter(
        "exoskeleton", "", "YAML file of joints, limits and motions; empty for config/exoskeleton.yaml"
    ),
    Parameter("command_rate", 200.0, "commands a second", 50.0, 500.0),
    Parameter("votes", 3, "estimates that vote; more than half of them decide", 1, 15),
    Parameter("stale_after", 0.12, "age at which estimates and joint states are stale, s", 0.02, 0.12),
    Parameter(
        "hold_timeout", 2.0, "how long to hold and wait for fresh signals before a fault, s", 0.0, 10.0
    ),
    Parameter("window", 0.2, "length of the windows, to judge the controller delay, s", 0.02, 2.0),
    Parameter("window_step", 0.025, "distance of the windows, to judge the controller delay, s", 0.001, 2.0),
    Parameter("allow_long_delay", False, "start although the controller delay is above 300 ms"),
)

#: How long the last word may take to arrive, s.
_LAST_WORD = 1.0


class CommandBridgeNode(Node):
    """Ticks the bridge at a fixed rate on the steady clock; starts disarmed."""

    def __init__(self) -> None:
        super().__init__("command_bridge")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        self._values = declare(self, PARAMETERS)
        settings = BridgeSettings(
            command_rate=self._values["command_rate"],
            votes=self._values["votes"],
            stale_after=self._values["stale_after"],
            hold_timeout=self._values["hold_timeout"],
        )
        exoskeleton = load_exoskeleton(self._values["exoskeleton"] or config_path("exoskeleton.yaml"))
        # On average a command waits half a period for its tick; the rest of the way shows up later.
        self._judge_delay(settings.period / 2)
        self._joints = exoskeleton.joints
        self._bridge = Bridge(exoskeleton, settings)
        self._logged = (self._bridge.state, self._bridge.reason)
        self._build_messages(list(exoskeleton.joint_names))
        self._trajectories = self.create_publisher(JointTrajectory, "exo/joint_trajectory", qos.COMMANDS)
        self._states = self.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)
        self.create_subscription(ActionEstimate, "emg/action", self._on_estimate, qos.LATEST_ESTIMATES)
        self.create_subscription(ModelInfo, "emg/model", self._on_model, qos.LATCHED)
        self.create_subscription(JointState, "exo/joint_states", self._on_joints, qos.COMMANDS)
        self.create_service(Trigger, "~/arm", self._on_arm)
        self.create_service(Trigger, "~/disarm", self._on_disarm)
        self.create_service(Trigger, "~/stop", self._on_stop)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(settings.period, self._tick, clock=steady)

    def close(self) -> None:
        """Stop the joints; wait until the stop has arrived, a second at most."""
        self._timer.cancel()
        command = self._bridge.last_word(self._now())
        if command is not None:
            self._publish_command(command)
        self._publish_state()
        self._log_change()
        if command is not None and not self._trajectories.wait_for_all_acked(Duration(seconds=_LAST_WORD)):
            self.get_logger().error("nobody acknowledged the stop command: check that the exoskeleton stands")

    def _now(self) -> Instant:
        return Instant(time.monotonic(), self.get_clock().now().nanoseconds * 1e-9)

    # What comes in -----------------------------------------------------------------------------------

    def _on_estimate(self, message: ActionEstimate) -> None:
        estimate = Estimate(
            stamp=to_nanoseconds(message.header.stamp) * 1e-9,
            last_index=message.last_index,
            accepted=message.status == ActionEstimate.ACCEPTED,
            action_id=message.action_id,
            action=message.action,
            confidence=message.confidence,
            model=message.model,
        )
        self._bridge.estimate(estimate, self._now())

    def _on_model(self, message: ModelInfo) -> None:
        self._bridge.announce(Model(message.model, message.sha256, tuple(message.actions)))

    def _on_joints(self, message: JointState) -> None:
        self._bridge.feedback(message.name, message.position, self._now())

    def _on_arm(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        refusal = self._bridge.arm(self._now())
        if refusal is not None:
            self.get_logger().warning(f"arming refused: {refusal}")
        response.success = refusal is None
        response.message = refusal or self._bridge.reason
        return response

    def _on_disarm(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._bridge.disarm("disarmed by service")
        return self._answer(response)

    def _on_stop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._bridge.stop("stopped by service")
        return self._answer(response)

    def _answer(self, response: Trigger.Response) -> Trigger.Response:
        response.success = not self._bridge.engaged
        response.message = f"{self._bridge.state.name}: {self._bridge.reason}"
        return response

    # What goes out -----------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._now()
        command = self._bridge.tick(now)
        if command is not None:
            self._publish_command(command)
        self._state.signal_age = self._bridge.signal_age(now)
        self._publish_state()
        self._log_change()

    def _build_messages(self, names: list[str]) -> None:
        """Build each message once: setting a field costs more than filling one."""
        still = [0.0] * len(names)
        self._points = [
            JointTrajectoryPoint(positions=array("d", still), velocities=array("d", still)) for _ in range(2)
        ]
        # A stamp of zero means: start now.
        self._trajectory = JointTrajectory(joint_names=names, points=list(self._points))
        self._state = BridgeState(
            joint_names=names,
            positions=array("d"),
            velocities=array("d"),
            signal_age=-1.0,
            counter_names=list(COUNTERS),
            counter_values=array("Q", [0] * len(COUNTERS)),
        )

    def _publish_command(self, command: Command) -> None:
        points = trajectory_points(command, self._joints)
        for message, point in zip(self._points, points, strict=False):
            message.time_from_start.nanosec = round(point.time * 1e9)
            message.positions[:] = array("d", point.positions)
            message.velocities[:] = array("d", point.velocities)
        if len(self._trajectory.points) != len(points):
            self._trajectory.points = self._points[: len(points)]
        self._trajectories.publish(self._trajectory)
        self._state.positions = array("d", command.positions)
        self._state.velocities = array("d", command.velocities)

    def _publish_state(self) -> None:
        bridge, state = self._bridge, self._state
        state.state = int(bridge.state)
        state.reason = bridge.reason
        state.action = bridge.action
        index = bridge.last_index
        state.has_index = index is not None
        state.last_index = index or 0
        state.counter_values[:] = array("Q", bridge.counters.values())
        state.header.stamp = self.get_clock().now().to_msg()
        self._states.publish(state)

    def _log_change(self) -> None:
        newest = (self._bridge.state, self._bridge.reason)
        if newest == self._logged:
            return
        line = f"{self._logged[0].name} -> {newest[0].name}: {newest[1]}"
        self._logged = newest
        # rclpy ties a severity to the line that logs, so each has a line of its own.
        if newest[0] is State.FAULT:
            self.get_logger().error(line)
        elif newest[0] is State.HOLDING:
            self.get_logger().warning(line)
        else:
            self.get_logger().info(line)

    def _delay(self, processing: float) -> float:
        return controller_delay(
            window=self._values["window"],
            step=self._values["window_step"],
            votes=self._values["votes"],
            processing=processing,
        )

    def _judge_delay(self, processing: float) -> None:
        delay = self._delay(processing)
        long = is_long(delay, allow_long=self._values["allow_long_delay"])
        line = f"average controller delay {delay * 1000:.0f} ms, and the time that processing takes"
        if long:
            self.get_logger().warning(f"{line}: the wearer will notice it; 100 to 125 ms are best")
        else:
            self.get_logger().info(line)

    def _report(self) -> diagnostics.Report:
        bridge = self._bridge
        values: dict[str, object] = dict(bridge.counters)
        values["signal_age_s"] = f"{bridge.signal_age(self._now()):.3f}"
        values["controller_delay_s"] = f"{self._delay(bridge.processing_delay):.3f}"
        level = {State.FAULT: diagnostics.ERROR, State.HOLDING: diagnostics.WARN}.get(
            bridge.state, diagnostics.OK
        )
        return level, f"{bridge.state.name}: {bridge.reason}", values


def main() -> int:
    """Run the node."""
    return run("command_bridge", CommandBridgeNode)


if __name__ == "__main__":
    sys.exit(main())
