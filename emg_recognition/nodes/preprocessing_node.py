"""``emg/samples`` → filtered windows on the sample grid, ``emg/window``."""

from __future__ import annotations

import sys

from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError, SampleError
from emg_recognition.msg import EmgSamples, EmgWindow
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.conversions import to_floats, to_matrix, to_nanoseconds, to_time
from emg_recognition.ros.parameters import Parameter, declare
from emg_recognition.ros.polling import subscribe_in_bulk
from emg_recognition.ros.runner import run
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings, stride_samples, suited_settings

PARAMETERS = (
    Parameter("window", 0.2, "length of a window, s", 0.02, 2.0),
    Parameter("step", 0.025, "distance of windows, s", 0.001, 2.0),
    Parameter("low", 0.0, "lower edge of the band-pass, Hz; 0.0 suits it to the rate", 0.0, 10000.0),
    Parameter("high", 0.0, "upper edge of the band-pass, Hz; 0.0 suits it to the rate", 0.0, 10000.0),
    Parameter("mains", 50.0, "mains frequency to notch out, Hz; 0.0 for no notch", 0.0, 1000.0),
    Parameter("settling", 0.25, "windows that begin this soon after a start are not published, s", 0.0, 10.0),
)


class PreprocessingNode(Node):
    """Runs the one signal path over the samples of one device."""

    def __init__(self) -> None:
        super().__init__("preprocessing")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        self._values = declare(self, PARAMETERS)
        self._pipeline: Pipeline | None = None
        self._signal: tuple[float, int, str] | None = None
        self._fingerprint = ""
        self._published = 0
        self._lost = 0
        self._refused = 0
        self._windows = self.create_publisher(EmgWindow, "emg/window", qos.WINDOWS)
        subscribe_in_bulk(self, EmgSamples, "emg/samples", self._on_samples, qos.SAMPLES)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)

    def close(self) -> None:
        """Nothing to release."""

    def _settings(self, rate: float, channels: int, unit: str) -> PipelineSettings:
        values = self._values
        edges = {edge: values[edge] for edge in ("low", "high") if values[edge] > 0.0}
        return suited_settings(
            rate=rate,
            channels=channels,
            unit=unit,
            mains=values["mains"],
            window=values["window"],
            settling=values["settling"],
            **edges,
        )

    def _pipeline_for(self, message: EmgSamples) -> Pipeline:
        signal = (message.rate, message.channels, message.unit)
        if self._pipeline is None or signal != self._signal:
            settings = self._settings(*signal)
            step = stride_samples(self._values["step"], message.rate)
            self._pipeline = Pipeline(settings, step)
            self._signal = signal
            self._fingerprint = settings.fingerprint()
            self.get_logger().info(f"signal path: {self._fingerprint}, step {step} samples")
        return self._pipeline

    def _on_samples(self, message: EmgSamples) -> None:
        try:
            pipeline = self._pipeline_for(message)
            if message.channels == 0 or len(message.data) % message.channels:
                raise SampleError(
                    f"chunk at index {message.first_index} has {len(message.data)} values "
                    f"for {message.channels} channels",
                    "send whole samples",
                )
            samples = to_matrix(message.data, message.channels)
            gaps = pipeline.counters.gaps
            windows = pipeline.push(samples, message.first_index, restart=message.restart)
            if pipeline.counters.gaps > gaps:
                self.get_logger().warning(
                    f"samples before index {message.first_index} are missing; the stream starts anew there",
                    throttle_duration_sec=1.0,
                )
        except SampleError as error:
            # One bad chunk does not end the node: the next one starts the stream anew.
            self._refused += 1
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
            return
        except EmgRecognitionError as error:
            self.failure = error
            return
        self._lost += message.dropped_before
        stamp = to_nanoseconds(message.header.stamp)
        for window in windows:
            output = EmgWindow(
                first_index=window.first_index,
                length=window.data.shape[0],
                channels=window.data.shape[1],
                rate=message.rate,
                sequence=self._published,
                pipeline=self._fingerprint,
                data=to_floats(window.data),
            )
            offset = window.last_index - message.first_index
            output.header.stamp = to_time(stamp + round(offset / message.rate * 1e9))
            output.header.frame_id = message.header.frame_id
            self._windows.publish(output)
            self._published += 1

    def _report(self) -> diagnostics.Report:
        if self._pipeline is None:
            return diagnostics.STALE, "no samples yet", {}
        counters = self._pipeline.counters
        values = {
            "samples": counters.samples,
            "windows": self._published,
            "settling_windows": counters.settling_windows,
            "starts": counters.starts,
            "gaps": counters.gaps,
            "missing_samples": counters.missing_samples,
            "dropped_by_device": self._lost,
            "refused_chunks": self._refused,
            "pipeline": self._fingerprint,
        }
        if self._refused:
            return diagnostics.WARN, f"{self._refused} chunks refused since the start", values
        return diagnostics.OK, "running", values


def main() -> int:
    """Run the node."""
    return run("preprocessing", PreprocessingNode)


if __name__ == "__main__":
    sys.exit(main())
