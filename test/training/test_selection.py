"""The member kept is best by what the rule asks for, whatever else it does."""

from __future__ import annotations

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.training.selection import LEAKING, SELECTIONS, describe, select_member


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0.7, 0.99), (0.9, 0.50), (0.8, 0.98)], 1),
        ([(0.9, 0.50), (0.9, 0.60), (0.9, 0.55)], 1),
        ([(0.9, 0.60), (0.9, 0.60)], 0),
        ([(0.1, 0.1)], 0),
    ],
)
def test_minority_first_then_all_then_the_earlier(scores, best):
    members = [
        {"val_balanced_accuracy": minority, "val_balanced_accuracy_all": whole} for minority, whole in scores
    ]
    assert select_member(members) == best


MEMBERS = [
    {
        "val_balanced_accuracy": minority,
        "val_balanced_accuracy_all": 0.5,
        "val_accuracy_all": overall,
        "test_accuracy": test,
    }
    for minority, overall, test in ((0.9, 0.6, 0.7), (0.7, 0.8, 0.6), (0.8, 0.8, 0.6), (0.6, 0.7, 0.9))
]


@pytest.mark.parametrize(
    ("name", "best"), [("minority", 0), ("overall", 2), ("test", 3), ("soft-vote", None)]
)
def test_each_rule_by_its_own_score(name, best):
    assert select_member(MEMBERS, name) == best


@pytest.mark.parametrize("name", [name for name in SELECTIONS if name not in LEAKING])
def test_an_honest_rule_does_without_the_test(name):
    blind = [{key: value for key, value in member.items() if "test" not in key} for member in MEMBERS]
    assert select_member(blind, name) == select_member(MEMBERS, name)


def test_the_rule_that_leaks_says_so():
    leaking = {name for name in SELECTIONS if "leaking" in describe(name, "patient")}
    assert leaking == LEAKING == {"test"}
    assert "windows of patient" in describe("minority", "patient")
    assert "all validation windows" in describe("minority", None)


@pytest.mark.parametrize("ask", [lambda: select_member(MEMBERS, "best"), lambda: describe("best", None)])
def test_an_unknown_rule_is_refused(ask):
    with pytest.raises(SettingError, match="'best': choose one of minority, overall, test, soft-vote"):
        ask()
