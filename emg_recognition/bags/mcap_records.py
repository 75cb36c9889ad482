"""The records of an MCAP file: the positions of its chunks and messages.

A record is an opcode (one byte), a length (uint64) and that number of bytes. A message begins with its
channel (uint16), sequence (uint32), log time and publish time (uint64, ns). A chunk begins with the times of
its first and last message (uint64), its uncompressed size (uint64), a checksum (uint32), the name of the
compression (uint32 length and text) and the size of its records (uint64); the records follow. All numbers
are little-endian.

Source: the MCAP specification, https://mcap.dev/spec.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
from mcap.opcode import Opcode

from emg_recognition.bags.batches import gather

RECORD = struct.Struct("<BQ")
#: Bytes before the data of a message: the heads of the record and of the message.
MESSAGE_HEAD = 31
HEADS = np.dtype(
    {
        "names": ["opcode", "length", "channel", "time"],
        "formats": ["u1", "<i8", "<u2", "<i8"],
        "offsets": [0, 1, 9, 15],
        "itemsize": MESSAGE_HEAD,
    }
)
#: Head of an uncompressed chunk: times, size, checksum, an empty compression name, size of the records.
_PLAIN_CHUNK = struct.Struct("<QQQIIQ")
#: Position of the entries in a MessageIndex record, after the channel and their length.
_INDEX_HEAD = 6
#: Bytes to read at once: many seconds, so that little is done for each second.
_PIECE = 1 << 21
#: Longest record that is read; chunks and messages of rosbag2 have some MB at most.
LARGEST_RECORD = 1 << 26
#: Most records in a buffer; with more they are shorter than their own heads.
_MOST_RECORDS = 1_000_000
_USED = (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE, Opcode.CHUNK, Opcode.MESSAGE_INDEX, Opcode.DATA_END)


class Record(NamedTuple):
    """A record in a buffer: its opcode, and where its content begins and ends."""

    opcode: int
    begin: int
    end: int


def scan_records(data: bytes, begin: int = 0, end: int | None = None) -> tuple[list[Record], int]:
    """Find the records in a part of a buffer.

    Returns the complete records, and where the first incomplete or invalid record begins (`end` if all are
    complete).
    """
    records: list[Record] = []
    stop = len(data) if end is None else end
    while begin + RECORD.size <= stop and len(records) < _MOST_RECORDS:
        opcode, length = RECORD.unpack_from(data, begin)
        content = begin + RECORD.size
        if opcode == 0 or length > stop - content:  # 0 is not an opcode, but lost pages read as zeros
            break
        begin = content + length
        records.append(Record(opcode, content, begin))
    return records, begin


def indexed_messages(data: bytes, records: Sequence[Record]) -> tuple[np.ndarray, np.ndarray] | None:
    """Find the messages of chunks with the MessageIndex records that follow each chunk.

    Returns where the record of each message begins in the buffer (int64, shape (n,), rising) and the heads of
    these records (type :data:`HEADS`, shape (n,)). None is returned if the indexes do not account for every
    byte of the chunks: an index is missing, incomplete or wrong, or a chunk holds other records than
    messages, is compressed or is damaged.
    """
    parts: list[tuple[int, int]] = []
    entries: list[bytes] = []
    counts: list[int] = []
    for opcode, begin, end in records:
        if opcode == Opcode.CHUNK:
            part = _plain_chunk(data, begin, end)
            if part is None:
                return None
            parts.append(part)
            counts.append(0)
        elif opcode == Opcode.MESSAGE_INDEX and counts:
            entries.append(data[begin + _INDEX_HEAD : end])
            counts[-1] += end - begin - _INDEX_HEAD
        else:
            return None
    if not counts or not all(count > 0 and count % 16 == 0 for count in counts):
        return None
    messages = np.array(counts) // 16
    begins, ends = np.array(parts).T
    starts = np.frombuffer(b"".join(entries), "<i8")[1::2] + np.repeat(begins, messages)
    starts.sort()  # the order of the file; an index is ordered by channel
    if starts[0] < 0 or starts[-1] > len(data) - MESSAGE_HEAD:
        return None
    heads = gather(data, HEADS, starts)
    # Every message must end where the next one begins; the first begins and the last ends with the chunk.
    nexts = np.append(starts[1:], 0)
    lasts = np.cumsum(messages) - 1
    nexts[lasts] = ends
    whole = (starts + heads["length"] + RECORD.size == nexts).all() and (
        starts[lasts + 1 - messages] == begins
    ).all()
    return (starts, heads) if whole and (heads["opcode"] == Opcode.MESSAGE).all() else None


def _plain_chunk(data: bytes, begin: int, end: int) -> tuple[int, int] | None:
    """Return where the records in a chunk begin and end; None if it is compressed or damaged."""
    if end - begin < _PLAIN_CHUNK.size:
        return None
    _, _, size, checksum, compression, stored = _PLAIN_CHUNK.unpack_from(data, begin)
    first = begin + _PLAIN_CHUNK.size
    if compression or size != stored or first + stored != end:
        return None
    if checksum and zlib.crc32(memoryview(data)[first:end]) != checksum:
        return None
    return first, end


class Pieces:
    """Reads a file piece by piece; iterating yields each piece with the records in it.

    `position` is where the next record begins; at the end of the iteration, the first incomplete record.
    `skipped` counts records that are longer than :data:`LARGEST_RECORD`.
    """

    def __init__(self, file: BinaryIO, begin: int) -> None:
        self.position = begin
        self.skipped = 0
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def __iter__(self) -> Iterator[tuple[bytes, list[Record]]]:
        wanted = _PIECE
        while self.position < self._size:
            self._file.seek(self.position)
            data = self._file.read(wanted)
            records, end = scan_records(data)
            if self.position + len(data) < self._size:
                records = _without_last_chunk(records)
                end = records[-1].end if records else 0
            if records:
                wanted = _PIECE
                self.position += end
                yield data, records
            elif (longer := self._longer(data, wanted)) is not None:
                wanted = longer
            else:
                return

    def _longer(self, data: bytes, wanted: int) -> int | None:
        """Return how much to read for the record at the position, or skip it; None if it is incomplete."""
        if len(data) < RECORD.size:
            return None
        opcode, length = RECORD.unpack_from(data)
        end = self.position + RECORD.size + length
        if opcode == 0 or end > self._size:
            return None
        if opcode not in _USED or length > LARGEST_RECORD:
            self.skipped += opcode in _USED
            self.position = end
            return _PIECE
        return max(2 * wanted, RECORD.size + length + _PIECE)


def _without_last_chunk(records: list[Record]) -> list[Record]:
    """Drop the last chunk and its index, because more of the index may follow."""
    last = len(records)
    while last and records[last - 1].opcode == Opcode.MESSAGE_INDEX:
        last -= 1
    if last and records[last - 1].opcode == Opcode.CHUNK:
        return records[: last - 1]
    return records
