"""Drawings of an arm for each action, and of the armband with its turn: SVG, clear from two metres."""

from __future__ import annotations

import html
import math
from collections.abc import Callable

from emg_recognition.actions import REST
from emg_recognition.page.fitts import Point

# On white; dark enough for WCAG 2.1 AA (4.5:1 for text, 3:1 for graphics).
_ARM, _INK, _ARROW, _GHOST, _EDGE, _PALE = "#0b4f8a", "#1a1f24", "#b34700", "#e3e8ed", "#6b7883", "#dbe9f5"
_WIDTH, _HEIGHT = 400, 300


def draw_action(action: str, label: str, *, left: bool = False) -> str:
    """Draw an action: where the arm was as a pale outline, where it goes in blue, and the way as an arrow.

    Parameters
    ----------
    action : str
        Its name.
    label : str
        What a screen reader says; may hold anything.
    left : bool
        Draw a left arm instead of a right one.

    Returns
    -------
    str
        An ``<svg>`` element; empty for an action without a drawing.
    """
    draw = _DRAWINGS.get(action)
    if draw is None:
        return ""
    content = draw()
    if left:
        content = f'<g transform="translate({_WIDTH} 0) scale(-1 1)">{content}</g>'
    return _svg(content, label)


def draw_turn(channels: int, turn: float, label: str) -> str:
    """Draw the armband as a ring of numbered electrodes, and how far it is turned.

    Parameters
    ----------
    channels : int
        Electrodes of the ring; at least 1.
    turn : float
        Electrodes that it is turned by, positive towards higher numbers.
    label : str
        What a screen reader says.

    Returns
    -------
    str
        An ``<svg>`` element. The numbers run clockwise from the top; the dashed circle is where electrode 1
        would be without the turn.
    """
    step = 2 * math.pi / max(1, channels)
    middle, ring = (200.0, 150.0), 105.0
    size = min(24.0, math.pi * ring / max(1, channels) - 3)

    def at(place: float, radius: float = ring) -> Point:
        angle = place * step - math.pi / 2
        return middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)

    parts = [_circle(middle, ring, "none", _EDGE, 10)]
    for number in range(channels):
        x, y = at(number + turn)
        first = number == 0
        parts.append(_circle((x, y), size, _ARROW if first else _ARM, "#fff", 2))
        if size >= 10:
            parts.append(
                f'<text x="{x:.1f}" y="{y + 6:.1f}" font-size="18" font-weight="700" fill="#fff"'
                f' text-anchor="middle">{number + 1}</text>'
            )
    if abs(turn) >= 0.25:
        parts.append(_circle(at(0), size + 5, "none", _INK, 3, dashed=True))
        inner = ring - size - 16
        ends = at(0, inner), at(turn, inner)
        parts.append(_arc(*ends, inner, clockwise=turn > 0, large=abs(turn) * step > math.pi))
    return _svg("".join(parts), label)


def _svg(content: str, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html.escape(label, quote=True)}"'
        f' width="100%" height="100%" preserveAspectRatio="xMidYMid meet">{content}</svg>'
    )


def _limb(start: Point, end: Point, width: float, ghost: bool) -> str:
    """Draw a part of the arm with an edge, so that its outline is clear in front of another part."""
    line = (
        f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke-linecap="round"'
    )
    edge, fill = (_EDGE, _GHOST) if ghost else ("#fff", _ARM)
    return (
        f'<line {line} stroke="{edge}" stroke-width="{width + 5}"/>'
        f'<line {line} stroke="{fill}" stroke-width="{width}"/>'
    )


def _circle(
    middle: Point, radius: float, fill: str, stroke: str, width: float, *, dashed: bool = False
) -> str:
    dashes = ' stroke-dasharray="9 7"' if dashed else ""
    return (
        f'<circle cx="{middle[0]:.1f}" cy="{middle[1]:.1f}" r="{radius:.1f}" fill="{fill}" stroke="{stroke}"'
        f' stroke-width="{width}"{dashes}/>'
    )


def _arc(start: Point, end: Point, radius: float, *, clockwise: bool, large: bool = False) -> str:
    """Draw an arrow along a circle."""
    # The centre of the circle gives the direction in which the arrow arrives.
    dx, dy = end[0] - start[0], end[1] - start[1]
    chord = math.hypot(dx, dy) or 1.0
    high = math.sqrt(max(0.0, radius**2 - chord**2 / 4)) * (1 if clockwise != large else -1)
    centre = ((start[0] + end[0]) / 2 - dy / chord * high, (start[1] + end[1]) / 2 + dx / chord * high)
    out = math.atan2(end[1] - centre[1], end[0] - centre[0])
    heading = out + (math.pi / 2 if clockwise else -math.pi / 2)
    tip = (end[0] + 22 * math.cos(heading), end[1] + 22 * math.sin(heading))
    sides = [
        (end[0] + 19 * math.cos(heading + turn), end[1] + 19 * math.sin(heading + turn))
        for turn in (math.pi / 2, -math.pi / 2)
    ]
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *sides))
    way = f"A {radius:.1f} {radius:.1f} 0 {int(large)} {int(clockwise)} {end[0]:.1f} {end[1]:.1f}"
    return (
        f'<path d="M {start[0]:.1f} {start[1]:.1f} {way}" fill="none" stroke="{_ARROW}" stroke-width="13"/>'
        f'<polygon points="{head}" fill="{_ARROW}"/>'
    )


def _turned(start: Point, length: float, degrees: float) -> Point:
    """Return the point at a distance; 0° to the right, 90° up."""
    angle = math.radians(degrees)
    return start[0] + length * math.cos(angle), start[1] - length * math.sin(angle)


_SHOULDER, _ELBOW = (92.0, 42.0), (120.0, 200.0)


def _side(forearm: float, hand: float, *, ghost: bool = False) -> str:
    """Draw forearm and hand from the side, with the angles of both in degrees."""
    wrist = _turned(_ELBOW, 125, forearm)
    fingers, thumb = _turned(wrist, 62, hand), _turned(wrist, 34, hand + 42)
    return _limb(wrist, thumb, 15, ghost) + _limb(_ELBOW, wrist, 42, ghost) + _limb(wrist, fingers, 27, ghost)


def _upper_arm() -> str:
    return _limb(_SHOULDER, _ELBOW, 52, False)


def _elbow(start: float, end: float) -> str:
    trail = 7 if end > start else -7  # room for the head of the arrow
    ends = _turned(_ELBOW, 212, start + trail), _turned(_ELBOW, 212, end - trail)
    way = _arc(*ends, 212, clockwise=end < start)
    return _side(start, start, ghost=True) + _upper_arm() + _side(end, end) + way


def _wrist_extension() -> str:
    wrist = _turned(_ELBOW, 125, 0)
    way = _arc(_turned(wrist, 98, 2), _turned(wrist, 98, 42), 98, clockwise=False)
    return _side(0, -8, ghost=True) + _upper_arm() + _side(0, 62) + way


def _rest() -> str:
    table = f'<rect x="60" y="226" width="310" height="12" rx="6" fill="{_EDGE}"/>'
    return table + _upper_arm() + _side(0, -6)


def _hand(palm: bool) -> str:
    """Draw a right forearm and hand from above: the palm with its creases, or the back with the nails."""
    side = 1 if palm else -1  # of the thumb
    skin = "#3d7fb8" if palm else _ARM
    parts = [_limb((200, 330), (200, 238), 62, False)]
    thumb = (200 + side * 86, 142)
    strokes = [((200 + side * 30, 205), thumb, 26)]
    tips = []
    for place, reach in ((-36, 66), (-12, 46), (12, 50), (36, 74)):
        x = 200 - side * place
        strokes.append(((x, 150), (x, reach), 21))
        tips.append((x, reach))
    for start, end, width in strokes:
        parts.append(_limb(start, end, width, False).replace(_ARM, skin))
    parts.append(f'<rect x="150" y="132" width="100" height="100" rx="26" fill="{skin}"/>')
    if palm:
        for path in (
            "M 162 170 Q 200 150 238 166",
            "M 162 192 Q 196 176 222 194",
            "M 188 222 Q 178 196 184 166",
        ):
            parts.append(
                f'<path d="{path}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"/>'
            )
    else:
        for x, y in [*tips, thumb]:
            parts.append(f'<ellipse cx="{x:.0f}" cy="{y - 2:.0f}" rx="6" ry="8" fill="{_PALE}"/>')
    return "".join(parts)


def _rotation(palm: bool) -> str:
    # Around the forearm: in front of it, from one side to the other.
    ends = ((282.0, 242.0), (118.0, 242.0))
    start, end = (ends[1], ends[0]) if palm else ends
    return _hand(palm) + _arc(start, end, 105, clockwise=not palm)


_DRAWINGS: dict[str, Callable[[], str]] = {
    REST: _rest,
    "wrist_internal_rotation": lambda: _rotation(palm=False),
    "wrist_extension": _wrist_extension,
    "wrist_rotation": lambda: _rotation(palm=True),
    "elbow_flexion": lambda: _elbow(0, 66),
    "elbow_extension": lambda: _elbow(66, -16),
}
