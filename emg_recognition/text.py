"""Text that other programs wrote, made fit for a log, a terminal or a message."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200
"""Longest text (characters) that is repeated in logs, messages and on screens."""

_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: object, longest: int = LONGEST) -> str:
    r"""Return a text of one line that cannot steer a terminal, bounded in length.

    Control characters, escape sequences, line breaks, and the characters that turn the direction of writing
    are shown as their escapes, such as ``\x1b``.

    Parameters
    ----------
    text : object
        A text, or something whose ``str`` is shown, such as an error.
    longest : int
        Longest result in characters, without the note of how many there were.

    Returns
    -------
    str
        The text; a longer one ends with ``… (5000 characters)``.
    """
    whole = str(text)
    shown = whole[:longest]
    if not shown.isprintable():
        shown = "".join(one if one.isprintable() else _escaped(one) for one in shown)[:longest]
    return shown if len(whole) <= longest else f"{shown}… ({len(whole)} characters)"


def nfc(text: str) -> str:
    """Return a text in Unicode's composed form, in which names are compared; macOS writes them decomposed."""
    return unicodedata.normalize("NFC", text)


def natural(value: object) -> list[str | int]:
    """Return the key that sorts as people count: 2 before 10, s2 before s10."""
    parts: list[str | int] = list(re.split(r"([0-9]+)", str(value)))
    # Text and digits alternate, beginning with text, so that like is compared with like.
    parts[1::2] = map(int, parts[1::2])
    return parts


def readable(name: object) -> str:
    """Return the name of a file as text; bytes that are no UTF-8 are shown as letters of Latin-1.

    Old Windows archives leave such names. Python keeps their bytes as lone surrogates, which no report, YAML
    file or terminal can take.

    Parameters
    ----------
    name : object
        A path, or a part of one.
    """
    text = str(name)
    if not any("\udc80" <= one <= "\udcff" for one in text):
        return text
    return "".join(chr(ord(one) - 0xDC00) if "\udc80" <= one <= "\udcff" else one for one in text)


def printable_lines(text: object, longest: int = LONGEST) -> str:
    """Return a text of several lines, each as :func:`printable` shows it."""
    return "\n".join(printable(line, longest) for line in str(text).splitlines())


def steers(text: str) -> bool:
    """Return whether a name holds what no name needs: a control character, or one that turns the writing."""
    return any(unicodedata.category(one) in ("Cc", "Cs") or one in _TURNS for one in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
