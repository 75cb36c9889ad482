"""Lines of numbers as a protocol; ``docs/reference/protocols.md`` describes them."""

from __future__ import annotations

import math

import numpy as np

from emg_recognition.devices.protocol import (
    DataFrame,
    DeviceProtocol,
    InfoFrame,
    ProtocolCounters,
    ProtocolSettings,
)
from emg_recognition.errors import SampleError, SettingError

NUMBER_BYTES = b"0123456789+-.eE"
"""Characters of a number; so ``nan``, ``0x1F`` and ``1_000`` are not accepted."""

MAX_FIELD = 32
"""Longest number with its delimiter in bytes; it limits the length of a line."""


def write_lines(counts: np.ndarray, delimiter: str = ",") -> bytes:
    """Write one line per sample, each ending with carriage return and line feed.

    Raises
    ------
    SampleError
        If the counts are not integers of shape (samples, channels).
    """
    if counts.ndim != 2 or counts.dtype.kind not in "iu":
        raise SampleError(
            f"counts are {counts.dtype} of shape {counts.shape}", "give integers of shape (samples, channels)"
        )
    return "".join(delimiter.join(map(str, row)) + "\r\n" for row in counts.tolist()).encode()


def read_line(line: bytes, delimiter: bytes, channels: int) -> list[float] | None:
    """Return the numbers of a line without its line feed; None if it is anything but `channels` numbers.

    A carriage return and spaces around numbers do not matter. The delimiter space means any number of
    spaces and tabs.
    """
    if line.translate(None, NUMBER_BYTES + delimiter + b" \t\r"):
        return None
    fields = line.split() if delimiter == b" " else line.split(delimiter)
    if len(fields) != channels:
        return None
    try:
        values = [float(field) for field in fields]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


class AsciiProtocol(DeviceProtocol):
    """One line per sample, without checksum, counter or clock.

    A line with a wrong number of fields, or with anything but numbers, is refused, and the sample
    after it has ``restart``, because an unknown number of samples was lost there. The line in which
    reading began is never used, because its beginning may be missing. The samples of one read become
    one frame; lines may hold fractions, so its counts are float64.

    Parameters
    ----------
    settings : ProtocolSettings
        Rate and channels; scale (default 1), unit (default ``count``) and delimiter.

    Raises
    ------
    SettingError
        If rate or channels are not set.
    """

    # The commands of our own protocol; most boards of this kind send unasked and ignore commands.
    start = b"S"
    stop = b"X"

    def __init__(self, settings: ProtocolSettings) -> None:
        for name, what in (("rate", "samples a second"), ("channels", "numbers in a line")):
            if not getattr(settings, name):
                raise SettingError(name, getattr(settings, name), f"give the {what}: lines do not contain it")
        channels = settings.channels
        self._info = InfoFrame(
            "lines of numbers",
            "",
            settings.rate,
            channels,
            settings.unit or "count",
            settings.scale or 1.0,
            tuple(f"channel {number}" for number in range(1, channels + 1)),
            ("",) * channels,
        )
        self._delimiter = settings.delimiter.encode()
        self._max_line = MAX_FIELD * channels
        self._rest = b""
        self._aligned = False  # whether the next byte begins a line
        self._restart = True
        self._lines = self._refused = self._skipped = 0

    def info(self) -> InfoFrame | None:
        """Return the description made from the settings."""
        return self._info

    def begin(self) -> None:
        """Drop an unfinished line, and everything up to the beginning of the next line."""
        self._skipped += len(self._rest)
        self._rest = b""
        self._aligned = False
        self._restart = True

    def feed(self, data: bytes) -> list[DataFrame | InfoFrame]:
        """Take bytes and return the samples of the lines that they complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found: list[DataFrame | InfoFrame] = []
        rows: list[list[float]] = []
        for line in lines:
            values = self._read(line)
            if values is not None:
                rows.append(values)
                continue
            self._skipped += len(line) + 1
            if self._aligned and line.strip():
                self._refused += 1
                found += self._frame(rows)
                rows, self._restart = [], True
            self._aligned = True
        found += self._frame(rows)
        if len(self._rest) > self._max_line:
            self._refused += self._aligned
            self.begin()
        return found

    @property
    def counters(self) -> ProtocolCounters:
        """What has been found so far; `frames` are lines."""
        return ProtocolCounters(frames=self._lines, refused=self._refused, skipped_bytes=self._skipped)

    @property
    def pending_bytes(self) -> int:
        """Bytes kept: at most :data:`MAX_FIELD` per channel."""
        return len(self._rest)

    def _read(self, line: bytes) -> list[float] | None:
        if not self._aligned or len(line) > self._max_line:
            return None
        return read_line(line, self._delimiter, self._info.channels)

    def _frame(self, rows: list[list[float]]) -> list[DataFrame]:
        """Return the lines read as a frame, whose counter is the number of lines so far."""
        if not rows:
            return []
        frame = DataFrame(self._lines % 2**32, 0, self._restart, np.array(rows))
        self._lines, self._restart = self._lines + len(rows), False
        return [frame]
