"""Read an MCAP file in the order in which it was written, up to its last intact chunk.

Neither the footer nor the index is needed, so a file whose recorder was killed can be read.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Footer, Schema
from mcap.stream_reader import MAGIC_SIZE

from emg_recognition.bags.batches import Block, Problems, Topic, gather
from emg_recognition.bags.mcap_records import (
    HEADS,
    LARGEST_RECORD,
    MESSAGE_HEAD,
    RECORD,
    Pieces,
    Record,
    indexed_messages,
    scan_records,
)
from emg_recognition.bags.unpacking import most, unlz4, unzstd
from emg_recognition.files import open_regular, size_text

MAGIC = b"\x89MCAP0\r\n"
_FOOTER_SIZE = RECORD.size + 20 + MAGIC_SIZE
_NO_RECORD = (struct.error, McapError, ValueError)
_COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {"": bytes, "zstd": unzstd, "lz4": unlz4}
#: Most topics of a bag, and longest definition of a type, bytes.
_MOST_TOPICS, _LONGEST_DEFINITION = 10_000, 1 << 20
#: Records with messages and what belongs to them: in chunks, or outside chunks.
_KINDS: dict[int, str] = {
    Opcode.CHUNK: "chunk",
    Opcode.MESSAGE_INDEX: "chunk",
    Opcode.SCHEMA: "loose",
    Opcode.CHANNEL: "loose",
    Opcode.MESSAGE: "loose",
}
#: Bytes to search for messages in a chunk that its writer did not finish.
_LARGEST_REST = 1 << 26


class McapFile:
    """One MCAP file, which must begin with the MCAP magic bytes.

    A file without a summary is read once to find its topics.
    """

    def __init__(self, path: Path, problems: Problems) -> None:
        self.topics: list[Topic] = []
        self._problems = problems
        self._name = path.name
        self._file = open_regular(path)
        self._size = os.fstat(self._file.fileno()).st_size
        self._pieces = Pieces(self._file, MAGIC_SIZE)
        self._schemas: dict[int, tuple[str, str, str]] = {}
        self._known: dict[Topic, int] = {}
        self._numbers = np.full(1 << 16, -1, np.int16)  # channel -> index in topics
        if not self._read_summary():
            for _ in self.blocks(()):
                pass

    @property
    def fraction_read(self) -> float:
        """Share of the file that :meth:`blocks` has read, 0 to 1."""
        return self._pieces.position / self._size

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages in the order in which they were written.

        A block is one or several chunks (a few seconds); messages of other topics are marked.
        """
        pieces = self._pieces = Pieces(self._file, MAGIC_SIZE)
        self._marks = np.empty(0, np.int16)
        for data, records in pieces:
            yield from self._blocks(data, _groups(records), wanted)
            if pieces.skipped:
                self._report(f"records of more than {size_text(LARGEST_RECORD)} were skipped")
            if any(record.opcode == Opcode.DATA_END for record in records):
                self._check_end()
                return
        yield from self._truncated(pieces.position, wanted)

    def _blocks(self, data: bytes, groups: list[list[Record]], wanted: Collection[Topic]) -> Iterator[Block]:
        """Read as many chunks at once as their indexes allow, and the others record by record."""
        found = indexed_messages(data, [record for group in groups for record in group])
        if found is not None:
            yield self._block(data, *found, wanted)
        elif len(groups) > 1:
            half = len(groups) // 2
            yield from self._blocks(data, groups[:half], wanted)
            yield from self._blocks(data, groups[half:], wanted)
        elif groups:
            yield from self._scanned(self._content(data, groups[0]), wanted)

    def _content(self, data: bytes, group: list[Record]) -> bytes:
        """Return the records in a chunk, or the records of a group outside chunks."""
        if group[0].opcode == Opcode.CHUNK:
            return self._unpack(data[group[0].begin : group[0].end])
        return data[group[0].begin - RECORD.size : group[-1].end]

    def _unpack(self, content: bytes) -> bytes:
        try:
            chunk = Chunk.read(ReadDataStream(BytesIO(content)))
            if chunk.compression not in _COMPRESSIONS:
                raise ValueError(f"its compression is {chunk.compression!r}")
            if chunk.uncompressed_size > most(len(chunk.data)):
                raise ValueError(
                    f"it claims to unpack from {size_text(len(chunk.data))} to "
                    f"{size_text(chunk.uncompressed_size)}"
                )
            data = _COMPRESSIONS[chunk.compression](chunk.data)
            if len(data) != chunk.uncompressed_size:
                raise ValueError(f"it has {len(data)} of {chunk.uncompressed_size} bytes")
            if chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
                raise ValueError("its checksum is wrong")
            return data
        except (ValueError, *_NO_RECORD) as error:
            self._report(f"a damaged chunk was skipped ({error})")
            return b""

    def _scanned(self, data: bytes, wanted: Collection[Topic]) -> Iterator[Block]:
        starts, end = self._scan(data)
        if end < len(data):
            self._report(f"{len(data) - end} damaged bytes at the end of a chunk were skipped")
        if len(starts):
            yield self._block(data, starts, gather(data, HEADS, starts), wanted)

    def _block(self, data: bytes, starts: np.ndarray, heads: np.ndarray, wanted: Collection[Topic]) -> Block:
        if len(self._marks) != len(self.topics) + 1:  # any chunk may announce a topic
            numbers = [i if topic in wanted else -1 for i, topic in enumerate(self.topics)]
            self._marks = np.array([*numbers, -1], np.int16)
        return Block(
            data=data,
            topics=self.topics,
            topic=self._marks[self._numbers[heads["channel"]]],
            times=heads["time"],
            starts=starts + MESSAGE_HEAD,
            lengths=heads["length"] - (MESSAGE_HEAD - RECORD.size),
        )

    def _scan(self, data: bytes) -> tuple[np.ndarray, int]:
        """Find the messages, and read the topics that are announced between them."""
        records, end = scan_records(data)
        starts = []
        for opcode, begin, stop in records:
            if opcode == Opcode.MESSAGE and stop - begin >= MESSAGE_HEAD - RECORD.size:
                starts.append(begin - RECORD.size)
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._learn(opcode, data[begin:stop])
        return np.array(starts, dtype=np.int64), end

    def _learn(self, opcode: int, content: bytes) -> bool:
        """Read a schema or a channel; return whether it is intact."""
        stream = ReadDataStream(BytesIO(content))
        try:
            if opcode == Opcode.SCHEMA:
                schema = Schema.read(stream)
                if len(schema.data) > _LONGEST_DEFINITION:
                    raise ValueError(f"a definition of {size_text(len(schema.data))}")
                self._schemas[schema.id] = (schema.name, schema.encoding, schema.data.decode())
                return True
            channel = Channel.read(stream)
            topic = Topic(channel.topic, *self._schemas.get(channel.schema_id, ("", "", "")))
            if topic not in self._known and len(self._known) == _MOST_TOPICS:
                raise ValueError(f"more than {_MOST_TOPICS} topics")
        except _NO_RECORD as error:
            self._report(f"the damaged record of a topic was skipped ({error or type(error).__name__})")
            return False
        if channel.message_encoding == "cdr":
            number = self._known.setdefault(topic, len(self._known))
            if number == len(self.topics):
                self.topics.append(topic)
            self._numbers[channel.id] = number
        return True

    def _read_summary(self) -> bool:
        """Read the topics from the summary at the end of the file; return whether there is one."""
        if self._size < 2 * MAGIC_SIZE + _FOOTER_SIZE:
            return False
        self._file.seek(self._size - _FOOTER_SIZE)
        end = self._file.read()
        opcode, length = RECORD.unpack_from(end)
        if not end.endswith(MAGIC) or opcode != Opcode.FOOTER or length != 20:
            return False
        begin = Footer.read(ReadDataStream(BytesIO(end[RECORD.size :]))).summary_start
        end_of_summary = self._size - _FOOTER_SIZE
        if not max(MAGIC_SIZE, end_of_summary - LARGEST_RECORD) <= begin < end_of_summary:
            return False
        self._file.seek(begin)
        data = self._file.read(end_of_summary - begin)
        records, whole = scan_records(data)
        if whole < len(data):
            return False
        found = [r for r in records if r[0] in (Opcode.SCHEMA, Opcode.CHANNEL)]
        return bool(found) and all(self._learn(opcode, data[i:j]) for opcode, i, j in found)

    def _check_end(self) -> None:
        self._file.seek(max(0, self._size - MAGIC_SIZE))
        if self._file.read() != MAGIC:
            self._report("it is truncated in its index; no message is missing")

    def _truncated(self, position: int, wanted: Collection[Topic]) -> Iterator[Block]:
        """Report what is missing, and return the complete messages of an unfinished chunk."""
        missing = self._size - position
        self._file.seek(position)
        rest = self._file.read(min(missing, _LARGEST_REST))
        data = b""
        if len(rest) > RECORD.size and rest[0] == Opcode.CHUNK:
            with contextlib.suppress(*_NO_RECORD):
                chunk = Chunk.read(ReadDataStream(BytesIO(rest[RECORD.size :])))
                data = chunk.data if chunk.compression == "" else b""
        starts, _ = self._scan(data)
        found = f"; {len(starts)} messages in them could be read" if len(starts) else ""
        lost = f", {missing} bytes follow its last intact record{found}" if missing else ""
        self._report(f"it is truncated{lost}")
        if len(starts):
            yield self._block(data, starts, gather(data, HEADS, starts), wanted)

    def _report(self, problem: str) -> None:
        self._problems.add(f"{self._name}: {problem}")


def _groups(records: list[Record]) -> list[list[Record]]:
    """Group each chunk with its index, and consecutive records outside chunks."""
    groups: list[list[Record]] = []
    last = None
    for record in records:
        kind = _KINDS.get(record.opcode)
        if record.opcode == Opcode.DATA_END:
            break
        if kind is not None:
            if record.opcode == Opcode.CHUNK or kind != last or not groups:
                groups.append([])
            groups[-1].append(record)
        last = kind
    return groups
