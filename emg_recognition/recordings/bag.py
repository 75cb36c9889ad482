"""Bags of ROS 2, read without ROS and in the order in which the messages came."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.typesys.store import Typestore

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.bag_files import find_files, storage_of
from emg_recognition.recordings.batches import Batch, Block, Topic
from emg_recognition.recordings.compressed_bag import CompressedBag
from emg_recognition.recordings.definitions import UNREADABLE, own_types, parse_definition
from emg_recognition.recordings.mcap_file import McapFile
from emg_recognition.recordings.problems import Problems
from emg_recognition.recordings.sqlite_file import SqliteFile

__all__ = ["Bag", "Batch", "Block", "Topic", "open_bag"]


class Bag:
    """An open bag; made by :func:`open_bag`, closed at the end of a ``with``.

    Messages come in the order of the file, which is that of their arrival. It is never sorted by
    time: the clock of the recorder may have been set.

    Attributes
    ----------
    path : Path
        Directory or file.
    topics : tuple of Topic
        Every topic whose messages are CDR, in the order of the file.
    problems : Problems
        A list: a plain sentence for each thing that is missing or damaged. It only grows, and is complete
        once everything has been read.
    """

    def __init__(
        self, path: Path, files: list[McapFile | SqliteFile | CompressedBag], problems: Problems
    ) -> None:
        self.path = path
        self.topics = tuple(dict.fromkeys(topic for file in files for topic in file.topics))
        self.problems = problems
        self._files = files
        self._current = 0

    def __enter__(self) -> Bag:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def fraction_read(self) -> float:
        """How far the reading has come, 0 to 1."""
        return (self._current + self._files[self._current].fraction_read) / len(self._files)

    def close(self) -> None:
        """Close every file."""
        for file in self._files:
            file.close()

    def blocks(self, topics: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics a chunk (about a second) at a time.

        A bag is read by one iterator at a time; a new one begins at the beginning.

        Parameters
        ----------
        topics : collection of Topic
            Of this bag.

        Yields
        ------
        Block
            A chunk; the messages of other topics in it are marked.
        """
        for number, file in enumerate(self._files):
            self._current = number
            yield from file.blocks(topics)

    def batches(self, topics: Collection[Topic]) -> Iterator[Batch]:
        """Yield the messages of some topics chunk by chunk, in each chunk topic by topic.

        Parameters
        ----------
        topics : collection of Topic
            Of this bag.

        Yields
        ------
        Batch
            Those of one topic in one chunk.
        """
        for block in self.blocks(topics):
            yield from block.batches()

    def messages(self, topics: Collection[Topic]) -> Iterator[tuple[Topic, int, bytes]]:
        """Yield the messages of some topics one by one, in the order of the file.

        Parameters
        ----------
        topics : collection of Topic
            Of this bag.

        Yields
        ------
        tuple
            Topic, the time when it was received (ns), the message (CDR).
        """
        for block in self.blocks(topics):
            yield from block.messages()

    def types(self, topic: Topic) -> Typestore:
        """Return the types that a topic's messages are made of, as the bag defines them.

        Parameters
        ----------
        topic : Topic
            Of this bag. Where the bag carries no definitions, those of this package are taken.

        Returns
        -------
        rosbags.typesys.store.Typestore
            Knows ``topic.type``.

        Raises
        ------
        RecordingError
            If the definition is missing or cannot be read.
        """
        if topic.encoding:
            try:
                return parse_definition(topic.type, topic.encoding, topic.definition)
            except ValueError as error:
                raise RecordingError(
                    str(self.path),
                    f"topic {topic.name}: {error}",
                    "record it again with ros2 bag or this package",
                ) from error
        self.problems.tell("the bag does not carry its message definitions; those of this version are taken")
        if topic.type not in own_types().fielddefs:
            raise RecordingError(
                str(self.path),
                f"topic {topic.name} is of type {topic.type}, which the bag does not define",
                "record it as MCAP, which carries the definitions",
            )
        return own_types()

    def deserialize(self, topic: Topic, message: bytes) -> Any:
        """Return a message as an object with the fields that the bag defines.

        Parameters
        ----------
        topic : Topic
            Of this bag.
        message : bytes
            One of its messages.

        Returns
        -------
        object
            A dataclass of rosbags; sequences of numbers are NumPy arrays.

        Raises
        ------
        RecordingError
            If the message is damaged or its type is not known.
        """
        types = self.types(topic)
        try:
            return types.deserialize_cdr(message, topic.type)
        except UNREADABLE as error:
            raise RecordingError(
                str(self.path), f"a message of {topic.name} is damaged ({error})", "leave that topic out"
            ) from error


def open_bag(path: str | os.PathLike[str]) -> Bag:
    """Open a bag.

    Parameters
    ----------
    path : path
        A directory, an ``.mcap`` or a ``.db3`` file.

    Returns
    -------
    Bag
        To be used in a ``with`` statement.

    Raises
    ------
    RecordingError
        If there is none, it is empty, or no bag of ROS 2.
    """
    place = Path(path)
    found = find_files(place)
    problems = Problems(found.problems)
    if found.compressed:
        return Bag(place, [CompressedBag(place, problems)], problems)
    files: list[McapFile | SqliteFile | CompressedBag] = []
    failure: RecordingError | None = None
    for file in found.files:
        try:
            storage = McapFile if storage_of(file) == "mcap" else SqliteFile
            files.append(storage(file, problems))
        except RecordingError as error:
            # One file of several may have been lost; the others are still worth reading.
            failure = error
            problems.tell(f"{file.name} is left out: {error}")
    if failure is not None and not files:
        raise failure
    return Bag(place, files, problems)
