"""Run a model over a recording without ROS, as fast as the machine allows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np

from emg_recognition.bags.reader import open_bag
from emg_recognition.classification import live_settings
from emg_recognition.errors import RecordingError
from emg_recognition.models.bundle import check_compatible
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.emg_bag import EmgBag, armband_topics
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.recordings.labels import MARGIN, LabelInterval, label_intervals
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.recordings.windows import STRIDE
from emg_recognition.replay.live_path import LivePath
from emg_recognition.replay.replay import Gathered, Replay, recorded_stride
from emg_recognition.signal.settings import stride_samples


def replay_bag(
    path: str | os.PathLike[str],
    model: ActionModel,
    *,
    namespace: str | None = None,
    stride: float | None = None,
    confidence_threshold: float | None = None,
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
        The armband to take, where the bag has several.
    stride : float, optional
        Time from one window to the next, s; by default that of the recorded estimates, or else the bundle's.
    confidence_threshold : float, optional
        Estimates with a lower confidence are rejected; by default the bundle's threshold.
    on_progress : callable, optional
        Called with the share of the bag that has been read, 0 to 1.

    Returns
    -------
    Replay
        The model's estimates, and what else the bag contains.

    Raises
    ------
    RecordingError
        If it is not a bag, holds no samples, or holds those of several armbands and none is chosen.
    BundleError
        If the model was made for other signals; the message names both values.
    """
    live_use = live_settings(model.info)
    threshold = live_use.confidence_threshold if confidence_threshold is None else confidence_threshold
    with open_bag(path) as bag:
        emg = EmgBag(bag, namespace)
        samples = stride_samples(live_use.stride if stride is None else stride, model.info.rate)
        if stride is None and "emg/action" in armband_topics(bag, emg.namespace).values():
            samples = recorded_stride(emg.events()) or samples
        live, clock, gathered = LivePath(model, samples, threshold), SampleClock(), Gathered()
        frame_id = ""
        for event in emg.events():
            if isinstance(event, SampleBlock):
                live.take(event)
                clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
                frame_id = event.frame_id
                if on_progress is not None:
                    on_progress(bag.fraction_read)
            else:
                gathered.take(event)
        problems = list(bag.problems)
    if not live.stream.stretches:
        raise RecordingError(os.fspath(path), "there are no samples in it", "record while the armband sends")
    own = model.info.model
    recorded, recorded_model = gathered.recorded(own)
    labels = label_intervals(gathered.labels, clock)
    turned = live.armbands.problems(labels, round(MARGIN * model.info.rate))
    return Replay(
        source=os.fspath(path),
        model=own,
        bundle=str(model.info.path),
        stride=samples,
        confidence_threshold=threshold,
        estimates=live.estimates(),
        clock=clock,
        stream=live.counters(),
        stretches=live.stream.stretches,
        labels=labels,
        device=gathered.device,
        frame_id=frame_id,
        recorded=recorded,
        recorded_model=recorded_model,
        bridge=gathered.bridge(),
        problems=problems + gathered.problems + _refusals(live) + turned,
    )


def replay_archive(
    recordings: Recordings,
    model: ActionModel,
    *,
    stride: float | None = None,
    confidence_threshold: float | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Replay:
    """Run a model over labelled recordings; each segment is a separate stream, as in training.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    model : ActionModel
        The model.
    stride : float, optional
        Time from one window to the next, s; by default that of training.
    confidence_threshold : float, optional
        Estimates with a lower confidence are rejected; by default the bundle's threshold.
    on_progress : callable, optional
        Called with the share of the segments that has been processed, 0 to 1.

    Returns
    -------
    Replay
        The model's estimates. Segment i is run i, its samples are counted from 0, and on the time axis it
        follows the previous segment.

    Raises
    ------
    BundleError
        If the model was made for other signals; the message names both values.
    """
    check_compatible(model.info, rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    if confidence_threshold is None:
        confidence_threshold = live_settings(model.info).confidence_threshold
    samples = stride_samples(STRIDE if stride is None else stride, recordings.rate)
    live, clock = LivePath(model, samples, confidence_threshold), SampleClock()
    for block in _blocks(recordings):
        live.take(block)
        clock.add(block.run, block.first_index, len(block.samples), block.stamp, block.rate)
        if on_progress is not None:
            on_progress((block.run + 1) / len(recordings))
    labels = [
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
    ]
    return Replay(
        source=recordings.source,
        model=model.info.model,
        bundle=str(model.info.path),
        stride=samples,
        confidence_threshold=confidence_threshold,
        estimates=live.estimates(),
        clock=clock,
        stream=live.counters(),
        stretches=live.stream.stretches,
        labels=labels,
        margin=0.0,
        problems=live.armbands.problems(labels, 0),
    )


def _blocks(recordings: Recordings) -> Iterator[SampleBlock]:
    """Yield the segments in pieces of about one second, so that few windows are in memory at once."""
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
    return [f"messages with impossible samples are left out ({refused}): {live.refusals[0]}"]
