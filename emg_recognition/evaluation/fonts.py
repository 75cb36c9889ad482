"""Names in any script in the figures: fonts that have their characters, or a readable substitute.

Matplotlib draws an empty box for a character that its font lacks. Joined and right-to-left scripts, such as
Arabic and Devanagari, are set correctly from Matplotlib 3.11 on; before, their letters stand apart.
"""

from __future__ import annotations

import functools
import logging
import unicodedata

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

_LOG = logging.getLogger(__name__)

#: Matplotlib's own font of boxes, which has every character.
_BOXES = "Last Resort"
#: Before, a text has one font (one for another script has Latin letters, too), and always formulas.
_SEVERAL = matplotlib.__version_info__ >= (3, 6)
#: Characters that the user was told about: the first ones, once.
_told: set[str] = set()


def drawable(text: str) -> str:
    r"""Return a text as the figures can show it.

    Characters that no font on this machine has are written as escapes, such as ``\u4e2d``, and a warning says
    once which font to install.
    """
    missing = _lacking(text)
    if missing:
        missing -= _other_fonts(missing)[1]
    if not missing:
        return text
    if not _told:
        _told.update(missing)
        _LOG.warning(
            "figures: no font on this machine has %s; such characters are written as escapes, here %s (fonts "
            "of the family Noto have them, for example in the packages fonts-noto and fonts-noto-cjk)",
            " ".join(sorted(missing)[:10]),
            _escaped(min(missing)),
        )
    return "".join(_escaped(one) if one in missing else one for one in text)


def columns(text: str) -> int:
    """Return about how many Latin letters a text is wide."""
    widths = {"W": 2, "F": 2}
    return sum(
        widths.get(unicodedata.east_asian_width(one), 0 if unicodedata.combining(one) else 1) for one in text
    )


def choose_fonts(figure: Figure) -> None:
    """Give every text of a figure fonts that have its characters; labels of ticks are drawable already."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_ticklabels(which="both")  # writes the labels, which else happens while drawing
    for artist in figure.findobj(Text):
        text = artist.get_text()
        if "$" in text and "mathdefault" not in text:  # a name, not a formula
            if _SEVERAL:
                artist.set_parse_math(False)
            else:
                artist.set_text(text.replace("$", r"\$"))
        if not _lacking(text):
            continue
        artist.set_text(drawable(text))
        others = _other_fonts(_lacking(artist.get_text()))[0]
        default = artist.get_fontfamily()
        artist.set_fontfamily([*default, *others] if _SEVERAL else [*others, *default])


def _lacking(text: str) -> set[str]:
    """Return the characters that the default font lacks; what is never drawn is not among them."""
    if text.isascii():
        return set()
    known = _characters(font_manager.findfont(font_manager.FontProperties()))
    return {one for one in text if ord(one) not in known and one.isprintable() and not one.isspace()}


def _other_fonts(characters: set[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    return _search(frozenset(characters))


@functools.lru_cache(maxsize=1000)
def _search(characters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the families that have these characters, as few as possible, and what they have of them."""
    families: list[str] = []
    found: set[str] = set()
    while characters - found:
        best, most = "", set[str]()
        for entry in _installed():
            have = {one for one in characters - found if ord(one) in _characters(entry[1])}
            if len(have) > len(most):
                best, most = entry[0], have
        if not most:
            break
        families.append(best)
        found |= most
    return tuple(families), frozenset(found)


def _installed() -> list[tuple[str, str]]:
    """Return family and file of every upright font of normal weight, in the same order every time."""
    return sorted(
        {
            (entry.name, entry.fname)
            for entry in font_manager.fontManager.ttflist
            if entry.style == "normal"
            and entry.weight in (400, "normal", "regular")
            and _BOXES not in entry.name
        }
    )


@functools.cache
def _characters(path: str) -> frozenset[int]:
    try:
        return frozenset(font_manager.get_font(path).get_charmap())
    except (OSError, RuntimeError):  # removed or damaged since the list of fonts was made
        return frozenset()


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
