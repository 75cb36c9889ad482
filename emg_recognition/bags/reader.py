"""Open ROS 2 bags: MCAP and sqlite3, one or several files, compressed or not, complete or truncated.

>>> with open_bag("recording") as bag:                                       # doctest: +SKIP
...     (topic,) = [topic for topic in bag.topics if topic.name == "/joint_states"]
...     decoder = Decoder(bag.types(topic), topic.type, ["header.stamp.sec", "position"])
...     for batch in bag.batches([topic]):
...         columns = decoder.decode(batch)
...         seconds, (positions, counts) = columns["header.stamp.sec"], columns.sequence("position")
...     print(bag.problems)
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from rosbags.typesys.store import Typestore

from emg_recognition.bags.batches import Batch, Block, Problems, Storage, Topic
from emg_recognition.bags.compressed_bag import open_compressed
from emg_recognition.bags.definitions import UNREADABLE, own_types, parse_definition
from emg_recognition.bags.storage import open_storage
from emg_recognition.errors import RecordingError
from emg_recognition.files import read_limited
from emg_recognition.text import natural
from emg_recognition.yaml_files import parse_yaml

_METADATA = "metadata.yaml"
_ENDINGS = (".mcap", ".db3")


def open_bag(path: str | os.PathLike[str]) -> Bag:
    """Open a bag.

    Parameters
    ----------
    path : path
        A folder, an ``.mcap`` or a ``.db3`` file.

    Returns
    -------
    Bag
        Use it in a ``with`` statement.

    Raises
    ------
    RecordingError
        If there is no such path, or it is empty or not a ROS 2 bag.
    """
    location = Path(path)
    found = find_files(location)
    problems = Problems(found.problems)
    files: list[Storage] = []
    failure: RecordingError | None = None
    for file in found.files:
        try:
            if found.compression:
                files.append(open_compressed(file, found.compression, problems))
            else:
                files.append(open_storage(file, problems))
        except RecordingError as error:
            # One of several files may be damaged; the others can still be read.
            failure = error
            problems.add(f"{file.name} was skipped: {error}")
    if failure is not None and not files:
        raise failure
    return Bag(location, files, problems)


class Bag:
    """An open bag, made by :func:`open_bag`.

    Messages come in the order of the file, which is the order in which they were received. They are not
    sorted by time, because the clock of the recorder may have been set.

    Attributes
    ----------
    path : Path
        Folder or file.
    topics : tuple of Topic
        The topics with CDR messages, in the order of the file.
    problems : Problems
        One sentence for each thing that is missing or damaged; complete after all messages have been read.
    """

    def __init__(self, path: Path, files: list[Storage], problems: Problems) -> None:
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
        """Share of the bag that has been read, 0 to 1."""
        return (self._current + self._files[self._current].fraction_read) / len(self._files)

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def blocks(self, topics: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics, a chunk or several (some seconds) at a time.

        Only one iterator at a time can read a bag; a new one starts at the beginning.
        """
        for number, file in enumerate(self._files):
            self._current = number
            yield from file.blocks(topics)

    def batches(self, topics: Collection[Topic]) -> Iterator[Batch]:
        """Yield the messages of some topics block by block, and in each block topic by topic."""
        for block in self.blocks(topics):
            yield from block.batches()

    def messages(self, topics: Collection[Topic]) -> Iterator[tuple[Topic, int, bytes]]:
        """Yield topic, time of reception (ns) and message (CDR) one by one, in the order of the file."""
        for block in self.blocks(topics):
            yield from block.messages()

    def types(self, topic: Topic) -> Typestore:
        """Return the type of a topic and the types in it, as the bag defines them.

        If the bag holds no definitions, those of ROS 2 and this package are used.

        Raises
        ------
        RecordingError
            If the definition is missing or cannot be parsed.
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
        self.problems.add("the bag holds no message definitions; those of this version are used")
        if topic.type not in own_types().fielddefs:
            raise RecordingError(
                str(self.path),
                f"topic {topic.name} is of type {topic.type}, which the bag does not define",
                "record it as MCAP, which stores the definitions",
            )
        return own_types()

    def deserialize(self, topic: Topic, message: bytes) -> Any:
        """Return one message as a dataclass of rosbags with the fields that the bag defines.

        Raises
        ------
        RecordingError
            If the message is damaged or its type is unknown.
        """
        types = self.types(topic)
        try:
            return types.deserialize_cdr(message, topic.type)
        except UNREADABLE as error:
            raise RecordingError(
                str(self.path), f"a message of {topic.name} is damaged ({error})", "skip it"
            ) from error


@dataclass(frozen=True)
class BagFiles:
    """The files of a bag.

    Attributes
    ----------
    files : tuple of Path
        In the order in which they were written.
    compression : str
        Whether rosbag2 compressed each ``file`` or each ``message``; empty if neither.
    problems : tuple of str
        What is missing.
    """

    files: tuple[Path, ...]
    compression: str
    problems: tuple[str, ...]


def find_files(path: Path) -> BagFiles:
    """Find the files of a bag, at least one.

    Raises
    ------
    RecordingError
        If there is no file.
    """
    if not path.exists():
        raise RecordingError(str(path), "there is no such file or folder", "give the path of a bag")
    if not path.is_dir():
        return BagFiles((path,), "", ())
    found = sorted(
        (file for file in path.iterdir() if file.suffix in _ENDINGS and file.is_file()),
        key=lambda path: natural(path.name),
    )
    metadata, problem = _read_metadata(path)
    problems = [problem] if problem else []
    listed = [path / Path(name).name for name in metadata.get("relative_file_paths", ())]
    missing = [file for file in listed if not file.is_file()]
    files = [file for file in listed if file not in missing] if listed else found
    if not files:
        what = f"of {', '.join(file.name for file in missing)}" if missing else "with .mcap or .db3"
        raise RecordingError(str(path), f"it holds no file {what}", "give the folder that ros2 bag wrote")
    problems += [f"{file.name} is missing although {_METADATA} lists it" for file in missing]
    return BagFiles(tuple(files), str(metadata.get("compression_mode", "")), tuple(problems))


def _read_metadata(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the content of ``metadata.yaml`` about the files, and what is wrong with it."""
    try:
        text = read_limited(folder / _METADATA).decode("utf-8")
        content = parse_yaml(text)["rosbag2_bagfile_information"]
        mode = str(content.get("compression_mode") or "none").lower()
        packed = str(content.get("compression_format") or "zstd").lower()
        names = [str(name) for name in content["relative_file_paths"]]
    except FileNotFoundError:
        return {}, f"{_METADATA} is missing: the recorder was killed, or only the file was copied"
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        return {}, f"{_METADATA} cannot be read ({type(error).__name__}); the files were read without it"
    if mode not in ("none", "file", "message") or packed != "zstd":
        raise RecordingError(
            str(folder),
            f"{_METADATA} says that each {mode} is compressed by {packed}",
            "decompress it with ros2 bag convert",
        )
    return {"relative_file_paths": names, "compression_mode": mode if mode != "none" else ""}, ""
