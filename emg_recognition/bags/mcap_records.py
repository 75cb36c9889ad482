"""The records of an MCAP file: where its chunks and its messages lie.

A record is an opcode (one byte), a length (uint64) and so many bytes. A message begins with its channel
(uint16), sequence (uint32), log time and publish time (uint64, ns); a chunk with the times of its first and
last message, its size without compression (uint64), a checksum (uint32), the name of the compression (uint32
and so many bytes) and the size of its records (uint64), which follow. All is little-endian.

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
#: Bytes before the content of a message: the record's head and the message's.
MESSAGE_HEAD = 31
HEADS = np.dtype(
    {
        "names": ["opcode", "length", "channel", "time"],
        "formats": ["u1", "<i8", "<u2", "<i8"],
        "offsets": [0, 1, 9, 15],
        "itemsize": MESSAGE_HEAD,
    }
)
#: A chunk's times, size, checksum, the length of "no compression" and the size of its records.
_PLAIN_CHUNK = struct.Struct("<QQQIIQ")
#: Where the entries of a MessageIndex begin: behind the channel and their length.
_INDEX_HEAD = 6


class Record(NamedTuple):
    """A record in a buffer: its opcode, where its content begins and where it ends."""

    opcode: int
    begin: int
    end: int


def scan_records(data: bytes, begin: int = 0, end: int | None = None) -> tuple[list[Record], int]:
    """Walk through records one by one.

    Parameters
    ----------
    data : bytes
        A buffer.
    begin, end : int
        The part of it that holds records, the last one perhaps cut off.

    Returns
    -------
    records : list of Record
        The whole ones.
    int
        Where the first record begins that is not whole or is none; `end` if there is none.
    """
    records = []
    stop = len(data) if end is None else end
    while begin + RECORD.size <= stop:
        opcode, length = RECORD.unpack_from(data, begin)
        content = begin + RECORD.size
        if opcode == 0 or length > stop - content:  # 0 is no opcode, but what a lost page reads as
            break
        begin = content + length
        records.append(Record(opcode, content, begin))
    return records, begin


def indexed_messages(data: bytes, records: Sequence[Record]) -> tuple[np.ndarray, np.ndarray] | None:
    """Find the messages of chunks through the MessageIndex records behind each of them.

    Parameters
    ----------
    data : bytes
        The buffer.
    records : sequence of Record
        Chunks, each with its index.

    Returns
    -------
    starts : numpy.ndarray
        int64, shape (n,), rising: where each message's record begins in the buffer.
    heads : numpy.ndarray
        Of :data:`HEADS`, shape (n,).

    None instead of both if the indexes do not account for every byte of the chunks: one is cut off, wrong
    or not there, or there is more than messages in a chunk, or one is compressed or damaged.
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
    starts.sort()  # the order of the file; an index has an order for each channel
    if starts[0] < 0 or starts[-1] > len(data) - MESSAGE_HEAD:
        return None
    heads = gather(data, HEADS, starts)
    # Every message has to end where the next begins, the first and the last at the borders of the chunk.
    nexts = np.append(starts[1:], 0)
    lasts = np.cumsum(messages) - 1
    nexts[lasts] = ends
    whole = (starts + heads["length"] + RECORD.size == nexts).all() and (
        starts[lasts + 1 - messages] == begins
    ).all()
    return (starts, heads) if whole and (heads["opcode"] == Opcode.MESSAGE).all() else None


def _plain_chunk(data: bytes, begin: int, end: int) -> tuple[int, int] | None:
    """Return where the records of a chunk begin and end; None if it is compressed or damaged."""
    if end - begin < _PLAIN_CHUNK.size:
        return None
    _, _, size, checksum, compression, stored = _PLAIN_CHUNK.unpack_from(data, begin)
    first = begin + _PLAIN_CHUNK.size
    if compression or size != stored or first + stored != end:
        return None
    if checksum and zlib.crc32(memoryview(data)[first:end]) != checksum:
        return None
    return first, end


#: Bytes of a piece: many seconds at once, so that little is done for each second alone.
_PIECE = 1 << 21
_USED = (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE, Opcode.CHUNK, Opcode.MESSAGE_INDEX, Opcode.DATA_END)
_OF_CHUNK = (Opcode.CHUNK, Opcode.MESSAGE_INDEX)


class Pieces:
    """Goes through the records of a file.

    Parameters
    ----------
    file : binary file
        Open for reading.
    begin : int
        Where the first record begins.

    Attributes
    ----------
    position : int
        Where the first record begins that has not been given out; in the end, that is not whole.
    """

    def __init__(self, file: BinaryIO, begin: int) -> None:
        self.position = begin
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
        """Say how much to read for the record at the position, or pass over it; None if it is not whole."""
        if len(data) < RECORD.size:
            return None
        opcode, length = RECORD.unpack_from(data)
        end = self.position + RECORD.size + length
        if opcode == 0 or end > self._size:
            return None
        if opcode not in _USED:
            self.position = end
            return _PIECE
        return max(2 * wanted, 2 * length)


def _without_last_chunk(records: list[Record]) -> list[Record]:
    """Leave out the last chunk and its index: more of the index may follow."""
    last = len(records)
    while last and records[last - 1].opcode == Opcode.MESSAGE_INDEX:
        last -= 1
    if last and records[last - 1].opcode in _OF_CHUNK:
        return records[: last - 1]
    return records
