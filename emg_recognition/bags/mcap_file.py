"""Read an MCAP file in the order in which it was written, as far as it goes.

Neither footer nor index is needed, so a file that was cut off is read up to its last whole chunk.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Footer, Schema
from mcap.stream_reader import MAGIC_SIZE, get_chunk_data_stream

from emg_recognition.bags.batches import Block, Problems, Topic, gather
from emg_recognition.bags.mcap_records import (
    HEADS,
    MESSAGE_HEAD,
    RECORD,
    Pieces,
    Record,
    indexed_messages,
    scan_records,
)

MAGIC = b"\x89MCAP0\r\n"
_FOOTER_SIZE = RECORD.size + 20 + MAGIC_SIZE
_NO_RECORD = (struct.error, McapError, UnicodeDecodeError)
_COMPRESSIONS = ("", "zstd", "lz4")
#: Records that hold messages or belong to them, inside chunks and outside.
_KINDS: dict[int, str] = {
    Opcode.CHUNK: "chunk",
    Opcode.MESSAGE_INDEX: "chunk",
    Opcode.SCHEMA: "loose",
    Opcode.CHANNEL: "loose",
    Opcode.MESSAGE: "loose",
}
#: No chunk that was being written when its writer died is larger.
_LARGEST = 1 << 26


class McapFile:
    """One MCAP file.

    Parameters
    ----------
    path : Path
        The file; it must begin as MCAP does.
    problems : Problems
        Told of what is missing or damaged; complete once :meth:`blocks` has come to its end.

    Attributes
    ----------
    topics : list of Topic
        The topics whose messages are CDR. Where the file has no summary it is read once to find them.
    """

    def __init__(self, path: Path, problems: Problems) -> None:
        self.topics: list[Topic] = []
        self._problems = problems
        self._name = path.name
        self._file = path.open("rb")
        self._size = os.fstat(self._file.fileno()).st_size
        self._pieces = Pieces(self._file, MAGIC_SIZE)
        self._schemas: dict[int, Schema] = {}
        self._numbers = np.full(1 << 16, -1, np.int16)  # channel -> place in topics
        if not self._read_summary():
            for _ in self.blocks(()):
                pass

    @property
    def fraction_read(self) -> float:
        """How far :meth:`blocks` has come, 0 to 1."""
        return self._pieces.position / self._size

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the file's messages chunk by chunk, in the order in which they were written.

        Parameters
        ----------
        wanted : collection of Topic
            The topics whose messages are asked for.

        Yields
        ------
        Block
            One chunk or several (a few seconds), in which the messages of other topics are marked.
        """
        pieces = self._pieces = Pieces(self._file, MAGIC_SIZE)
        for data, records in pieces:
            yield from self._blocks(data, _groups(records), wanted)
            if any(record.opcode == Opcode.DATA_END for record in records):
                self._check_end()
                return
        yield from self._cut_off(pieces.position, wanted)

    def _blocks(self, data: bytes, groups: list[list[Record]], wanted: Collection[Topic]) -> Iterator[Block]:
        """Take as many groups at once as the indexes allow; the others record by record."""
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
        """Return the records of a chunk, or those that stand outside chunks."""
        if group[0].opcode == Opcode.CHUNK:
            return self._unpack(data[group[0].begin : group[0].end])
        return data[group[0].begin - RECORD.size : group[-1].end]

    def _unpack(self, content: bytes) -> bytes:
        try:
            chunk = Chunk.read(ReadDataStream(BytesIO(content)))
            if chunk.compression not in _COMPRESSIONS:
                raise ValueError(f"its compression is {chunk.compression!r}")
            stream, size = get_chunk_data_stream(chunk, validate_crc=True)
            if size != chunk.uncompressed_size:
                raise ValueError(f"{size} of {chunk.uncompressed_size} bytes are there")
            return stream.read(size)
        except Exception as error:  # each decompressor has errors of its own, without a common base
            self._tell(f"a chunk is damaged ({error}) and left out")
            return b""

    def _scanned(self, data: bytes, wanted: Collection[Topic]) -> Iterator[Block]:
        starts, end = self._scan(data)
        if end < len(data):
            self._tell(f"{len(data) - end} bytes at the end of a chunk are damaged and left out")
        if len(starts):
            yield self._block(data, starts, gather(data, HEADS, starts), wanted)

    def _block(self, data: bytes, starts: np.ndarray, heads: np.ndarray, wanted: Collection[Topic]) -> Block:
        # Each time anew: a topic may be announced in any chunk.
        places = [i if topic in wanted else -1 for i, topic in enumerate(self.topics)]
        return Block(
            data=data,
            topics=self.topics,
            topic=np.array([*places, -1], np.int16)[self._numbers[heads["channel"]]],
            times=heads["time"],
            starts=starts + MESSAGE_HEAD,
            lengths=heads["length"] - (MESSAGE_HEAD - RECORD.size),
        )

    def _scan(self, data: bytes) -> tuple[np.ndarray, int]:
        """Find messages, and learn the topics that are announced on the way."""
        records, end = scan_records(data)
        starts = []
        for opcode, begin, stop in records:
            if opcode == Opcode.MESSAGE and stop - begin >= MESSAGE_HEAD - RECORD.size:
                starts.append(begin - RECORD.size)
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._learn(opcode, data[begin:stop])
        return np.array(starts, dtype=np.int64), end

    def _learn(self, opcode: int, content: bytes) -> bool:
        """Take in a schema or a channel; return whether it can be read."""
        stream = ReadDataStream(BytesIO(content))
        try:
            if opcode == Opcode.SCHEMA:
                schema = Schema.read(stream)
                self._schemas[schema.id] = schema
                return True
            channel = Channel.read(stream)
            schema = self._schemas.get(channel.schema_id, Schema(id=0, data=b"", encoding="", name=""))
            topic = Topic(channel.topic, schema.name, schema.encoding, schema.data.decode())
        except _NO_RECORD as error:
            self._tell(f"a topic's record is damaged ({error or type(error).__name__}) and left out")
            return False
        if channel.message_encoding == "cdr":
            if topic not in self.topics:
                self.topics.append(topic)
            self._numbers[channel.id] = self.topics.index(topic)
        return True

    def _read_summary(self) -> bool:
        """Learn the topics from the end of the file; return whether they stand there."""
        if self._size < 2 * MAGIC_SIZE + _FOOTER_SIZE:
            return False
        self._file.seek(self._size - _FOOTER_SIZE)
        end = self._file.read()
        opcode, length = RECORD.unpack_from(end)
        if not end.endswith(MAGIC) or opcode != Opcode.FOOTER or length != 20:
            return False
        begin = Footer.read(ReadDataStream(BytesIO(end[RECORD.size :]))).summary_start
        if not MAGIC_SIZE <= begin < self._size - _FOOTER_SIZE:
            return False
        self._file.seek(begin)
        data = self._file.read(self._size - _FOOTER_SIZE - begin)
        records, whole = scan_records(data)
        if whole < len(data):
            return False
        found = [r for r in records if r[0] in (Opcode.SCHEMA, Opcode.CHANNEL)]
        return bool(found) and all(self._learn(opcode, data[i:j]) for opcode, i, j in found)

    def _check_end(self) -> None:
        self._file.seek(max(0, self._size - MAGIC_SIZE))
        if self._file.read() != MAGIC:
            self._tell("it was cut off within its index; no message is missing")

    def _cut_off(self, place: int, wanted: Collection[Topic]) -> Iterator[Block]:
        """Say what is missing, and get the whole messages out of a chunk that is not."""
        missing = self._size - place
        self._file.seek(place)
        rest = self._file.read(min(missing, _LARGEST))
        data = b""
        if len(rest) > RECORD.size and rest[0] == Opcode.CHUNK:
            with contextlib.suppress(*_NO_RECORD):
                chunk = Chunk.read(ReadDataStream(BytesIO(rest[RECORD.size :])))
                data = chunk.data if chunk.compression == "" else b""
        starts, _ = self._scan(data)
        found = f"; {len(starts)} messages of them could be read" if len(starts) else ""
        lost = f", {missing} bytes behind its last whole record{found}" if missing else ""
        self._tell(f"it was cut off{lost}")
        if len(starts):
            yield self._block(data, starts, gather(data, HEADS, starts), wanted)

    def _tell(self, problem: str) -> None:
        self._problems.add(f"{self._name}: {problem}")


def _groups(records: list[Record]) -> list[list[Record]]:
    """Put each chunk together with its index, and records of messages that follow one another outside."""
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
