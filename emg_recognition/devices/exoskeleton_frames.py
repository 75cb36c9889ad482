"""The frames of a serial exoskeleton: their content, and how they are written and found.

``docs/reference/exoskeleton-frames.md`` describes every byte. The checksum is the CRC-32 of Ethernet
and zip, :func:`binascii.crc32` in the standard library.
"""

from __future__ import annotations

import math
import struct
from binascii import crc32
from collections.abc import Sequence
from dataclasses import dataclass

from emg_recognition.devices.framing import FrameFinder
from emg_recognition.errors import SettingError

SYNC = b"\xa5\xc3"
VERSION = 1
COMMAND, STATE = 1, 2
WATCHDOG, EMERGENCY_STOP, REFUSED = 0x01, 0x02, 0x04
HEAD = struct.Struct("<2sBBBBI")
"""Sync, version, type, joints, flags, counter."""

DURATION = struct.Struct("<I")
CHECKSUM = struct.Struct("<I")

MAX_JOINTS = 32
"""Most joints in a frame.

It limits the decoder's memory and keeps the checked part below the 2,974 bits up to which CRC-32
detects every error of one to four bits (Koopman, DSN 2002).
"""

MICRO = 1e-6
"""Positions, velocities and durations are whole multiples of this, in rad, rad/s and s."""


@dataclass(frozen=True)
class CommandFrame:
    """Where the joints should be, and how fast, at the end of the frame's duration.

    Attributes
    ----------
    counter : int
        Number of the command, from 1 to 2**32 - 1, then 1 again.
    duration : float
        Time from receipt for which the command is valid, s; after it the device stops by itself.
    positions, velocities : tuple of float
        One for each joint, rad and rad/s.
    """

    counter: int
    duration: float
    positions: tuple[float, ...]
    velocities: tuple[float, ...]


@dataclass(frozen=True)
class StateFrame:
    """Where the joints are and how the device is.

    Attributes
    ----------
    counter : int
        Number of the last command carried out; 0 before the first.
    watchdog : bool
        The joints have stopped because no command is valid.
    emergency_stop : bool
        The emergency stop is pressed.
    refused : bool
        A command received since the previous report was not carried out.
    positions, velocities : tuple of float
        Measured, one for each joint, rad and rad/s.
    """

    counter: int
    watchdog: bool
    emergency_stop: bool
    refused: bool
    positions: tuple[float, ...]
    velocities: tuple[float, ...]


def frame_size(kind: int, joints: int) -> int:
    """Return the size of a frame in bytes; 0 if there is none of this kind with this many joints."""
    if kind not in (COMMAND, STATE) or not 1 <= joints <= MAX_JOINTS:
        return 0
    return HEAD.size + (DURATION.size if kind == COMMAND else 0) + 8 * joints + CHECKSUM.size


MAX_FRAME = frame_size(COMMAND, MAX_JOINTS)


def encode_command(frame: CommandFrame) -> bytes:
    """Write a command frame.

    Raises
    ------
    SettingError
        For a value that is not finite or does not fit, or an impossible number of joints.
    """
    duration = _micro("duration", frame.duration, 0, 1 << 32)
    return _encode(COMMAND, 0, frame, DURATION.pack(duration))


def encode_state(frame: StateFrame) -> bytes:
    """Write a state frame.

    Raises
    ------
    SettingError
        For a value that is not finite or does not fit, or an impossible number of joints.
    """
    flags = frame.watchdog * WATCHDOG | frame.emergency_stop * EMERGENCY_STOP | frame.refused * REFUSED
    return _encode(STATE, flags, frame, b"")


def decode(data: bytes) -> CommandFrame | StateFrame | None:
    """Read a frame whose sync, version and size have been checked; None if its checksum is wrong."""
    if crc32(data[len(SYNC) : -CHECKSUM.size]) != CHECKSUM.unpack_from(data, len(data) - CHECKSUM.size)[0]:
        return None
    _, _, kind, joints, flags, counter = HEAD.unpack_from(data)
    values = HEAD.size + (DURATION.size if kind == COMMAND else 0)
    numbers = [value * MICRO for value in struct.unpack_from(f"<{2 * joints}i", data, values)]
    positions, velocities = tuple(numbers[:joints]), tuple(numbers[joints:])
    if kind == COMMAND:
        return CommandFrame(counter, DURATION.unpack_from(data, HEAD.size)[0] * MICRO, positions, velocities)
    return StateFrame(
        counter,
        bool(flags & WATCHDOG),
        bool(flags & EMERGENCY_STOP),
        bool(flags & REFUSED),
        positions,
        velocities,
    )


def _encode(kind: int, flags: int, frame: CommandFrame | StateFrame, between: bytes) -> bytes:
    joints = len(frame.positions)
    if not 1 <= joints <= MAX_JOINTS:
        raise SettingError("joints", joints, f"a frame holds 1 to {MAX_JOINTS} joints")
    if len(frame.velocities) != joints:
        raise SettingError("velocities", frame.velocities, f"give one for each of {joints} joints")
    if not 0 <= frame.counter < 1 << 32:
        raise SettingError("counter", frame.counter, "give it modulo 2**32")
    values = _micros("position", frame.positions) + _micros("velocity", frame.velocities)
    head = HEAD.pack(SYNC, VERSION, kind, joints, flags, frame.counter)
    data = head + between + struct.pack(f"<{2 * joints}i", *values)
    return data + CHECKSUM.pack(crc32(data[len(SYNC) :]))


def _micros(name: str, values: Sequence[float]) -> list[int]:
    return [_micro(name, value, -(1 << 31), 1 << 31) for value in values]


def _micro(name: str, value: float, lowest: int, above: int) -> int:
    # Checked before rounding: NaN and infinity cannot be rounded.
    if not (math.isfinite(value) and lowest <= round(value / MICRO) < above):
        raise SettingError(name, value, f"give a number from {lowest * MICRO:g} to {above * MICRO:g}")
    return round(value / MICRO)


class ExoskeletonDecoder(FrameFinder[CommandFrame | StateFrame]):
    """Find the exoskeleton's frames in any stream of bytes; the checksum must be right."""

    sync = SYNC

    def _size(self, buffer: bytearray, position: int) -> int | None:
        if len(buffer) - position < HEAD.size:
            return None
        _, version, kind, joints, _, _ = HEAD.unpack_from(buffer, position)
        return frame_size(kind, joints) if version == VERSION else 0

    def _read(self, frame: bytes) -> CommandFrame | StateFrame | None:
        found = decode(frame)
        self.bad_checksum += found is None
        return found
