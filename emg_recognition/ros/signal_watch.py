"""Whether samples come, and how good they are: what a guided session has to know of the signal."""

from __future__ import annotations

import time

from rclpy.node import Node

from emg_recognition.msg import SignalQuality
from emg_recognition.ros import qos
from emg_recognition.ros.recording import Recording

NO_SAMPLES = "no samples come on emg/samples: see to the armband and to acquisition"

#: Without a sample for so long nothing comes, s.
_SILENT = 1.0
#: A quality that is older than this says nothing any more, s; it comes once a second.
_OLD = 3.5


class SignalWatch:
    """Listens to ``emg/quality`` and looks at what the recording receives.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that listens.
    recording : Recording
        Of one arm; it receives the samples anyhow.
    """

    def __init__(self, node: Node, recording: Recording) -> None:
        self._counts = recording.counts
        (self._topic,) = recording.samples_topics
        self._seen = 0
        self._came: float | None = None
        self._received = 0.0
        self._good_since: float | None = None
        self._quality: SignalQuality | None = None
        node.create_subscription(SignalQuality, "emg/quality", self._hear, qos.QUALITY)

    def look(self) -> None:
        """Look whether more samples have come; to be called often."""
        count = self._counts[self._topic]
        if count != self._seen:
            self._seen, self._came = count, time.monotonic()

    @property
    def flowing(self) -> bool:
        """Whether samples come."""
        return self._came is not None and time.monotonic() - self._came < _SILENT

    @property
    def quality(self) -> SignalQuality | None:
        """The newest judgement; None where there is none or it is old."""
        return self._quality if time.monotonic() - self._received < _OLD else None

    @property
    def good_for(self) -> float:
        """How long no channel has been bad, s; 0 where nobody says."""
        if self.quality is None or self._good_since is None:
            return 0.0
        return time.monotonic() - self._good_since

    def line(self) -> str:
        """Return how the signal is, in a line."""
        found = self.quality
        if not self.flowing:
            return NO_SAMPLES
        if found is None:
            return "samples come; nobody judges them (is signal_quality_node running?)"
        states = list(found.state)
        good = f"{states.count(SignalQuality.GOOD)} of {len(states)} channels good"
        bad = f", {states.count(SignalQuality.BAD)} BAD" if SignalQuality.BAD in states else ""
        rate = f", {found.rate_measured:.1f} Hz" if found.rate_measured else ""
        return f"{good}{bad}{rate}, {found.lost} samples lost"

    def _hear(self, message: SignalQuality) -> None:
        self._received = time.monotonic()
        self._quality = message
        usable = message.samples > 0 and SignalQuality.BAD not in list(message.state)
        if not usable:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = self._received
