"""Read a bag file of the sqlite3 storage of rosbag2, in the order in which it was written."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from emg_recognition.bags.batches import Block, Problems, Topic, block_of
from emg_recognition.errors import RecordingError
from emg_recognition.files import open_regular, size_text

MAGIC = b"SQLite format 3\x00"
#: Messages in one block, and about how many bytes.
_ROWS, _BYTES = 500, 1 << 24
#: Largest message, bytes: a damaged row can claim a gigabyte that is not there.
_LARGEST = 1 << 26
#: Most topics of a bag, and longest text in a table that describes them, characters.
_MOST_TOPICS, _LONGEST_TEXT = 10_000, 1 << 20
#: Steps of sqlite's virtual machine: a row takes some dozen, and has some dozen bytes. A hostile tree of
#: pages never ends.
_STEPS_AT_ONCE, _STEPS, _STEPS_PER_BYTE = 100_000, 10_000_000, 4
#: The last bytes of a journal of several databases. sqlite deletes the file that such a journal names.
_SUPER_JOURNAL = b"\xd9\xd5\x05\xf9 \xa1c\xd7"


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
            (last,) = self._database.execute("select max(id) from messages").fetchone()
            self._last = last if isinstance(last, int) and last > 0 else 1
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            self._stack.close()
            problem = f"it cannot be read as a sqlite3 bag ({getattr(error, 'strerror', None) or error})"
            raise RecordingError(str(path), problem, "give another bag") from error

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics in the order in which they were written, up to 500 in a block."""
        ids = [key for key, number in self._numbers.items() if self.topics[number] in wanted]
        marks = ",".join("?" * len(ids))
        # The length is known without reading the message.
        query = (
            f"select id, topic_id, timestamp, case when length(data) <= {_LARGEST} then data end"
            f" from messages where topic_id in ({marks}) order by id"
        )
        read, damaged, previous = 0, 0, None
        rows: list[tuple[int, int, bytes]] = []
        size = 0
        self._steps = 0
        try:
            for row_id, key, time, message in self._database.execute(query, ids):
                if previous is not None and not row_id > previous:
                    raise sqlite3.DatabaseError("its rows are not in order")
                previous = row_id
                if not (isinstance(message, bytes) and _is_time(time) and isinstance(row_id, int)):
                    damaged += 1
                    continue
                rows.append((key, time, message))
                size += len(message)
                if len(rows) == _ROWS or size > _BYTES:
                    self.fraction_read = min(max(row_id / self._last, 0.0), 1.0)
                    yield self._block(rows)
                    read += len(rows)
                    rows, size = [], 0
        except (sqlite3.Error, TypeError, OverflowError) as error:
            self._problems.add(
                f"{self._name}: it is damaged after message {read + len(rows)} ({error}), "
                "the rest was skipped"
            )
        if rows:
            yield self._block(rows)
        if damaged:
            self._problems.add(f"{self._name}: {damaged} rows without a time or a message were skipped")
        self.fraction_read = 1.0

    def _block(self, rows: list[tuple[int, int, bytes]]) -> Block:
        keys, times, messages = zip(*rows, strict=True)
        return block_of(self.topics, [self._numbers[key] for key in keys], times, messages)

    def _open(self, path: Path) -> sqlite3.Connection:
        companions = [path.with_name(path.name + end) for end in ("-wal", "-journal")]
        open_regular(path).close()
        pending = [file for file in companions if file.is_file() and file.stat().st_size]
        options = "?immutable=1"  # no file is created beside the bag, which may be on a read-only disk
        if pending:
            # The recorder was killed. sqlite3 has to complete its last transaction; let it do so in a copy.
            folder = self._stack.enter_context(TemporaryDirectory())
            size = sum(file.stat().st_size for file in (path, *pending))
            if size > shutil.disk_usage(folder).free // 2:
                raise OSError(
                    errno.ENOSPC, f"its copy needs {size_text(size)}, more than half of what is free"
                )
            if _is_shared(path.with_name(f"{path.name}-journal")):
                raise ValueError("its journal belongs to another database, too")
            for file in (path, *pending):
                shutil.copy(file, folder)
            path, options = Path(folder) / path.name, ""
            self._problems.add(f"{self._name}: the recorder did not close it; what was saved is read")
        # A player opens the bag in one thread and reads it in another, but never in both at once.
        address = f"file:{quote(str(path.absolute()))}{options}"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        # Registered after the folder, so that it is closed before the folder is removed.
        self._stack.callback(connection.close)
        self._steps = 0
        most = _STEPS + _STEPS_PER_BYTE * sum(file.stat().st_size for file in (path, *pending))
        connection.set_progress_handler(partial(self._is_endless, most), _STEPS_AT_ONCE)
        connection.execute("pragma trusted_schema = off")
        return connection

    def _is_endless(self, most: int) -> bool:
        self._steps += _STEPS_AT_ONCE
        return self._steps > most

    def _read_topics(self) -> dict[int, int]:
        """Read the topics; return the index in `topics` for each key of the table."""
        for table, columns in (
            ("topics", ("id", "name", "type", "serialization_format")),
            ("messages", ("id", "topic_id", "timestamp", "data")),
        ):
            self._check_table(table, columns)
        definitions = {}
        described = ("topic_type", "encoding", "encoded_message_definition")
        if self._is_table("message_definitions"):
            self._check_table("message_definitions", described)
            for row in self._texts("message_definitions", described, "rowid"):
                definitions[row[0]] = row[1:]
        numbers = {}
        for row in self._texts("topics", ("name", "type", "serialization_format"), "id"):
            if row[2] == "cdr":
                numbers[row[-1]] = len(self.topics)
                self.topics.append(Topic(row[0], row[1], *definitions.get(row[1], ("", ""))[:2]))
        return numbers

    def _texts(self, table: str, columns: Sequence[str], key: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table of texts, each followed by its key; leave out and report what is none."""
        chosen = ", ".join(f"case when length({name}) <= {_LONGEST_TEXT} then {name} end" for name in columns)
        for number, row in enumerate(
            self._database.execute(f"select {chosen}, {key} from {table} order by {key}")
        ):
            if number == _MOST_TOPICS:
                self._problems.add(f"{self._name}: only {_MOST_TOPICS} rows of its table {table} were read")
                return
            if all(isinstance(text, str) for text in row[:-1]):
                yield row
            else:
                self._problems.add(f"{self._name}: a damaged row of its table {table} was skipped")

    def _is_table(self, name: str) -> bool:
        """Return whether there is a table; views and virtual tables, which run programs, have no page."""
        query = "select count(*) from sqlite_master where name = ? and type = 'table' and rootpage > 0"
        return bool(self._database.execute(query, (name,)).fetchone()[0])

    def _check_table(self, name: str, columns: Collection[str]) -> None:
        if not self._is_table(name):
            raise ValueError(f"it has no table {name}")
        found = {row[1]: row[6] for row in self._database.execute(f"pragma table_xinfo({name})")}
        missing = [column for column in columns if column not in found]
        if missing:
            raise ValueError(f"its table {name} has no column {', '.join(missing)}")
        if any(found[column] for column in columns):
            raise ValueError(f"its table {name} has columns that are computed")


def _is_time(value: object) -> bool:
    return isinstance(value, int) and -(1 << 63) <= value < 1 << 63


def _is_shared(journal: Path) -> bool:
    """Return whether a journal names another file, which sqlite would delete at the end."""
    if not journal.is_file() or journal.stat().st_size < len(_SUPER_JOURNAL):
        return False
    with open_regular(journal) as file:
        file.seek(-len(_SUPER_JOURNAL), os.SEEK_END)
        return file.read() == _SUPER_JOURNAL
