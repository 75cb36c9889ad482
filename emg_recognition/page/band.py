"""A drawing of the armband: every electrode with its number, and by colour and sign how good it is."""

from __future__ import annotations

import html
import itertools
import math
import string
from collections.abc import Sequence

from emg_recognition.monitor.snapshot import Channel, Quality

#: Colour, sign and word of each quality: nobody has to tell colours apart.
_LOOKS = {
    Quality.GOOD: ("#0b6b3a", "✓", "good"),
    Quality.WARN: ("#8a4b00", "!", "usable"),
    Quality.BAD: ("#b3121d", "✕", "bad"),
    None: ("#4a5560", "?", "not judged"),
}
_SIZE = 240
_RADIUS = 95
_LARGEST, _SMALLEST = 22.0, 6.0


def short_names(names: Sequence[str], longest: int) -> list[str]:
    """Return what tells the electrodes apart: their names without the beginning that all share.

    Parameters
    ----------
    names : sequence of str
        The device's names.
    longest : int
        Most characters of a name; a longer one ends with "…".
    """
    columns = zip(*names, strict=False) if len(names) > 1 else ()
    alike = list(itertools.takewhile(lambda column: len(set(column)) == 1, columns))
    shared = "".join(column[0] for column in alike).rstrip("0123456789")  # 10, 11, 12 share no digit
    if not all(name[len(shared) :].isdigit() for name in names):
        shared = shared.rstrip(string.ascii_letters)  # whole words only
    rest = [name[len(shared) :] or name for name in names]
    return [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in rest]


def draw_band(channels: Sequence[Channel]) -> str:
    """Return the drawing as SVG; the first electrode is at the top, the others follow clockwise.

    Parameters
    ----------
    channels : sequence of Channel
        The electrodes, in the order of the device.

    Returns
    -------
    str
        An ``<svg>`` element; names are escaped.
    """
    count = max(1, len(channels))
    radius = min(_LARGEST, max(_SMALLEST, math.pi * _RADIUS / count - 2))
    middle = _SIZE / 2
    parts = [
        f'<circle cx="{middle}" cy="{middle}" r="{_RADIUS}" fill="none" stroke="#c8ced5" stroke-width="14"/>'
    ]
    shorts = short_names([channel.name for channel in channels], 4)
    for number, (channel, short) in enumerate(zip(channels, shorts, strict=True)):
        angle = 2 * math.pi * number / count - math.pi / 2
        x, y = middle + _RADIUS * math.cos(angle), middle + _RADIUS * math.sin(angle)
        colour, sign, _ = _LOOKS[channel.quality]
        name = f"<title>{html.escape(channel.name)}</title>"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}">{name}</circle>')
        if radius > 10:
            text = f"{html.escape(short)}{sign}"
            parts.append(
                f'<text x="{x:.1f}" y="{y + 5:.1f}" font-size="14" font-weight="700" fill="#fff"'
                f' text-anchor="middle" pointer-events="none">{text}</text>'
            )
    parts.append(
        f'<text x="{middle}" y="{middle + 6}" font-size="18" text-anchor="middle" fill="#1a1f24">'
        f"{sum(channel.quality is Quality.GOOD for channel in channels)} of {len(channels)} good</text>"
    )
    label = html.escape(describe_band(channels), quote=True)
    return (
        f'<svg viewBox="0 0 {_SIZE} {_SIZE}" role="img" aria-label="{label}" width="100%"'
        f' style="max-width:{_SIZE}px">{"".join(parts)}</svg>'
    )


def describe_band(channels: Sequence[Channel]) -> str:
    """Return what the drawing shows, in words.

    Parameters
    ----------
    channels : sequence of Channel
        The electrodes.
    """
    if not channels:
        return "armband: no samples"
    words = [f"{channel.name} {_LOOKS[channel.quality][2]}" for channel in channels]
    return f"armband: {', '.join(words)}"


def advice(channels: Sequence[Channel]) -> list[str]:
    """Return what to do about each electrode that is not good, the worst ones first.

    Parameters
    ----------
    channels : sequence of Channel
        The electrodes.
    """
    judged = [channel for channel in channels if channel.quality in (Quality.WARN, Quality.BAD)]
    judged.sort(key=lambda channel: -int(channel.quality or 0))
    return [f"{channel.name}: {channel.advice}" for channel in judged]
