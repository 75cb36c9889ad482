"""Read one armband from a bag: samples, labels, estimates, device, model and bridge states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emg_recognition.bags.columns import Columns, Decoder, is_constant
from emg_recognition.bags.layout import field_names
from emg_recognition.bags.reader import Bag, Batch, Topic
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.events import (
    Event,
    SampleBlock,
)
from emg_recognition.recordings.message_blocks import (
    ESTIMATES_DEFAULTS,
    ESTIMATES_NEEDED,
    LABEL_NEEDED,
    SAMPLES_DEFAULTS,
    SAMPLES_NEEDED,
    STATES_DEFAULTS,
    STATES_NEEDED,
    StateChanges,
    estimate_blocks,
    info_event,
    label_event,
    model_of,
    sample_blocks,
)
from emg_recognition.recordings.sample_clock import Runs

_TYPE = "emg_recognition/msg/"

#: Topics of an armband, relative to its namespace, and their types.
TOPICS = {
    "emg/info": _TYPE + "EmgInfo",
    "emg/model": _TYPE + "ModelInfo",
    "emg/samples": _TYPE + "EmgSamples",
    "emg/label": _TYPE + "ActionLabel",
    "emg/action": _TYPE + "ActionEstimate",
    "exo/bridge_state": _TYPE + "BridgeState",
}
_SAMPLES = "/emg/samples"


def choose_namespace(bag: Bag, namespace: str | None) -> str:
    """Choose the armband to read.

    Parameters
    ----------
    bag : Bag
        The bag.
    namespace : str, optional
        Its namespace as the user writes it; ``/`` or empty for the root. Needed only if the bag holds several
        armbands.

    Returns
    -------
    str
        The part of the topic name before ``/emg/samples``; empty for the root.

    Raises
    ------
    RecordingError
        If the bag has no EMG or none in that namespace, or if it has several armbands and none is chosen.
    """
    found = sorted(
        topic.name.removesuffix(_SAMPLES)
        for topic in bag.topics
        if topic.name.endswith(_SAMPLES) and topic.type == TOPICS["emg/samples"]
    )
    found = list(dict.fromkeys(found))  # a topic may occur twice, with two versions of its type
    if not found:
        there = ", ".join(f"{topic.name} ({topic.type})" for topic in bag.topics) or "none"
        raise RecordingError(
            str(bag.path),
            f"it has no topic emg/samples of type {TOPICS['emg/samples']}; topics: {there}",
            "record the samples, e.g. with emg-recognition record",
        )
    names = ", ".join(name or "/" for name in found)
    if namespace is None:
        if len(found) > 1:
            raise RecordingError(
                str(bag.path), f"it holds {len(found)} armbands: {names}", "choose one by its namespace"
            )
        return found[0]
    wanted = "/" + namespace.strip("/") if namespace.strip("/") else ""
    if wanted not in found:
        raise RecordingError(
            str(bag.path), f"it holds no armband in namespace {namespace!r}", f"choose one of {names}"
        )
    return wanted


def armband_topics(bag: Bag, namespace: str) -> dict[Topic, str]:
    """Return the topics of an armband with their names in it, in the order of :data:`TOPICS`."""
    return {
        topic: name
        for name, kind in TOPICS.items()
        for topic in bag.topics
        if topic.name == f"{namespace}/{name}" and topic.type == kind
    }


#: Fields of each topic: those that are needed, and those that older versions of the messages may lack.
_FIELDS = {
    "emg/samples": (SAMPLES_NEEDED, tuple(SAMPLES_DEFAULTS)),
    "emg/action": (ESTIMATES_NEEDED, tuple(ESTIMATES_DEFAULTS)),
    "exo/bridge_state": (STATES_NEEDED, tuple(STATES_DEFAULTS)),
    "emg/label": (LABEL_NEEDED, ()),
}


class EmgBag:
    """One armband of a bag.

    Parameters
    ----------
    bag : Bag
        The open bag.
    namespace : str, optional
        The namespace of the armband; needed only if the bag holds several.

    Attributes
    ----------
    bag : Bag
        The bag.
    namespace : str
        The chosen namespace; empty for the root.
    refused : int
        Sample messages that were skipped because their data is not a whole number of samples.

    Raises
    ------
    RecordingError
        If the armband cannot be chosen (see :func:`choose_namespace`) or a message type lacks a field that is
        needed.
    """

    def __init__(self, bag: Bag, namespace: str | None = None) -> None:
        self.bag = bag
        self.namespace = choose_namespace(bag, namespace)
        self._topics = armband_topics(bag, self.namespace)
        for topic, name in self._topics.items():
            self._check(topic, name)
        self._start()

    def events(self) -> Iterator[Event]:
        """Yield the events chunk by chunk, in the order of the file.

        Each chunk gives device and model first, then all samples, then labels, estimates and states.

        Raises
        ------
        RecordingError
            If two devices send samples on the same topic.
        """
        self._start()
        order = list(self._topics)
        for block in self.bag.blocks(self._topics):
            for batch in sorted(block.batches(), key=lambda batch: order.index(batch.topic)):
                yield from self._read(batch, self._topics[batch.topic])
        for topic, decoder in self._decoders.items():
            if decoder.damaged:
                self.bag.problems.add(f"{topic.name}: {decoder.damaged} damaged messages were skipped")
        if self.refused:
            name = f"{self.namespace}/emg/samples"
            self.bag.problems.add(f"{name}: {self.refused} messages without whole samples were skipped")

    def _start(self) -> None:
        self._frame: bytes | None = None
        self.refused = 0
        self._runs = Runs()
        self._states = StateChanges()
        self._decoders = {
            topic: Decoder(self.bag.types(topic), topic.type, self._wanted(topic, name))
            for topic, name in self._topics.items()
            if name in ("emg/samples", "emg/action", "exo/bridge_state")
        }

    def _wanted(self, topic: Topic, name: str) -> tuple[str, ...]:
        needed, optional = _FIELDS[name]
        there = field_names(self.bag.types(topic), topic.type)
        return (*needed, *(field for field in optional if field in there))

    def _check(self, topic: Topic, name: str) -> None:
        there = field_names(self.bag.types(topic), topic.type)
        missing = [field for field in _FIELDS.get(name, ((), ()))[0] if field not in there]
        if missing:
            raise RecordingError(
                str(self.bag.path),
                f"{topic.name}: {topic.type} has no field {', '.join(missing)}",
                "these messages cannot be used; record them again",
            )

    def _read(self, batch: Batch, name: str) -> Iterable[Event]:
        if batch.topic not in self._decoders:
            return self._read_single(batch, name)
        columns = self._decoders[batch.topic].decode(batch)
        if not len(columns):
            return ()
        if name == "emg/samples":
            return self._read_samples(columns, batch.topic)
        if name == "emg/action":
            return estimate_blocks(columns, self._runs)
        changes = self._states.take(columns)
        return () if changes is None else (changes,)

    def _read_samples(self, columns: Columns, topic: Topic) -> list[SampleBlock]:
        frames = columns["header.frame_id"]
        expected = frames[0] if self._frame is None else self._frame
        if not is_constant(frames) or frames[0] != expected:
            other = frames[frames != expected]
            names = " and ".join(bytes(name).decode(errors="replace") for name in (expected, other[0]))
            raise RecordingError(
                str(self.bag.path),
                f"{topic.name} carries the samples of two devices: {names}",
                "record each device in a separate namespace",
            )
        self._frame = expected
        blocks, refused = sample_blocks(columns, self._runs)
        self.refused += refused
        return blocks

    def _read_single(self, batch: Batch, name: str) -> Iterator[Event]:
        for data in batch.messages:
            try:
                message = self.bag.deserialize(batch.topic, data)
            except RecordingError:
                self.bag.problems.add(f"{batch.topic.name}: a damaged message was skipped")
                continue
            if name == "emg/info":
                yield info_event(message)
            elif name == "emg/model":
                yield model_of(message)
            elif (event := label_event(message, self._runs)) is not None:
                yield event
            else:
                self.bag.problems.add(f"{batch.topic.name}: the unknown event {message.event} was skipped")
