"""The parts of the live view: bars, rows and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.text import Text

from emg_recognition.monitor.snapshot import Quality
from emg_recognition.text import printable

#: Shown for a value that is not known.
MISSING = "–"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_LEVELS = "▁▂▃▄▅▆▇█"
#: Longest part of a row, characters; terminals are narrower.
_LONGEST = 1000
_TROUGH = "on grey23"

QUALITY_STYLES = {None: "cyan", Quality.GOOD: "green", Quality.WARN: "yellow", Quality.BAD: "red"}

#: A part of a row: plain text, or text with a style.
Part = str | tuple[str, str] | Text


def row(width: int, *parts: Part) -> Text:
    """Put parts side by side, cut or filled to a width in cells.

    Names and reasons come from other programs; characters that are not printable could move the cursor.
    """
    pieces = [part if isinstance(part, Text) else _printable(part) for part in parts]
    made = Text.assemble(*pieces, no_wrap=True)
    made.truncate(max(0, width), overflow="ellipsis", pad=True)
    return made


def heading(width: int, title: str, note: str = "") -> Text:
    """Return a line with a title on the left and a note on the right."""
    used = len(title) + len(note) + 4
    middle = f" {'─' * max(0, width - used)}{' ' if note else '─'}"
    return row(width, ("─ ", "dim"), (title, "bold"), (middle, "dim"), (note, "dim"))


def bar(share: float, width: int, style: str) -> Text:
    """Return a bar that is full at a share of 1, with a resolution of an eighth of a cell."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    cells = "█" * full + (_EIGHTHS[rest] if rest else "")
    return Text(cells.ljust(width), f"{style} {_TROUGH}")


def level(share: float, style: str) -> Text:
    """Return an upright bar of one cell."""
    return Text(_LEVELS[min(len(_LEVELS) - 1, int(max(share, 0.0) * len(_LEVELS)))], style)


def marker(share: float, width: int, style: str) -> Text:
    """Return a track with a mark at a share of its length."""
    width = max(1, width)
    at = round(min(max(share, 0.0), 1.0) * (width - 1))
    return Text.assemble(("─" * at, "dim"), ("●", style), ("─" * (width - 1 - at), "dim"))


def amplitude(value: float, unit: str) -> str:
    """Write an RMS with its unit and three digits."""
    if unit != "V":
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    if value < 1e-3:
        return f"{value * 1e6:.0f} µV"
    return f"{value * 1e3:.3g} mV" if value < 1 else f"{value:.3g} V"


def age(seconds: float) -> str:
    """Write a time in ms, or in s from 1 s; a negative time means that nothing has arrived yet."""
    if seconds < 0:
        return "never"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    """Join two columns with one cell between them; the left one is `width` cells wide."""
    empty = row(width)
    return [Text.assemble(a or empty, " ", b or "") for a, b in zip_longest(left, right)]


def _printable(part: str | tuple[str, str]) -> str | tuple[str, str]:
    if isinstance(part, str):
        return printable(part, _LONGEST)
    return printable(part[0], _LONGEST), part[1]
