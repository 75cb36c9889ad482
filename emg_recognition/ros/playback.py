"""Read a bag for playback: its messages, when each is due, and the time in the bag."""

from __future__ import annotations

import os
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message

from emg_recognition.bags.batches import Topic
from emg_recognition.bags.definitions import own_types
from emg_recognition.bags.reader import open_bag
from emg_recognition.msg import ActionLabel, EmgInfo, EmgSamples
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.ros import qos
from emg_recognition.ros.stamps import STEP_LIMIT

#: A longer pause between two messages may be a clock step or a halted device, s.
LONG = 1.0


class Moment(NamedTuple):
    """A message, the log time of its recording, and whether to skip the pause before it."""

    topic: str
    time: int
    message: Any
    jump: bool


class Timeline:
    """Map log time to the steady clock.

    Recorded differences, divided by the rate, separate the due times, so that a late player catches up.
    A log time that steps back, and a jump, take no time.

    Parameters
    ----------
    rate : float
        Playback speed.
    now : float
        The steady time at which the first message is due, s.
    time : int
        Its log time, ns.
    """

    def __init__(self, rate: float, now: float, time: int) -> None:
        self._rate = rate
        self._due = self._previous_due = now
        self._time = self._previous_time = time

    def advance(self, time: int, *, jump: bool = False) -> float:
        """Go to the next message and return the steady time at which it is due, s."""
        difference = (time - self._time) * 1e-9
        if -STEP_LIMIT <= difference < 0:
            return self._due  # received in another order than recorded
        self._previous_due, self._previous_time = self._due, self._time
        self._time = time
        if difference < 0 or jump:
            self._previous_time = time
        else:
            self._due += difference / self._rate
        return self._due

    def time(self, now: float) -> int:
        """Return the log time, ns, at a steady time, between the previous message and the next."""
        passed = max(0.0, now - self._previous_due) * self._rate
        return min(self._previous_time + round(passed * 1e9), self._time)

    def shift(self, seconds: float) -> None:
        """Delay everything by a pause."""
        self._due += seconds
        self._previous_due += seconds


def with_jumps(
    messages: Iterable[tuple[str, int, Any]], samples: str, index_range: Callable[[Any], tuple[int, int]]
) -> Iterator[Moment]:
    """Mark long pauses during which no sample was taken.

    In such a pause the clock was set forward or the device was halted; playback skips it.

    Parameters
    ----------
    messages : iterable of (str, int, object)
        Topic, log time in ns and message, in file order.
    samples : str
        The topic of samples.
    index_range : callable
        Returns the index of a chunk's first sample and the index after its last.

    Yields
    ------
    Moment
        Each message, in the same order.
    """
    ahead: deque[tuple[str, int, Any]] = deque()
    source = iter(messages)
    newest: Any = None
    previous: int | None = None

    def next_samples() -> Any:
        for topic, _, message in ahead:
            if topic == samples:
                return message
        for found in source:
            ahead.append(found)
            if found[0] == samples:
                return found[2]
        return None

    while True:
        found = ahead.popleft() if ahead else next(source, None)
        if found is None:
            return
        topic, time, message = found
        jump = False
        if newest is not None and previous is not None and (time - previous) * 1e-9 > LONG:
            following = message if topic == samples else next_samples()
            jump = following is not None and index_range(following)[0] == index_range(newest)[1]
        if topic == samples:
            newest = message
        previous = time
        yield Moment(topic, time, message, jump)


SAMPLES = "emg/samples"

#: The topics that are played; the graph computes everything else again.
INPUTS: dict[str, tuple[Any, QoSProfile]] = {
    SAMPLES: (EmgSamples, qos.SAMPLES),
    "emg/info": (EmgInfo, qos.LATCHED),
    "emg/label": (ActionLabel, qos.LABELS),
}


class BagSource:
    """Samples, device and labels of one arm in a bag.

    Parameters
    ----------
    path : path
        The bag.
    namespace : str, optional
        The arm, where the bag holds several.

    Raises
    ------
    RecordingError
        If it is not a bag, holds no EMG, or holds several arms and none is chosen.
    """

    def __init__(self, path: str | os.PathLike[str], namespace: str | None) -> None:
        self._bag = open_bag(path)
        prefix = EmgBag(self._bag, namespace).namespace
        names = {f"{prefix}/{relative}": relative for relative in INPUTS}
        #: The topics to play, each with its relative name and whether its bytes can be published unchanged.
        self._topics: dict[Topic, tuple[str, bool]] = {
            topic: (names[topic.name], self._is_current(topic, names[topic.name]))
            for topic in self._bag.topics
            if topic.name in names
        }
        self._reported = 0

    def close(self) -> None:
        """Close the bag."""
        self._bag.close()

    def messages(self) -> Iterator[tuple[str, int, Any]]:
        """Yield each message: relative topic, log time in ns, and what to publish (bytes or a message)."""
        for topic, time, message in self._bag.messages(self._topics):
            relative, raw = self._topics[topic]
            if raw:
                yield relative, time, message
            else:
                yield relative, time, to_message(self._bag.deserialize(topic, message), INPUTS[relative][0])

    def new_problems(self) -> list[str]:
        """Return the problems of the bag found since the last call."""
        reported, problems = self._reported, self._bag.problems
        self._reported = len(problems)
        return problems[reported:]

    def _is_current(self, topic: Topic, relative: str) -> bool:
        """Return whether the message type is the current one; its hash covers every field."""
        own = f"emg_recognition/msg/{INPUTS[relative][0].__name__}"
        return bool(
            topic.type == own
            and self._bag.types(topic).hash_rihs01(topic.type) == own_types().hash_rihs01(own)
        )


def index_range(chunk: Any) -> tuple[int, int]:
    """Return the index of a chunk's first sample and the index after its last.

    Parameters
    ----------
    chunk : bytes or EmgSamples
        A chunk of samples from :meth:`BagSource.messages`.
    """
    samples = deserialize_message(chunk, EmgSamples) if isinstance(chunk, bytes) else chunk
    count = len(samples.data) // samples.channels if samples.channels else 0
    return samples.first_index, samples.first_index + count


def to_message(found: Any, kind: Any) -> Any:
    """Copy the fields that two versions of a message share; the others keep their default.

    Parameters
    ----------
    found : object
        A message read by rosbags.
    kind : type
        The current message type.

    Returns
    -------
    object
        A message of `kind`.
    """
    message = kind()
    for name in kind.get_fields_and_field_types():
        if not hasattr(found, name):
            continue
        value, default = getattr(found, name), getattr(message, name)
        if hasattr(default, "get_fields_and_field_types"):
            value = to_message(value, type(default))
        elif isinstance(default, array):
            value = array(default.typecode, np.asarray(value).tolist())
        elif isinstance(default, list):
            value = list(value)
        else:
            value = type(default)(value)
        setattr(message, name, value)
    return message
