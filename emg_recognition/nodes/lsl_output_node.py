"""Offer estimates, decisions and samples to programs that read the Lab Streaming Layer (LSL)."""

from __future__ import annotations

import sys
import time

from builtin_interfaces.msg import Time
from rclpy.node import Node

from emg_recognition.devices.lsl_output import LslOutput
from emg_recognition.devices.protocol import InfoFrame
from emg_recognition.devices.stream import SampleChunk
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.messages import check_decision, check_estimate, check_info, check_samples, read_estimate
from emg_recognition.msg import ActionDecision, ActionEstimate, EmgInfo, EmgSamples
from emg_recognition.nodes.settings import LslOutputSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.conversions import to_matrix
from emg_recognition.ros.following import Announced, Followed, follow
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import to_nanoseconds


class LslOutputNode(Node):
    """Sends what arrives on, with stamps on LSL's clock."""

    def __init__(self) -> None:
        super().__init__("lsl_output")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, LslOutputSettings)
        self._output = LslOutput(settings.prefix)
        self._device: InfoFrame | None = None
        self._sent = {"samples": 0, "estimates": 0, "decisions": 0}
        estimates = Followed(self, "emg/action", check_estimate, self._on_estimate)
        decisions = Followed(self, "emg/decision", check_decision, self._on_decision)
        topics: list[Followed | Announced] = [estimates, decisions]
        follow(self, ActionEstimate, estimates, qos.ESTIMATES)
        follow(self, ActionDecision, decisions, qos.DECISIONS)
        if settings.samples:
            samples = Followed(self, "emg/samples", check_samples, self._on_samples)
            info = Announced(self, "emg/info", check_info, self._on_info, stream=samples)
            follow(self, EmgSamples, samples, qos.SAMPLES)
            follow(self, EmgInfo, info, qos.LATCHED)
            topics += [samples, info]
        self._diagnostics = diagnostics.Diagnostics(self, self._report, topics=topics)

    def close(self) -> None:
        """End the streams."""
        self._output.close()

    def _monotonic(self, stamp: Time) -> float:
        """Return a stamp on the host's monotonic clock, s."""
        age = self.get_clock().now().nanoseconds - to_nanoseconds(stamp)
        return time.monotonic() - age * 1e-9

    def _on_estimate(self, message: ActionEstimate) -> None:
        self._output.estimate(read_estimate(message), self._monotonic(message.header.stamp))
        self._sent["estimates"] += 1

    def _on_decision(self, message: ActionDecision) -> None:
        self._output.decision(message.action, self._monotonic(message.header.stamp))
        self._sent["decisions"] += 1

    def _on_info(self, message: EmgInfo) -> None:
        device = InfoFrame(
            message.device,
            message.serial_number,
            message.rate,
            message.channels,
            message.unit,
            message.gain or 1.0,
            tuple(message.channel_names) or ("",) * message.channels,
            tuple(message.muscle_sites) or ("",) * message.channels,
        )
        if device != self._device:
            self._device = device
            self._output.device(device)

    def _on_samples(self, message: EmgSamples) -> None:
        device = self._device
        if device is None or (message.rate, message.channels) != (device.rate, device.channels):
            return  # its description has not arrived yet
        chunk = SampleChunk(
            first_index=message.first_index,
            samples=to_matrix(message.data, message.channels),
            time=self._monotonic(message.header.stamp),
            dropped_before=message.dropped_before,
            restart=message.restart,
            rate=message.rate,
            unit=message.unit,
        )
        self._output.samples(chunk)
        self._sent["samples"] += len(chunk.samples)

    def _report(self) -> diagnostics.Report:
        return diagnostics.OK, "running", dict(self._sent)


def main() -> int:
    """Run the node."""
    return run("lsl_output", LslOutputNode)


if __name__ == "__main__":
    sys.exit(main())
