"""What every report shares: one page that needs no other file, and numbers as people read them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

_TEMPLATES = Path(__file__).parent


def render(template: str, images: Mapping[str, bytes], **values: Any) -> str:
    """Fill in a template.

    Parameters
    ----------
    template : str
        Name of a template beside this file.
    images : mapping of str to bytes
        PNG images by name; they become part of the page as ``images``.
    **values : Any
        What the template names.

    Returns
    -------
    str
        The page.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        # Names of cohorts, subjects and actions come from recordings: they are text, never markup.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        thousands=thousands,
        name=name,
        seconds=seconds,
        number=number,
        sentence=sentence,
        listed=listed,
    )
    embedded = {key: "data:image/png;base64," + base64.b64encode(png).decode() for key, png in images.items()}
    return environment.get_template(template).render(images=embedded, **values)


def percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash for None."""
    return "–" if share is None else f"{100 * share:.1f}\u202f%"


def thousands(number: int) -> str:
    """Write a whole number in groups of three digits."""
    return f"{number:,}".replace(",", "\u202f")


def name(text: str) -> str:
    """Write a name of a recording as words."""
    return text.replace("_", " ") or "(unnamed)"


def seconds(duration: float) -> str:
    """Write a time in seconds, in minutes where it is long."""
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes}\u202fmin {rest:02d}\u202fs" if minutes else f"{duration:.1f}\u202fs"


def number(value: float | None, digits: int = 1) -> str:
    """Write a number with so many decimals; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}"


def listed(values: Sequence[object]) -> str:
    """Write values in a row; three whole numbers and more that follow each other as a span."""
    words: list[str] = []
    run: list[object] = []
    for value in [*values, None]:
        if run and not (isinstance(value, int) and isinstance(run[-1], int) and value == run[-1] + 1):
            words += [f"{run[0]}–{run[-1]}"] if len(run) > 2 else [str(one) for one in run]
            run = []
        run.append(value)
    return ", ".join(words)


def sentence(text: str) -> str:
    """Write what stands in a list of problems as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
