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
from emg_recognition.devices.framing import FrameFinder
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


class FrameDecoder(FrameFinder[DataFrame | InfoFrame]):
    """Find the armband's frames in any stream of bytes; accepted only if checksum and lengths are right.

    Fewer than :data:`MAX_FRAME` bytes are kept between calls.

    Attributes
    ----------
    refused : int
        Frames with a right checksum whose type is not known or whose content makes no sense.
    """

    sync = SYNC

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    def _size(self, buffer: bytearray, position: int) -> int | None:
        return _frame_size(buffer, position)

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
