"""``emg/action`` → ``emg/decision``, where no command bridge runs: for machines of other kinds."""

from __future__ import annotations

import dataclasses
import sys
import time

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from emg_recognition.classification import decision_settings
from emg_recognition.control.decision import Decider, DecisionSettings
from emg_recognition.control.inputs import Instant, SignalWatch, check_estimate
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.messages import check_estimate as check_message
from emg_recognition.messages import check_model, read_estimate, read_model
from emg_recognition.models.bundle import read_bundle
from emg_recognition.msg import ActionEstimate, ModelInfo
from emg_recognition.nodes.settings import DecisionNodeSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.callers import log_changes
from emg_recognition.ros.decisions import DecisionPublisher
from emg_recognition.ros.following import Announced, Followed, follow
from emg_recognition.ros.parameters import declare, given_bundle, given_parameters, show_values
from emg_recognition.ros.runner import run
from emg_recognition.settings import settings_of
from emg_recognition.text import printable
from emg_recognition.types import Model


class DecisionNode(Node):
    """Judges and decides as the command bridge does, and moves nothing."""

    def __init__(self) -> None:
        super().__init__("decision")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        bundle = given_bundle(self)
        _, self._settings = declare(
            self,
            DecisionNodeSettings,
            DecisionSettings,
            defaults={} if bundle is None else dataclasses.asdict(decision_settings(bundle)),
        )
        #: Decision settings that the user has chosen, which then hold for every model.
        self._chosen = set(given_parameters(self)) & set(settings_of(DecisionSettings))
        self._model: Model | None = None
        self._signal = SignalWatch(BridgeSettings.stale_after)
        self._decisions = DecisionPublisher(self, Decider(self._settings))
        self._published = 0
        self._refused = 0
        self._refusal = "no model announced yet"
        self._estimates = Followed(self, "emg/action", check_message, self._on_estimate)
        self._models = Announced(self, "emg/model", check_model, self._on_model, stream=self._estimates)
        follow(self, ActionEstimate, self._estimates, qos.LATEST_ESTIMATES)
        follow(self, ModelInfo, self._models, qos.LATCHED)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._diagnostics = diagnostics.Diagnostics(
            self, self._report, topics=[self._estimates, self._models]
        )

    def close(self) -> None:
        """Nothing to release."""

    def _on_model(self, message: ModelInfo) -> None:
        self._model = read_model(message)

    def _on_estimate(self, message: ActionEstimate) -> None:
        if self._model is None:
            self._refused += 1
            return
        estimate = read_estimate(message)
        violation = check_estimate(estimate, self._model)
        if violation is not None:
            self._refuse(violation.text)
            return
        now = Instant(time.monotonic(), self.get_clock().now().nanoseconds * 1e-9)
        receipt = self._signal.receive(estimate.time, estimate.last_index, now, may_restart=True)
        if receipt.ignored is not None:
            self._refuse(f"estimate {receipt.ignored.counter}")
            return
        self._decisions.add(message)
        self._published += 1

    def _refuse(self, why: str) -> None:
        self._refused += 1
        self._refusal = why
        self.get_logger().warning(printable(why), throttle_duration_sec=1.0)

    def _on_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        values = {change.name: change.value for change in changes}
        changed = {name: values[name] for name in settings_of(DecisionSettings) if name in values}
        settings = self._settings
        try:
            if values.get("model"):
                chosen = {name: getattr(settings, name) for name in self._chosen}
                settings = dataclasses.replace(decision_settings(read_bundle(values["model"])), **chosen)
            settings = dataclasses.replace(settings, **changed)
        except EmgRecognitionError as error:
            return SetParametersResult(successful=False, reason=str(error))
        log_changes(self, changes)
        if settings != self._settings:
            self._chosen |= set(changed)
            self._settings = settings
            self._decisions.use(Decider(settings))
            show_values(self, dataclasses.asdict(settings), set(changed))
        return SetParametersResult(successful=True)

    def _report(self) -> diagnostics.Report:
        self._models.look()
        values = {"decisions": self._published, "refused_estimates": self._refused}
        now = Instant(time.monotonic(), self.get_clock().now().nanoseconds * 1e-9)
        violation = self._signal.violation(now)
        if self._model is None or violation is not None:
            return diagnostics.STALE, self._refusal if violation is None else violation.text, values
        if self._refused:
            return diagnostics.WARN, f"{self._refused} estimates refused; the last: {self._refusal}", values
        return diagnostics.OK, "running", values


def main() -> int:
    """Run the node."""
    return run("decision", DecisionNode)


if __name__ == "__main__":
    sys.exit(main())
