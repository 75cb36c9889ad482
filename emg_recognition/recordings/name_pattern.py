"""The pattern of file names, found by comparing them: which part is subject, label, repetition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_DATE = r"(?:19|20)[0-9]{2}[-_.]?[0-9]{2}[-_.]?[0-9]{2}(?:[-_T .]*[0-9]{2}[-_:.h]?[0-9]{2}[-_:.m]?[0-9]{2})?"
_WORD = r"[^\W\d_]+"
#: The address of a device.
_ID = r"(?<![^\W_])(?=[0-9A-Fa-f]*[0-9])(?=[0-9A-Fa-f]*[A-Fa-f])[0-9A-Fa-f]{10,}(?![^\W_])"
_TOKEN = re.compile(
    rf"(?P<date>(?<![0-9]){_DATE}(?![0-9]))|(?P<id>{_ID})|(?P<word>{_WORD})|(?P<number>[0-9]+)|(?P<sign>.)",
    re.DOTALL,
)
#: Words before a number, and single letters.
_ROLES = {
    "subject": "subject|subj|sub|participant|patient|person|user|proband|sujet|s|p",
    "session": "session|sess|ses|day|visit|tag|d",
    "label": "gesture|class|action|movement|motion|label|task|c|g|m",
    "repetition": "repetition|rep|reps|trial|run|take|try|wdh|r|t",
}
#: Words of actions, to tell a label from a person or a device.
_ACTIONS = re.compile(
    "rest|relax|neutral|idle|fist|open|clos|hand|wrist|elbow|finger|flex|ext|pron|sup|grip|grasp|pinch|point|radial"
    "|ulnar|spread|index|thumb|rotat|wave|tap|key|hook|power|tripod|ruhe|faust|repos|poing|rust|up|down|left|right",
    re.IGNORECASE,
)
#: Words of devices and programs, which are no label if all names have them.
_PROGRAMS = re.compile(
    "open(bci|signals)|brainflow|trigno|delsys|emgworks|discover|cometa|noraxon|biopac|labchart|raw|emg|semg|exg|data"
    "|rec(ording)?s?|signals?|file|export(ed)?|log|csv|txt|test|study|exp(eriment)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def compare_names(names: Sequence[str]) -> str | None:
    """Find a pattern for most of some names by comparing them.

    Words that differ are the label, and before it the subject; numbers are known by the words or letters
    before them (``s3``, ``day2``, ``rep_1``), or by their place.

    Parameters
    ----------
    names : sequence of str
        Paths inside a folder, with ``/`` between folders.

    Returns
    -------
    str or None
        A regular expression for the whole names, with named groups for what they tell; None if less than half
        of the names are alike, or no label is found.
    """
    for coarse in (False, True):
        tokens = [_tokens(name, coarse=coarse) for name in names]
        shapes = Counter(map(_shape, tokens))
        if not shapes:
            return None
        shape, count = shapes.most_common(1)[0]
        if count == len(names) or (coarse and count * 2 > len(names)):
            pattern = _pattern([one for one in tokens if _shape(one) == shape], coarse=coarse)
            if pattern is not None:
                return pattern
    return None


def _tokens(name: str, *, coarse: bool) -> list[_Token]:
    stem, dot, ending = name.rpartition(".")
    if not dot or "/" in ending:
        stem, ending = name, ""
    found = [_Token(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(stem)]
    if coarse:  # words that are joined are one word
        merged: list[_Token] = []
        for token in found:
            joined = [one.kind for one in merged[-2:]] == ["word", "sign"] and merged[-1].text in "_- "
            if token.kind == "word" and joined:
                merged[-2:] = [_Token("word", merged[-2].text + merged[-1].text + token.text)]
            else:
                merged.append(token)
        found = merged
    return [*found, _Token("end", ending)]


def _shape(tokens: Sequence[_Token]) -> tuple[str, ...]:
    return tuple(token.text if token.kind == "sign" else token.kind for token in tokens)


def _pattern(names: Sequence[Sequence[_Token]], *, coarse: bool) -> str | None:
    columns = list(zip(*names, strict=True))
    kinds = [column[0].kind for column in columns]
    values = [list(dict.fromkeys(token.text for token in column)) for column in columns]
    roles: dict[int, str] = {}
    letters: set[int] = set()
    for i, kind in enumerate(kinds):
        if kind != "number":
            continue
        before = i - 1
        if before > 0 and kinds[before] == "sign" and values[before][0] in "_- ":
            before -= 1
        if before < 0 or kinds[before] != "word" or len(values[before]) > 1:
            continue
        word = values[before][0]
        for role, known in _ROLES.items():
            if role not in roles.values() and re.fullmatch(known, word, re.IGNORECASE):
                roles[i] = role
                letters |= {before}
    words = [i for i, kind in enumerate(kinds) if kind == "word" and i not in letters]
    _assign_words(words, values, kinds, roles)
    label = next((i for i, role in roles.items() if role == "label"), None)
    if label is None:
        return None
    _assign_numbers(kinds, values, roles, label)
    return "".join(_piece(i, kinds[i], values[i], roles.get(i), coarse=coarse) for i in range(len(columns)))


def _assign_words(words: list[int], values: list[list[str]], kinds: list[str], roles: dict[int, str]) -> None:
    varying = [i for i in words if len(values[i]) > 1]
    likely = sorted(words, key=lambda i: (_share(values[i]) == 0, -len(values[i]), -_share(values[i]), -i))
    if "label" not in roles.values():
        if likely and _share(values[likely[0]]) > 0:
            roles[likely[0]] = "label"
        elif varying:
            roles[varying[-1]] = "label"
    label = next((i for i, role in roles.items() if role == "label"), None)
    others = [i for i in varying if i not in roles]
    if label is not None and "subject" not in roles.values():
        before = [i for i in others if i < label] or others
        if before:
            roles[before[0]] = "subject"


def _share(values: list[str]) -> float:
    found = [_ACTIONS.search(value) and not _PROGRAMS.fullmatch(value) for value in values]
    return sum(map(bool, found)) / len(values)


def _assign_numbers(kinds: list[str], values: list[list[str]], roles: dict[int, str], label: int) -> None:
    free = [i for i, kind in enumerate(kinds) if kind == "number" and i not in roles]
    taken = set(roles.values())
    after = [i for i in free if i > label]
    if "repetition" not in taken and after:
        roles[after[-1]] = "repetition"
    before = [i for i in free if i < label and (len(values[i]) > 1 or kinds[i + 1] == "sign")]
    for role in ("subject", "session"):
        if role not in taken and before and len(values[before[0]]) > 1:
            roles[before.pop(0)] = role


def _piece(i: int, kind: str, values: list[str], role: str | None, *, coarse: bool) -> str:
    if kind == "end":
        return (escaped("." + values[0]) if values[0] else "") if len(values) == 1 else r"\.\w+"
    if kind == "sign":
        return escaped(values[0])
    if kind == "date":
        return "[-0-9_:.T hm]+"
    if kind == "id":
        return "[0-9A-Fa-f]+"
    if kind == "number":
        body = "[0-9]+"
    elif role is None and len(values) == 1:
        return escaped(values[0])
    else:
        body = rf"{_WORD}(?:[-_ ]{_WORD})*" if coarse else _WORD
    return f"(?P<{role}>{body})" if role else body


def escaped(text: str) -> str:
    """Return the pattern of a plain text, as a person would write it."""
    return re.escape(text).replace("\\-", "-").replace("\\ ", " ")
