"""Draw the Mermaid state diagrams of the pages as SVG, without a script or a network.

GitHub draws a block ``mermaid`` itself; in the built pages this extension does. It knows the two
things that the pages use: ``stateDiagram-v2`` with up to four states, and ``flowchart LR`` with one row.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

_WIDTH, _HEIGHT = 160, 52
_STYLE = (
    "<style>text{font:14px sans-serif;fill:currentColor;text-anchor:middle}"
    ".label{font-size:12px}rect{fill:none;stroke:currentColor;stroke-width:1.5;rx:10}"
    "path{fill:none;stroke:currentColor;stroke-width:1.3;marker-end:url(#arrow)}</style>"
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 8 4 0 8z" style="fill:currentColor;stroke:none"/></marker></defs>'
)


def draw_states(source: str) -> str:
    """Draw ``stateDiagram-v2`` of four states.

    The first, second and fourth state are in a row and the third is below them, so that no arrows cross;
    the fourth reaches the first by an arc above the row. All labels of a pair share one arrow.
    """
    arrows: dict[tuple[str, str], list[str]] = {}
    start = ""
    for begin, end, label in re.findall(r"^\s*(\S+) --> (\w+)(?:: (.+))?$", source, re.MULTILINE):
        if begin == "[*]":
            start = end
        else:
            arrows.setdefault((begin, end), []).append(label)
    names = list(dict.fromkeys([start, *(name for pair in arrows for name in pair)]))
    if len(names) != 4:
        raise ValueError(f"a state diagram of {len(names)} states: only 4 can be drawn")
    places = dict(zip(names, [(110, 130), (440, 130), (440, 330), (770, 130)], strict=True))
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 370" '
        f'role="img" aria-label="State diagram">{_STYLE}',
    ]
    for name, (x, y) in places.items():
        parts.append(
            f'<rect x="{x - _WIDTH / 2}" y="{y - _HEIGHT / 2}" width="{_WIDTH}" height="{_HEIGHT}"/>'
        )
        parts.append(f'<text x="{x}" y="{y + 5}" font-weight="bold">{escape(name)}</text>')
    x, y = places[start]
    parts.append(f'<circle cx="{x - 100}" cy="{y}" r="6" fill="currentColor"/>')
    parts.append(f'<path d="M{x - 94} {y}H{x - _WIDTH / 2}"/>')
    for (begin, end), labels in arrows.items():
        if (begin, end) == (names[3], names[0]):
            parts.append(_arc(places[begin], places[end], labels))
        else:
            parts.append(_arrow(places[begin], places[end], labels, both=(end, begin) in arrows))
    return "".join(parts) + "</svg>"


def _labels(x: float, y: float, labels: list[str], anchor: str) -> str:
    lines = [
        f'<tspan x="{x:.0f}" y="{y + 16 * row:.0f}">{escape(one)}</tspan>' for row, one in enumerate(labels)
    ]
    return f'<text class="label" style="text-anchor:{anchor}">{"".join(lines)}</text>'


def _arc(begin: tuple[float, float], end: tuple[float, float], labels: list[str]) -> str:
    """Draw an arrow from the right end of the row to the left one, above it."""
    (x1, y1), (x2, y2) = begin, end
    top = y1 - _HEIGHT / 2
    path = f"M{x1} {top}C{x1} {top - 90} {x2} {top - 90} {x2} {y2 - _HEIGHT / 2}"
    return f'<path d="{path}"/>' + _labels((x1 + x2) / 2, top - 75, labels, "middle")


def _arrow(begin: tuple[float, float], end: tuple[float, float], labels: list[str], *, both: bool) -> str:
    """Draw a straight arrow between two boxes with its labels."""
    (x1, y1), (x2, y2) = begin, end
    right, down = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
    side = 13 if both else 0  # the two arrows of a pair run beside each other
    if right and down:
        x1, y1, x2 = x1 + right * 20, y1 + down * _HEIGHT / 2, x2 - right * _WIDTH / 2
        where = (x1 + x2) / 2 - right * 12, (y1 + y2) / 2 + 6, "end" if right > 0 else "start"
    elif right:
        x1, x2 = x1 + right * _WIDTH / 2, x2 - right * _WIDTH / 2
        y1, y2 = y1 - right * side, y2 - right * side
        where = (x1 + x2) / 2, y1 - 9 - 16 * (len(labels) - 1) if right > 0 else y1 + 18, "middle"
    else:
        y1, y2 = y1 + down * _HEIGHT / 2, y2 - down * _HEIGHT / 2
        x1, x2 = x1 + down * side, x2 + down * side
        where = x1 + down * 9, (y1 + y2) / 2 - 8 * (len(labels) - 1) + 4, "start" if down > 0 else "end"
    return f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}"/>' + _labels(where[0], where[1], labels, where[2])


def draw_row(source: str) -> str:
    """Draw ``flowchart LR`` of one row: boxes from left to right."""
    chain = [part.strip() for part in source.partition("\n")[2].split("-->")]
    texts = [re.sub(r'^\w+\["(.*)"\]$', r"\1", part).split("<br/>") for part in chain]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(texts) * 130} 70" role="img" '
        f'aria-label="{escape(", ".join(" ".join(text) for text in texts))}">{_STYLE}'
    ]
    for number, lines in enumerate(texts):
        x = number * 130 + 5
        parts.append(f'<rect x="{x}" y="10" width="100" height="50"/>')
        parts.append(_labels(x + 50, 40 - 7 * (len(lines) - 1), lines, "middle"))
        if number:
            parts.append(f'<path d="M{x - 30} 35H{x}"/>')
    return "".join(parts) + "</svg>"


class Mermaid(Directive):
    """A fenced block ``mermaid``."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing."""
        source = "\n".join(self.content)
        draw = {"stateDiagram-v2": draw_states, "flowchart LR": draw_row}.get(self.content[0].strip())
        if draw is None:
            raise self.error(f"cannot draw this kind of diagram: {self.content[0]}")
        return [nodes.raw("", f'<div class="state-diagram">{draw(source)}</div>', format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True}
