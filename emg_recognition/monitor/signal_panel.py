"""The panel of the channels."""

from __future__ import annotations

from rich.text import Text

from emg_recognition.monitor.drawing import (
    QUALITY_STYLES,
    amplitude,
    bar,
    beside,
    heading,
    level,
    row,
)
from emg_recognition.monitor.snapshot import Channel, Samples, Snapshot

#: Narrowest column with a number, and narrowest with a bar, cells.
_WITH_NUMBER, _WITH_BAR = 26, 9
#: Channels of a row when there is one cell for each.
_STRIP = 16


def signal_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """Draw a bar for each channel: its strength, and in its colour its quality.

    Many channels share a row, without their numbers; still more have one cell each.
    """
    samples = snapshot.fresh_samples()
    if samples is None:
        return [heading(width, "Channels"), row(width, ("no samples: is acquisition running?", "yellow"))]
    rows = max(1, height - 1)
    columns = max(1, -(-len(samples.channels) // rows))
    wide = (width - columns + 1) // columns
    title = heading(width, "Channels", f"full bar {amplitude(samples.full_scale, samples.unit)}")
    if wide < _WITH_BAR:
        return [title, *_strips(samples, width)]
    lines: list[Text] = []
    for first in range(0, len(samples.channels), rows):
        column = [_channel(channel, samples, wide) for channel in samples.channels[first : first + rows]]
        lines = beside(lines, column, len(lines[0])) if lines else column
    return [title, *lines]


def wanted_height(snapshot: Snapshot) -> int:
    """Return the rows that the panel would fill with one channel a row."""
    samples = snapshot.fresh_samples()
    return 1 + max(1, len(samples.channels) if samples is not None else 1)


def _channel(channel: Channel, samples: Samples, width: int) -> Text:
    style = QUALITY_STYLES[channel.quality]
    longest = max(len(other.name) for other in samples.channels)
    share = _share(channel, samples)
    if width < _WITH_NUMBER:
        name = min(longest, width // 2)
        return row(width, row(name, (channel.name, style)), " ", bar(share, width - name - 1, style))
    name = min(longest, 10)
    number = f" {amplitude(channel.rms, samples.unit):>7} "
    quality = "" if channel.quality is None else channel.quality.name
    used = name + 1 + len(number) + 4
    return row(
        width, row(name, channel.name), " ", bar(share, width - used, style), number, (f"{quality:4}", style)
    )


def _strips(samples: Samples, width: int) -> list[Text]:
    lines = []
    for first in range(0, len(samples.channels), _STRIP):
        strip = samples.channels[first : first + _STRIP]
        cells = [level(_share(channel, samples), QUALITY_STYLES[channel.quality]) for channel in strip]
        lines.append(row(width, f"{first + 1:>3}–{first + len(strip):<4}", *cells))
    return lines


def _share(channel: Channel, samples: Samples) -> float:
    return channel.rms / samples.full_scale if samples.full_scale > 0 else 0.0
