"""The whole chain in one loop: samples from a source, estimates, and what is decided."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from emg_recognition.devices.source import ChunkSource
from emg_recognition.devices.stream import SampleChunk, join_chunks
from emg_recognition.errors import SampleError
from emg_recognition.recognizer import Recognizer
from emg_recognition.types import Estimate

_LOG = logging.getLogger(__name__)

SILENT_AFTER = 0.2
"""Without an estimate for this time nothing is decided any more, s."""

REPEATED = 0.1
"""How often silence is said again, s: a datagram may be lost."""


@dataclass(frozen=True, kw_only=True)
class LiveDecision:
    """What is decided now.

    Attributes
    ----------
    action : str
        The action; empty for none.
    since : float
        When the first window with this decision ended, or when the silence was noticed; monotonic clock, s.
    speed : float
        Share of full speed, 0 to 1.
    estimate : Estimate or None
        Of the newest window; None in silence.
    """

    action: str
    since: float
    speed: float
    estimate: Estimate | None

    def to_json(self) -> dict[str, Any]:
        """Return what other programs are told, see ``docs/how-to/control-a-program-without-ros.md``."""
        told: dict[str, Any] = {"action": self.action, "silent": self.estimate is None}
        told |= {"since": round(self.since, 6), "speed": round(self.speed, 4)}
        if (one := self.estimate) is not None:
            told |= {
                "time": round(one.time, 6),
                "age": round(time.monotonic() - one.time, 4),
                "estimate": one.action,
                "accepted": one.accepted,
                "confidence": round(one.confidence, 4),
                "activation": round(one.activation, 4),
                "first_index": one.first_index,
                "last_index": one.last_index,
                "model": one.model,
            }
        return told


def silence() -> LiveDecision:
    """Return the decision for nothing, from now on."""
    return LiveDecision(action="", since=time.monotonic(), speed=0.0, estimate=None)


def decisions(
    source: ChunkSource,
    recognizer: Recognizer,
    *,
    on_chunk: Callable[[SampleChunk], object] = lambda chunk: None,
) -> Iterator[LiveDecision]:
    """Decide after each window, until the source ends.

    Without an estimate for 0.2 s (no samples, a gap, filters that settle) the decision is for nothing, and it
    is repeated every 0.1 s.

    Parameters
    ----------
    source : ChunkSource
        An open source.
    recognizer : Recognizer
        For its rate, channels and unit.
    on_chunk : callable, optional
        Takes each chunk before it is used.

    Yields
    ------
    LiveDecision
        One for each window and for each 0.1 s of silence.

    Raises
    ------
    BundleError
        If the source has another rate, channel count or unit than the model.
    DeviceError
        If the source is lost and does not wait for its return.
    """
    now = silence()
    heard = said = time.monotonic()
    complained = False
    yield now
    while True:
        for chunk in join_chunks(source.read()):
            on_chunk(chunk)
            try:
                estimates = recognizer.push(chunk)
            except SampleError as error:  # the next samples count as a new start
                if not complained:
                    _LOG.warning("%s: %s; further ones are left out without a word", source.port, error)
                complained = True
                continue
            for one in estimates:
                same = now.estimate is not None and now.action == one.decision
                since = now.since if same else one.time
                now = LiveDecision(action=one.decision, since=since, speed=one.speed, estimate=one)
                heard = said = time.monotonic()
                yield now
        for remark in source.remarks():
            _LOG.warning("%s: %s", source.port, remark)
        if not source.is_open:
            return
        moment = time.monotonic()
        if moment - heard > SILENT_AFTER and moment - said >= REPEATED:
            if now.estimate is not None:
                now = silence()
            said = moment
            yield now
