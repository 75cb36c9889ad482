"""Which velocity each joint should have: decided actions, the way back to neutral, and spring-back."""

from __future__ import annotations

import dataclasses

import pytest

from emg_recognition.control.decision import NO_ACTION, Decision
from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.velocity_goal import (
    ARRIVED,
    VelocityGoal,
    has_arrived,
    spring_back,
    towards_neutral,
)

JOINTS = tuple(
    JointLimits(
        name=name,
        lower=-1.0,
        upper=1.0,
        max_velocity=0.5,
        max_acceleration=8.0,
        neutral=0.0,
        neutral_velocity=0.2,
        spring_back=0.1,
    )
    for name in "ab"
)
EXOSKELETON = Exoskeleton(
    JOINTS,
    (
        ActionMotion(action="reach", velocities={"a": 0.4, "b": -0.2}),
        ActionMotion(action="draw", velocities={"a": -0.4}),
    ),
    no_motion=("fist",),
)
AWAY = (0.5, -0.5)


@pytest.fixture
def goal() -> VelocityGoal:
    goal = VelocityGoal(EXOSKELETON)
    goal.use_actions(["rest", "reach", "draw", "fist"])
    return goal


def test_an_action_moves_its_joints_at_the_decided_share_of_speed(goal: VelocityGoal) -> None:
    assert goal.velocities(Decision("reach", 1.0), AWAY) == (0.4, -0.2)
    assert goal.velocities(Decision("reach", 0.5), AWAY) == (0.2, -0.1)


@pytest.mark.parametrize("action", [NO_ACTION, "fist"])
def test_no_action_and_actions_without_motion_hold(goal: VelocityGoal, action: str) -> None:
    assert goal.velocities(Decision(action, 1.0), AWAY) == (0.0, 0.0)


def test_at_rest_a_joint_springs_back_where_no_action_moves_it(goal: VelocityGoal) -> None:
    # "draw" moves a down, so a is left to the wearer; nothing moves b up.
    assert goal.velocities(Decision("rest", 1.0), AWAY) == (0.0, 0.1)
    goal.use_actions(["rest", "reach"])
    assert goal.velocities(Decision("rest", 1.0), AWAY) == (-0.1, 0.1)


@pytest.mark.parametrize("action", [NO_ACTION, "rest", "fist"])
def test_the_way_to_neutral_goes_on_until_the_joints_arrive(goal: VelocityGoal, action: str) -> None:
    goal.returning = True
    assert goal.velocities(Decision(action, 1.0), AWAY) == (-0.2, 0.2)
    goal.velocities(Decision(action, 1.0), (0.0, 0.001))
    assert not goal.returning


def test_a_decided_action_ends_the_way_to_neutral(goal: VelocityGoal) -> None:
    goal.returning = True
    assert goal.velocities(Decision("draw", 1.0), AWAY) == (-0.4, 0.0)
    assert not goal.returning


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


def test_the_way_to_neutral_slows_down_at_its_end() -> None:
    assert towards_neutral([JOINT, FREE], [1.0, 1.0]) == (-0.15, 0.0)
    assert towards_neutral([JOINT], [-1.0]) == (0.15,)
    (near,) = towards_neutral([JOINT], [0.225])
    assert near == pytest.approx(-0.075)
    assert towards_neutral([JOINT], [0.2 + ARRIVED / 2]) == (0.0,)


def test_all_joints_with_a_neutral_position_must_arrive() -> None:
    assert has_arrived([JOINT, FREE], [0.2, 0.9])
    assert not has_arrived([JOINT, FREE], [0.21, 0.9])


@pytest.mark.parametrize(
    ("position", "directions", "velocity"),
    [
        (0.9, (True, False), -0.05),  # nothing moves it down
        (0.9, (True, True), 0.0),  # the wearer can bring it back
        (0.9, (False, True), 0.0),
        (-0.9, (True, False), 0.0),
        (-0.9, (False, False), 0.05),
    ],
)
def test_a_joint_springs_back_only_where_no_action_moves_it(
    position: float, directions: tuple[bool, bool], velocity: float
) -> None:
    assert spring_back([JOINT, FREE], [position, 0.9], [directions, (False, False)]) == (velocity, 0.0)
