from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.decision import speed_share

RANGES = st.tuples(st.floats(0, 9.9), st.floats(0.01, 10)).filter(lambda pair: pair[0] < pair[1])


@pytest.mark.parametrize(
    ("activation", "share"), [(0.0, 0.0), (0.3, 0.0), (0.65, 0.5), (1.0, 1.0), (7.0, 1.0)]
)
def test_a_straight_line_between_two_activations(activation: float, share: float) -> None:
    assert speed_share(activation, 0.3, 1.0) == pytest.approx(share)


@pytest.mark.parametrize("activation", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_moves_nothing(activation: float) -> None:
    assert speed_share(activation, 0.3, 1.0) == 0.0


@settings(deadline=None)
@given(RANGES, st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e300))
def test_more_activation_is_never_slower_and_the_share_stays_within_0_and_1(
    limits: tuple[float, float], activation: float, more: float
) -> None:
    low, full = limits
    less, greater = sorted((activation, min(activation + more, 1e308)))
    assert 0.0 <= speed_share(less, low, full) <= speed_share(greater, low, full) <= 1.0
