"""A run of the live nodes, read from a bag of their topics."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import numpy as np

from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError, SampleError
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.recordings.labels import label_intervals
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.live_path import StreamLog, Stretch, pieces
from emg_recognition.replay.replay import Gathered, Replay
from emg_recognition.signal.pipeline import check_samples
from emg_recognition.types import Model


def replay_of_topics(
    path: str | os.PathLike[str],
    *,
    source: str,
    published: int,
    stride: int,
    confidence_threshold: float,
    problems: Sequence[str] = (),
) -> Replay:
    """Read what was published while a model ran.

    Parameters
    ----------
    path : path
        A bag with samples, the model and its estimates.
    source : str
        Where the signals come from, for the report.
    published : int
        Windows that the preprocessing node published.
    stride : int
        Samples from one window to the next.
    confidence_threshold : float
        The classifier's threshold.
    problems : sequence of str
        What went wrong while the topics were recorded, one sentence each.

    Returns
    -------
    Replay
        With the estimates of the live nodes; every window of the samples in the bag is expected.

    Raises
    ------
    RecordingError
        If there are no samples, no model or no estimates.
    """
    stream, clock, gathered = StreamLog(), SampleClock(), Gathered()
    model: Model | None = None
    frame_id = ""
    with open_bag(path) as bag:
        for event in EmgBag(bag).events():
            if isinstance(event, SampleBlock):
                _follow(stream, event)
                clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
                frame_id = event.frame_id
            else:
                gathered.take(event)
                if isinstance(event, Model):
                    model = event
        found = [*problems, *bag.problems]
    if not stream.stretches:
        raise RecordingError(source, "no samples arrived on emg/samples", "play a bag or start the armband")
    if model is None:
        raise RecordingError(source, "no model was announced on emg/model", "start a classifier")
    estimates, _ = gathered.recorded(model)
    if estimates is None:
        raise RecordingError(
            source, "no estimates arrived on emg/action", "read the logs of preprocessing and classifier"
        )
    settling = settling_samples(model.pipeline)
    windows, withheld = expected_windows(stream.stretches, model.length, stride, settling)
    if published < windows:
        found.append(
            f"preprocessing made only {published} of {windows} windows: samples did not reach it in time"
        )
    return Replay(
        source=source,
        model=model,
        stride=stride,
        confidence_threshold=confidence_threshold,
        estimates=estimates,
        clock=clock,
        stream=stream.counters(windows=windows, settling_windows=withheld),
        stretches=stream.stretches,
        labels=label_intervals(gathered.labels, clock),
        device=gathered.device,
        frame_id=frame_id,
        bridge=gathered.bridge(),
        problems=found + gathered.problems,
    )


def _follow(stream: StreamLog, block: SampleBlock) -> None:
    """Count as preprocessing does: a message with an impossible sample is refused."""
    for piece in pieces(block):
        first, samples = block.first_index + piece.begin, block.samples[piece.begin : piece.end]
        try:
            check_samples(samples, samples.shape[1], first)
        except SampleError:
            stream.refuse(dropped=piece.dropped)
        else:
            stream.add(block.run, first, len(samples), restart=piece.restart, dropped=piece.dropped)


def settling_samples(fingerprint: str) -> int:
    """Read the settling time from the fingerprint of a signal path.

    Parameters
    ----------
    fingerprint : str
        From :meth:`emg_recognition.signal.settings.PipelineSettings.fingerprint`.

    Returns
    -------
    int
        No window begins before this many samples after a start.

    Raises
    ------
    RecordingError
        If the fingerprint does not contain it.
    """
    found = re.search(r"\bsettling (\d+)$", fingerprint)
    if found is None:
        raise RecordingError(
            fingerprint, "the fingerprint does not name the settling", "use the version that wrote it"
        )
    return int(found[1])


def expected_windows(
    stretches: Sequence[Stretch], length: int, stride: int, settling: int
) -> tuple[int, int]:
    """Count the windows that lie within stretches of consecutive samples.

    Parameters
    ----------
    stretches : sequence of Stretch
        Where the stream has no gap.
    length, stride, settling : int
        Samples in a window, from one window to the next, and after a start before the first window.

    Returns
    -------
    windows : int
        Windows that the signal path makes.
    withheld : int
        Windows left out because they begin too soon after a start.
    """
    first = np.array([stretch.first for stretch in stretches], dtype=np.int64)
    last = np.array([stretch.last for stretch in stretches], dtype=np.int64)
    # Number of multiples of the stride up to the last possible begin, less those before the first one.
    end = (last + 1 - length) // stride + 1
    every = np.maximum(0, end - -(-first // stride))
    settled = np.maximum(0, end - -(-(first + settling) // stride))
    return int(settled.sum()), int((every - settled).sum())
