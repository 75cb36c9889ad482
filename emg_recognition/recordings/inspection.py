"""The result of looking through recordings, and its lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.recordings import Source, turnable
from emg_recognition.recordings.suspicious import Suspicion
from emg_recognition.text import printable

_WIDTH = 80
_INDENT = 12
_LISTED = 6
_SKIPPED_LISTED = 20
_LONGEST_LINE = 5000


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What recordings hold.

    Attributes
    ----------
    source : str
        Where the recordings come from.
    sources : tuple of Source
        Each path, with the files that were read and those that were not.
    segments : int
        Number of segments.
    lengths : tuple of float
        Shortest, median and longest segment, s.
    duration : float
        All segments together, s.
    channels, rate, unit
        Number of electrodes, sampling rate in Hz, ``V`` or ``count``.
    ring : int or None
        How many of the electrodes, the first ones, are in a ring, as the recordings say.
    subjects, cohorts, sessions, actions, repetitions : tuple
        Sorted, without duplicates; sessions as (subject, session).
    table : tuple of tuple of int
        Segments of each action (rows) in each repetition (columns).
    problems, warnings, errors : tuple of str
        What is damaged, what makes a result doubtful, and what makes training impossible; one sentence each.
    suspicious : tuple of Suspicion
        Labels and channels that look wrong, by the names that :meth:`Recordings.without` takes; `warnings`
        says so too.
    """

    source: str
    sources: tuple[Source, ...]
    segments: int
    lengths: tuple[float, float, float]
    duration: float
    channels: int
    rate: float
    unit: str
    ring: int | None
    subjects: tuple[str, ...]
    cohorts: tuple[str, ...]
    sessions: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    repetitions: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    suspicious: tuple[Suspicion, ...]
    errors: tuple[str, ...]

    def check_trainable(self) -> None:
        """Raise a RecordingError with the first of `errors`, if there is one."""
        if self.errors:
            problem, _, remedy = self.errors[0].partition("; ")
            notes = "".join(f" (note: {text})" for text in self.problems[:1])
            raise RecordingError(self.source, problem, remedy + notes)

    def lines(self) -> list[str]:
        """Return everything as lines of at most 80 columns; only a long path makes a line longer."""
        found = []
        for source in self.sources:
            found += _source_lines(source)
            for name, reason in source.skipped[:_SKIPPED_LISTED]:
                found += _wrapped("", f"not read: {name} ({reason})")
            if len(source.skipped) > _SKIPPED_LISTED:
                found += _wrapped("", f"and {len(source.skipped) - _SKIPPED_LISTED} more files not read")
        return _shown(found + self._facts() + self._table_lines() + self._findings())

    def summary(self) -> list[str]:
        """Return the lines to print before a training: without the table and the names of skipped files."""
        found = [line for source in self.sources for line in _source_lines(source)]
        return _shown(found + self._facts() + self._findings())

    def _facts(self) -> list[str]:
        shortest, median, longest = self.lengths
        sessions = [f"{subject or '-'}/{session or '-'}" for subject, session in self.sessions]
        return [
            *_wrapped(
                "segments",
                f"{self.segments}, {self.duration:.1f} s in all, "
                f"each {shortest:.2f} to {longest:.2f} s (median {median:.2f} s)",
            ),
            *_wrapped("signal", f"{self.channels} channels at {self.rate:g} Hz in {self.unit}"),
            *self._ring(),
            *_wrapped("subjects", _counted(self.subjects)),
            *_wrapped("cohorts", _counted(self.cohorts)),
            *_wrapped("sessions", _counted(sessions)),
            *_wrapped("actions", f"{len(self.actions)}: {', '.join(self.actions)}"),
        ]

    def _ring(self) -> list[str]:
        """Say which electrodes are a ring: those can be donned."""
        count = turnable(self.ring, self.channels)
        if self.ring is None and count:
            return _wrapped("electrodes", f"taken for a ring of {count}; say ring: 0 if placed on muscles")
        if self.ring is None:
            return []
        return _wrapped("electrodes", f"a ring of {self.ring}" if self.ring else "placed on muscles, no ring")

    def _table_lines(self) -> list[str]:
        """Return the segments of each action in each repetition; columns with equal numbers share one."""
        ranges: list[tuple[int, int, tuple[int, ...]]] = []
        for number, column in zip(self.repetitions, zip(*self.table, strict=True), strict=True):
            first = number
            if ranges and ranges[-1][1:] == (number - 1, column):
                first = ranges.pop()[0]
            ranges.append((first, number, column))
        columns = [
            (str(first) if first == last else f"{first}-{last}", column) for first, last, column in ranges
        ]
        widths = [max(len(name), *(len(str(value)) for value in column)) + 2 for name, column in columns]
        actions = [textwrap.shorten(name, 30, placeholder="…") for name in self.actions]
        label = max([*map(len, actions), len("repetition")]) + 2
        found = ["", "segments of each action in each repetition"]
        while columns:
            count = 1
            while count < len(columns) and label + sum(widths[: count + 1]) <= _WIDTH:
                count += 1
            part, columns = columns[:count], columns[count:]
            names = [name for name, _ in part]
            values = list(zip(*(column for _, column in part), strict=True))
            found.append(f"{'repetition':<{label}}" + _row(names, widths))
            found += [
                f"{action:<{label}}" + _row([str(value) if value else "." for value in row], widths)
                for action, row in zip(actions, values, strict=True)
            ]
            widths = widths[count:]
        return [*found, ""]

    def _findings(self) -> list[str]:
        kinds = (("note: ", self.problems), ("warning: ", self.warnings), ("error: ", self.errors))
        sentences = [kind + sentence for kind, found in kinds for sentence in found]
        return [line for sentence in sentences for line in _wrap(sentence, "  ")]


def _shown(lines: Sequence[str]) -> list[str]:
    """Return lines that cannot steer a terminal: names in them come from files of others."""
    return [printable(line, _LONGEST_LINE) for line in lines]


def listed(texts: Sequence[str], between: str = ", ") -> str:
    """Join some texts, only the first six of many."""
    more = [f"and {len(texts) - _LISTED} more"] if len(texts) > _LISTED else []
    return between.join([*texts[:_LISTED], *more])


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)}: {listed([name or '(no name)' for name in names])}"


def _source_lines(source: Source) -> list[str]:
    read = f"{len(source.files)} file{'s' * (len(source.files) != 1)} read"
    skipped = f", {len(source.skipped)} not read" if source.skipped else ""
    return _wrapped(source.kind, f"{source.path}, {read}{skipped}")


def _wrapped(name: str, text: str) -> list[str]:
    return _wrap(f"{name:<{_INDENT}}{text}" if name else " " * _INDENT + text, " " * _INDENT)


def _wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _row(texts: Iterable[str], widths: Iterable[int]) -> str:
    return "".join(f"{text:>{width}}" for text, width in zip(texts, widths, strict=False))
