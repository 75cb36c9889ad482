"""One recorded session in numbers: what was practised, how well it was recognised, how good the signal."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.bags.reader import Bag, open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.evaluation.decisions import THRESHOLD
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import EstimateBlock, LabelEvent, SampleBlock
from emg_recognition.recordings.labels import MARGIN, LabelInterval, label_intervals, window_labels
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.online import replay_of_topics
from emg_recognition.replay.replay import recorded_stride
from emg_recognition.replay.scores import ReplayScores
from emg_recognition.replay.scoring import score

_S = TypeVar("_S", bound="Session")

_QUALITY = "emg_recognition/msg/SignalQuality"
#: An electrode that was BAD for more than this share of a session is named.
_POOR = 0.1


@dataclass(frozen=True, kw_only=True)
class Session:
    """One recording; what is not known is ``None``.

    Attributes
    ----------
    recording : str
        The bag, relative to the folder that was read.
    begin : str
        Stamp of the first sample, ISO 8601 in UTC.
    subject, cohort, session : str
        Of most of the labels; empty without labels.
    minutes, practised : float
        Length of the signal, and of the labelled actions other than rest.
    repetitions : int
        Performances that were kept, rest included.
    model : str
        Id of the model that ran; empty for none.
    accuracy, balanced_accuracy, wrong_movements_per_minute, false_activations_per_minute : float or None
        As in ``metrics.json`` of an evaluation, from the estimates in the recording.
    activation : float or None
        Mean over the windows of actions other than rest; 1 is the RMS of the training.
    good : float or None
        Share of the seconds and electrodes that were judged GOOD.
    poor : tuple of str
        Electrodes that were BAD for more than a tenth of the time.
    problems : tuple of str
        What is missing or damaged, a sentence each.
    """

    recording: str
    begin: str
    subject: str = ""
    cohort: str = ""
    session: str = ""
    minutes: float = 0.0
    practised: float = 0.0
    repetitions: int = 0
    model: str = ""
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    wrong_movements_per_minute: float | None = None
    false_activations_per_minute: float | None = None
    activation: float | None = None
    good: float | None = None
    poor: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the numbers for a file."""
        return asdict(self)

    @classmethod
    def from_json(cls: type[_S], found: Mapping[str, Any]) -> _S:
        """Read what :meth:`to_json` returned.

        Raises
        ------
        TypeError, KeyError
            If it is something else.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            value = found[field.name]
            values[field.name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)


def read_session(path: Path, name: str) -> Session:
    """Sum up a recording.

    Parameters
    ----------
    path : Path
        A bag with one armband.
    name : str
        What to call it.

    Returns
    -------
    Session
        Its numbers.

    Raises
    ------
    RecordingError
        If it is not a bag, or there are no samples of one armband in it.
    """
    clock = SampleClock()
    labels: list[LabelEvent] = []
    estimates: list[EstimateBlock] = []
    first: SampleBlock | None = None
    samples = 0
    with open_bag(path) as bag:
        emg = EmgBag(bag)
        for event in emg.events():
            if isinstance(event, SampleBlock):
                first = first or event
                samples += len(event.samples)
                clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
            elif isinstance(event, LabelEvent):
                labels.append(event)
            elif isinstance(event, EstimateBlock):
                estimates.append(event)
        good, poor = _quality(bag, emg.namespace)
        problems = list(bag.problems)
    if first is None:
        raise RecordingError(str(path), "there are no samples in it", "record while the armband sends")
    intervals = label_intervals(labels, clock)
    found = _scores(path, estimates) if estimates else None
    known: dict[str, Any] = {kind: _usual(intervals, kind) for kind in ("subject", "cohort", "session")}
    if found is not None and found.scores is not None:
        known |= _numbers(found)
    return Session(
        recording=name,
        begin=datetime.fromtimestamp(first.stamp * 1e-9, timezone.utc).isoformat(timespec="seconds"),
        minutes=samples / first.rate / 60,
        practised=sum(one.last + 1 - one.first for one in intervals if one.action != REST) / first.rate / 60,
        repetitions=len(intervals),
        model=found.model.model if found else "",
        activation=_activation(estimates, intervals, first.rate),
        good=good,
        poor=poor,
        problems=tuple(problems),
        **known,
    )


def _usual(intervals: list[LabelInterval], kind: str) -> str:
    names = Counter(str(getattr(one, kind)) for one in intervals)
    return names.most_common(1)[0][0] if names else ""


def _scores(path: Path, estimates: list[EstimateBlock]) -> ReplayScores | None:
    """Score the recorded estimates; None where nobody knows what their probabilities stand for."""
    stride = recorded_stride(estimates)
    if stride is None:
        return None
    try:
        # How many windows there should have been is not asked here.
        replay = replay_of_topics(
            path,
            source=str(path),
            published=sys.maxsize,
            stride=stride,
            confidence_threshold=THRESHOLD,
        )
    except RecordingError:
        return None
    return score(replay, mode="online")


def _numbers(found: ReplayScores) -> dict[str, float | None]:
    assert found.scores is not None
    return {
        "accuracy": found.scores.accuracy,
        "balanced_accuracy": found.scores.balanced_accuracy,
        "wrong_movements_per_minute": found.wrong_movements_per_minute,
        "false_activations_per_minute": found.false_activations_per_minute,
    }


def _activation(estimates: list[EstimateBlock], intervals: list[LabelInterval], rate: float) -> float | None:
    if not estimates or not intervals:
        return None
    run, begin, end, activation = (
        np.concatenate([getattr(block, name) for block in estimates])
        for name in ("run", "first_index", "last_index", "activation")
    )
    number = window_labels(intervals, run, begin, end, round(MARGIN * rate))
    moving = np.array([one.action != REST for one in intervals])
    chosen = activation[(number >= 0) & moving[number]]
    chosen = chosen[np.isfinite(chosen)]
    return float(chosen.mean(dtype=np.float64)) if len(chosen) else None


def _quality(bag: Bag, namespace: str) -> tuple[float | None, tuple[str, ...]]:
    """Return the share of GOOD judgements, and the electrodes that were often BAD."""
    topics = [one for one in bag.topics if (one.name, one.type) == (f"{namespace}/emg/quality", _QUALITY)]
    judged, good = 0, 0
    seconds: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for topic, _, data in bag.messages(topics) if topics else ():
        try:
            message = bag.deserialize(topic, data)
        except RecordingError:
            continue  # one second of many
        for name, state in zip(message.channel_names, message.state, strict=False):
            judged += 1
            good += state == 0
            seconds[name] += 1
            bad[name] += state == 2
    poor = tuple(name for name, count in seconds.items() if bad[name] > _POOR * count)
    return (good / judged if judged else None), poor
