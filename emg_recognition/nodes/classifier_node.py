"""``emg/window`` → ``emg/action`` with a model bundle; imports neither TensorFlow nor SciPy."""

from __future__ import annotations

import sys
import time

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from emg_recognition.errors import EmgRecognitionError, SampleError, SettingError
from emg_recognition.models.bundle import check_compatible
from emg_recognition.models.runtime import ActionModel
from emg_recognition.msg import ActionEstimate, EmgWindow, ModelInfo
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.conversions import to_floats, to_matrix
from emg_recognition.ros.parameters import Parameter, declare
from emg_recognition.ros.runner import AUTOSTART, ManagedNode, run

PARAMETERS = (
    Parameter("model", "", "directory of the model bundle"),
    Parameter("confidence_threshold", 0.5, "estimates below this probability are REJECTED", 0.0, 1.0),
    Parameter("queue", 4, "windows that wait at most; older ones are dropped whole and counted", 1, 10_000),
    AUTOSTART,
)


class ClassifierNode(ManagedNode):
    """Publishes one estimate for each window; silence for what it cannot judge."""

    def __init__(self) -> None:
        super().__init__("classifier")
        self._values = declare(self, PARAMETERS)
        self._model: ActionModel | None = None
        self._active = False
        self._next_sequence: int | None = None
        self._estimates_sent = 0
        self._rejected = 0
        self._dropped = 0
        self._refused = 0
        self._estimates = self.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES)
        self._model_info = self.create_publisher(ModelInfo, "emg/model", qos.LATCHED)
        self.create_subscription(
            EmgWindow, "emg/window", self._on_window, qos.latest_windows(self._values["queue"])
        )
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        if self._values["autostart"]:
            self.bring_up()

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Read the bundle."""
        return self.attempt(self._load)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Announce the model and judge windows from now on."""
        super().on_activate(state)
        return self.attempt(self._announce)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall silent."""
        self._active = False
        return super().on_deactivate(state)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Forget the model."""
        self._model = None
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Fall silent for good."""
        self._active = False
        return TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        """Nothing to release."""

    def _load(self) -> None:
        path = str(self._values["model"])
        if not path:
            raise SettingError("parameter model of classifier", path, "name the directory of a model bundle")
        self._model = ActionModel.load(path)
        info = self._model.info
        self._diagnostics.hardware_id = info.model_id
        self.get_logger().info(f"model {info.model_id}: {', '.join(info.actions)}; {info.fingerprint}")

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
        self._next_sequence = None
        self._active = True

    def _on_window(self, message: EmgWindow) -> None:
        if not self._active or self._model is None:
            return
        model = self._model
        self._count_dropped(message.sequence)
        try:
            check_compatible(
                model.info, rate=message.rate, channels=message.channels, fingerprint=message.pipeline
            )
            window = to_matrix(message.data, message.channels)
            start = time.perf_counter()
            probabilities = model.predict(window)
            inference_time = time.perf_counter() - start
            activation = model.activation(window)
        except SampleError as error:
            self._refused += 1
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
            return
        except EmgRecognitionError as error:
            # Windows of another signal path: nothing this model says about them would be true.
            self.failure = error
            return
        best = int(probabilities.argmax())
        confidence = float(probabilities[best])
        accepted = confidence >= self._values["confidence_threshold"]
        estimate = ActionEstimate(
            first_index=message.first_index,
            last_index=message.first_index + message.length - 1,
            status=ActionEstimate.ACCEPTED if accepted else ActionEstimate.REJECTED,
            action_id=best if accepted else -1,
            action=model.info.actions[best] if accepted else "",
            confidence=confidence,
            probabilities=to_floats(probabilities),
            activation=activation,
            model=model.info.model_id,
            inference_time=inference_time,
        )
        estimate.header = message.header
        self._estimates.publish(estimate)
        self._estimates_sent += 1
        self._rejected += not accepted

    def _count_dropped(self, sequence: int) -> None:
        expected = self._next_sequence
        # A smaller number means that preprocessing was started anew.
        if expected is not None and sequence > expected:
            self._dropped += sequence - expected
        self._next_sequence = sequence + 1

    def _report(self) -> diagnostics.Report:
        values = {
            "estimates": self._estimates_sent,
            "rejected": self._rejected,
            "dropped_windows": self._dropped,
            "refused_windows": self._refused,
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
