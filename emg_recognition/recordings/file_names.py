"""What the names of files say: subject, session, label and repetition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from emg_recognition.files import read_json

#: Words before a value in a name, as sets of others use them: BIDS, GRABMyo, NinaPro, LibEMG.
_WORDS = {
    "subject": "subject|subj|sub|participant|patient|person|user",
    "session": "session|sess|ses|day|visit",
    "label": "gesture|class|action|movement|motion|label|task",
    "repetition": "repetition|rep|trial|run",
}
_LETTERS = {"s": "subject", "c": "label", "g": "label", "r": "repetition", "t": "repetition", "d": "session"}
_MARK = re.compile(
    r"(?i)(?:(?<=^)|(?<=[_\-/. ]))(?:"
    + "|".join(f"(?P<{role}>{words})" for role, words in _WORDS.items())
    + r"|(?P<letter>[scgrtd]))(?:(?P<between>[-_ ])(?P<value>[a-z0-9]+)|(?P<number>[0-9]+))(?=[_\-/. ]|$)"
)
#: ``anna/fist_3.edf``: a word and a number, perhaps in a folder of the subject.
_WORD_AND_NUMBER = (
    r"(?:(?P<subject>[^/]+)/)?(?P<label>[^\W\d_]+(?:[_-][^\W\d_]+)*)[_-]?(?P<repetition>[0-9]+)\.\w+\+?"
)
_WORD = r"(?:(?P<subject>[^/]+)/)?(?P<label>[^\W\d_]+(?:[_-][^\W\d_]+)*)\.\w+\+?"


def guess_pattern(names: Sequence[str]) -> str | None:
    """Find a pattern that all names follow.

    Parameters
    ----------
    names : sequence of str
        Paths inside a folder, with ``/`` between folders.

    Returns
    -------
    str or None
        A regular expression for the whole of each name, with named groups for what they tell: words such as
        ``subject3``, ``sub-03``, ``S3``, ``session2``, ``gesture4``, ``C_4``, ``trial5`` or ``R_5``, else a
        word and a number such as ``anna/fist_3.edf``. None if they tell nothing.
    """
    if not names:
        return None
    pattern = _from_words(names[0])
    if pattern and all(re.fullmatch(pattern, name) for name in names):
        return pattern
    # A word alone in one name may be anything, such as "recording.edf".
    for pattern in (_WORD_AND_NUMBER, *([_WORD] if len(names) > 1 else [])):
        if all(re.fullmatch(pattern, name) for name in names):
            return pattern
    return None


def _from_words(name: str) -> str | None:
    parts: list[str] = []
    found: dict[str, str] = {}
    end = 0
    for match in _MARK.finditer(name):
        role = next((one for one in _WORDS if match[one]), None) or _LETTERS[match["letter"].lower()]
        between, value = match["between"] or "", match["value"] or match["number"]
        # A letter or a word needs a number, unless a sign such as that of BIDS divides the two.
        if found.get(role, value) != value or not (value.isdigit() or between == "-"):
            continue
        word = name[match.start() : match.end() - len(value) - len(between)]
        kind = "[0-9]+" if value.isdigit() else "[A-Za-z0-9]+"
        group = f"(?P={role})" if role in found else f"(?P<{role}>{kind})"
        parts += [_others(name[end : match.start()]), word + between + group]
        found[role] = value
        end = match.end()
    return "".join([*parts, _others(name[end:])]) if parts else None


def _others(text: str) -> str:
    """Return a pattern for what lies between: words stay, and numbers may be any."""
    return re.sub(r"[0-9]+", "[0-9]+", re.escape(text))


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
