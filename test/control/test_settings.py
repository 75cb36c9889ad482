"""The settings of decisions and of the bridge, and the controller delay that they cause."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emg_recognition.control.decision import Decider, DecisionSettings
from emg_recognition.control.joints import LONGEST_PERIOD, STOP_RAMP
from emg_recognition.control.settings import BridgeSettings, controller_delay, is_long
from emg_recognition.errors import SettingError


class TestDecisionSettings:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"votes": 0}, "votes is 0: use a whole number from 1 to 15"),
            ({"votes": 16}, "votes is 16"),
            ({"votes": 2.5}, "votes is 2.5"),
            ({"votes": math.nan}, "votes is nan"),
            ({"enter_votes": 1}, "enter_votes is 1: use a whole number from 2 to 3, or 0"),
            ({"votes": 4, "enter_votes": 2}, "enter_votes is 2: use a whole number from 3 to 4"),
            ({"enter_votes": 4}, "enter_votes is 4"),
            ({"enter_votes": -1}, "enter_votes is -1"),
            ({"keep_votes": 3}, "keep_votes is 3: use a whole number from 1 to 2, or 0"),
            ({"keep_votes": -1}, "keep_votes is -1"),
            ({"dwell": -0.1}, "dwell is -0.1: use a number from 0 to 1 s"),
            ({"dwell": 1.1}, "dwell is 1.1"),
            ({"dwell": math.nan}, "dwell is nan"),
            ({"activation_low": -0.1}, "activation_low is -0.1"),
            ({"activation_low": math.nan}, "activation_low is nan"),
            ({"activation_full": 0.3}, "activation_full is 0.3: use a number above activation_low, 0.3"),
            ({"activation_full": 11.0}, "activation_full is 11.0"),
            ({"activation_full": math.nan}, "activation_full is nan"),
        ],
    )
    def test_value_out_of_range(self, settings: dict[str, float], message: str) -> None:
        with pytest.raises(SettingError) as refused:
            DecisionSettings(**settings)
        assert str(refused.value).startswith(message)

    def test_by_default_more_than_half_decide(self) -> None:
        for votes in range(1, 16):
            settings = DecisionSettings(votes=votes)
            assert votes / 2 < settings.enter <= votes / 2 + 1
            assert settings.keep == settings.enter

    def test_given_numbers_of_votes(self) -> None:
        settings = DecisionSettings(votes=5, enter_votes=4, keep_votes=2)
        assert (settings.enter, settings.keep) == (4, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("command_rate", 49.0),
        ("command_rate", 501.0),
        ("command_rate", float("nan")),
        ("stale_after", 0.121),
        ("stale_after", 0.0),
        ("hold_timeout", -0.1),
        ("stop_time", 0.0),
    ],
)
def test_value_out_of_range(name: str, value: float) -> None:
    with pytest.raises(SettingError, match=rf"{name} is {value}"):
        BridgeSettings(**{name: value})


def test_no_setting_allows_a_later_stop_than_140_ms_or_a_trajectory_beyond_100_ms() -> None:
    slowest = BridgeSettings(command_rate=50.0, stale_after=0.12)
    assert slowest.stale_after + slowest.period <= 0.14 + 1e-12
    assert slowest.period + STOP_RAMP <= 0.1 + 1e-12
    assert slowest.period == LONGEST_PERIOD


def delay(processing: float = 0.0, **settings: float) -> float:
    decisions = DecisionSettings(**settings)
    return controller_delay(window=0.2, stride=0.025, decisions=decisions, processing=processing)


def test_the_delay_of_the_defaults() -> None:
    assert delay() == pytest.approx(0.1375)


@hypothesis_settings(deadline=None)
@given(st.sampled_from([1, 3, 5, 7, 9, 11, 13, 15]))
def test_a_majority_of_an_odd_number_takes_half_of_the_votes(votes: int) -> None:
    assert delay(votes=votes) == pytest.approx(0.1 + votes / 2 * 0.025)


def test_processing_and_dwell_add_in_full() -> None:
    assert delay(0.02, dwell=0.03) == pytest.approx(delay() + 0.05)


def test_more_votes_to_decide_take_longer_and_to_keep_do_not() -> None:
    assert delay(enter_votes=3) == pytest.approx(delay() + 0.025)
    assert delay(keep_votes=1) == delay(keep_votes=2)


@pytest.mark.parametrize("settings", [{}, {"votes": 5}, {"enter_votes": 3}, {"votes": 5, "dwell": 0.06}])
def test_a_decider_takes_that_long_on_average(settings: dict[str, float]) -> None:
    """Windows show a movement half a window after its onset; the onsets are spread over one stride."""
    decisions, window, stride, tick = DecisionSettings(**settings), 0.2, 0.025, 0.001
    waits = []
    for onset in (tick * (k + 0.5) for k in range(25)):
        decider, number = Decider(decisions), 0
        begin = 1.0 + onset
        now = 0.0
        while True:
            if now >= number * stride - 1e-9:
                shown = number * stride - window / 2 > begin
                decider.add("bend" if shown else "rest", 0.9, 1.0, True, number * stride)
                number += 1
            if decider.decide(now).action == "bend":
                break
            now += tick
        waits.append(now - begin)
    expected = controller_delay(window=window, stride=stride, decisions=decisions, processing=0.0)
    assert sum(waits) / len(waits) == pytest.approx(expected, abs=2 * tick)


@pytest.mark.parametrize(("seconds", "long"), [(0.1375, False), (0.151, True), (0.299, True)])
def test_above_150_ms_is_long(seconds: float, long: bool) -> None:
    assert is_long(seconds, allow_long=False) is long


def test_above_300_ms_is_refused_unless_allowed() -> None:
    with pytest.raises(SettingError, match=r"'310 ms'.*allow_long_delay"):
        is_long(0.31, allow_long=False)
    assert is_long(0.31, allow_long=True)
