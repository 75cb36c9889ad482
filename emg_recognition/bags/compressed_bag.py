"""Read bags that rosbag2 compressed, by file or by message; rosbags does the work."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.rosbag2 import Reader

from emg_recognition.bags.batches import Block, Problems, Topic, block_of
from emg_recognition.errors import RecordingError

_ENCODINGS = {MessageDefinitionFormat.MSG: "ros2msg", MessageDefinitionFormat.IDL: "ros2idl"}
_ROWS = 500


class CompressedBag:
    """A bag folder whose ``metadata.yaml`` names a compression.

    The bag must be complete; otherwise a RecordingError is raised. It is read in the order of its log times.
    """

    def __init__(self, path: Path, problems: Problems) -> None:
        self._problems = problems
        self.fraction_read = 0.0
        self._path = path
        self._reader = Reader(path)
        try:
            self._reader.open()
        except Exception as error:  # rosbags passes on what sqlite3 and the decompressors raise
            raise RecordingError(
                str(path),
                f"it is compressed and cannot be read ({error})",
                "decompress it with ros2 bag convert",
            ) from error
        self._numbers: dict[int, int] = {}
        self.topics: list[Topic] = []
        for connection in self._reader.connections:
            kind, text = connection.msgdef
            topic = Topic(connection.topic, connection.msgtype, _ENCODINGS.get(kind, ""), text)
            self._numbers[connection.id] = len(self.topics)
            self.topics.append(topic)

    def close(self) -> None:
        """Close the bag."""
        self._reader.close()

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics in the order of their log times, up to 500 in a block."""
        chosen = [c for c in self._reader.connections if self.topics[self._numbers[c.id]] in wanted]
        rows: list[tuple[Connection, int, bytes]] = []
        expected = sum(connection.msgcount for connection in chosen)
        read = 0
        try:
            for row in self._reader.messages(chosen) if chosen else ():
                rows.append(row)
                if len(rows) == _ROWS:
                    read += len(rows)
                    self.fraction_read = read / max(read, expected)
                    yield self._block(rows)
                    rows = []
        except Exception as error:
            self._problems.add(f"{self._path.name}: it is damaged ({error}), the rest was skipped")
        if rows:
            yield self._block(rows)
        self.fraction_read = 1.0

    def _block(self, rows: list[tuple[Connection, int, bytes]]) -> Block:
        connections, times, messages = zip(*rows, strict=True)
        return block_of(self.topics, [self._numbers[c.id] for c in connections], times, messages)
