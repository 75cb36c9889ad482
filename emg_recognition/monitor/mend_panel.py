"""The panel of what is not well: advice about electrodes, and the warnings of the nodes."""

from __future__ import annotations

from rich.text import Text

from emg_recognition.monitor.drawing import QUALITY_STYLES, age, heading, row
from emg_recognition.monitor.snapshot import SLOW_STALE, Level, Quality, Report, Snapshot

_LEVEL_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.ERROR: "red", Level.STALE: "magenta"}
#: What these nodes warn of stands in panels of its own, or above as advice.
_SHOWN_ELSEWHERE = {"command_bridge", "signal_quality"}


def mend_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """Draw bad channels first, then nodes, the newest trouble first; count what does not fit."""
    lines = [*_channels(snapshot, width), *_nodes(snapshot, width)]
    room = max(0, height - 1)
    left_out = len(lines) - room
    note = f"{left_out} more" if left_out > 0 else ""
    if not lines:
        lines = [row(width, ("nothing; " + _summary(snapshot), "dim"))]
    return [heading(width, "To mend", note), *lines[:room]]


def _channels(snapshot: Snapshot, width: int) -> list[Text]:
    samples = snapshot.fresh_samples()
    judged = [channel for channel in samples.channels if channel.quality] if samples is not None else []
    judged.sort(key=lambda channel: -(channel.quality or Quality.GOOD))
    return [
        row(
            width,
            (f"{channel.quality.name:5} ", QUALITY_STYLES[channel.quality]),
            channel.name,
            ": ",
            channel.advice,
        )
        for channel in judged
        if channel.quality is not None
    ]


def _nodes(snapshot: Snapshot, width: int) -> list[Text]:
    troubled = sorted(filter(_is_news, snapshot.reports), key=lambda report: report.since)
    return [_node(report, width) for report in troubled]


def _is_news(report: Report) -> bool:
    if report.age > SLOW_STALE:
        return True
    return report.level is not Level.OK and report.node not in _SHOWN_ELSEWHERE


def _node(report: Report, width: int) -> Text:
    if report.age > SLOW_STALE:
        return row(width, ("GONE  ", "magenta"), f"{report.node}: silent for {age(report.age)}")
    level = (f"{report.level.name:5} ", _LEVEL_STYLES[report.level])
    return row(width, level, report.node, ": ", report.message)


def _summary(snapshot: Snapshot) -> str:
    number = len(snapshot.reports)
    return f"{number} node{'' if number == 1 else 's'} on /diagnostics"
