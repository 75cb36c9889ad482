"""Which member is kept: by default the one that serves the minority cohort best on validation data.

Source of ``overall`` and ``test``: Gao, Guo, Bu keep the best of their 8 models by its accuracy; their text
names no validation data, so that we read it as the accuracy on the test set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emg_recognition.errors import SettingError

CRITERION = "val_balanced_accuracy"
"""Balanced accuracy over the minority cohort's validation windows (over all of them without a minority)."""

TIE_BREAK = "val_balanced_accuracy_all"
"""Balanced accuracy over all validation windows, asked when members are equal on the minority."""

_SCORES = {
    "minority": (CRITERION, TIE_BREAK),
    "overall": ("val_accuracy_all", CRITERION),
    "test": ("test_accuracy",),
}
"""What is compared, in this order."""

SELECTIONS = (*_SCORES, "soft-vote")
"""The rules of selection there are."""

LEAKING = frozenset({"test"})
"""Those that look at the test data, so that the result flatters."""


def select_member(members: Sequence[Mapping[str, Any]], name: str = "minority") -> int | None:
    """Index of the best member; the earlier one wins where two are equal in everything.

    Parameters
    ----------
    members : sequence of mapping
        Records of the members, each with the scores that the rule asks for: `CRITERION` and `TIE_BREAK`;
        ``val_accuracy_all`` for ``overall``; ``test_accuracy`` for ``test``.
    name : str
        One of `SELECTIONS`.

    Returns
    -------
    int or None
        Index into `members`; ``None``: none is kept alone, all vote.

    Raises
    ------
    SettingError
        For a rule that does not exist.
    """
    _check(name)
    if name == "soft-vote":
        return None
    order = [tuple(member[score] for score in _SCORES[name]) for member in members]
    return order.index(max(order))


def describe(name: str, minority: str | None) -> str:
    """Say a rule in a sentence for the report.

    Parameters
    ----------
    name : str
        One of `SELECTIONS`.
    minority : str or None
        The minority cohort.

    Returns
    -------
    str
        Without a full stop, so that it can stand in a longer sentence.

    Raises
    ------
    SettingError
        For a rule that does not exist.
    """
    _check(name)
    whose = "all validation windows" if minority is None else f"the validation windows of {minority}"
    return {
        "minority": f"the member with the best balanced accuracy on {whose}",
        "overall": "the member with the best accuracy on all validation windows",
        "test": "the member with the best accuracy on the test windows (leaking: the test data chose it)",
        "soft-vote": "all members, the mean of their probabilities",
    }[name]


def _check(name: str) -> None:
    if name not in SELECTIONS:
        raise SettingError("selection", name, f"choose one of {', '.join(SELECTIONS)}")
