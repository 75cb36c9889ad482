"""The figures of an evaluation: a replay on the time axis, and the confusion matrix."""

from __future__ import annotations

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.states import State
from emg_recognition.evaluation.score_figures import confusion_figure
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.evaluation.timeline import (
    DISARMED,
    FAULT,
    HOLDING,
    IDLE,
    UNKNOWN,
    Spans,
    Timeline,
    timeline_figure,
)
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.decisions import decide
from emg_recognition.replay.replay import BridgeHistory, Replay
from emg_recognition.replay.scores import ReplayScores

_STATES: dict[int, int] = {
    State.DISARMED: DISARMED,
    State.ARMED: IDLE,
    State.HOLDING: HOLDING,
    State.FAULT: FAULT,
}


def timeline_of(replay: Replay, decisions: DecisionSettings) -> Timeline:
    """Put a replay on the time axis.

    Parameters
    ----------
    replay : Replay
        Signals and estimates.
    decisions : DecisionSettings
        How estimates become decisions.

    Returns
    -------
    Timeline
        In seconds from the first sample.
    """
    estimates, clock = replay.estimates, replay.clock
    place = {action: i for i, action in enumerate(replay.model.actions)}
    stretches = [s for s in replay.stretches if s.last >= s.first]
    signal = _spans(clock, [(s.run, s.first, s.last + 1, 0) for s in stretches])
    seconds = float(signal.end.max()) if len(signal.end) else 0.0
    labels = _spans(
        clock,
        [
            (label.run, label.first, label.last + 1, place.get(label.action, UNKNOWN))
            for label in replay.labels
        ],
    )
    run, missing = _missing(replay)
    return Timeline(
        actions=replay.model.actions,
        seconds=seconds,
        stride=replay.stride / replay.model.rate,
        threshold=replay.confidence_threshold,
        # Plus one: a window ends when the time of its last sample is over.
        time=clock.time_at(estimates.run, estimates.last_index + 1),
        action=estimates.action,
        decided=decide(estimates, decisions).action,
        confidence=estimates.confidence,
        accepted=estimates.accepted,
        signal=signal if replay.margin else _joined(signal),
        missing=clock.time_at(run, missing),
        labels=labels if replay.labels else None,
        robot=_robot(replay.bridge, clock, place, seconds) if replay.bridge is not None else None,
    )


def _spans(clock: SampleClock, entries: list[tuple[int, int, int, int]]) -> Spans:
    """Turn entries of run, first index, index behind the last one, and value into spans."""
    run, first, end, value = np.array(entries, dtype=np.int64).reshape(-1, 4).T
    return Spans(begin=clock.time_at(run, first), end=clock.time_at(run, end), value=value)


def _joined(spans: Spans) -> Spans:
    """Return one span over all: the segments of an archive follow each other directly."""
    return Spans(begin=spans.begin[:1], end=spans.end[-1:], value=spans.value[:1])


def _missing(replay: Replay) -> tuple[np.ndarray, np.ndarray]:
    """Return run and end of each window without an estimate, from the first estimate of a stretch on."""
    estimates, length, stride = replay.estimates, replay.estimates.length, replay.stride
    runs, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    if replay.stream.windows > len(estimates):
        for stretch in replay.stretches:
            here = estimates.first_index[
                (estimates.run == stretch.run)
                & (estimates.first_index >= stretch.first)
                & (estimates.last_index <= stretch.last)
            ]
            if len(here):
                grid = np.arange(here.min(), stretch.last - length + 2, stride)
                lost = np.setdiff1d(grid, here)
                runs.append(np.full(len(lost), stretch.run))
                ends.append(lost + length)
    return np.concatenate(runs), np.concatenate(ends)


def _robot(bridge: BridgeHistory, clock: SampleClock, place: dict[str, int], seconds: float) -> Spans:
    """Turn the changes of the bridge into spans; each lasts until the next change."""
    begin = clock.time_of(bridge.stamp)
    value = [
        place.get(str(action), UNKNOWN) if action and action != REST else _STATES.get(int(state), FAULT)
        for state, action in zip(bridge.state, bridge.action, strict=True)
    ]
    return Spans(
        begin=begin, end=np.append(begin[1:], seconds)[: len(begin)], value=np.array(value, np.int64)
    )


def draw(replay: Replay, scores: ReplayScores) -> dict[str, tuple[bytes, bytes]]:
    """Draw the timeline and, where something was scored, the confusion matrix.

    Parameters
    ----------
    replay : Replay
        Signals and estimates.
    scores : ReplayScores
        From :func:`emg_recognition.replay.scoring.score`.

    Returns
    -------
    dict of str to (bytes, bytes)
        Name of the figure to its PNG image and PDF page.
    """
    figures = {"timeline": timeline_figure(timeline_of(replay, scores.decisions))}
    if scores.scores is not None:
        figures["confusion"] = confusion_figure(scores.scores)
    return {name: (png(figure), pdf(figure)) for name, figure in figures.items()}
