"""Read a bag file of the sqlite3 storage of rosbag2, in the order in which it was written."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from emg_recognition.bags.batches import Block, Problems, Topic, block_of
from emg_recognition.errors import RecordingError

MAGIC = b"SQLite format 3\x00"
#: Messages in one block.
_ROWS = 500


class SqliteFile:
    """One ``.db3`` file; those from before ROS 2 Iron hold no definitions.

    A file that does not hold a bag or cannot be read at all raises a RecordingError.
    """

    def __init__(self, path: Path, problems: Problems) -> None:
        self.topics: list[Topic] = []
        self._problems = problems
        self.fraction_read = 0.0
        self._name = path.name
        self._stack = ExitStack()
        try:
            self._database = self._open(path)
            self._numbers = self._read_topics()
            (self._last,) = self._database.execute("select max(id) from messages").fetchone()
        except (sqlite3.Error, OSError) as error:
            self._stack.close()
            raise RecordingError(
                str(path), f"it cannot be read as a sqlite3 bag ({error})", "give another bag"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics in the order in which they were written, up to 500 in a block."""
        ids = [key for key, number in self._numbers.items() if self.topics[number] in wanted]
        marks = ",".join("?" * len(ids))
        query = f"select id, topic_id, timestamp, data from messages where topic_id in ({marks}) order by id"
        read = 0
        try:
            cursor = self._database.execute(query, ids)
            while rows := cursor.fetchmany(_ROWS):
                row_ids, keys, times, messages = zip(*rows, strict=True)
                self.fraction_read = row_ids[-1] / self._last
                yield block_of(self.topics, [self._numbers[key] for key in keys], times, messages)
                read += len(rows)
        except sqlite3.Error as error:
            self._problems.add(
                f"{self._name}: it is damaged after message {read} ({error}), the rest was skipped"
            )
        self.fraction_read = 1.0

    def _open(self, path: Path) -> sqlite3.Connection:
        companions = [path.with_name(path.name + end) for end in ("-wal", "-journal")]
        pending = [file for file in companions if file.is_file() and file.stat().st_size]
        options = "?immutable=1"  # no file is created beside the bag, which may be on a read-only disk
        if pending:
            # The recorder was killed. sqlite3 has to complete its last transaction; let it do so in a copy.
            folder = self._stack.enter_context(TemporaryDirectory())
            for file in (path, *pending):
                shutil.copy(file, folder)
            path, options = Path(folder) / path.name, ""
            self._problems.add(f"{self._name}: the recorder did not close it; what was saved is read")
        # A player opens the bag in one thread and reads it in another, but never in both at once.
        address = f"file:{quote(str(path.absolute()))}{options}"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        # Registered after the folder, so that it is closed before the folder is removed.
        self._stack.callback(connection.close)
        return connection

    def _read_topics(self) -> dict[int, int]:
        """Read the topics; return the index in `topics` for each key of the table."""
        tables = {name for (name,) in self._database.execute("select name from sqlite_master")}
        definitions = {}
        if "message_definitions" in tables:
            query = "select topic_type, encoding, encoded_message_definition from message_definitions"
            definitions = {name: (encoding, text) for name, encoding, text in self._database.execute(query)}
        numbers = {}
        query = "select id, name, type, serialization_format from topics order by id"
        for key, name, kind, serialization in self._database.execute(query):
            if serialization == "cdr":
                numbers[key] = len(self.topics)
                self.topics.append(Topic(name, kind, *definitions.get(kind, ("", ""))))
        return numbers
