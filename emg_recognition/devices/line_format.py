"""What a line of numbers looks like: how it is read, and which settings a refused one would need."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emg_recognition.devices.protocol import DELIMITERS, ProtocolSettings

NUMBER_BYTES = b"0123456789+-.eE"
"""Characters of a number; so ``nan``, ``0x1F`` and ``1_000`` are not accepted."""

_BRACKETS = {b"[": b"]", b"(": b")", b"{": b"}", b"<": b">"}


@dataclass(frozen=True)
class LineFormat:
    """The format of a line; the attributes are those of :class:`ProtocolSettings`.

    A carriage return and blanks around numbers do not matter. The delimiter blank means any number of
    blanks and tabs. Blanks and tabs at the end of a line are never a delimiter.
    """

    channels: int
    delimiter: str = ","
    labels: bool = False
    brackets: bool = False
    trailing_delimiter: bool = False
    leading_numbers: int = 0

    @classmethod
    def of(cls, settings: ProtocolSettings) -> LineFormat:
        """Return the format that the settings describe; a counter is one more leading number."""
        values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(cls)}
        values["leading_numbers"] += settings.counter_period > 0
        return cls(**values)

    def read(self, line: bytes) -> list[float] | None:
        """Return the numbers of a line without its end; None if it is anything but what it should be.

        Returns
        -------
        list of float or None
            The leading numbers and one for each channel.
        """
        values = self._numbers(line)
        return values if values is not None and len(values) == self.leading_numbers + self.channels else None

    def explain(self, line: bytes) -> tuple[str, str]:
        """Return the rule that a refused line breaks, and the remedy.

        The remedy is found by trying the other formats: the one with the fewest changes that makes the line a
        sample, or numbers of another count.
        """
        wrong_count = None
        for changes in self._changes():
            values = dataclasses.replace(self, **changes)._numbers(line)
            if not values:
                continue
            rules = [_RULES[name](value) for name, value in changes.items()]
            settings = [f"{name} to {_written(value)}" for name, value in changes.items()]
            found, wanted = len(values), self.leading_numbers + self.channels
            if found == wanted:
                return ", ".join(rules), "set " + ", ".join(settings)
            if wrong_count is None and (found > 1 or not changes):
                rules.insert(0, f"it has {found} number{'s' * (found > 1)}, not {wanted}")
                count = f"channels to {found - self.leading_numbers} if every line is like it"
                more = found - self.channels
                if 0 < more <= 2:
                    extra = "time or counter" if more == 1 else "time and counter"
                    count = f"leading_numbers to {more} if it begins with {extra}, or {count}"
                wrong_count = ", ".join(rules), "set " + ", ".join([*settings, count])
        separator = "blanks" if self.delimiter == " " else repr(self.delimiter)
        other = f"it is not {self.channels} decimal numbers separated by {separator}"
        return wrong_count or (other, "check protocol, baud rate and what the board prints")

    def _changes(self) -> Iterator[dict[str, Any]]:
        """Yield changes of the format, the fewest first."""
        flags = ("labels", "brackets", "trailing_delimiter")
        options = [{}, *({"delimiter": other} for other in DELIMITERS if other != self.delimiter)]
        sets = [
            {**{name: not getattr(self, name) for name in chosen}, **separator}
            for size in range(len(flags) + 1)
            for chosen in itertools.combinations(flags, size)
            for separator in options
        ]
        yield from sorted(sets, key=len)

    def _numbers(self, line: bytes) -> list[float] | None:
        """Return all numbers of a line, however many; None if it holds anything else."""
        line, delimiter = line.strip(b" \t\r\n"), self.delimiter.encode()
        if self.brackets:
            if len(line) < 2 or _BRACKETS.get(line[:1]) != line[-1:]:
                return None
            line = line[1:-1]
        if self.trailing_delimiter and delimiter.strip():
            if not line.endswith(delimiter):
                return None
            line = line[: -len(delimiter)]
        if not self.labels and line.translate(None, NUMBER_BYTES + delimiter + b" \t\r"):
            return None
        fields = line.split() if delimiter == b" " else line.split(delimiter)
        if self.labels:
            pairs = [field.rpartition(b":") for field in fields]
            if not all(label.strip() for label, _, _ in pairs):
                return None
            fields = [number for _, _, number in pairs]
            if b"".join(fields).translate(None, NUMBER_BYTES + b" \t\r"):
                return None
        try:
            values = [float(field) for field in fields]
        except ValueError:
            return None
        return values if all(map(math.isfinite, values)) else None


_RULES = {
    "labels": lambda on: f"its numbers have {'' if on else 'no '}labels",
    "brackets": lambda on: f"it stands in {'' if on else 'no '}brackets",
    "trailing_delimiter": lambda on: f"it ends with {'a' if on else 'no'} delimiter",
    "delimiter": lambda one: f"its numbers are separated by {'blanks' if one == ' ' else repr(one)}",
}
"""What a line looks like that needs a change, by the name of the setting."""


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
