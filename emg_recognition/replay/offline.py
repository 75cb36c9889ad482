"""Evaluate a recording without ROS, as fast as the machine can."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np

from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.models.bundle import check_compatible
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.emg_bag import EmgBag, armband_topics
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.recordings.labels import LabelInterval, label_intervals
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.live_path import LivePath
from emg_recognition.replay.replay import Gathered, Replay, ReplayModel, recorded_step
from emg_recognition.signal.settings import stride_samples

LIVE_STEP = 0.025
"""Distance (s) of the windows of a bag that holds no estimates to take it from: preprocessing's default."""

ARCHIVE_STEP = 0.05
"""Distance (s) of the windows of an archive: that of training and benchmark."""


def replay_bag(
    path: str | os.PathLike[str],
    model: ActionModel,
    *,
    namespace: str | None = None,
    step: float | None = None,
    confidence_threshold: float = 0.5,
    on_progress: Callable[[float], None] | None = None,
) -> Replay:
    """Run a model over the samples of a bag.

    Parameters
    ----------
    path : path
        The bag: a directory, an ``.mcap`` or a ``.db3`` file.
    model : ActionModel
        The model.
    namespace : str, optional
        Which armband, where the bag has several.
    step : float, optional
        Distance of windows, s; that of the recorded estimates by default, or :data:`LIVE_STEP`.
    confidence_threshold : float
        Estimates below it are rejected.
    on_progress : callable, optional
        Called with the share of the bag that has been read, 0 to 1.

    Returns
    -------
    Replay
        What the model says of each window, and what else the bag tells.

    Raises
    ------
    RecordingError
        If it is no bag, or holds no samples, or those of several armbands and none is chosen.
    BundleError
        If the model was made for other signals; both values are named.
    """
    with open_bag(path) as bag:
        emg = EmgBag(bag, namespace)
        samples = stride_samples(LIVE_STEP, model.info.rate)
        if step is not None:
            samples = stride_samples(step, model.info.rate)
        elif "emg/action" in armband_topics(bag, emg.namespace).values():
            samples = recorded_step(emg.events()) or samples
        live, clock, along = LivePath(model, samples, confidence_threshold), SampleClock(), Gathered()
        frame_id = ""
        for event in emg.events():
            if isinstance(event, SampleBlock):
                live.take(event)
                clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
                frame_id = event.frame_id
                if on_progress is not None:
                    on_progress(bag.fraction_read)
            else:
                along.take(event)
        problems = list(bag.problems)
    if not live.stream.stretches:
        raise RecordingError(os.fspath(path), "there are no samples in it", "record while the armband sends")
    own = ReplayModel.of_bundle(model.info)
    recorded, recorded_model = along.recorded(own)
    return Replay(
        source=os.fspath(path),
        model=own,
        step=samples,
        confidence_threshold=confidence_threshold,
        estimates=live.estimates(),
        clock=clock,
        stream=live.counters(),
        stretches=live.stream.stretches,
        labels=label_intervals(along.labels, clock),
        device=along.device,
        frame_id=frame_id,
        recorded=recorded,
        recorded_model=recorded_model,
        bridge=along.bridge(),
        problems=problems + along.problems + _refusals(live),
    )


def replay_archive(
    recordings: Recordings,
    model: ActionModel,
    *,
    step: float | None = None,
    confidence_threshold: float = 0.5,
    on_progress: Callable[[float], None] | None = None,
) -> Replay:
    """Run a model over labelled recordings; each segment is a stream of its own, as in training.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    model : ActionModel
        The model.
    step : float, optional
        Distance of windows, s; :data:`ARCHIVE_STEP` by default.
    confidence_threshold : float
        Estimates below it are rejected.
    on_progress : callable, optional
        Called with the share of the segments that is done, 0 to 1.

    Returns
    -------
    Replay
        What the model says of each window; segment i is run i, its samples have the indices 0 and up, and
        on the time axis it follows the segment before it.

    Raises
    ------
    BundleError
        If the model was made for other signals; both values are named.
    """
    check_compatible(model.info, rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    samples = stride_samples(ARCHIVE_STEP if step is None else step, recordings.rate)
    live, clock = LivePath(model, samples, confidence_threshold), SampleClock()
    for block in _blocks(recordings):
        live.take(block)
        clock.add(block.run, block.first_index, len(block.samples), block.stamp, block.rate)
        if on_progress is not None:
            on_progress((block.run + 1) / len(recordings))
    return Replay(
        source=recordings.source,
        model=ReplayModel.of_bundle(model.info),
        step=samples,
        confidence_threshold=confidence_threshold,
        estimates=live.estimates(),
        clock=clock,
        stream=live.counters(),
        stretches=live.stream.stretches,
        labels=[
            LabelInterval(
                run=i,
                first=0,
                last=int(recordings.length[i]) - 1,
                action=str(recordings.label[i]),
                subject=str(recordings.subject[i]),
                cohort=str(recordings.cohort[i]),
                session=str(recordings.session[i]),
                repetition=int(recordings.repetition[i]),
            )
            for i in range(len(recordings))
        ],
        margin=0.0,
    )


def _blocks(recordings: Recordings) -> Iterator[SampleBlock]:
    """Yield the segments in pieces of about a second, so that few windows are in memory at once."""
    piece = max(1, round(recordings.rate))
    done = 0
    for i in range(len(recordings)):
        segment = recordings.segment(i)
        for begin in range(0, len(segment), piece):
            part = segment[begin : begin + piece]
            yield SampleBlock(
                run=i,
                first_index=begin,
                samples=part,
                restart=begin == 0,
                dropped_before=0,
                stamp=round((done + begin) / recordings.rate * 1e9),
                rate=recordings.rate,
                unit=recordings.unit,
                frame_id="",
                chunks=np.array([len(part)]),
            )
        done += len(segment)


def _refusals(live: LivePath) -> list[str]:
    refused = live.counters().refused_chunks
    if not refused:
        return []
    return [
        f"{refused} messages hold samples that no electrode delivers and are left out: {live.refusals[0]}"
    ]
