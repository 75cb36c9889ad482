"""Read an MCAP file in the order in which it was written, up to its last intact chunk.

Neither the footer nor the index is needed, so a file whose recorder was killed can be read.
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
        self._file = path.open("rb")
        self._size = os.fstat(self._file.fileno()).st_size
        self._pieces = Pieces(self._file, MAGIC_SIZE)
        self._schemas: dict[int, Schema] = {}
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
        for data, records in pieces:
            yield from self._blocks(data, _groups(records), wanted)
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
            stream, size = get_chunk_data_stream(chunk, validate_crc=True)
            if size != chunk.uncompressed_size:
                raise ValueError(f"it has {size} of {chunk.uncompressed_size} bytes")
            return stream.read(size)
        except Exception as error:  # each decompressor has its own errors, without a common base
            self._report(f"a damaged chunk was skipped ({error})")
            return b""

    def _scanned(self, data: bytes, wanted: Collection[Topic]) -> Iterator[Block]:
        starts, end = self._scan(data)
        if end < len(data):
            self._report(f"{len(data) - end} damaged bytes at the end of a chunk were skipped")
        if len(starts):
            yield self._block(data, starts, gather(data, HEADS, starts), wanted)

    def _block(self, data: bytes, starts: np.ndarray, heads: np.ndarray, wanted: Collection[Topic]) -> Block:
        # Computed for each block, because any chunk may announce a topic.
        numbers = [i if topic in wanted else -1 for i, topic in enumerate(self.topics)]
        return Block(
            data=data,
            topics=self.topics,
            topic=np.array([*numbers, -1], np.int16)[self._numbers[heads["channel"]]],
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
                self._schemas[schema.id] = schema
                return True
            channel = Channel.read(stream)
            schema = self._schemas.get(channel.schema_id, Schema(id=0, data=b"", encoding="", name=""))
            topic = Topic(channel.topic, schema.name, schema.encoding, schema.data.decode())
        except _NO_RECORD as error:
            self._report(f"the damaged record of a topic was skipped ({error or type(error).__name__})")
            return False
        if channel.message_encoding == "cdr":
            if topic not in self.topics:
                self.topics.append(topic)
            self._numbers[channel.id] = self.topics.index(topic)
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
