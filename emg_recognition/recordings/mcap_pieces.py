"""An MCAP file in pieces of several chunks, each chunk with its index."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from mcap.opcode import Opcode

from emg_recognition.recordings.mcap_records import RECORD, Record, scan_records

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
