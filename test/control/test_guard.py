from __future__ import annotations

import math

import pytest

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command, violation

JOINTS = (
    JointLimits(name="a", lower=0.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0),
    JointLimits(name="b", lower=-1.0, upper=0.0, max_velocity=0.4, max_acceleration=5.0, max_step=0.003),
)
HERE = [(0.5, 0.2), (-0.5, 0.0)]
PERIOD = 0.005


def test_what_keeps_every_limit_passes() -> None:
    command = Command(PERIOD, (0.501, -0.5), (0.2 + 8.0 * PERIOD, -5.0 * PERIOD))
    assert violation(command, HERE, JOINTS) is None


@pytest.mark.parametrize(
    ("positions", "velocities", "text"),
    [
        ((math.nan, -0.5), (0.2, 0.0), "joint a: position nan"),
        ((0.5, -0.5), (0.2, math.inf), "joint b: position -0.5, velocity inf"),
        ((1.001, -0.5), (0.2, 0.0), "joint a: position 1.001 outside 0.0 to 1.0"),
        ((0.5, -0.5), (-0.51, 0.0), "joint a: velocity -0.51 above 0.5"),
        ((0.5, -0.5), (0.2, 0.03), "joint b: from 0.0 to 0.03"),
        ((0.5, -0.5031), (0.2, 0.0), "joint b: a step"),
        ((0.5, -0.5), (math.nan, 0.0), "joint a: position 0.5, velocity nan"),
    ],
)
def test_what_breaks_a_limit_is_named(
    positions: tuple[float, ...], velocities: tuple[float, ...], text: str
) -> None:
    assert text in str(violation(Command(PERIOD, positions, velocities), HERE, JOINTS))


@pytest.mark.parametrize("here", [(math.nan, 0.0), (0.5, math.nan)])
def test_a_place_that_is_no_number_breaks_a_limit(here: tuple[float, float]) -> None:
    command = Command(PERIOD, (0.5, -0.5), (0.2, 0.0))
    assert violation(command, [here, HERE[1]], JOINTS) is not None
