"""Judge ``emg/samples``: ``emg/quality`` once a second, ``emg/preview`` 50 times a second.

With a model it also notices an armband that is turned. That is looked at once in ten seconds, here and not in
preprocessing, so that it never stands between a sample and its estimate.
"""

from __future__ import annotations

import sys
import time
from array import array

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Float32MultiArray, MultiArrayDimension

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.messages import check_info, check_samples
from emg_recognition.models.bundle import read_bundle
from emg_recognition.msg import EmgInfo, EmgSamples, SignalQuality
from emg_recognition.nodes.settings import SignalQualityNodeSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.armband import Armband
from emg_recognition.ros.conversions import to_floats, to_matrix
from emg_recognition.ros.exchange import offer_reload
from emg_recognition.ros.following import Announced, Followed, follow
from emg_recognition.ros.parameters import declare, overridable
from emg_recognition.ros.publishers import IdentifiedSubscription
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import to_nanoseconds, to_time
from emg_recognition.signal.quality import SHORTEST, QualityMonitor, QualitySettings, State
from emg_recognition.signal.stream import RateMeter, RecentSamples
from emg_recognition.types import RATE_TOLERANCE

#: Time between two previews, which is also the time that each covers, s.
_PREVIEW_PERIOD = 0.02


class SignalQualityNode(Node):
    """Publishes once a second how good the signal of each channel is, and what to do about it."""

    def __init__(self) -> None:
        super().__init__("signal_quality")
        samples = overridable(self, "emg/samples", "subscription", qos.SAMPLES)
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        self._settings = QualitySettings(mains=declare(self, SignalQualityNodeSettings).mains)
        self._armband = Armband()
        self._reload()
        self._names: tuple[str, ...] = ()
        self._resolution = 0.0
        self._frame = ""
        self._signal: tuple[float, int, str] | None = None  # rate, channels, unit
        self._recent = RecentSamples(1.0)
        self._meter = RateMeter()
        self._monitor: QualityMonitor | None = None
        self._last_stamp = 0  # of the newest sample, ns
        self._heard_at = time.monotonic()
        self._fresh = self._new = False  # samples since the last preview, since the last judgement
        self._lost = self._lost_before = 0
        self._message = SignalQuality()
        self._missing = 0  # samples lost in the last second
        self._waiting = IdentifiedSubscription(self, EmgSamples, "emg/samples", samples)
        self._samples = Followed(self, "emg/samples", check_samples, self._add, faulty=self._break_off)
        self._samples.attach(self._waiting)
        self._info = Announced(self, "emg/info", check_info, self._on_info, stream=self._samples)
        follow(self, EmgInfo, self._info, qos.LATCHED)
        self._quality = self.create_publisher(SignalQuality, "emg/quality", qos.QUALITY)
        self._preview = self.create_publisher(Float32MultiArray, "emg/preview", qos.QUALITY)
        offer_reload(self, self._reload)
        self._diagnostics = diagnostics.Diagnostics(self, self._report, topics=[self._samples, self._info])
        # Steady time, to notice silence even while a simulated clock is paused.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_PREVIEW_PERIOD, self._take, clock=steady)
        self.create_timer(1.0, self._judge, clock=steady)

    def close(self) -> None:
        """Nothing to release."""

    def _reload(self) -> str:
        """Read the bundle that the parameter names now, and return the name of the model."""
        path = str(self.get_parameter("model").value)
        info = read_bundle(path) if path else None
        self._armband.watch(info)
        return "" if info is None else info.model_id

    def _on_info(self, info: EmgInfo) -> None:
        self._names = tuple(info.channel_names)
        self._diagnostics.hardware_id = f"{info.device} {info.serial_number}".strip()
        resolution = 1.0 / info.gain if info.gain > 0 else 0.0
        if resolution != self._resolution:
            self._resolution, self._monitor = resolution, None

    def _take(self) -> None:
        """Take the new samples, and publish the preview."""
        while (found := self._waiting.take()) is not None:
            self._samples.receive(*found)
        if self._fresh:
            self._fresh = False
            strength = self._recent.preview(_PREVIEW_PERIOD)
            if strength is not None:
                self._publish_preview(strength)

    def _break_off(self, _message: EmgSamples) -> None:
        self._recent.break_off()

    def _add(self, message: EmgSamples) -> None:
        signal = (message.rate, message.channels, message.unit)
        first = signal != self._signal
        if first:
            self._signal, self._monitor = signal, None
            self._recent, self._meter = RecentSamples(message.rate), RateMeter()
        samples = to_matrix(message.data, message.channels)
        missing = self._recent.push(samples, message.first_index, restart=message.restart)
        self._armband.add(samples, message)
        if not first:
            self._lost += max(missing, message.dropped_before)
        stamp = to_nanoseconds(message.header.stamp)
        if message.restart:
            self._meter.restart()
        self._meter.add(message.first_index, stamp * 1e-9)
        self._last_stamp = stamp + round(max(0, len(samples) - 1) / message.rate * 1e9)
        self._frame = message.header.frame_id
        self._heard_at = time.monotonic()
        self._fresh = self._new = True

    def _channel_names(self) -> tuple[str, ...]:
        """Return the device's channel names, or numbers if it has none."""
        count = self._signal[1] if self._signal else len(self._names)
        if len(self._names) == count:
            return self._names
        return tuple(f"channel {number}" for number in range(1, count + 1))

    def _publish_preview(self, strength: np.ndarray) -> None:
        size = len(strength)
        message = Float32MultiArray(data=to_floats(strength))
        message.layout.dim = [
            MultiArrayDimension(label=",".join(self._channel_names()), size=size, stride=size)
        ]
        self._preview.publish(message)

    def _judge(self) -> None:
        """Judge the last second and publish the message."""
        self._info.look()
        names = self._channel_names()
        count = len(names)
        message = SignalQuality(channel_names=names, lost=self._lost)
        if self._signal is not None:
            message.rate_nominal, message.rate_measured = self._signal[0], self._meter.rate or 0.0
        self._missing, self._lost_before = self._lost - self._lost_before, self._lost
        samples = self._recent.last_second() if self._new else np.empty((0, count), dtype=np.float32)
        message.samples = len(samples)
        message.header.frame_id = self._frame
        message.header.stamp = to_time(self._last_stamp) if self._new else self.get_clock().now().to_msg()
        self._new = False
        if self._signal is not None and len(samples) >= SHORTEST * self._signal[0]:
            self._fill(message, samples)
        else:
            state, advice = State.BAD, "no samples: check the armband and acquisition"
            if len(samples):
                state, advice = (
                    State.WARN,
                    f"only {len(samples)} samples without a gap: wait; if this continues, check the link",
                )
            nothing = array("f", bytes(4 * count))
            message.rms = message.saturated = message.mains = message.noise = nothing
            message.flat, message.state, message.advice = [False] * count, [state] * count, [advice] * count
        self._message = message
        self._quality.publish(message)
        self._armband.look()

    def _fill(self, message: SignalQuality, samples: np.ndarray) -> None:
        assert self._signal is not None
        if self._monitor is None:
            self._monitor = QualityMonitor(self._settings, self._signal[0], self._resolution)
        quality = self._monitor.judge(samples)
        message.rms = to_floats(quality.measures.rms)
        message.saturated = to_floats(quality.measures.saturated)
        message.mains = to_floats(quality.measures.mains)
        message.noise = to_floats(quality.rest_noise)
        message.flat = quality.flat.tolist()
        message.state = list(quality.state)
        message.advice = list(quality.advice)

    def _report(self) -> diagnostics.Report:
        message = self._message
        advised = {
            name: advice
            for _, name, advice in sorted(
                zip(message.state, message.channel_names, message.advice, strict=True),
                key=lambda one: -one[0],
            )
            if advice
        }
        values: dict[str, object] = {
            "rate_nominal": message.rate_nominal,
            "rate_measured": round(message.rate_measured, 3),
            "samples": message.samples,
            "lost": self._lost,
            "armband": self._armband.warning,
            **advised,
        }
        if self._signal is None:
            return diagnostics.STALE, "no samples yet", values
        if not message.samples:
            silence = max(1.0, time.monotonic() - self._heard_at)
            return diagnostics.STALE, f"no samples for {silence:.0f} s", values
        level, words = diagnostics.OK, []
        if advised:
            level = diagnostics.ERROR if State.BAD in message.state else diagnostics.WARN
            name, advice = next(iter(advised.items()))
            more = f" (and {len(advised) - 1} more)" if len(advised) > 1 else ""
            words.append(f"{name}: {advice}{more}")
        if self._armband.warning:
            level = max(level, diagnostics.WARN)
            words.append(self._armband.warning)
        if self._missing:
            level = max(level, diagnostics.WARN)
            words.append(f"{self._missing} samples lost in the last second")
        if abs(message.rate_measured - message.rate_nominal) > RATE_TOLERANCE * message.rate_nominal and (
            message.rate_measured
        ):
            level = max(level, diagnostics.WARN)
            words.append(f"the rate is {message.rate_measured:.1f} Hz, not {message.rate_nominal:g} Hz")
        return level, "; ".join(words) or "good", values


def main() -> int:
    """Run the node."""
    return run("signal_quality", SignalQualityNode)


if __name__ == "__main__":
    sys.exit(main())
