from __future__ import annotations

import dataclasses

import pytest

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.motion import ARRIVED, has_arrived, spring_back, towards_neutral

JOINT = JointLimits(
    name="a",
    lower=-1.0,
    upper=1.0,
    max_velocity=0.5,
    max_acceleration=8.0,
    neutral=0.2,
    neutral_velocity=0.15,
    spring_back=0.05,
)
FREE = dataclasses.replace(JOINT, name="b", neutral=None, spring_back=0.0)


def test_far_away_the_way_back_has_its_speed_and_ends_gently() -> None:
    assert towards_neutral([JOINT, FREE], [1.0, 1.0]) == (-0.15, 0.0)
    assert towards_neutral([JOINT], [-1.0]) == (0.15,)
    (near,) = towards_neutral([JOINT], [0.225])
    assert near == pytest.approx(-0.075)
    assert towards_neutral([JOINT], [0.2 + ARRIVED / 2]) == (0.0,)


def test_arrived_is_every_joint_that_has_a_neutral_position() -> None:
    assert has_arrived([JOINT, FREE], [0.2, 0.9])
    assert not has_arrived([JOINT, FREE], [0.21, 0.9])


@pytest.mark.parametrize(
    ("position", "directions", "velocity"),
    [
        (0.9, (True, False), -0.05),  # extended, and nothing flexes it
        (0.9, (True, True), 0.0),  # the wearer can bring it back
        (0.9, (False, True), 0.0),
        (-0.9, (True, False), 0.0),
        (-0.9, (False, False), 0.05),
    ],
)
def test_it_springs_back_only_where_no_action_does(
    position: float, directions: tuple[bool, bool], velocity: float
) -> None:
    assert spring_back([JOINT, FREE], [position, 0.9], [directions, (False, False)]) == (velocity, 0.0)
