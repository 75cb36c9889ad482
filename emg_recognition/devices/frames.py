"""The armband's wire format: frames with a checksum, found in any stream of bytes.

``docs/protocol.md`` describes every byte. The checksum is CRC-16/XMODEM, which the standard
library has as :func:`binascii.crc_hqx`.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx

from emg_recognition.devices.frame_bodies import (
    DATA_HEAD,
    INFO_HEAD,
    data_body_size,
    pack_data,
    pack_info,
    unpack_data,
    unpack_info,
)
from emg_recognition.devices.frame_types import DataFrame, InfoFrame
from emg_recognition.errors import EmgRecognitionError, SettingError

SYNC = b"\xa5\x5a"
VERSION = 1
DATA, INFO = 1, 2
RESTART = 0x01
HEAD = struct.Struct("<2sBBBH")
"""Sync, version, type, flags, length of the body."""

MAX_BODY = 4080
"""Longest body in bytes.

It bounds the decoder's memory and keeps the checked part below the 32,751 bits up to which
this polynomial finds every error of one, two or three bits (Koopman & Chakravarty, DSN 2004).
"""

MAX_FRAME = HEAD.size + MAX_BODY + 2

ASK_INFO, START, STOP = b"I", b"S", b"X"
"""What the host says to the device."""


def encode_data(frame: DataFrame, bits: int = 16) -> bytes:
    """Write a data frame.

    Parameters
    ----------
    frame : DataFrame
        Counts of shape (samples, channels), each within `bits`.
    bits : int
        16 or 24.

    Returns
    -------
    bytes
        The whole frame.

    Raises
    ------
    SettingError
        If `bits`, counter or time are out of range, or the frame is too long.
    SampleError
        If the counts are empty or do not fit `bits`.
    """
    return _envelope(DATA, RESTART if frame.restart else 0, pack_data(frame, bits))


def encode_info(info: InfoFrame) -> bytes:
    """Write an info frame.

    Parameters
    ----------
    info : InfoFrame
        What the device is.

    Returns
    -------
    bytes
        The whole frame.

    Raises
    ------
    SettingError
        If the texts make the frame too long.
    """
    return _envelope(INFO, 0, pack_info(info))


def _envelope(kind: int, flags: int, body: bytes) -> bytes:
    if len(body) > MAX_BODY:
        raise SettingError("frame body", f"{len(body)} bytes", f"keep it within {MAX_BODY} bytes")
    frame = HEAD.pack(SYNC, VERSION, kind, flags, len(body)) + body
    return frame + crc_hqx(frame[2:], 0).to_bytes(2, "little")


class FrameDecoder:
    """Find frames in a stream of bytes that may begin, break and be damaged anywhere.

    Any bytes are taken without an exception. A frame is accepted only if its checksum is right
    and its lengths agree; after anything else the search goes on one byte after the sync, so
    that a damaged or cut frame does not swallow the good one behind it. Fewer than
    :data:`MAX_FRAME` bytes are kept between calls.

    Attributes
    ----------
    frames : int
        Frames accepted.
    bad_checksum : int
        Whole frames with a wrong checksum.
    refused : int
        Frames with a right checksum whose type is not known or whose content makes no sense.
    skipped_bytes : int
        Bytes that are part of no accepted frame.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.frames = 0
        self.bad_checksum = 0
        self.refused = 0
        self.skipped_bytes = 0

    @property
    def pending_bytes(self) -> int:
        """Bytes kept because a frame may be arriving."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[DataFrame | InfoFrame]:
        """Take bytes and return the frames that they complete.

        Parameters
        ----------
        data : bytes
            The next bytes of the stream, any number.

        Returns
        -------
        list of DataFrame or InfoFrame
            In the order in which they stand in the stream.
        """
        buffer = self._buffer
        buffer += data
        found: list[DataFrame | InfoFrame] = []
        position = 0
        while True:
            sync = buffer.find(SYNC, position)
            if sync < 0:
                # The last byte may be the first half of a sync.
                half = len(buffer) > position and buffer[-1] == SYNC[0]
                sync = len(buffer) - half
            self.skipped_bytes += sync - position
            position = sync
            size = _frame_size(buffer, position)
            if size is None or position + size > len(buffer):
                break
            frame = self._read(bytes(buffer[position : position + size])) if size else None
            if frame is not None:
                found.append(frame)
                position += size
            else:
                self.skipped_bytes += 1
                position += 1
        del buffer[:position]
        self.frames += len(found)
        return found

    def _read(self, frame: bytes) -> DataFrame | InfoFrame | None:
        if crc_hqx(frame[2:-2], 0) != int.from_bytes(frame[-2:], "little"):
            self.bad_checksum += 1
            return None
        _, _, kind, flags, _ = HEAD.unpack_from(frame)
        body = frame[HEAD.size : -2]
        try:
            if kind == DATA:
                return unpack_data(body, bool(flags & RESTART))
            if kind == INFO:
                return unpack_info(body)
        except (ValueError, EmgRecognitionError):
            pass
        self.refused += 1
        return None


def _frame_size(buffer: bytearray, position: int) -> int | None:
    """Return the size of the frame that begins here, 0 if none does, None to wait for more bytes.

    Disagreeing lengths are seen here already: a damaged length field would otherwise hold up the
    frames behind it until as many bytes as it says have come.
    """
    if len(buffer) - position < HEAD.size:
        return None
    _, version, kind, _, length = HEAD.unpack_from(buffer, position)
    if version != VERSION or length > MAX_BODY:
        return 0
    if kind == DATA:
        if len(buffer) - position < HEAD.size + DATA_HEAD.size:
            return None
        size = data_body_size(*DATA_HEAD.unpack_from(buffer, position + HEAD.size)[2:])
        if size == 0 or length != size:
            return 0
    elif kind == INFO and length < INFO_HEAD.size:
        return 0
    return HEAD.size + int(length) + 2
