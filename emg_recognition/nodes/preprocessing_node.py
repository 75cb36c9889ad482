"""Turn ``emg/samples`` into filtered windows, ``emg/window``."""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
from collections.abc import Callable

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from emg_recognition.classification import live_settings
from emg_recognition.errors import EmgRecognitionError, SampleError
from emg_recognition.messages import check_samples
from emg_recognition.models.bundle import BundleInfo, check_compatible, read_bundle
from emg_recognition.msg import EmgSamples, EmgWindow
from emg_recognition.nodes.preprocessing_settings import FROM_MODEL, PreprocessingSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.awaited import wait_for_nodes
from emg_recognition.ros.conversions import to_floats, to_matrix
from emg_recognition.ros.exchange import NEWEST, BridgeWatch, offer_reload
from emg_recognition.ros.following import Followed
from emg_recognition.ros.parameters import (
    declare,
    given_bundle,
    given_parameters,
    overridable,
    parameter_error,
    show_values,
)
from emg_recognition.ros.receiving import ReceivingThread
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import to_nanoseconds, to_time
from emg_recognition.settings import from_mapping
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings, stride_samples, suited_settings

#: Parameters that belong to the signal path, and the fields of PipelineSettings that they set.
_OF_PIPELINE = {"window": "window", "low": "low", "high": "high", "mains": "notch", "settling": "settling"}
#: Of those, the ones where 0 leaves the choice open.
_EDGES = ("low", "high")
#: The chunks that wait are filtered this long before a window can be complete, s; the last one is awaited.
_EARLY = 0.005


def rest(*, now: int, newest: int, rate: float, missing: int, chunk: int, depth: int) -> float:
    """Return how long (s) chunks may wait, because none of them can complete a window.

    A window cannot be complete before its last sample is taken. Where fewer than three chunks are missing, to
    wait would save no wake-up.

    Parameters
    ----------
    now, newest : int
        ROS time now, and that of the newest sample, ns. A sample of the future is from a clock that tells
        nothing.
    rate : float
        Sampling rate, Hz.
    missing : int
        Samples that complete the next window.
    chunk : int
        Samples of the newest chunk.
    depth : int
        Chunks that may wait without a loss; half of that is used.
    """
    if newest > now or not 3 * chunk <= missing <= depth // 2 * chunk:
        return 0.0
    return (newest - now) * 1e-9 + missing / rate - _EARLY


class PreprocessingNode(Node):
    """Runs the signal path over the samples of one device.

    Parameters
    ----------
    fed : bool
        Samples come through :meth:`take` instead of ``emg/samples``.
    feed : callable, optional
        Takes each window before it is published.
    """

    def __init__(self, *, fed: bool = False, feed: Callable[[EmgWindow], None] | None = None) -> None:
        super().__init__("preprocessing")
        self._feed = feed
        samples = qos.SAMPLES if fed else overridable(self, "emg/samples", "subscription", qos.SAMPLES)
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        # Samples arrive in a thread: the model may only change between two chunks.
        self._between_chunks = threading.Lock()
        bundle = given_bundle(self)
        of_model = None if bundle is None else _bundle_settings(bundle)
        self._settings = declare(
            self, PreprocessingSettings, defaults=_values(bundle, of_model), shown=FROM_MODEL
        )
        self._use(bundle, of_model, self._settings)
        #: Rate, channels and unit of the newest chunk, suited to the model or not, and when it came.
        self._arriving: tuple[float, int, str] | None = None
        self._arrived = 0.0
        self._pipeline: Pipeline | None = None
        #: The newest chunk that was filtered.
        self._newest: EmgSamples | None = None
        self._depth = samples.depth
        self._fingerprint = ""
        self._published = 0
        self._lost = 0
        self._windows = self.create_publisher(EmgWindow, "emg/window", qos.WINDOWS)
        self._samples = Followed(self, "emg/samples", self._check, self._filter, faulty=self._break_off)
        self._diagnostics = diagnostics.Diagnostics(self, self._report, topics=[self._samples])
        self._bridge = BridgeWatch(self)
        self._showing = False
        self.add_on_set_parameters_callback(self._on_parameters)
        offer_reload(self, self._reload)
        inside = () if feed is None else ("classifier",)
        wait_for_nodes(self, self._windows, self._settings.wait_for, inside)
        self._receiver = (
            None if fed else ReceivingThread(self, EmgSamples, self._samples, samples, rest=self._rest)
        )

    def close(self) -> None:
        """Take no more samples."""
        if self._receiver is not None:
            self._receiver.close()

    def _use(
        self, bundle: BundleInfo | None, model: PipelineSettings | None, settings: PreprocessingSettings
    ) -> None:
        """Filter the next chunk with another signal path, from a new start; one that cannot be is refused."""
        self._check_against_model(bundle, model, settings)
        if bundle is None or not bundle.sections:
            # Filters will be designed; the import of seconds must not hold up the samples.
            import scipy.signal  # noqa: F401
        with self._between_chunks:
            self._bundle, self._of_model, self._settings = bundle, model, settings
            self._signal: tuple[float, int, str] | None = None

    def _reload(self) -> str:
        """Read the bundle that the parameter names now, and return the name of the model."""
        path = str(self.get_parameter("model").value)
        if not path:
            raise parameter_error(self, "model", path, "name the directory of a model bundle")
        self._bridge.check_disarmed("reading a model")
        bundle = read_bundle(path)
        of_model = _bundle_settings(bundle)
        if self._arriving is not None and time.monotonic() - self._arrived < NEWEST:
            rate, channels, unit = self._arriving
            check_compatible(bundle, rate=rate, channels=channels, unit=unit)
        # What the user has given holds for every model.
        given = {name: getattr(self._settings, name) for name in FROM_MODEL if name in given_parameters(self)}
        values = {**_values(bundle, of_model), **given}
        self._use(bundle, of_model, dataclasses.replace(self._settings, model=path, **values))
        self._showing = True
        show_values(self, values)
        self._showing = False
        self.get_logger().info(f"model {bundle.model.model}: {bundle.fingerprint}")
        return bundle.model.model

    def _on_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        for change in changes:
            if change.name in FROM_MODEL and not self._showing:
                return SetParametersResult(
                    successful=False,
                    reason=f"{change.name} is read when the node starts, or comes with the model: set "
                    "`model` and call `~/reload_model`",
                )
        return SetParametersResult(successful=True)

    def _check_against_model(
        self, bundle: BundleInfo | None, model: PipelineSettings | None, settings: PreprocessingSettings
    ) -> None:
        """Refuse a parameter that contradicts the model; another stride is allowed."""
        if bundle is None or model is None:
            return
        for name, field in _OF_PIPELINE.items():
            value = getattr(settings, name)
            left_open = name in _EDGES and value == 0.0
            if left_open:
                continue
            if dataclasses.replace(model, **{field: value}).fingerprint() != model.fingerprint():
                raise parameter_error(
                    self,
                    name,
                    value,
                    f"the model bundle {bundle.path} was trained with {getattr(model, field):g}; leave the "
                    "parameter out, or use a model trained with it",
                )
        stride, usual = settings.stride, live_settings(bundle).stride
        if stride != usual:
            self.get_logger().info(f"stride {stride:g} s instead of the model's {usual:g} s")

    def _pipeline_settings(self, rate: float, channels: int, unit: str) -> PipelineSettings:
        if self._bundle is not None and self._of_model is not None:
            check_compatible(self._bundle, rate=rate, channels=channels, unit=unit)
            return self._of_model
        settings = self._settings
        edges = {edge: getattr(settings, edge) for edge in _EDGES if getattr(settings, edge) > 0.0}
        return suited_settings(
            rate=rate,
            channels=channels,
            unit=unit,
            mains=settings.mains,
            window=settings.window,
            settling=settings.settling,
            **edges,
        )

    def _check(self, message: EmgSamples) -> None:
        """Refuse a chunk that cannot be filtered, or not with the model's signal path."""
        check_samples(message)
        signal = (message.rate, message.channels, message.unit)
        self._arriving, self._arrived = signal, time.monotonic()
        with self._between_chunks:
            if signal != self._signal:
                self._begin(signal)

    def _begin(self, signal: tuple[float, int, str]) -> None:
        """Make the signal path for a kind of signal."""
        settings = self._pipeline_settings(*signal)
        stride = stride_samples(self._settings.stride, signal[0])
        self._pipeline = Pipeline(settings, stride, () if self._bundle is None else self._bundle.sections)
        self._signal = signal
        self._fingerprint = settings.fingerprint()
        self.get_logger().info(f"signal path: {self._fingerprint}, stride {stride} samples")

    def _break_off(self, _message: EmgSamples) -> None:
        if self._pipeline is not None:
            self._pipeline.break_off()

    def take(self, message: EmgSamples) -> None:
        """Filter the next samples and publish the windows that they complete."""
        self._samples.receive(message)

    def _filter(self, message: EmgSamples) -> None:
        assert self._pipeline is not None
        gaps = self._pipeline.counters.gaps
        try:
            windows = self._pipeline.push(
                to_matrix(message.data, message.channels), message.first_index, restart=message.restart
            )
        except SampleError as error:
            # An absurd magnitude; the next chunk restarts the stream.
            self._samples.refuse(error)
            return
        if self._pipeline.counters.gaps > gaps:
            self.get_logger().warning(
                f"samples before index {message.first_index} are missing; the stream restarts there",
                throttle_duration_sec=1.0,
            )
        self._lost += message.dropped_before
        self._newest = message
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
            if self._feed is not None:
                self._feed(output)
            self._windows.publish(output)
            self._published += 1

    def _rest(self) -> float:
        """Return how long the next chunks may wait, s."""
        message, pipeline, clock = self._newest, self._pipeline, self.get_clock()
        # Simulated time may run at any speed.
        if message is None or pipeline is None or getattr(clock, "ros_time_is_active", True):
            return 0.0
        chunk = len(message.data) // message.channels
        return rest(
            now=clock.now().nanoseconds,
            newest=to_nanoseconds(message.header.stamp) + round((chunk - 1) / message.rate * 1e9),
            rate=message.rate,
            missing=pipeline.until_window,
            chunk=chunk,
            depth=self._depth,
        )

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
            "pipeline": self._fingerprint,
        }
        return diagnostics.OK, "running", values


def _values(bundle: BundleInfo | None, of_model: PipelineSettings | None) -> dict[str, float]:
    """Return what a model says about the parameters; nothing without a model."""
    if bundle is None or of_model is None:
        return {}
    values = {name: getattr(of_model, field) for name, field in _OF_PIPELINE.items()}
    return {**values, "stride": live_settings(bundle).stride}


def _bundle_settings(bundle: BundleInfo) -> PipelineSettings:
    settings = from_mapping(PipelineSettings, bundle.pipeline, f"{bundle.path}: pipeline")
    # A bundle of another version may name a signal path that this one no longer makes.
    check_compatible(bundle, fingerprint=settings.fingerprint())
    return settings


def main() -> int:
    """Run the node."""
    return run("preprocessing", PreprocessingNode)


if __name__ == "__main__":
    sys.exit(main())
