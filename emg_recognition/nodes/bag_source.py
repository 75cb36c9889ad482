"""What of a bag is played, as messages of today, whatever version of the package recorded it."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message

from emg_recognition.msg import ActionLabel, EmgInfo, EmgSamples
from emg_recognition.nodes import qos
from emg_recognition.recordings.bag import Topic, open_bag
from emg_recognition.recordings.definitions import own_types
from emg_recognition.recordings.emg_bag import EmgBag

SAMPLES = "emg/samples"

#: What the graph gets from a bag; everything else it makes anew.
INPUTS: dict[str, tuple[Any, QoSProfile]] = {
    SAMPLES: (EmgSamples, qos.SAMPLES),
    "emg/info": (EmgInfo, qos.LATCHED),
    "emg/label": (ActionLabel, qos.LABELS),
}


class BagSource:
    """The signals, device and labels of one arm.

    Parameters
    ----------
    path : path
        The bag.
    namespace : str, optional
        The arm, where the bag holds several.

    Raises
    ------
    RecordingError
        If it is no bag, holds no EMG, or that of several arms and none is chosen.
    """

    def __init__(self, path: str | os.PathLike[str], namespace: str | None) -> None:
        self._bag = open_bag(path)
        prefix = EmgBag(self._bag, namespace).namespace
        names = {f"{prefix}/{relative}": relative for relative in INPUTS}
        #: Each topic of the bag that is played, its relative name, and whether it is played as it is.
        self._topics: dict[Topic, tuple[str, bool]] = {
            topic: (names[topic.name], self._is_of_today(topic, names[topic.name]))
            for topic in self._bag.topics
            if topic.name in names
        }
        self._told = 0

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
        """Return what has turned out to be missing or damaged since the last call."""
        told, problems = self._told, self._bag.problems
        self._told = len(problems)
        return problems[told:]

    def _is_of_today(self, topic: Topic, relative: str) -> bool:
        """Whether a message can be published as it was recorded: the type's hash covers every field."""
        own = f"emg_recognition/msg/{INPUTS[relative][0].__name__}"
        return bool(
            topic.type == own
            and self._bag.types(topic).hash_rihs01(topic.type) == own_types().hash_rihs01(own)
        )


def index_range(chunk: Any) -> tuple[int, int]:
    """Return the index of a chunk's first sample, and that of the sample after its last.

    Parameters
    ----------
    chunk : bytes or EmgSamples
        What :meth:`BagSource.messages` yields of the samples.
    """
    samples = deserialize_message(chunk, EmgSamples) if isinstance(chunk, bytes) else chunk
    count = len(samples.data) // samples.channels if samples.channels else 0
    return samples.first_index, samples.first_index + count


def to_message(found: Any, kind: Any) -> Any:
    """Copy the fields that two versions of a message have in common; the others keep their default.

    Parameters
    ----------
    found : object
        A message as rosbags reads it.
    kind : type
        The message type of today.

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
