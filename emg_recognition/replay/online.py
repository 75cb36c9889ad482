"""What live nodes said, read from a bag of their topics, as the replay that every score is made of."""

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
from emg_recognition.replay.replay import Gathered, Replay, ReplayModel
from emg_recognition.signal.pipeline import check_samples
from emg_recognition.types import Model


def replay_of_topics(
    path: str | os.PathLike[str],
    *,
    source: str,
    published: int,
    step: int,
    confidence_threshold: float,
    problems: Sequence[str] = (),
) -> Replay:
    """Read what crossed the topics while a model ran.

    Parameters
    ----------
    path : path
        A bag with samples, the model and its estimates.
    source : str
        Where the signals come from, for the report.
    published : int
        Windows that preprocessing published.
    step : int
        Samples from one window to the next.
    confidence_threshold : float
        That of the classifier.
    problems : sequence of str
        What went wrong while the topics were recorded.

    Returns
    -------
    Replay
        Its estimates are those of the live nodes; expected are the windows of the samples in the bag.

    Raises
    ------
    RecordingError
        If there are no samples, no model or no estimates.
    """
    stream, clock, along = StreamLog(), SampleClock(), Gathered()
    announced: Model | None = None
    frame_id = ""
    with open_bag(path) as bag:
        for event in EmgBag(bag).events():
            if isinstance(event, SampleBlock):
                _follow(stream, event)
                clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
                frame_id = event.frame_id
            else:
                along.take(event)
                if isinstance(event, Model):
                    announced = event
        found = [*problems, *bag.problems]
    if not stream.stretches:
        raise RecordingError(source, "no samples came on emg/samples", "play a bag or start the armband")
    if announced is None:
        raise RecordingError(source, "no model was announced on emg/model", "start a classifier")
    model = ReplayModel.of_message(announced)
    estimates, _ = along.recorded(model)
    if estimates is None:
        raise RecordingError(
            source, "no estimates came on emg/action", "see what preprocessing and classifier say"
        )
    settling = settling_samples(model.fingerprint)
    windows, withheld = expected_windows(stream.stretches, model.length, step, settling)
    if published < windows:
        found.append(
            f"Preprocessing made {published} windows of {windows}: samples did not reach it in time."
        )
    return Replay(
        source=source,
        model=model,
        step=step,
        confidence_threshold=confidence_threshold,
        estimates=estimates,
        clock=clock,
        stream=stream.counters(windows=windows, settling_windows=withheld),
        stretches=stream.stretches,
        labels=label_intervals(along.labels, clock),
        device=along.device,
        frame_id=frame_id,
        bridge=along.bridge(),
        problems=found + along.problems,
    )


def _follow(stream: StreamLog, block: SampleBlock) -> None:
    """Count as preprocessing does: a message with a sample that no electrode delivers is refused."""
    for piece in pieces(block):
        first, samples = block.first_index + piece.begin, block.samples[piece.begin : piece.end]
        try:
            check_samples(samples, samples.shape[1], first)
        except SampleError:
            stream.refuse(dropped=piece.dropped)
        else:
            stream.add(block.run, first, len(samples), restart=piece.restart, dropped=piece.dropped)


def settling_samples(fingerprint: str) -> int:
    """Read the settling from the line that describes a signal path.

    Parameters
    ----------
    fingerprint : str
        As :meth:`emg_recognition.signal.settings.PipelineSettings.fingerprint` writes it.

    Returns
    -------
    int
        Samples after a start before which no window begins.

    Raises
    ------
    RecordingError
        If the line does not say it.
    """
    found = re.search(r"\bsettling (\d+)$", fingerprint)
    if found is None:
        raise RecordingError(
            fingerprint, "the signal path does not say its settling", "use the version that wrote it"
        )
    return int(found[1])


def expected_windows(stretches: Sequence[Stretch], length: int, step: int, settling: int) -> tuple[int, int]:
    """Count the windows of the grid that lie within unbroken stretches of samples.

    Parameters
    ----------
    stretches : sequence of Stretch
        Where the stream is whole.
    length, step, settling : int
        Samples of a window, between windows, and after a start before which none begins.

    Returns
    -------
    windows : int
        Windows that the signal path gives.
    withheld : int
        Windows that begin too soon after a start.
    """
    first = np.array([stretch.first for stretch in stretches], dtype=np.int64)
    last = np.array([stretch.last for stretch in stretches], dtype=np.int64)
    # Number of multiples of the step up to the latest begin, less those before the first one.
    end = (last + 1 - length) // step + 1
    every = np.maximum(0, end - -(-first // step))
    settled = np.maximum(0, end - -(-(first + settling) // step))
    return int(settled.sum()), int((every - settled).sum())
