"""The bodies of the protocol's frames: bytes to values and back (``docs/protocol.md``)."""

from __future__ import annotations

import struct

import numpy as np

from emg_recognition.devices.frame_types import UNITS, DataFrame, InfoFrame
from emg_recognition.errors import SampleError, SettingError

DATA_HEAD = struct.Struct("<IIHHB")
"""Sample counter, device microseconds, channels, samples, bits."""

INFO_HEAD = struct.Struct("<dHBd")
"""Rate, channels, code of the unit, scale."""


def data_body_size(channels: int, samples: int, bits: int) -> int:
    """Return the size in bytes of the body of a data frame; 0 if there is no such frame."""
    if channels == 0 or samples == 0 or bits not in (16, 24):
        return 0
    return DATA_HEAD.size + channels * samples * bits // 8


def pack_data(frame: DataFrame, bits: int) -> bytes:
    """Write the body of a data frame.

    Raises
    ------
    SettingError
        If `bits` is neither 16 nor 24, or counter or time do not fit 32 bits.
    SampleError
        If the counts have no samples, no channels, are not integers or do not fit `bits`.
    """
    if bits not in (16, 24):
        raise SettingError("bits", bits, "a frame holds samples of 16 or 24 bits")
    for name, value in (("counter", frame.counter), ("device_us", frame.device_us)):
        if not 0 <= value < 1 << 32:
            raise SettingError(name, value, "give it modulo 2**32")
    counts = np.asarray(frame.counts)
    if counts.ndim != 2 or counts.size == 0 or max(counts.shape) > 0xFFFF:
        raise SampleError(f"counts have shape {counts.shape}", "give (samples, channels), 1 to 65535 each")
    if counts.dtype.kind not in "iu":
        raise SampleError(f"counts are of type {counts.dtype}", "give whole numbers, a converter's counts")
    low, high = int(counts.min()), int(counts.max())
    if low < -(1 << bits - 1) or high >= 1 << bits - 1:
        raise SampleError(f"counts run from {low} to {high}, beyond {bits} bits", "use more bits or rescale")
    samples, channels = counts.shape
    head = DATA_HEAD.pack(frame.counter, frame.device_us, channels, samples, bits)
    if bits == 16:
        return head + counts.astype("<i2").tobytes()
    # The three low bytes of a little-endian 32-bit number are its 24-bit form.
    return head + counts.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


def unpack_data(body: bytes, restart: bool) -> DataFrame:
    """Read the body of a data frame whose size has been checked with :func:`data_body_size`."""
    counter, device_us, channels, samples, bits = DATA_HEAD.unpack_from(body)
    if bits == 16:
        counts = np.frombuffer(body, "<i2", offset=DATA_HEAD.size).astype(np.int32)
    else:
        wide = np.zeros((samples * channels, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(body, np.uint8, offset=DATA_HEAD.size).reshape(-1, 3)
        # The number stands in the upper 24 bits; shifting it down brings its sign along.
        counts = (wide.view("<i4")[:, 0] >> 8).astype(np.int32)
    return DataFrame(counter, device_us, restart, counts.reshape(samples, channels))


def pack_info(info: InfoFrame) -> bytes:
    """Write the body of an info frame."""
    body = INFO_HEAD.pack(info.rate, info.channels, UNITS.index(info.unit), info.scale)
    for text in (info.device, info.serial_number, *info.channel_names, *info.muscle_sites):
        data = text.encode()
        body += bytes([len(data)]) + data
    return body


def unpack_info(body: bytes) -> InfoFrame:
    """Read the body of an info frame.

    Raises
    ------
    ValueError
        If the body is not exactly one description, its texts are not UTF-8 or its unit is unknown.
    SettingError
        If it describes a device that cannot be.
    """
    if len(body) < INFO_HEAD.size:
        raise ValueError("an info frame ends within its numbers")
    rate, channels, unit, scale = INFO_HEAD.unpack_from(body)
    if unit >= len(UNITS):
        raise ValueError(f"unit {unit} is not known")
    texts, position = [], INFO_HEAD.size
    for _ in range(2 + 2 * channels):
        if position >= len(body):
            raise ValueError("an info frame ends before its texts do")
        end = position + 1 + body[position]
        texts.append(body[position + 1 : end].decode())
        position = end
    if position != len(body):
        raise ValueError("an info frame is not as long as its texts")
    names, sites = tuple(texts[2 : 2 + channels]), tuple(texts[2 + channels :])
    return InfoFrame(texts[0], texts[1], rate, channels, UNITS[unit], scale, names, sites)
