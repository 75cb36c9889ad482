"""The package's own protocol, ``docs/reference/emg-protocol.md``: frames with checksum, counter and clock."""

from __future__ import annotations

import struct
from binascii import crc_hqx

import numpy as np

from emg_recognition.devices.framing import FrameFinder, check_bits, pack_int24, unpack_int24
from emg_recognition.devices.protocol import (
    DataFrame,
    DeviceProtocol,
    InfoFrame,
    ProtocolCounters,
    ProtocolSettings,
)
from emg_recognition.errors import EmgRecognitionError, SampleError, SettingError

SYNC = b"\xa5\x5a"
VERSION = 1
DATA, INFO = 1, 2
RESTART = 0x01
HEAD = struct.Struct("<2sBBBH")
"""Sync, version, type, flags, length of the body."""

MAX_BODY = 4080
"""Longest body in bytes.

It limits the decoder's memory and keeps the checked part below the 32,751 bits up to which
this polynomial detects every error of one, two or three bits (Koopman & Chakravarty, DSN 2004).
"""

MAX_FRAME = HEAD.size + MAX_BODY + 2

ASK_INFO, START, STOP = b"I", b"S", b"X"
"""Commands of the host to the device."""

DATA_HEAD = struct.Struct("<IIHHB")
"""Sample counter, device microseconds, channels, samples, bits."""

INFO_HEAD = struct.Struct("<dHBd")
"""Rate, channels, code of the unit, scale."""

UNIT_CODES = ("count", "V")
"""The unit for each code in an info frame."""


def encode_data(frame: DataFrame, bits: int = 16) -> bytes:
    """Write a data frame.

    Parameters
    ----------
    frame : DataFrame
        Counts of shape (samples, channels), integers that fit into `bits`.
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
        If the counts have no samples or channels, are not integers or do not fit into `bits`.
    """
    if bits not in (16, 24):
        raise SettingError("bits", bits, "use 16 or 24")
    for name, value in (("counter", frame.counter), ("device_us", frame.device_us)):
        if not 0 <= value < 1 << 32:
            raise SettingError(name, value, "give it modulo 2**32")
    counts = np.asarray(frame.counts)
    if counts.ndim != 2 or counts.size == 0 or max(counts.shape) > 0xFFFF:
        raise SampleError(f"counts have shape {counts.shape}", "give (samples, channels), 1 to 65535 each")
    if counts.dtype.kind not in "iu":
        raise SampleError(f"counts are of type {counts.dtype}", "give whole numbers, a converter's counts")
    check_bits(counts, bits)
    samples, channels = counts.shape
    head = DATA_HEAD.pack(frame.counter, frame.device_us, channels, samples, bits)
    packed = counts.astype("<i2") if bits == 16 else pack_int24(counts, "<")
    return _envelope(DATA, RESTART if frame.restart else 0, head + packed.tobytes())


def encode_info(info: InfoFrame) -> bytes:
    """Write an info frame.

    Raises
    ------
    SettingError
        If the texts make the frame too long.
    """
    body = INFO_HEAD.pack(info.rate, info.channels, UNIT_CODES.index(info.unit), info.scale)
    for text in (info.device, info.serial_number, *info.channel_names, *info.muscle_sites):
        data = text.encode()
        body += bytes([len(data)]) + data
    return _envelope(INFO, 0, body)


def _envelope(kind: int, flags: int, body: bytes) -> bytes:
    if len(body) > MAX_BODY:
        raise SettingError("frame body", f"{len(body)} bytes", f"keep it within {MAX_BODY} bytes")
    frame = HEAD.pack(SYNC, VERSION, kind, flags, len(body)) + body
    return frame + crc_hqx(frame[2:], 0).to_bytes(2, "little")


def _data_size(channels: int, samples: int, bits: int) -> int:
    """Return the size in bytes of the body of a data frame; 0 if there is no such frame."""
    if channels == 0 or samples == 0 or bits not in (16, 24):
        return 0
    return DATA_HEAD.size + channels * samples * bits // 8


def _read_data(body: bytes, restart: bool) -> DataFrame:
    counter, device_us, channels, samples, bits = DATA_HEAD.unpack_from(body)
    if bits == 16:
        counts = np.frombuffer(body, "<i2", offset=DATA_HEAD.size).astype(np.int32)
    else:
        counts = unpack_int24(np.frombuffer(body, np.uint8, offset=DATA_HEAD.size).reshape(-1, 3), "<")
    return DataFrame(counter, device_us, restart, counts.reshape(samples, channels))


def _read_info(body: bytes) -> InfoFrame:
    """Return a description; ValueError or SettingError if the body is not one of a possible device."""
    rate, channels, unit, scale = INFO_HEAD.unpack_from(body)
    if unit >= len(UNIT_CODES):
        raise ValueError(f"unit {unit} is not known")
    texts, position = [], INFO_HEAD.size
    for _ in range(2 + 2 * channels):
        if position >= len(body):
            raise ValueError("an info frame ends inside its texts")
        end = position + 1 + body[position]
        texts.append(body[position + 1 : end].decode())
        position = end
    if position != len(body):
        raise ValueError("an info frame does not end with its last text")
    names, sites = tuple(texts[2 : 2 + channels]), tuple(texts[2 + channels :])
    return InfoFrame(texts[0], texts[1], rate, channels, UNIT_CODES[unit], scale, names, sites)


class FrameDecoder(FrameFinder[DataFrame | InfoFrame]):
    """Find the armband's frames in any stream of bytes; checksum and lengths must be right.

    Fewer than :data:`MAX_FRAME` bytes are kept between calls.

    Attributes
    ----------
    refused : int
        Frames with a right checksum but an unknown type or invalid content.
    """

    sync = SYNC

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    def _size(self, buffer: bytearray, position: int) -> int | None:
        # Lengths that disagree are detected here: otherwise a damaged length field would hold up the
        # frames behind it until that many bytes had arrived.
        if len(buffer) - position < HEAD.size:
            return None
        _, version, kind, _, length = HEAD.unpack_from(buffer, position)
        if version != VERSION or length > MAX_BODY:
            return 0
        if kind == DATA:
            if len(buffer) - position < HEAD.size + DATA_HEAD.size:
                return None
            size = _data_size(*DATA_HEAD.unpack_from(buffer, position + HEAD.size)[2:])
            if size == 0 or length != size:
                return 0
        elif kind == INFO and length < INFO_HEAD.size:
            return 0
        return HEAD.size + int(length) + 2

    def _read(self, frame: bytes) -> DataFrame | InfoFrame | None:
        if crc_hqx(frame[2:-2], 0) != int.from_bytes(frame[-2:], "little"):
            self.bad_checksum += 1
            return None
        _, _, kind, flags, _ = HEAD.unpack_from(frame)
        body = frame[HEAD.size : -2]
        try:
            if kind == DATA:
                return _read_data(body, bool(flags & RESTART))
            if kind == INFO:
                return _read_info(body)
        except (ValueError, EmgRecognitionError):
            pass
        self.refused += 1
        return None


class EmgProtocol(DeviceProtocol):
    """The package's own protocol; the device describes itself.

    Parameters
    ----------
    settings : ProtocolSettings
        Nothing may be set, because the device reports it all.

    Raises
    ------
    SettingError
        If rate, channels, scale or unit are set.
    """

    ask = ASK_INFO
    start = START
    stop = STOP
    counter_period = 1 << 32
    has_clock = True

    def __init__(self, settings: ProtocolSettings) -> None:
        for name in ("rate", "channels", "scale", "unit"):
            if value := getattr(settings, name):
                raise SettingError(name, value, "leave it out with the protocol emg: the armband reports it")
        self._decoder = FrameDecoder()

    def info(self) -> InfoFrame | None:
        """Return None: the device must be asked."""
        return None

    def begin(self) -> None:
        """Do nothing: the checksum reveals a cut frame, and the device marks its restarts."""

    def feed(self, data: bytes) -> list[DataFrame | InfoFrame]:
        """Take bytes and return the frames that they complete, as :meth:`FrameDecoder.feed`."""
        return self._decoder.feed(data)

    @property
    def counters(self) -> ProtocolCounters:
        """What has been found so far."""
        decoder = self._decoder
        return ProtocolCounters(decoder.frames, decoder.bad_checksum, decoder.refused, decoder.skipped_bytes)

    @property
    def pending_bytes(self) -> int:
        """Bytes kept because a frame may be arriving: fewer than :data:`MAX_FRAME`."""
        return self._decoder.pending_bytes
