"""The look of every figure: colours, axes, titles, and the two file formats.

Figures are made with Matplotlib's objects and never with ``pyplot``: no display, no global state, any thread.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from emg_recognition.actions import REST
from emg_recognition.evaluation.fonts import choose_fonts, drawable

INK = "#26323d"
PALE_INK = "#6b7883"
GRID = "#e4e9ed"
PALE_BLUE = "#a9cbe2"
GREY = "#7c8b97"
WARNING = "#b3203a"

# Since Matplotlib 3.7 a legend can be placed outside the axes, and the layout leaves room for it. Before
# (Ubuntu 22.04 has 3.5, 24.04 has 3.6) it hangs below the figure, and the picture is enlarged until it fits.
_OUTSIDE = matplotlib.__version_info__ >= (3, 7)
_BELOW: dict[str, Any] = (
    {"loc": "outside lower center"} if _OUTSIDE else {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0)}
)
_BOUNDS = None if _OUTSIDE else "tight"

_REST = "#c9ced2"
PALETTE = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#f0e442",
    "#332288",
    "#661100",
    "#117733",
    "#ddcc77",
    "#0000ff",
)
"""Colours that people with a colour vision deficiency can tell apart: the palette of Okabe and Ito, *Color
Universal Design*, 2008, extended from Tol's muted one. ``test/evaluation/test_style.py`` simulates it."""
#: Lines and dots, in order; the first two are training and validation.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#332288", "#e69f00")


def action_colours(actions: Sequence[str]) -> list[str]:
    """Return the colour of each action: rest is grey, the others follow the palette in order."""
    moving = [action for action in actions if action != REST]
    return [_REST if action == REST else PALETTE[moving.index(action) % len(PALETTE)] for action in actions]


def initials(actions: Sequence[str]) -> list[str]:
    """Abbreviate each action by the initials of its words; equal initials are numbered."""
    short = [
        drawable("".join(word if word.isdigit() else word[:1] for word in action.split("_")).upper())
        for action in actions
    ]
    return [
        f"{text}{short[: place + 1].count(text)}" if short.count(text) > 1 else text
        for place, text in enumerate(short)
    ]


def words(name: str) -> str:
    """Write a name of a recording as words that can be drawn."""
    return drawable(name.replace("_", " ")) or "(unnamed)"


def text_on(colour: str) -> str:
    """Return the colour of text that is readable on a colour: white or dark."""
    red, green, blue = to_rgb(colour)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else INK


def figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """Make an empty figure of `width` by `height` inches."""
    empty = Figure(figsize=(width, height), layout=layout, facecolor="white")
    FigureCanvasAgg(empty)
    return empty


def plain(axes: Axes) -> None:
    """Reduce the axes to what helps to read a curve: two pale edges and a grid."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=PALE_INK, length=0, labelsize=9.5)


def title(axes: Axes, text: str) -> None:
    """Write a title above the left edge."""
    axes.set_title(text, loc="left", fontsize=12, fontweight="bold", color=INK)


def legend(figure: Figure, handles: Sequence[Artist], **options: Any) -> None:
    """Add a legend below the axes, or wherever `options` of Matplotlib put it."""
    look = {"frameon": False, "fontsize": 9, "labelcolor": INK}
    figure.legend(handles=handles, **{**look, **({} if "loc" in options else _BELOW), **options})


def png(figure: Figure, *, dpi: int = 200) -> bytes:
    """Draw a figure as a PNG image with `dpi` pixels per inch."""
    choose_fonts(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches=_BOUNDS)
    return buffer.getvalue()


def pdf(figure: Figure) -> bytes:
    """Draw a figure as a PDF page without a date, so that the same figure gives the same bytes."""
    choose_fonts(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="pdf", metadata={"CreationDate": None}, bbox_inches=_BOUNDS)
    return buffer.getvalue()
