"""Samples, estimates and decisions for other programs, as streams of the Lab Streaming Layer (LSL)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from emg_recognition.devices.lsl_source import import_pylsl
from emg_recognition.devices.protocol import InfoFrame
from emg_recognition.types import Estimate

if TYPE_CHECKING:
    from emg_recognition.devices.stream import SampleChunk

NOTHING = "nothing"
"""The marker for a decision that names no action."""


class LslOutput:
    """Offer streams to every program in the network that reads LSL.

    ============== ======= ==============================================================================
    stream         type    what it sends
    ============== ======= ==============================================================================
    NAME_estimates Markers for each window: the action, ``accepted`` or ``rejected``, and the confidence
    NAME_decisions Markers the decided action whenever it changes; ``nothing`` where none is decided
    NAME_samples   EMG     all samples, in their unit, once the device is known
    ============== ======= ==============================================================================

    The stamps are those of the last sample of the window and of each sample, on LSL's clock.

    Parameters
    ----------
    name : str
        How the names of the streams begin.
    info : InfoFrame, optional
        The device, if its samples are to be sent.

    Raises
    ------
    SettingError
        If pylsl is not installed.
    """

    def __init__(self, name: str = "emg_recognition", *, info: InfoFrame | None = None) -> None:
        self._lsl = import_pylsl()
        self._decided: str | None = None
        self._offset = self._lsl.local_clock() - time.monotonic()
        self._estimates = self._markers(f"{name}_estimates", ("action", "status", "confidence"))
        self._decisions = self._markers(f"{name}_decisions", ("action",))
        self._name, self._rate, self._samples = name, 0.0, None
        if info is not None:
            self.device(info)

    def device(self, info: InfoFrame) -> None:
        """Offer the samples of this device from now on, and of no other."""
        self._samples, self._rate = self._signal(f"{self._name}_samples", info), info.rate

    def estimate(self, estimate: Estimate, time: float | None = None) -> None:
        """Send what the model says about a window.

        Parameters
        ----------
        estimate : Estimate
            The estimate.
        time : float, optional
            When its last sample was taken, on the host's monotonic clock, s; by default its own time.
        """
        status = "accepted" if estimate.accepted else "rejected"
        row = [estimate.action, status, f"{estimate.confidence:.4f}"]
        self._estimates.push_sample(row, (estimate.time if time is None else time) + self._offset)

    def decision(self, action: str, time: float) -> None:
        """Send a decision if it differs from the one before.

        Parameters
        ----------
        action : str
            The action; empty if nothing is decided.
        time : float
            When its last sample was taken, on the host's monotonic clock, s.
        """
        if action != self._decided:
            self._decided = action
            self._decisions.push_sample([action or NOTHING], time + self._offset)

    def samples(self, chunk: SampleChunk) -> None:
        """Send samples; a loss shows in their stamps."""
        if self._samples is not None and len(chunk.samples):
            last = chunk.time + (len(chunk.samples) - 1) / self._rate
            self._samples.push_chunk(chunk.samples, last + self._offset)

    def close(self) -> None:
        """End the streams; allowed twice."""
        self._estimates = self._decisions = self._samples = None

    def __enter__(self) -> LslOutput:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _markers(self, name: str, labels: tuple[str, ...]):  # type: ignore[no-untyped-def]
        lsl = self._lsl
        info = lsl.StreamInfo(name, "Markers", len(labels), lsl.IRREGULAR_RATE, lsl.cf_string, name)
        info.set_channel_labels(list(labels))
        return lsl.StreamOutlet(info)

    def _signal(self, name: str, device: InfoFrame):  # type: ignore[no-untyped-def]
        lsl = self._lsl
        info = lsl.StreamInfo(name, "EMG", device.channels, device.rate, lsl.cf_float32, name)
        info.set_channel_labels(list(device.channel_names))
        info.set_channel_units("volts" if device.unit == "V" else "none")
        return lsl.StreamOutlet(info)
