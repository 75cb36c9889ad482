"""How every figure looks: colours, axes, titles, and the two file formats.

Figures are made with Matplotlib's objects and never with ``pyplot``: no display, no global state, any thread.
"""

from __future__ import annotations

import io
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK = "#26323d"
PALE_INK = "#6b7883"
GRID = "#e4e9ed"
#: Lines and dots that are told apart, in order; the first two are training and validation.
SERIES = ("#23628f", "#d9722e", "#2b9c6e", "#7b57b8", "#c2374f", "#d9a514")


def figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """Make an empty figure of `width` by `height` inches."""
    empty = Figure(figsize=(width, height), layout=layout, facecolor="white")
    FigureCanvasAgg(empty)
    return empty


def plain(axes: Axes) -> None:
    """Leave of the axes what helps to read a curve: two pale edges and a grid."""
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


def png(figure: Figure, *, dpi: int = 200) -> bytes:
    """Draw a figure as a PNG image of `dpi` points an inch."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def pdf(figure: Figure) -> bytes:
    """Draw a figure as a PDF page without a date, so that the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="pdf", metadata={"CreationDate": None})
    return buffer.getvalue()
