"""What the names of files say: subject, session, label and repetition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emg_recognition.files import read_json

WORDS = {
    "subject": "subject|subj|sub|participant|patient|person|user|proband|sujet",
    "session": "session|sess|ses|day|visit|tag",
    "label": "gesture|class|action|movement|motion|label|task",
    "repetition": "repetition|reps|rep|trial|run|take|try|wdh|wiederholung",
}
"""Words before a value in names, as people and sets of others use them (BIDS, GRABMyo, NinaPro, LibEMG)."""

_LETTERS = {"subject": "s|p", "session": "d", "label": "c|g|m", "repetition": "r|t"}
#: Words of actions, to tell a label from a person or a device.
_ACTIONS = re.compile(
    "rest|relax|neutral|idle|fist|open|clos|hand|wrist|elbow|finger|flex|ext|pron|sup|grip|grasp|pinch|point|radial"
    "|ulnar|spread|index|thumb|rotat|wave|tap|key|hook|power|tripod|ruhe|faust|repos|poing|rust|up|down|left|right",
    re.IGNORECASE,
)
#: Words of devices, programs and folders, which name neither an action nor a person.
_PROGRAMS = re.compile(
    "open(bci|signals)|brainflow|trigno|delsys|emgworks|discover|cometa|noraxon|biopac|labchart|raw|emg|semg|exg|data"
    "|rec(ording)?s?|signals?|file|export(ed)?|log|csv|txt|test(ing)?|train(ing)?|study|exp(eriment)?"
    rf"|({'|'.join(WORDS.values())})s?",
    re.IGNORECASE,
)

#: A day, with a time before or behind it; a time alone behind a sign; seconds, or parts of them, since 1970.
_DATE = (
    r"(?:[0-2][0-9][-:.h][0-5][0-9](?:[-:.m][0-5][0-9])?[-_T .]+)?"
    r"(?:(?:19|20)[0-9]{2}[-_.]?[0-9]{2}[-_.]?[0-9]{2}|[0-3][0-9]\.[01][0-9]\.[0-9]{2}(?:[0-9]{2})?"
    r"|[0-3]?[0-9]-[0-3]?[0-9]-(?:19|20)[0-9]{2})"
    r"(?:[-_T .]*[0-9]{2}[-_:.h]?[0-9]{2}[-_:.m]?[0-9]{2})?"
    r"|(?<=[_ ])[0-2][0-9][-:][0-5][0-9][-:][0-5][0-9]|1[0-9]{9}(?:[0-9]{3}){0,2}"
)
_WORD = r"[^\W\d_]+"
#: The address of a device.
_ID = r"(?<![^\W_])(?=[0-9A-Fa-f]*[0-9])(?=[0-9A-Fa-f]*[A-Fa-f])[0-9A-Fa-f]{10,}(?![^\W_])"
_TOKEN = re.compile(
    rf"(?P<date>(?<![0-9]){_DATE}(?![0-9]))|(?P<id>{_ID})|(?P<word>{_WORD})|(?P<number>[0-9]+)|(?P<sign>.)",
    re.DOTALL,
)
_COHORTS = re.compile(
    "healthy|patients?|controls?|stroke|impaired|intact|amputees?|gesunde?|kontrolle|patient(inn)?en|sains?",
    re.IGNORECASE,
)
#: Which words are one label: actions (``hand_close``), also what stands behind one (``wave_in``), or all.
_ACTIONS_ONLY, _BEHIND_ACTIONS, _ALL = range(3)
#: ``sub-anna``: in BIDS such a word with its sign may stand before any value.
_ENTITY = re.compile(
    r"(?i)(?<![^\W_])(?:" + "|".join(f"(?P<{role}>{words})" for role, words in WORDS.items()) + r")-"
    r"(?P<value>[^\W_]+)(?=[_/.]|$)"
)


@dataclass(frozen=True)
class _Token:
    """A part of a name: a word, number, date, id, sign, the ending, or the value of an entity of BIDS."""

    kind: str
    text: str
    role: str = ""


def guess_pattern(names: Sequence[str], *, labelled: bool = False) -> str | None:
    """Find a pattern for most of some names by comparing them.

    Numbers are known by the words or letters before them (``s3``, ``day2``, ``rep_1``, ``C_4``), or by their
    place; words that differ, or that name actions, are the label, and a word before it the subject.

    Parameters
    ----------
    names : sequence of str
        Paths inside a folder, with ``/`` between folders.
    labelled : bool
        Whether the files themselves have labels, so that the names need not tell any.

    Returns
    -------
    str or None
        A regular expression for the whole names, with named groups for what they tell; None if less than half
        of the names are alike, or they tell nothing.
    """
    for joining in (_ACTIONS_ONLY, _BEHIND_ACTIONS, _ALL):
        tokens = [_tokens(name, joining) for name in names]
        shapes = Counter(map(_shape, tokens))
        if not shapes:
            return None
        shape, count = shapes.most_common(1)[0]
        if count == len(names) or (joining == _ALL and count * 2 > len(names)):
            pattern = _pattern([one for one in tokens if _shape(one) == shape], labelled)
            if pattern is not None:
                return pattern
    return None


def roles_in(pattern: str | None, name: str) -> dict[str, str]:
    """Return what a name tells by a pattern of :func:`guess_pattern`; nothing if it does not match."""
    match = re.fullmatch(pattern, name) if pattern else None
    return {role: text for role, text in match.groupdict().items() if text} if match else {}


def escaped(text: str) -> str:
    """Return the pattern of a plain text, as a person would write it."""
    return re.escape(text).replace("\\-", "-").replace("\\ ", " ")


def _tokens(name: str, joining: int) -> list[_Token]:
    """Split a name; words with a hyphen, underscore or space between them are one word as `joining` says."""
    stem, dot, ending = name.rpartition(".")
    if not dot or "/" in ending:
        stem, ending = name, ""
    found: list[_Token] = []
    at = 0
    while at < len(stem):
        entity = _ENTITY.match(stem, at)
        if entity and (role := str(next(one for one in WORDS if entity[one]))):
            value = entity["value"]
            if value.isdecimal() or role != "repetition":
                found += [
                    _Token("sign", entity[0].removesuffix(value)),
                    _Token("number" if value.isdecimal() else "value", value, role),
                ]
                at = entity.end()
                continue
        match = _TOKEN.match(stem, at)
        assert match is not None
        token, at = _Token(str(match.lastgroup), match[0]), match.end()
        joined = [one.kind for one in found[-2:]] == ["word", "sign"] and found[-1].text in "_- "
        if token.kind == "word" and joined and (joining == _ALL or _go_together(found[-2], token, joining)):
            found[-2:] = [_Token("word", found[-2].text + found[-1].text + token.text)]
        else:
            found.append(token)
    return [*found, _Token("end", ending)]


def _go_together(first: _Token, second: _Token, joining: int) -> bool:
    return _is_action(first) and (joining == _BEHIND_ACTIONS or _is_action(second))


def _is_action(token: _Token) -> bool:
    return _share([token.text]) > 0


def _shape(tokens: Sequence[_Token]) -> tuple[str, ...]:
    # A value may be a number in some names only.
    return tuple(one.text if one.kind == "sign" else "value" if one.role else one.kind for one in tokens)


class _Columns:
    """The tokens of alike names side by side."""

    def __init__(self, names: Sequence[Sequence[_Token]]) -> None:
        columns = list(zip(*names, strict=True))
        self.kinds = [column[0].kind for column in columns]
        self.values = [list(dict.fromkeys(token.text for token in column)) for column in columns]
        self.given = [column[0].role for column in columns]
        self.all = [tuple(token.text for token in column) for column in columns]
        self.roles: dict[int, str] = {}

    def at(self, role: str) -> int | None:
        """Return the first column of a role."""
        return next((i for i, one in sorted(self.roles.items()) if one == role), None)


def _pattern(names: Sequence[Sequence[_Token]], labelled: bool) -> str | None:
    columns = _Columns(names)
    taken = _assign_by_words(columns)
    marked = bool(columns.roles)
    _assign_cohort(columns, taken)
    words = [
        i for i, kind in enumerate(columns.kinds) if kind == "word" and i not in {*taken, *columns.roles}
    ]
    if labelled:
        columns.roles = {i: role for i, role in columns.roles.items() if role != "label"}
        _assign_people(columns, words)
        return "".join(_piece(columns, i) for i in range(len(columns.kinds))) if columns.roles else None
    _assign_words(columns, words)
    label = columns.at("label")
    if label is not None:
        _assign_folder(columns, label)
        _assign_numbers(columns, label)
    elif not marked:
        return None
    return "".join(_piece(columns, i) for i in range(len(columns.kinds)))


def _assign_by_words(columns: _Columns) -> set[int]:
    """Give roles to what stands after words or letters that tell them; return the columns of these words."""
    kinds, values = columns.kinds, columns.values
    taken: set[int] = set()
    for i, kind in enumerate(kinds):
        role = columns.given[i]
        before = i - 1
        if not role and kind == "number":
            if before > 0 and kinds[before] == "sign" and values[before][0] in "_- ":
                before -= 1
            if before >= 0 and kinds[before] == "word" and len(values[before]) == 1:
                word = values[before][0]
                known = (one for one in WORDS if re.fullmatch(f"{WORDS[one]}|{_LETTERS[one]}", word, re.I))
                role = next(known, "")
        if not role:
            continue
        first = columns.at(role)
        # The folder of a subject often stands again in the name.
        if first is None or columns.all[first] == columns.all[i]:
            columns.roles[i] = role
            if not columns.given[i]:
                taken.add(before)
    return taken


def _assign_cohort(columns: _Columns, taken: set[int]) -> None:
    """Take words such as ``healthy`` and ``patients`` as the cohort, if no person's number is behind."""
    for i, kind in enumerate(columns.kinds):
        behind = columns.kinds[i + 1 : i + 2] == ["number"]
        known = kind == "word" and i not in taken and all(map(_COHORTS.fullmatch, columns.values[i]))
        if known and len(columns.values[i]) > 1 and not behind and columns.at("cohort") is None:
            columns.roles[i] = "cohort"


def _assign_words(columns: _Columns, words: list[int]) -> None:
    values, kinds, roles = columns.values, columns.kinds, columns.roles
    varying = [i for i in words if len(values[i]) > 1]
    likely = sorted(words, key=lambda i: (_share(values[i]) == 0, -len(values[i]), -_share(values[i]), -i))
    if columns.at("label") is None:
        numbered = [i for i in words if "number" in kinds[i + 1 : i + 3]]
        if likely and _share(values[likely[0]]) > 0:
            roles[likely[0]] = "label"
        elif varying:
            roles[varying[-1]] = "label"
        # A word and a number, such as "pouring_3".
        elif not roles and numbered and not _PROGRAMS.fullmatch(values[numbered[-1]][0]):
            roles[numbered[-1]] = "label"
    label = columns.at("label")
    others = [i for i in varying if i not in roles and not all(map(_PROGRAMS.fullmatch, values[i]))]
    if label is not None and columns.at("subject") is None:
        before = [i for i in others if i < label] or others
        if before:
            roles[before[0]] = "subject"


def _assign_people(columns: _Columns, words: list[int]) -> None:
    """Take the outermost folder, or a word that differs, as the subject, and a number as the session."""
    kinds, values, roles = columns.kinds, columns.values, columns.roles
    folder = [0] if kinds[0] in ("word", "number") and values[1:2] == [["/"]] else []
    people = [i for i in (*folder, *words) if len(values[i]) > 1 and i not in roles]
    people = [i for i in people if not any(map(_PROGRAMS.fullmatch, values[i])) and not _share(values[i])]
    if people and columns.at("subject") is None:
        roles[people[0]] = "subject"
    numbers = [
        i for i, kind in enumerate(kinds) if kind == "number" and i not in roles and len(values[i]) > 1
    ]
    if numbers and columns.at("subject") is not None and not {"session", "repetition"} & set(roles.values()):
        roles[numbers[0]] = "session"


def _share(values: list[str]) -> float:
    found = [_ACTIONS.search(value) and not _PROGRAMS.fullmatch(value) for value in values]
    return sum(map(bool, found)) / len(values)


def _assign_folder(columns: _Columns, label: int) -> None:
    """Take the outermost folder as the subject if a word is its whole name."""
    is_folder = label > 1 and columns.kinds[0] == "word" and columns.values[1] == ["/"]
    free = 0 not in columns.roles and columns.at("subject") is None
    if is_folder and free and not any(map(_PROGRAMS.fullmatch, columns.values[0])):
        columns.roles[0] = "subject"


def _assign_numbers(columns: _Columns, label: int) -> None:
    kinds, values, roles = columns.kinds, columns.values, columns.roles
    free = [i for i, kind in enumerate(kinds) if kind == "number" and i not in roles]
    taken = set(roles.values())
    after = [i for i in free if i > label]
    if "repetition" not in taken and after:
        roles[after[-1]] = "repetition"
    before = [i for i in free if i < label and (len(values[i]) > 1 or kinds[i + 1] == "sign")]
    for role in ("subject", "session"):
        if role not in taken and before and len(values[before[0]]) > 1:
            roles[before.pop(0)] = role


def _piece(columns: _Columns, i: int) -> str:
    kind, values, role = columns.kinds[i], columns.values[i], columns.roles.get(i)
    if kind == "end":
        return (escaped("." + values[0]) if values[0] else "") if len(values) == 1 else r"\.\w+\+?"
    if role is not None and columns.at(role) != i:
        return f"(?P={role})"
    if kind == "sign":
        return escaped(values[0])
    if kind == "date":
        return "[-0-9_:.T hm]+"
    if kind == "id":
        return "[0-9A-Fa-f]+"
    if all(map(str.isdecimal, values)):
        body = "[0-9]+"
    elif columns.given[i]:
        body = r"[^\W_]+"
    elif role is None and len(values) == 1:
        return escaped(values[0])
    else:
        body = _WORD if all(re.fullmatch(_WORD, value) for value in values) else rf"{_WORD}(?:[-_ ]{_WORD})*"
    return f"(?P<{role}>{body})" if role else body


def libemg_labels(folder: Path) -> dict[str, str]:
    """Return the names of the classes that LibEMG notes beside its recordings; empty if there are none.

    Parameters
    ----------
    folder : Path
        A folder with ``collection_details.json``, as its screen-guided training makes.
    """
    try:
        details = read_json(folder / "collection_details.json")
        return {str(number): str(name) for number, name in details["class_map"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
