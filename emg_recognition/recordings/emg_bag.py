"""What happened to one armband, from a bag: samples, estimates, labels, states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emg_recognition.errors import RecordingError
from emg_recognition.recordings import estimate_blocks as estimates
from emg_recognition.recordings import sample_blocks as samples
from emg_recognition.recordings import state_changes as states
from emg_recognition.recordings.armbands import armband_topics, choose_namespace
from emg_recognition.recordings.bag import Bag, Batch, Topic
from emg_recognition.recordings.columns import Columns, Decoder, is_constant
from emg_recognition.recordings.events import (
    EstimateBlock,
    Event,
    InfoEvent,
    LabelEvent,
    ModelEvent,
    SampleBlock,
    StateBlock,
)
from emg_recognition.recordings.layout import field_names
from emg_recognition.recordings.runs import Runs
from emg_recognition.recordings.single_events import LABEL_NEEDED, info_event, label_event, model_event

__all__ = [
    "EmgBag",
    "EstimateBlock",
    "Event",
    "InfoEvent",
    "LabelEvent",
    "ModelEvent",
    "SampleBlock",
    "StateBlock",
]

#: Topics read as columns -> fields needed, and fields that older versions may lack.
_FIELDS = {
    "emg/samples": (samples.NEEDED, tuple(samples.NEUTRAL)),
    "emg/action": (estimates.NEEDED, tuple(estimates.NEUTRAL)),
    "exo/bridge_state": (states.NEEDED, tuple(states.NEUTRAL)),
    "emg/label": (LABEL_NEEDED, ()),
}


class EmgBag:
    """One armband of a bag.

    Parameters
    ----------
    bag : Bag
        The open bag.
    namespace : str, optional
        The armband's namespace; needed only where the bag holds several.

    Attributes
    ----------
    bag : Bag
        The bag.
    namespace : str
        The namespace read; empty for none.
    refused : int
        Sample messages left out because their data are no whole samples.

    Raises
    ------
    RecordingError
        If the bag has no EMG, no such namespace, or several and none is chosen; if its messages lack
        a field that is needed.
    """

    def __init__(self, bag: Bag, namespace: str | None = None) -> None:
        self.bag = bag
        self.namespace = choose_namespace(bag, namespace)
        self._topics = armband_topics(bag, self.namespace)
        for topic, name in self._topics.items():
            self._check(topic, name)
        self._start()

    def events(self) -> Iterator[Event]:
        """Yield what happened, chunk by chunk in the order of the file.

        Within a chunk come device and model, then all samples, then labels, estimates and states.

        Yields
        ------
        SampleBlock, EstimateBlock, LabelEvent, InfoEvent, ModelEvent or StateBlock
            A block is no longer than a chunk of the bag (about a second).

        Raises
        ------
        RecordingError
            If samples come from two devices on the one topic.
        """
        self._start()
        order = list(self._topics)
        for block in self.bag.blocks(self._topics):
            for batch in sorted(block.batches(), key=lambda batch: order.index(batch.topic)):
                yield from self._read(batch, self._topics[batch.topic])
        for topic, decoder in self._decoders.items():
            if decoder.damaged:
                self.bag.problems.tell(f"{decoder.damaged} messages of {topic.name} are damaged and left out")
        if self.refused:
            name = f"{self.namespace}/emg/samples"
            self.bag.problems.tell(
                f"{self.refused} messages of {name} hold no whole samples and are left out"
            )

    def _start(self) -> None:
        self._frame: bytes | None = None
        self.refused = 0
        self._runs = Runs()
        self._states = states.StateChanges()
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
                "nothing can be made of these messages; record them again",
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
            return estimates.estimate_blocks(columns, self._runs)
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
                "record each device in a namespace of its own",
            )
        self._frame = expected
        blocks, refused = samples.sample_blocks(columns, self._runs)
        self.refused += refused
        return blocks

    def _read_single(self, batch: Batch, name: str) -> Iterator[Event]:
        for data in batch.messages:
            try:
                message = self.bag.deserialize(batch.topic, data)
            except RecordingError:
                self.bag.problems.tell(f"a message of {batch.topic.name} is damaged and left out")
                continue
            if name == "emg/info":
                yield info_event(message)
            elif name == "emg/model":
                yield model_event(message)
            elif (event := label_event(message, self._runs)) is not None:
                yield event
            else:
                self.bag.problems.tell(f"{batch.topic.name}: event {message.event} is not known and left out")
