"""Run the live part of the demo: start acquisition, arm the bridge, and write what was observed."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from emg_recognition import messages
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.msg import ActionEstimate, ActionLabel, BridgeState, EmgSamples, EmgWindow
from emg_recognition.nodes.settings import DemoObserverSettings
from emg_recognition.ros import heartbeat, qos
from emg_recognition.ros.bridge_client import BridgeClient
from emg_recognition.ros.parameters import declare, parameter_error
from emg_recognition.ros.polling import PolledTopic
from emg_recognition.ros.publishers import count_publishers, count_subscribers
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import to_nanoseconds

#: Each topic of the chain and the number of its subscribers in the demo, including this node.
_SUBSCRIBERS = {
    "emg/samples": 3,
    "emg/window": 2,
    "emg/action": 3,
    "emg/label": 2,
    heartbeat.TOPIC: 2,
    "exo/bridge_state": 2,
    "exo/joint_trajectory": 2,
    "exo/joint_states": 2,
}
#: Distribution for each major version of rclpy, for environments without ROS_DISTRO.
_DISTRIBUTIONS = {"3": "humble", "7": "jazzy", "9": "kilted"}
#: The states in which an armed bridge does not move.
_INTERRUPTIONS = {BridgeState.HOLDING: "HOLDING", BridgeState.FAULT: "FAULT"}
#: How often to look, s.
_PERIOD = 0.05
#: The graph has to be complete for this long before the first sample, s.
_SETTLE = 1.0
#: Time for the last window to reach the exoskeleton after the last sample, s.
_TAIL = 0.5
#: After this without samples, missing samples are given up, s.
_GIVE_UP = 5.0


class DemoObserverNode(Node):
    """Manager, operator and observer of one demo."""

    def __init__(self) -> None:
        super().__init__("demo_observer")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, DemoObserverSettings)
        if not settings.output:
            raise parameter_error(self, "output", "", "name a file")
        self._output = Path(settings.output)
        self._deadline = time.monotonic() + settings.timeout
        self._samples = 0
        self._restarts = 0
        self._windows = 0
        self._commands = 0
        self._armings = 0
        self._interruptions: list[dict[str, str]] = []
        self._labels: list[dict[str, object]] = []
        self._estimates = 0
        #: ROS time in ns of the first command that is based on the window ending at this index.
        self._commanded: dict[int, int] = {}
        self._travel: dict[str, float] = {}
        self._positions: dict[str, float] = {}
        self._end: int | None = None
        self._state: BridgeState | None = None
        self._phase = "gathering"
        self._since = time.monotonic()
        self._first_sample: float | None = None
        self._last_sample = 0.0
        self._pending: Future | None = None
        self._shown = 0.0
        # In bulk, because 800 callbacks a second would make the heartbeat late.
        self._heard: list[tuple[PolledTopic, Callable[[Any], None]]] = [
            (PolledTopic(self, kind, topic, profile, check=check), take_in)
            for kind, topic, take_in, profile, check in (
                (EmgSamples, "emg/samples", self._on_samples, qos.WITNESS, messages.check_samples),
                (EmgWindow, "emg/window", self._on_window, qos.WITNESS, messages.check_window),
                (ActionEstimate, "emg/action", self._on_estimate, qos.WITNESS, messages.check_estimate),
                (ActionLabel, "emg/label", self._on_label, qos.LABELS, messages.check_label),
                (BridgeState, "exo/bridge_state", self._on_state, qos.WITNESS, messages.check_bridge_state),
                (JointTrajectory, "exo/joint_trajectory", self._on_command, qos.WITNESS, None),
                (JointState, "exo/joint_states", self._on_joints, qos.WITNESS, messages.check_joints),
            )
        ]
        self._heartbeat = heartbeat.Heartbeat(self, True)
        self._change = self.create_client(ChangeState, "acquisition/change_state")
        self._bridge = BridgeClient(self, "arm", "disarm")
        self.create_timer(_PERIOD, self._conduct, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def close(self) -> None:
        """Release the enabling switch."""
        self._heartbeat.close()

    # What crosses the topics -------------------------------------------------------------------------

    def _on_samples(self, message: EmgSamples) -> None:
        self._last_sample = time.monotonic()
        if self._first_sample is None:
            self._first_sample = self._last_sample
        self._samples += len(message.data) // message.channels
        self._restarts += message.restart

    def _on_window(self, _message: EmgWindow) -> None:
        self._windows += 1

    def _on_estimate(self, message: ActionEstimate) -> None:
        self._estimates += 1
        self._show(message)

    def _on_label(self, message: ActionLabel) -> None:
        label = {
            "event": "start" if message.event == ActionLabel.START else "end",
            "action": message.action,
            "repetition": message.repetition,
            "index": message.index,
            "time": to_nanoseconds(message.header.stamp),
        }
        self._labels.append(label)
        if message.event == ActionLabel.END:
            self._end = message.index
        else:
            self._say({"performed": message.action})

    def _on_state(self, message: BridgeState) -> None:
        engaged = (BridgeState.ARMED, BridgeState.HOLDING)
        was_engaged = self._state is not None and self._state.state in engaged
        self._armings += message.state in engaged and not was_engaged
        name = _INTERRUPTIONS.get(message.state)
        if name is not None and (self._state is None or self._state.state != message.state):
            self._interruptions.append({"state": name, "reason": message.reason})
        self._state = message
        if message.has_index:
            self._commanded.setdefault(message.last_index, to_nanoseconds(message.header.stamp))

    def _on_command(self, _message: JointTrajectory) -> None:
        self._commands += 1

    def _on_joints(self, message: JointState) -> None:
        for name, position in zip(message.name, message.position, strict=True):
            moved = abs(position - self._positions.get(name, position))
            self._travel[name] = self._travel.get(name, 0.0) + moved
            self._positions[name] = position

    def _show(self, estimate: ActionEstimate) -> None:
        now = time.monotonic()
        if now - self._shown < 0.2:
            return
        self._shown = now
        self._say(
            {
                "recognised": estimate.action or "(rejected)",
                "confidence": round(estimate.confidence, 2),
                "joints": {name: round(position, 2) for name, position in self._positions.items()},
                "samples": self._samples,
            }
        )

    def _say(self, event: dict[str, object]) -> None:
        """Write an event for the process that started this node, as one line of JSON."""
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()

    # The phases of the demo --------------------------------------------------------------------------

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._since = time.monotonic()

    def _conduct(self) -> None:
        for topic, take_in in self._heard:
            for message, _ in topic.take():
                take_in(message)
        now = time.monotonic()
        if now > self._deadline:
            self.failure = EmgRecognitionError(
                f"demo: not finished in time, still {self._phase} ({self._missing()}); see the nodes' logs"
            )
        elif self._phase == "gathering":
            if self._missing():
                self._since = now
            elif now - self._since > _SETTLE:
                self._enter("configuring")
        elif self._phase in ("configuring", "activating"):
            self._bring_up_acquisition()
        elif self._phase == "running":
            self._run(now)
        elif self._phase == "disarming" and not self._bridge.pending:
            self._write()
            self.finished = True

    def _missing(self) -> str:
        """Return the parts of the graph that are missing."""
        missing = [
            topic
            for topic, number in _SUBSCRIBERS.items()
            if count_subscribers(self, topic) < number or count_publishers(self, topic) < 1
        ]
        if not self._change.service_is_ready():
            missing.append(str(self._change.srv_name))
        return ", ".join(missing + self._bridge.missing)

    def _bring_up_acquisition(self) -> None:
        transition = (
            Transition.TRANSITION_CONFIGURE
            if self._phase == "configuring"
            else Transition.TRANSITION_ACTIVATE
        )
        if self._pending is None:
            request = ChangeState.Request()
            request.transition.id = transition
            self._pending = self._change.call_async(request)
        elif self._pending.done():
            answer, self._pending = self._pending.result(), None
            if not answer.success:
                self.failure = EmgRecognitionError(
                    f"demo: acquisition refused {self._phase}; see its log for the reason"
                )
            self._enter("activating" if self._phase == "configuring" else "running")

    def _run(self, now: float) -> None:
        """Keep the bridge armed until all samples have been processed."""
        patience = _TAIL if self._end is not None and self._samples >= self._end else _GIVE_UP
        if self._end is not None and now - self._last_sample > patience:
            self._bridge.call("disarm")
            self._enter("disarming")
        elif self._state is not None and self._estimates:
            self._bridge.keep_armed(self._state.state)

    def _write(self) -> None:
        rmw = rclpy.get_rmw_implementation_identifier()
        observed = {
            "ros": {"distro": _distribution(), "rmw": rmw},
            "seconds": self._last_sample - (self._first_sample or self._last_sample),
            "samples_sent": self._end,
            "samples_received": self._samples,
            "restarts": self._restarts,
            "windows": self._windows,
            "commands": self._commands,
            "armings": self._armings,
            "interruptions": self._interruptions,
            "joint_travel": self._travel,
            "labels": self._labels,
            "commanded": sorted(self._commanded.items()),
        }
        self._output.write_text(json.dumps(observed))


def _distribution() -> str:
    if "ROS_DISTRO" in os.environ:
        return os.environ["ROS_DISTRO"]
    for package in ("ros-rclpy", "rclpy"):
        try:
            return _DISTRIBUTIONS[metadata.version(package).split(".")[0]]
        except (metadata.PackageNotFoundError, KeyError):
            continue
    return "unknown"


def main() -> int:
    """Run the node."""
    return run("demo_observer", DemoObserverNode)


if __name__ == "__main__":
    sys.exit(main())
