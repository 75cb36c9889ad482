"""Which member is kept: the one that serves the minority cohort best on validation data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CRITERION = "val_balanced_accuracy"
"""Balanced accuracy over the minority cohort's validation windows (over all of them without a minority)."""

TIE_BREAK = "val_balanced_accuracy_all"
"""Balanced accuracy over all validation windows, asked when members are equal on the minority."""


def select_member(members: Sequence[Mapping[str, Any]]) -> int:
    """Index of the best member; the earlier one wins where two are equal in everything.

    Parameters
    ----------
    members : sequence of mapping
        Records of the members, each with the two scores `CRITERION` and `TIE_BREAK`.

    Returns
    -------
    int
        Index into `members`.
    """
    order = [(member[CRITERION], member[TIE_BREAK]) for member in members]
    return order.index(max(order))
