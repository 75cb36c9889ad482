from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import SettingError


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"votes": 0}, "votes is 0: use a whole number from 1 to 15"),
        ({"votes": 16}, "votes is 16"),
        ({"votes": 2.5}, "votes is 2.5"),
        ({"votes": math.nan}, "votes is nan"),
        ({"enter_votes": 1}, "enter_votes is 1: use a whole number from 2 to 3, or 0 for the default"),
        ({"votes": 4, "enter_votes": 2}, "enter_votes is 2: use a whole number from 3 to 4"),
        ({"enter_votes": 4}, "enter_votes is 4"),
        ({"enter_votes": -1}, "enter_votes is -1"),
        ({"keep_votes": 3}, "keep_votes is 3: use a whole number from 1 to 2"),
        ({"keep_votes": -1}, "keep_votes is -1"),
        ({"dwell": -0.1}, "dwell is -0.1: use a number from 0 to 1 s"),
        ({"dwell": 1.1}, "dwell is 1.1"),
        ({"dwell": math.nan}, "dwell is nan"),
        ({"activation_low": -0.1}, "activation_low is -0.1"),
        ({"activation_low": math.nan}, "activation_low is nan"),
        ({"activation_full": 0.3}, "activation_full is 0.3: use more than activation_low, 0.3"),
        ({"activation_full": 11.0}, "activation_full is 11.0"),
        ({"activation_full": math.nan}, "activation_full is nan"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(settings: dict[str, float], told: str) -> None:
    with pytest.raises(SettingError) as refused:
        DecisionSettings(**settings)
    assert str(refused.value).startswith(told)


@hypothesis_settings(deadline=None)
@given(st.integers(1, 15))
def test_by_default_more_than_half_enter(votes: int) -> None:
    settings = DecisionSettings(votes=votes)
    assert votes / 2 < settings.enter <= votes / 2 + 1
    assert settings.keep == settings.enter


def test_what_is_asked_for_holds() -> None:
    settings = DecisionSettings(votes=5, enter_votes=4, keep_votes=2)
    assert (settings.enter, settings.keep) == (4, 2)
