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
    'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" style="fill:currentColor;stroke:none"/></marker></defs>'
)


def draw_states(source: str) -> str:
    """Draw ``stateDiagram-v2``: states on the corners of a rectangle, all labels of a pair on one arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    start = ""
    for begin, end, label in re.findall(r"^\s*(\S+) --> (\w+)(?:: (.+))?$", source, re.MULTILINE):
        if begin == "[*]":
            start = end
        else:
            arrows.setdefault((begin, end), []).append(label)
    names = list(dict.fromkeys([start, *(name for pair in arrows for name in pair)]))
    if len(names) > 4:
        raise ValueError(f"a state diagram of {len(names)} states: this one draws up to 4")
    # Clockwise from the upper left. A pair with both directions gets two arrows beside each other.
    order = [names[0], *names[1:]]
    places = dict(zip(order, [(130, 60), (630, 60), (130, 330), (630, 330)], strict=False))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 400" role="img" aria-label="State diagram">{_STYLE}'
    ]
    for name, (x, y) in places.items():
        parts.append(f'<rect x="{x - _WIDTH / 2}" y="{y - _HEIGHT / 2}" width="{_WIDTH}" height="{_HEIGHT}"/>')
        parts.append(f'<text x="{x}" y="{y + 5}" font-weight="bold">{escape(name)}</text>')
    x, y = places[start]
    parts.append(f'<circle cx="{x}" cy="{y - 52}" r="6" fill="currentColor"/><path d="M{x} {y - 46}V{y - _HEIGHT / 2}"/>')
    for (begin, end), labels in arrows.items():
        parts.append(_arrow(places[begin], places[end], labels, both=(end, begin) in arrows))
    return "".join(parts) + "</svg>"


def _arrow(begin: tuple[float, float], end: tuple[float, float], labels: list[str], *, both: bool) -> str:
    """Draw one arrow between two boxes with its labels."""
    (x1, y1), (x2, y2) = begin, end
    right, down = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
    # To the left of its direction, so that the two arrows of a pair do not cover each other.
    side = 14 if both else 0
    x1, x2 = x1 + right * _WIDTH / 2 + down * side, x2 - right * _WIDTH / 2 + down * side
    y1, y2 = y1 + down * _HEIGHT / 2 - right * side, y2 - down * _HEIGHT / 2 - right * side
    if right and down:  # a diagonal starts at a corner of the box
        y1, y2 = y1 + right * side, y2 + right * side
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    anchor = "middle"
    if down and not right:
        x, anchor = x + 8 * down, "start" if down > 0 else "end"
        y -= 9 * (len(labels) - 1) - 4
    elif right and not down:
        y += -9 - 16 * (len(labels) - 1) if right > 0 else 18
    else:
        x, y = x1 + (x2 - x1) * 0.42, y1 + (y2 - y1) * 0.42 - 9
    text = "".join(
        f'<text class="label" x="{x:.0f}" y="{y + 16 * row:.0f}" style="text-anchor:{anchor}">{escape(label)}</text>'
        for row, label in enumerate(labels)
    )
    return f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}"/>{text}'


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
        for row, line in enumerate(lines):
            parts.append(f'<text class="label" x="{x + 50}" y="{40 + 15 * row - 7 * (len(lines) - 1)}">{escape(line)}</text>')
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
