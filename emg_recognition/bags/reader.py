"""Which files a bag consists of."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from rosbags.typesys.store import Typestore

from emg_recognition.bags import mcap_file, sqlite_file
from emg_recognition.bags.batches import Batch, Block, Problems, Topic
from emg_recognition.bags.compressed_bag import CompressedBag
from emg_recognition.bags.definitions import UNREADABLE, own_types, parse_definition
from emg_recognition.bags.mcap_file import McapFile
from emg_recognition.bags.sqlite_file import SqliteFile
from emg_recognition.errors import RecordingError

_METADATA = "metadata.yaml"
_ENDINGS = (".mcap", ".db3")


@dataclass(frozen=True)
class BagFiles:
    """What a bag consists of.

    Attributes
    ----------
    files : tuple of Path
        In the order in which they were written.
    compressed : bool
        rosbag2 has compressed the files or the messages.
    problems : tuple of str
        What is missing.
    """

    files: tuple[Path, ...]
    compressed: bool
    problems: tuple[str, ...]


def find_files(path: Path) -> BagFiles:
    """Find the files of a bag.

    Parameters
    ----------
    path : Path
        A directory, or one file.

    Returns
    -------
    BagFiles
        At least one file.

    Raises
    ------
    RecordingError
        If there is none.
    """
    if not path.exists():
        raise RecordingError(str(path), "there is no such file or folder", "give the path of a bag")
    if not path.is_dir():
        return BagFiles((path,), False, ())
    found = sorted(
        (file for file in path.iterdir() if file.suffix in _ENDINGS and file.is_file()), key=_natural
    )
    metadata, problem = _read_metadata(path)
    problems = [problem] if problem else []
    listed = [path / Path(name).name for name in metadata.get("relative_file_paths", ())]
    missing = [file for file in listed if not file.is_file()]
    files = [file for file in listed if file not in missing] if listed else found
    if not files:
        what = f"of {', '.join(file.name for file in missing)}" if missing else "with .mcap or .db3"
        raise RecordingError(str(path), f"it holds no file {what}", "give the folder that ros2 bag made")
    problems += [f"{file.name} is missing, though {_METADATA} names it" for file in missing]
    return BagFiles(tuple(files), bool(metadata.get("compression_mode")), tuple(problems))


def _read_metadata(folder: Path) -> tuple[dict[str, Any], str]:
    """Return what ``metadata.yaml`` says of the files, and what is wrong with it."""
    try:
        text = (folder / _METADATA).read_text(encoding="utf-8")
        content = yaml.safe_load(text)["rosbag2_bagfile_information"]
        mode = str(content.get("compression_mode") or "").lower()
        names = [str(name) for name in content["relative_file_paths"]]
    except FileNotFoundError:
        return {}, f"there is no {_METADATA}: the recorder was not closed, or only the file was copied"
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        return {}, f"{_METADATA} cannot be read ({type(error).__name__}); the files are read without it"
    return {"relative_file_paths": names, "compression_mode": mode if mode != "none" else ""}, ""


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort ``bag_10`` behind ``bag_9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", path.name)]


def storage_of(path: Path) -> str:
    """Tell by its first bytes how a file is stored.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        ``mcap`` or ``sqlite3``.

    Raises
    ------
    RecordingError
        If it is neither, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(16)
    except OSError as error:
        raise RecordingError(
            str(path), f"it cannot be read ({error.strerror})", "check the disk and the permissions"
        ) from error
    if begin.startswith(mcap_file.MAGIC):
        return "mcap"
    if begin.startswith(sqlite_file.MAGIC):
        return "sqlite3"
    if begin.startswith(b"#ROSBAG"):
        raise RecordingError(str(path), "it is a bag of ROS 1", "convert it with rosbags-convert")
    what = "it is empty" if not begin else "it is neither MCAP nor sqlite3"
    if begin and mcap_file.MAGIC.startswith(begin):
        what = f"it was cut off after {len(begin)} bytes"
    raise RecordingError(str(path), what, "give a bag of ROS 2")


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
        self.problems.add("the bag does not carry its message definitions; those of this version are taken")
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
            problems.add(f"{file.name} is left out: {error}")
    if failure is not None and not files:
        raise failure
    return Bag(place, files, problems)
