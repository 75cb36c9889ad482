"""The whole live view: panels put together for the size of a terminal."""

from __future__ import annotations

import textwrap

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from emg_recognition.monitor import action_panel, signal_panel
from emg_recognition.monitor.advice import next_step
from emg_recognition.monitor.bridge_panel import bridge_panel
from emg_recognition.monitor.drawing import beside, printable, row
from emg_recognition.monitor.flow_panel import flow_panel
from emg_recognition.monitor.mend_panel import mend_panel
from emg_recognition.monitor.snapshot import Snapshot

#: Rows that the panel of what to mend has at least, its heading included.
_MEND = 4


class Picture:
    """Lines of a terminal, rendered as they are: rich need not look for places to wrap them.

    Attributes
    ----------
    lines : list of rich.text.Text
        Each no wider than the terminal.
    """

    def __init__(self, lines: list[Text]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from line.render(console, end="\n")


def draw(snapshot: Snapshot, width: int, height: int) -> Picture:
    """Draw a snapshot; made for 80 columns and 24 rows or more.

    Parameters
    ----------
    snapshot : Snapshot
        What to show.
    width, height : int
        Cells of the terminal.

    Returns
    -------
    Picture
        At most `height` lines of at most `width` cells.
    """
    left = (width - 1) // 2
    right = width - 1 - left
    lower = beside(flow_panel(snapshot, left), bridge_panel(snapshot, right), left)
    advice = _advice(snapshot, width)
    room = height - 1 - len(lower) - len(advice)
    wanted = max(signal_panel.wanted_height(snapshot), action_panel.wanted_height(snapshot))
    upper_height = max(2, min(wanted, room - _MEND))
    upper = beside(
        signal_panel.signal_panel(snapshot, left, upper_height)[:upper_height],
        action_panel.action_panel(snapshot, right, upper_height)[:upper_height],
        left,
    )
    mend = mend_panel(snapshot, width, room - len(upper))
    mend += [row(width)] * (room - len(upper) - len(mend))
    lines = [_header(snapshot, width), *upper, *lower, *mend, *advice]
    # Too low a terminal: what to do next is worth more than the panels above it.
    kept = lines if len(lines) <= height else [*lines[: max(0, height - len(advice))], *advice]
    for line in kept:
        line.truncate(width, pad=True)
    return Picture(kept[:height])


def _header(snapshot: Snapshot, width: int) -> Text:
    arm = "" if snapshot.namespace == "/" else f"  {snapshot.namespace}"
    samples = snapshot.samples
    device = f"  {snapshot.device}" if snapshot.device else ""
    channels = f", {len(samples.channels)} channels" if samples is not None else ""
    return row(
        width,
        ("emg-recognition monitor", "bold"),
        (arm, "bold cyan"),
        device,
        channels,
        ("  q quits", "dim"),
    )


def _advice(snapshot: Snapshot, width: int) -> list[Text]:
    """Return the next step in two rows; a command has the second one, to be copied as a whole."""
    step = next_step(snapshot)
    if step.command:
        return [
            row(width, ("→ ", "bold"), (f"{step.text}:", "bold")),
            row(width, "  ", (step.command, "bold cyan")),
        ]
    words = textwrap.wrap(f"→ {printable(step.text)}", max(3, width), break_on_hyphens=False)
    # What is left of a third line shows as an ellipsis at the end of the second one.
    return [row(width, (line, "bold")) for line in (words[0], " ".join(words[1:]))]
