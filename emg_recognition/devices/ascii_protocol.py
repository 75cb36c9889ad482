"""Lines of numbers as a protocol; ``docs/reference/protocols.md`` describes them."""

from __future__ import annotations

import numpy as np

from emg_recognition.devices.line_format import LineFormat
from emg_recognition.devices.protocol import (
    DataFrame,
    DeviceProtocol,
    InfoFrame,
    ProtocolCounters,
    ProtocolSettings,
)
from emg_recognition.errors import SampleError, SettingError
from emg_recognition.text import printable

MAX_FIELD = 32
"""Longest number with its delimiter in bytes, and longest label; it limits the length of a line."""

QUOTED = 60
"""Longest part of a refused line that is quoted, characters."""

REASONS = 5
"""How many different reasons for a refused line are reported."""

EXPLAINED = 200
"""How many refused lines are looked at for that; noise would take too much time."""


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


class AsciiProtocol(DeviceProtocol):
    """One line per sample, without checksum or clock, and mostly without a counter.

    A line with a wrong number of fields, or with anything but numbers, is refused. The sample after it has
    ``restart``, because an unknown number of samples was lost there, unless the lines carry a counter. The
    line in which reading began is never used, because its beginning may be missing. The samples of one
    read become one frame; lines may hold fractions, so its counts are float64.

    Parameters
    ----------
    settings : ProtocolSettings
        Rate and channels; scale (default 1), unit (default ``count``) and the format of a line.

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
        self.counter_period = settings.counter_period
        self.line_end = b"\r" if settings.line_end == "cr" else b"\n"
        self._format = LineFormat.of(settings)
        numbers = channels + self._format.leading_numbers
        self._max_line = MAX_FIELD * numbers * (2 if settings.labels else 1)
        self._rest = b""
        self._aligned = False  # whether the next byte begins a line
        self._restart = True
        self._lines = self._refused = self._skipped = 0
        self._next: int | None = None  # counter of the next sample
        self._ahead = 0  # how far the counter is ahead of the number in the line
        self._reasons: dict[str, str] = {}  # rules that were broken, each with the remark about it
        self._said = 0
        self._advice = ""

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
        *lines, self._rest = (self._rest + data).split(self.line_end)
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
                self._explain(line)
                found += self._frames(rows)
                rows = []
                self._restart |= not self.counter_period
            self._aligned = True
        found += self._frames(rows)
        if len(self._rest) > self._max_line:
            self._refused += self._aligned
            self._explain(self._rest)
            self.begin()
        return found

    def remarks(self) -> list[str]:
        """Return the first line that broke each rule, with the rule and the setting that would allow it."""
        new = list(self._reasons.values())[self._said :]
        self._said += len(new)
        return new

    @property
    def advice(self) -> str:
        """The remedy of the line that was refused last."""
        return self._advice

    @property
    def counters(self) -> ProtocolCounters:
        """What has been found so far; `frames` are lines."""
        return ProtocolCounters(frames=self._lines, refused=self._refused, skipped_bytes=self._skipped)

    @property
    def pending_bytes(self) -> int:
        """Bytes kept: at most :data:`MAX_FIELD` per number, twice that with labels."""
        return len(self._rest)

    def _read(self, line: bytes) -> list[float] | None:
        if not self._aligned or len(line) > self._max_line:
            return None
        values = self._format.read(line)
        if values is None or not self.counter_period:
            return values
        return values if values[0].is_integer() and 0 <= values[0] < self.counter_period else None

    def _explain(self, line: bytes) -> None:
        """Keep why a line was refused, each reason once."""
        if len(self._reasons) >= REASONS or self._refused > EXPLAINED:
            return
        other = b"\n" if self.line_end == b"\r" else b"\r"
        if other in line.strip():
            rule, setting = f"lines end in {_END_NAMES[other]}", "cr" if other == b"\r" else "lf"
            remedy = f"set line_end to '{setting}'"
        elif self.counter_period and self._format.read(line) is not None:
            rule = f"its first number is no counter from 0 to {self.counter_period - 1}"
            remedy = "correct counter_period"
        elif len(line) > self._max_line:
            rule, remedy = f"it has more than {self._max_line} bytes", "check protocol, baud rate and cable"
        else:
            rule, remedy = self._format.explain(line)
        self._advice = remedy
        quoted = printable(line.decode("latin-1").strip(), QUOTED)
        self._reasons.setdefault(rule, f'the line "{quoted}" was refused: {rule}; {remedy}')

    def _frames(self, rows: list[list[float]]) -> list[DataFrame]:
        """Return the lines read as frames, which number the samples."""
        if not rows:
            return []
        values = np.array(rows)
        counts = values[:, self._format.leading_numbers :]
        if not self.counter_period:
            return [self._frame(self._lines, counts)]
        numbers = values[:, 0].astype(np.int64)
        jumps = np.flatnonzero(np.diff(numbers) % self.counter_period != 1) + 1
        found = []
        for first, run in zip(numbers[[0, *jumps]].tolist(), np.split(counts, jumps), strict=True):
            if self._next is None:
                self._next = first
            if self._restart:
                self._ahead = self._next - first  # what was lost before is not known: the counter continues
            counter = self._next + (first + self._ahead - self._next) % self.counter_period
            found.append(self._frame(counter, run))
            self._next = counter + len(run)
        return found

    def _frame(self, counter: int, counts: np.ndarray) -> DataFrame:
        frame = DataFrame(counter % 2**32, 0, self._restart, counts)
        self._lines, self._restart = self._lines + len(counts), False
        return frame


_END_NAMES = {b"\n": "line feed", b"\r": "carriage return alone"}
