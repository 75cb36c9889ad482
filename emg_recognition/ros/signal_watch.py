"""Watch whether samples arrive and how good they are, for a guided session."""

from __future__ import annotations

import time

from rclpy.node import Node

from emg_recognition.errors import MessageError
from emg_recognition.messages import check_quality
from emg_recognition.msg import SignalQuality
from emg_recognition.ros import qos
from emg_recognition.ros.recording import SAMPLES_TOPIC, Recording

#: Without a sample for this long, the signal counts as missing, s.
_SILENT = 1.0
#: An older quality is ignored, s; it is published once a second.
_OLD = 3.5


class SignalWatch:
    """Subscribes to ``emg/quality`` and counts the samples of a recording.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    recording : Recording
        The recording of one arm, which receives the samples anyway.
    """

    def __init__(self, node: Node, recording: Recording) -> None:
        self._counts = recording.counts
        (self._topic,) = recording.samples_topics
        #: What to say while no samples arrive.
        topic = node.resolve_topic_name(SAMPLES_TOPIC)
        self.missing = f"no samples arrive on {topic}: check the armband and acquisition"
        self._seen = 0
        self._came: float | None = None
        self._received = 0.0
        self._good_since: float | None = None
        self._quality: SignalQuality | None = None
        node.create_subscription(SignalQuality, "emg/quality", self._hear, qos.QUALITY)

    def look(self) -> None:
        """Check for new samples; call it often."""
        count = self._counts[self._topic]
        if count != self._seen:
            self._seen, self._came = count, time.monotonic()

    @property
    def flowing(self) -> bool:
        """Whether samples arrive."""
        return self._came is not None and time.monotonic() - self._came < _SILENT

    @property
    def quality(self) -> SignalQuality | None:
        """The newest quality; None if there is none or it is old."""
        return self._quality if time.monotonic() - self._received < _OLD else None

    @property
    def good_for(self) -> float:
        """How long no channel has been bad, s; 0 while unknown."""
        if self.quality is None or self._good_since is None:
            return 0.0
        return time.monotonic() - self._good_since

    def line(self) -> str:
        """Return the state of the signal as one line."""
        found = self.quality
        if not self.flowing:
            return self.missing
        if found is None:
            return "samples arrive, their quality is unknown (is signal_quality_node running?)"
        states = list(found.state)
        good = f"{states.count(SignalQuality.GOOD)} of {len(states)} channels good"
        bad = f", {states.count(SignalQuality.BAD)} BAD" if SignalQuality.BAD in states else ""
        rate = f", {found.rate_measured:.1f} Hz" if found.rate_measured else ""
        return f"{good}{bad}{rate}, {found.lost} samples lost"

    def _hear(self, message: SignalQuality) -> None:
        try:
            check_quality(message)
        except MessageError:
            return
        self._received = time.monotonic()
        self._quality = message
        usable = message.samples > 0 and SignalQuality.BAD not in list(message.state)
        if not usable:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = self._received
