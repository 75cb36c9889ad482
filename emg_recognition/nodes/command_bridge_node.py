"""``emg/action`` → ``emg/decision``, and commands while armed; on any violation, and at its end, a stop."""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
from collections.abc import Sequence

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from emg_recognition.classification import decision_settings, live_settings
from emg_recognition.control.bridge import Bridge
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.inputs import Instant, Sources
from emg_recognition.control.joints import LONGEST_PERIOD, JointLimits
from emg_recognition.control.motion import AHEAD
from emg_recognition.control.settings import BridgeSettings, is_long
from emg_recognition.control.states import Reason, State, Violation
from emg_recognition.control.watch import Signal
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.messages import check_estimate, check_info, check_model, read_estimate, read_model
from emg_recognition.models.bundle import read_bundle
from emg_recognition.msg import ActionEstimate, EmgInfo, ModelInfo
from emg_recognition.nodes.command_bridge_settings import CommandBridgeSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.bridge_state import BridgeStatePublisher
from emg_recognition.ros.callers import callers, log_changes
from emg_recognition.ros.decisions import DecisionPublisher
from emg_recognition.ros.description import exoskeleton_of
from emg_recognition.ros.following import Announced, Followed, follow
from emg_recognition.ros.heartbeat import TOPIC as STOP_INPUT_TOPIC
from emg_recognition.ros.outputs import (
    TRAJECTORY_TOPIC,
    VELOCITY_TOPIC,
    Output,
    SerialOutput,
    TrajectoryOutput,
    VelocityOutput,
)
from emg_recognition.ros.parameters import declare, given_bundle, given_parameters, show_values
from emg_recognition.ros.publishers import IdentifiedSubscription
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import to_nanoseconds
from emg_recognition.ros.ticking import TickingThread
from emg_recognition.settings import settings_of
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.types import LiveSettings

ESTIMATES_TOPIC = "emg/action"
MODEL_TOPIC = "emg/model"
JOINT_STATES_TOPIC = "exo/joint_states"

#: Shortest time between two commands, s: estimates that were held up arrive in a burst.
_SHORTEST_PERIOD = 0.002
#: How long to wait until the last command has arrived, s.
_LAST_COMMAND = 1.0


class CommandBridgeNode(Node):
    """Ticks the bridge at a fixed rate on the steady clock; starts disarmed."""

    def __init__(self) -> None:
        super().__init__("command_bridge")
        self.finished = False
        # Estimates, stop input, joints and ticks have a thread; the executor has the rest.
        self._lock = threading.RLock()
        bundle = given_bundle(self)
        self._settings, settings, self._decisions = declare(
            self,
            CommandBridgeSettings,
            BridgeSettings,
            DecisionSettings,
            defaults={} if bundle is None else dataclasses.asdict(decision_settings(bundle)),
        )
        # The windows that the delay is judged with until the model and its estimates show theirs.
        self._window, self._stride = PipelineSettings.window, LiveSettings.stride
        if bundle is not None:
            self._window, self._stride = bundle.length / bundle.rate, live_settings(bundle).stride
        settings = dataclasses.replace(
            settings,
            decisions=self._decisions,
            follows_velocity=self._settings.output == "velocity",
            model_sha256="" if bundle is None else bundle.model.sha256,
        )
        #: Decision settings that the user has chosen, which then hold for every model.
        self._chosen = set(given_parameters(self)) & set(settings_of(DecisionSettings))
        exoskeleton = exoskeleton_of(self, self._settings.exoskeleton)
        self._period = settings.period
        self._bridge = Bridge(exoskeleton, settings, self._sources())
        self._log_delay(*self._judged_delay(self._decisions), "plus the time for processing")
        self._logged = (self._bridge.state, self._bridge.reason)
        self._output = self._open_output(exoskeleton.joints)
        self._decided = DecisionPublisher(self, self._bridge.new_decider())
        self._states = BridgeStatePublisher(self, self._bridge, exoskeleton.joint_names)
        # A faulty estimate of the classifier stops the motion; one of anybody else changes nothing.
        self._estimates = Followed(
            self, ESTIMATES_TOPIC, check_estimate, self._on_estimate, faulty=self._on_estimate
        )
        self._models = Announced(self, MODEL_TOPIC, check_model, self._on_model, stream=self._estimates)
        self._infos = Announced(self, "emg/info", check_info, self._on_info)
        estimates = IdentifiedSubscription(self, ActionEstimate, ESTIMATES_TOPIC, qos.LATEST_ESTIMATES)
        self._estimates.attach(estimates)
        follow(self, ModelInfo, self._models, qos.LATCHED)
        follow(self, EmgInfo, self._infos, qos.LATCHED)
        self._stop_input = IdentifiedSubscription(self, Bool, STOP_INPUT_TOPIC, qos.ENABLE)
        self._joint_states = (
            None
            if self._settings.output == "serial"
            else IdentifiedSubscription(self, JointState, JOINT_STATES_TOPIC, qos.JOINT_STATES)
        )
        self.create_service(Trigger, "~/arm", self._on_arm)
        self.create_service(Trigger, "~/disarm", self._on_disarm)
        self.create_service(Trigger, "~/stop", self._on_stop)
        self.create_service(Trigger, "~/return_to_neutral", self._on_return)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._diagnostics = diagnostics.Diagnostics(
            self, self._report, topics=[self._estimates, self._models, self._infos]
        )
        self._ticked, self._polled = 0.0, time.monotonic()
        self._ticks = TickingThread(
            self,
            self._period,
            self._tick,
            [(self._stop_input, self._on_stop_input), (estimates, self._estimates.receive)],
            self._poll,
            self._lock,
        )
        self._ticks.start()

    @property
    def failure(self) -> EmgRecognitionError | None:
        """Why nothing ticks any more."""
        return self._ticks.failure

    def close(self) -> None:
        """Ramp the joints down and stop them; wait until the stop has arrived, a second at most."""
        self._ticks.close()
        self._bridge.disarm("shutting down")
        deadline = time.monotonic() + 2 * AHEAD
        while self._bridge.moving(self._now()) and time.monotonic() < deadline:
            self._poll()
            self._tick()
            time.sleep(self._period)
        now = self._now()
        command = self._bridge.last_command(now)
        if command is not None:
            self._output.send(command)
        self._states.publish(command, now, last=True)
        self._log_change()
        if command is not None and not self._output.flush(_LAST_COMMAND):
            self.get_logger().error("the stop was not acknowledged: check that the exoskeleton does not move")
        self._output.close()

    def surprised(self, error: str) -> None:
        """Fault, because a callback failed in a way that nobody expected."""
        with self._lock:
            self._bridge.surprised(error)

    def _open_output(self, joints: Sequence[JointLimits]) -> Output:
        if self._settings.output == "velocity":
            return VelocityOutput(self, joints)
        if self._settings.output == "serial":
            return SerialOutput(
                self, joints, self._settings.serial_port, self._settings.baud_rate, self._on_feedback
            )
        return TrajectoryOutput(self, joints, stamped=self._settings.stamp_commands)

    def _sources(self) -> Sources:
        """Return the names of the topics after remapping."""
        output = self._settings.output
        return Sources(
            estimates=self.resolve_topic_name(ESTIMATES_TOPIC),
            model=self.resolve_topic_name(MODEL_TOPIC),
            joint_states=self._settings.serial_port
            if output == "serial"
            else self.resolve_topic_name(JOINT_STATES_TOPIC),
            stop_input=self.resolve_topic_name(STOP_INPUT_TOPIC),
            commands=self.resolve_topic_name(VELOCITY_TOPIC if output == "velocity" else TRAJECTORY_TOPIC),
        )

    def _now(self) -> Instant:
        return Instant(time.monotonic(), self.get_clock().now().nanoseconds * 1e-9)

    def _on_estimate(self, message: ActionEstimate) -> None:
        now = self._now()
        receipt = self._bridge.estimate(read_estimate(message), now)
        if receipt is None:
            return
        # The command does not wait for the timer, which would take half a period on average. Not in a burst.
        if self._bridge.engaged and now.steady - self._ticked >= _SHORTEST_PERIOD:
            self._ticks.restart()
            self._tick()
        self._decided.add(message)

    def _on_model(self, message: ModelInfo) -> None:
        with self._lock:
            self._bridge.announce(read_model(message))

    def _on_info(self, message: EmgInfo) -> None:
        with self._lock:
            self._bridge.device(Signal(message.rate, message.channels))

    def _on_stop_input(self, message: Bool, publisher: bytes) -> None:
        self._bridge.stop_input(message.data, self._now(), publisher)

    def _poll(self) -> None:
        """Take what the exoskeleton has reported since the last poll."""
        self._output.poll()
        joint_states, before = self._joint_states, self._polled
        self._polled = time.monotonic()
        if joint_states is None:
            return
        for message, publisher in joint_states.take_waiting():
            now = self._now()
            waited = min(joint_states.waited, now.steady - before)
            # A driver that gives no stamp leaves it at zero.
            stamp = to_nanoseconds(message.header.stamp) * 1e-9 or None
            received = Instant(now.steady - waited, now.ros - waited)
            self._bridge.feedback(message.name, message.position, received, stamp, publisher)

    def _on_feedback(self, names: Sequence[str], positions: Sequence[float]) -> None:
        self._bridge.feedback(names, positions, self._now())

    def _on_arm(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._log_request("arm")
        with self._lock:
            self._look_at_graph()
            self._models.look()
            self._infos.look()
            engaged = self._bridge.engaged
            objection = None
            try:
                delay, long = self._judged_delay(self._decisions)
            except SettingError as error:
                objection = Violation(Reason.LONG_DELAY, str(error))
            refusal = self._bridge.arm(self._now(), objection)
            if refusal is not None:
                self.get_logger().warning(f"arming refused: {refusal}")
            elif not engaged:
                self._log_delay(delay, long, "as measured")
            response.success = refusal is None
            response.message = refusal or self._bridge.reason
            return response

    def _on_disarm(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        # First the stop: the log asks the graph who may have called, which takes a while.
        with self._lock:
            self._bridge.disarm("disarmed by service")
            self._answer(response, not self._bridge.engaged)
        self._log_request("disarm")
        return response

    def _on_stop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        # As for disarming.
        with self._lock:
            self._bridge.stop("stopped by service")
            self._answer(response, not self._bridge.engaged)
        self._log_request("stop")
        return response

    def _on_return(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._log_request("return_to_neutral")
        with self._lock:
            refusal = self._bridge.return_to_neutral()
            self._answer(response, refusal is None)
        response.message = refusal or response.message
        return response

    def _log_request(self, name: str) -> None:
        self.get_logger().info(f"{name} requested; clients of the service: {callers(self, f'~/{name}')}")

    def _answer(self, response: Trigger.Response, success: bool) -> Trigger.Response:
        response.success = success
        response.message = f"{self._bridge.state.name}: {self._bridge.reason}"
        return response

    def _on_parameters(self, changes: list[RosParameter]) -> SetParametersResult:
        values = {change.name: change.value for change in changes}
        changed = {name: values[name] for name in settings_of(DecisionSettings) if name in values}
        decisions, sha256 = self._decisions, None
        try:
            if "model" in values and not self._bridge.engaged:
                decisions, sha256 = self._of_model(values["model"])
            decisions = dataclasses.replace(decisions, **changed)
            judged = self._judged_delay(decisions)
        except EmgRecognitionError as error:
            return SetParametersResult(successful=False, reason=str(error))
        with self._lock:
            hold_timeout = values.get("hold_timeout", self.get_parameter("hold_timeout").value)
            refusal = self._bridge.change(decisions=decisions, hold_timeout=hold_timeout, model_sha256=sha256)
            if refusal is None:
                log_changes(self, changes)
                if decisions != self._decisions:
                    self._chosen |= set(changed)
                self._decisions = decisions
                show_values(self, dataclasses.asdict(decisions), changed)
                self._decided.use(self._bridge.new_decider())
                self._log_delay(*judged, "with the new values")
        return SetParametersResult(successful=refusal is None, reason=refusal or "")

    def _of_model(self, path: str) -> tuple[DecisionSettings, str]:
        """Return the decisions of a bundle, with what the user has chosen, and the SHA-256 of its network."""
        if not path:
            return self._decisions, ""
        bundle = read_bundle(path)
        chosen = {name: getattr(self._decisions, name) for name in self._chosen}
        return dataclasses.replace(decision_settings(bundle), **chosen), bundle.model.sha256

    def _tick(self) -> None:
        self._look_at_graph()
        now = self._now()
        self._ticked = now.steady
        command = self._bridge.tick(now)
        # A process that was held up here must not say what is outdated; the next tick says what is true.
        if time.monotonic() - now.steady < LONGEST_PERIOD:
            if command is not None:
                self._output.send(command)
            self._states.publish(command, now)
        self._log_change()

    def _look_at_graph(self) -> None:
        self._bridge.stop_input_publishers(self._stop_input.publishers)
        self._bridge.command_publishers(self._output.publishers)
        self._bridge.output_problem(self._output.problem)

    def _log_change(self) -> None:
        newest = (self._bridge.state, self._bridge.reason)
        if newest == self._logged:
            return
        line = f"{self._logged[0].name} -> {newest[0].name}: {newest[1]}"
        self._logged = newest
        # rclpy allows only one severity for each line of code that logs.
        if newest[0] is State.FAULT:
            self.get_logger().error(line)
        elif newest[0] is State.HOLDING:
            self.get_logger().warning(line)
        else:
            self.get_logger().info(line)

    def _delay(self, decisions: DecisionSettings) -> float:
        return self._bridge.controller_delay(decisions, window=self._window, stride=self._stride)

    def _judged_delay(self, decisions: DecisionSettings) -> tuple[float, bool]:
        """Return the controller delay, s, and whether to warn of it; raise SettingError if it is refused."""
        delay = self._delay(decisions)
        return delay, is_long(delay, allow_long=self._settings.allow_long_delay)

    def _log_delay(self, delay: float, long: bool, addition: str) -> None:
        line = f"average controller delay {delay * 1000:.0f} ms, {addition}"
        if long:
            self.get_logger().warning(f"{line}: the wearer will notice it; 100 to 125 ms are best")
        else:
            self.get_logger().info(line)

    def _report(self) -> diagnostics.Report:
        bridge = self._bridge
        self._models.look()
        self._infos.look()
        with self._lock:
            signal, feedback, stop_input = bridge.ages(self._now())
            counters, state, reason = dict(bridge.counters), bridge.state, bridge.reason
            delay = self._delay(self._decisions)
        values: dict[str, object] = {
            **counters,
            "signal_age_s": f"{signal:.3f}",
            "feedback_age_s": f"{feedback:.3f}",
            "stop_input_age_s": f"{stop_input:.3f}",
            "controller_delay_s": f"{delay:.3f}",
            "stop_input_publishers": self._stop_input.names(),
        }
        if self._joint_states is not None:
            values["joint_states_publishers"] = self._joint_states.names()
        level = {State.FAULT: diagnostics.ERROR, State.HOLDING: diagnostics.WARN}.get(state, diagnostics.OK)
        return level, f"{state.name}: {reason}", values


def main() -> int:
    """Run the node."""
    return run("command_bridge", CommandBridgeNode)


if __name__ == "__main__":
    sys.exit(main())
