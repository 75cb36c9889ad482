"""Read an armband or any other source and publish ``emg/samples`` and ``emg/info``."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from emg_recognition.devices.protocol import InfoFrame, ProtocolSettings
from emg_recognition.devices.protocols import PortSettings
from emg_recognition.devices.reconnection import ReconnectingArmband
from emg_recognition.devices.source import ChunkSource
from emg_recognition.devices.stream import SampleChunk, join_chunks
from emg_recognition.errors import DeviceError, EmgRecognitionError
from emg_recognition.msg import EmgSamples
from emg_recognition.nodes.acquisition_settings import AcquisitionSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.awaited import wait_for_nodes
from emg_recognition.ros.managed import ManagedNode
from emg_recognition.ros.parameters import declare, overridable, parameter_error
from emg_recognition.ros.runner import run
from emg_recognition.ros.samples import SamplesPublisher, readable
from emg_recognition.settings import settings_of
from emg_recognition.sources import open_source
from emg_recognition.types import RATE_TOLERANCE


def judge(
    *,
    active: bool,
    silence: float,
    silent_after: float,
    fault: str,
    attempts: int,
    next_attempt_in: float,
    lost: int,
    reconnections: int,
    rate: float,
    measured_rate: float | None,
) -> tuple[bytes, str]:
    """Return level and message of the diagnostics; times in s, rates in Hz.

    `fault` says why no samples arrive (empty while they do), `attempts` how often the device was opened
    since; `rate` is the rate that the device reports.
    """
    if not active:
        return diagnostics.STALE, "not active"
    if fault:
        if next_attempt_in > 0:
            attempt = f"attempt {attempts + 1} in {next_attempt_in:.1f} s"
        else:
            attempt = f"attempt {attempts} is under way"
        return diagnostics.ERROR, f"{fault}; {attempt}"
    if silence > silent_after:
        return diagnostics.STALE, f"no samples for {silence:.1f} s"
    warnings = []
    if lost:
        warnings.append(f"{lost} samples lost since the start")
    if reconnections:
        warnings.append(f"reconnected {reconnections} times")
    if measured_rate is not None and abs(measured_rate - rate) > RATE_TOLERANCE * rate:
        warnings.append(f"the measured rate is {measured_rate:.1f} Hz, the device reports {rate:g} Hz")
    if warnings:
        return diagnostics.WARN, "; ".join(warnings)
    return diagnostics.OK, "receiving"


#: How long to wait for the subscribers, s.
_SUBSCRIBERS_WITHIN = 20.0

#: Samples that arrive within this time form one message, s; most devices send a frame every 5 ms.
_GATHERED = 0.0045


class AcquisitionNode(ManagedNode):
    """Publishes the samples of an armband or another source with true stamps and counted losses.

    Parameters
    ----------
    feed : callable, optional
        Takes each message before it is published; counts as one subscriber.
    """

    def __init__(self, *, feed: Callable[[EmgSamples], None] | None = None) -> None:
        super().__init__("acquisition")
        self._fed = feed is not None
        samples = overridable(self, "emg/samples", "publisher", qos.SAMPLES)
        self._settings, self._protocol = declare(self, AcquisitionSettings, ProtocolSettings)
        self._publisher = SamplesPublisher(self, self._settings.frame_id, samples, feed)
        self._source: ChunkSource | None = None
        self._device: InfoFrame | None = None
        self._reader: threading.Thread | None = None
        self._stop = threading.Event()
        self._published = 0
        self._dropped = 0
        self._restarts = 0
        self._last_chunk = time.monotonic()
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        if self._settings.autostart:
            self.bring_up()

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Open the port and identify the device."""
        return self.attempt(self._open)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the device and the thread that reads it."""
        super().on_activate(state)
        return self.attempt(self._start)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the device; the port stays open."""
        super().on_deactivate(state)
        return self.attempt(self._halt)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Close the port."""
        return self.attempt(self.close)

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the device and close the port."""
        return self.attempt(self.close)

    def close(self) -> None:
        """Stop the device and close the port; safe to call twice."""
        self._halt()
        if self._source is not None:
            self._source.close()
            self._source = None

    def _open(self) -> None:
        settings = self._settings
        if settings.port and settings.source:
            raise parameter_error(self, "source", settings.source, "set port or source, not both")
        given = {
            name: value
            for chosen, cls in ((settings, PortSettings), (self._protocol, ProtocolSettings))
            for name, one in settings_of(cls).items()
            if (value := getattr(chosen, name)) != one.default
        }
        source = open_source(
            settings.source or f"serial:{quote(settings.port)}",
            reconnect=settings.reconnect,
            silent_after=settings.silent_after,
            say=self.get_logger().warning,
            **given,
        )
        info = self._wait_for(source)
        self._source = source
        self._introduce(info)
        device = readable(info.device)
        self.get_logger().info(
            f"{source.port}: {device}, {info.channels} channels at {info.rate:g} Hz, unit {info.unit}"
        )

    def _wait_for(self, source: ChunkSource) -> InfoFrame:
        """Open the source, which may appear a little later."""
        deadline = time.monotonic() + self._settings.wait_for_port
        # A port that is there without an armband is an error at once.
        while source.kind == "port" and not Path(source.port).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        while True:
            try:
                return source.open()
            except DeviceError:
                if source.kind == "port" or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _introduce(self, info: InfoFrame) -> None:
        self._device = info
        self._diagnostics.hardware_id = f"{info.device} {info.serial_number}".strip()
        self._publisher.introduce(info)

    def _start(self) -> None:
        assert self._source is not None
        inside = ("preprocessing",) if self._fed else ()
        wait_for_nodes(self, self._publisher.samples, self._settings.wait_for, inside)
        self._wait_for_subscribers(self._settings.subscribers)
        self._source.start()
        self._stop.clear()
        self._last_chunk = time.monotonic()
        self._reader = threading.Thread(target=self._read, name="armband", daemon=True)
        self._reader.start()

    def _wait_for_subscribers(self, wanted: int) -> None:
        deadline = time.monotonic() + _SUBSCRIBERS_WITHIN
        samples = self._publisher.samples
        while (found := samples.get_subscription_count() + self._fed) < wanted:
            if time.monotonic() > deadline:
                raise parameter_error(
                    self,
                    "subscribers",
                    wanted,
                    f"only {found} nodes subscribe to {samples.topic_name}: start the others first, or "
                    "ask for fewer",
                )
            time.sleep(0.02)

    def _halt(self) -> None:
        if self._reader is None or self._source is None:
            return
        self._stop.set()
        self._reader.join()
        self._reader = None
        with contextlib.suppress(DeviceError):  # it may have gone, or ended
            self._source.stop()

    def _read(self) -> None:
        source = self._source
        assert source is not None
        before = 0.0
        try:
            while not self._stop.is_set() and source.is_open:
                chunks = source.read()
                for remark in source.remarks():
                    self.get_logger().warning(f"{source.where}: {remark}")
                read_at = time.monotonic()
                for chunk in join_chunks(chunks):
                    self._publish(chunk)
                if chunks:
                    # Each message costs time here and in every subscriber. Where they are rare, the pause
                    # would cost another wake-up and gather nothing.
                    if read_at - before < 2 * _GATHERED:
                        time.sleep(max(0.0, read_at + _GATHERED - time.monotonic()))
                    before = read_at
            if not source.is_open:
                self.get_logger().info(f"{source.where}: it has ended")
        except EmgRecognitionError as error:
            self.failure = error

    def _publish(self, chunk: SampleChunk) -> None:
        assert self._source is not None
        info = self._source.info
        assert info is not None
        if info != self._device:
            # Another device may have been connected.
            self._introduce(info)
        restart = self._publisher.publish(chunk)
        self._published += len(chunk.samples)
        self._dropped += chunk.dropped_before
        self._restarts += restart
        self._last_chunk = time.monotonic()

    def _report(self) -> diagnostics.Report:
        values: dict[str, object] = {
            "samples": self._published,
            "dropped": self._dropped,
            "restarts": self._restarts,
        }
        source, device = self._source, self._device
        if source is None or device is None:
            return diagnostics.STALE, "not active", values
        counters = source.counters
        values |= dataclasses.asdict(counters.stream) | dataclasses.asdict(counters.protocol)
        measured = source.measured_rate
        waiting = source if isinstance(source, ReconnectingArmband) else None
        values |= {
            "rate": device.rate,
            "measured_rate": "" if measured is None else f"{measured:.2f}",
            "reconnections": waiting.reconnections if waiting else 0,
        }
        level, message = judge(
            active=self._reader is not None,
            silence=time.monotonic() - self._last_chunk,
            silent_after=self._settings.silent_after,
            fault=waiting.fault if waiting else "",
            attempts=waiting.attempts if waiting else 0,
            next_attempt_in=waiting.next_attempt - time.monotonic() if waiting else 0.0,
            lost=self._dropped,
            reconnections=waiting.reconnections if waiting else 0,
            rate=device.rate,
            measured_rate=measured,
        )
        return level, message, values


def main() -> int:
    """Run the node."""
    return run("acquisition", AcquisitionNode)


if __name__ == "__main__":
    sys.exit(main())
