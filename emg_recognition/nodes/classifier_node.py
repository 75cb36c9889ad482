"""Turn ``emg/window`` into ``emg/action`` with a model bundle; needs neither TensorFlow nor SciPy."""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
from array import array
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from emg_recognition.classification import estimate_window, live_settings
from emg_recognition.errors import BundleError, EmgRecognitionError, SampleError
from emg_recognition.messages import check_window
from emg_recognition.models.bundle import BundleInfo, check_compatible
from emg_recognition.models.runtime import ActionModel
from emg_recognition.msg import ActionEstimate, EmgWindow, ModelInfo
from emg_recognition.nodes.classifier_settings import ClassifierSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.awaited import wait_for_nodes
from emg_recognition.ros.conversions import to_matrix
from emg_recognition.ros.exchange import NEWEST, BridgeWatch, offer_reload
from emg_recognition.ros.following import Followed
from emg_recognition.ros.managed import ManagedNode
from emg_recognition.ros.parameters import (
    declare,
    given_bundle,
    given_parameters,
    parameter_error,
    show_values,
)
from emg_recognition.ros.receiving import ReceivingThread
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import to_nanoseconds


class ClassifierNode(ManagedNode):
    """Publishes one estimate for each window, and nothing for a window that it cannot judge.

    Parameters
    ----------
    fed : bool
        Windows come through :meth:`take` instead of ``emg/window``.
    """

    def __init__(self, *, fed: bool = False) -> None:
        super().__init__("classifier")
        # Windows arrive in a thread: the model may only change between two of them.
        self._between_windows = threading.Lock()
        self._settings = declare(self, ClassifierSettings, defaults=self._defaults())
        self._threshold = self._settings.confidence_threshold
        #: Whether the user has chosen the threshold, which then holds for every model.
        self._threshold_given = "confidence_threshold" in given_parameters(self)
        #: SHA-256 of the network that was announced last.
        self._announced = ""
        #: Rate, channels and fingerprint of the newest window, suited to the model or not, and when it came.
        self._signal: tuple[float, int, str] | None = None
        self._signal_received = 0.0
        self._model: ActionModel | None = None
        self._active = False
        self._next_sequence: int | None = None
        self._published = 0
        self._rejected = 0
        self._dropped = 0
        self._estimates = self.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES)
        self._model_info = self.create_publisher(ModelInfo, "emg/model", qos.LATCHED)
        self._bridge = BridgeWatch(self)
        offer_reload(self, self._reload)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._windows = Followed(self, "emg/window", self._check, self._judge)
        self._diagnostics = diagnostics.Diagnostics(self, self._report, topics=[self._windows])
        wait_for_nodes(self, self._estimates, self._settings.wait_for)
        self._receiver = (
            None if fed else ReceivingThread(self, EmgWindow, self._windows, qos.latest_windows(self.queue))
        )
        if self._settings.autostart:
            self.bring_up()

    @property
    def queue(self) -> int:
        """How many windows may wait."""
        return self._settings.queue

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Read the bundle."""
        return self.attempt(self._load)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Announce the model and start to judge windows."""
        super().on_activate(state)
        return self.attempt(self._announce)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop judging windows."""
        with self._between_windows:
            self._active = False
        return super().on_deactivate(state)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release the model."""
        with self._between_windows:
            self._model = None
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Stop judging windows."""
        with self._between_windows:
            self._active = False
        return TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        """Take no more windows."""
        if self._receiver is not None:
            self._receiver.close()

    def _defaults(self) -> dict[str, Any]:
        try:
            bundle = given_bundle(self)
        except BundleError:
            # Configuring refuses it; under a manager it may still appear.
            return {}
        return {} if bundle is None else dataclasses.asdict(live_settings(bundle))

    def _load(self) -> None:
        """Read the bundle that the parameter names; a refused one leaves everything as it was."""
        path = str(self.get_parameter("model").value)
        if not path:
            raise parameter_error(self, "model", path, "name the directory of a model bundle")
        model = ActionModel.load(path)
        info = model.info
        if self._announced and info.files["model.tflite"] != self._announced:
            self._check_exchange(info)
        threshold = self._threshold if self._threshold_given else live_settings(info).confidence_threshold
        with self._between_windows:
            self._model, self._threshold = model, threshold
        if not self._threshold_given:
            show_values(self, {"confidence_threshold": threshold})
        self._diagnostics.hardware_id = info.model_id
        self.get_logger().info(
            f"model {info.model_id}: {', '.join(info.actions)}; confidence threshold {self._threshold:g}; "
            f"{info.fingerprint}"
        )

    def _check_exchange(self, info: BundleInfo) -> None:
        """Refuse another model while the bridge is armed, or for other windows than those that arrive."""
        self._bridge.check_disarmed("another model")
        if self._signal is not None and time.monotonic() - self._signal_received < NEWEST:
            rate, channels, fingerprint = self._signal
            try:
                check_compatible(info, rate=rate, channels=channels, fingerprint=fingerprint)
            except BundleError as error:
                raise EmgRecognitionError(
                    f"{error}; if the armband suits it, let preprocessing read it first: set its parameter "
                    f"`model` to {info.path}, then call its service `reload_model`"
                ) from error

    def _reload(self) -> str:
        """Read the bundle that the parameter names now, and return the name of the model."""
        if self._model is None:
            raise EmgRecognitionError("the classifier is not configured: configure it, that reads the model")
        self._bridge.check_disarmed("reading a model")
        self._load()
        if self._active:
            self._announce()
        return self._model.info.model_id

    def _on_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        for change in changes:
            if change.name == "confidence_threshold" and change.value != self._threshold:
                try:
                    self._bridge.check_disarmed("another confidence threshold")
                except EmgRecognitionError as error:
                    return SetParametersResult(successful=False, reason=str(error))
                self._threshold, self._threshold_given = float(change.value), True
        return SetParametersResult(successful=True)

    def _announce(self) -> None:
        assert self._model is not None
        info = self._model.info
        message = ModelInfo(
            model=info.model_id,
            sha256=info.files["model.tflite"],
            actions=list(info.actions),
            rate=info.rate,
            channels=info.channels,
            length=info.length,
            unit=info.unit,
            pipeline=info.fingerprint,
        )
        message.header.stamp = self.get_clock().now().to_msg()
        self._model_info.publish(message)
        self._announced = message.sha256
        with self._between_windows:
            self._next_sequence = None
            self._active = True

    def take(self, message: EmgWindow) -> None:
        """Judge a window and publish the estimate."""
        self._windows.receive(message)

    def _check(self, message: EmgWindow) -> None:
        """Refuse a window that is not one, or that another signal path has made for another model."""
        check_window(message)
        self._signal = (message.rate, message.channels, message.pipeline)
        self._signal_received = time.monotonic()
        model = self._model
        if model is not None:
            check_compatible(
                model.info, rate=message.rate, channels=message.channels, fingerprint=message.pipeline
            )

    def _judge(self, message: EmgWindow) -> None:
        with self._between_windows:
            self._estimate(message)

    def _estimate(self, message: EmgWindow) -> None:
        if not self._active or self._model is None:
            return
        self._count_dropped(message.sequence)
        window = to_matrix(message.data, message.channels)
        start = time.perf_counter()
        try:
            estimate = estimate_window(
                self._model,
                window,
                first_index=message.first_index,
                time=to_nanoseconds(message.header.stamp) * 1e-9,
                confidence_threshold=self._threshold,
            )
        except SampleError as error:
            self._windows.refuse(error)
            return
        inference_time = time.perf_counter() - start
        output = ActionEstimate(
            first_index=estimate.first_index,
            last_index=estimate.last_index,
            status=ActionEstimate.ACCEPTED if estimate.accepted else ActionEstimate.REJECTED,
            action_id=estimate.action_id,
            action=estimate.action,
            confidence=estimate.confidence,
            probabilities=array("f", estimate.probabilities),
            activation=estimate.activation,
            model=estimate.model,
            inference_time=inference_time,
        )
        output.header = message.header
        self._estimates.publish(output)
        self._published += 1
        self._rejected += not estimate.accepted

    def _count_dropped(self, sequence: int) -> None:
        expected = self._next_sequence
        # A smaller number means that preprocessing was restarted.
        if expected is not None and sequence > expected:
            self._dropped += sequence - expected
        self._next_sequence = sequence + 1

    def _report(self) -> diagnostics.Report:
        values = {
            "estimates": self._published,
            "rejected": self._rejected,
            "dropped_windows": self._dropped,
        }
        if not self._active:
            return diagnostics.STALE, "not active", values
        if self._dropped:
            return diagnostics.WARN, f"{self._dropped} windows dropped since the start", values
        return diagnostics.OK, "running", values


def main() -> int:
    """Run the node."""
    return run("classifier", ClassifierNode)


if __name__ == "__main__":
    sys.exit(main())
