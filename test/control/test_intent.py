from __future__ import annotations

import pytest

from emg_recognition.control.decision import NO_ACTION, Decision
from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.planner import Intent

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
    still=("fist",),
)
AWAY = (0.5, -0.5)


@pytest.fixture
def intent() -> Intent:
    intent = Intent(EXOSKELETON)
    intent.suit(["rest", "reach", "draw", "fist"])
    return intent


def test_an_action_moves_its_joints_at_the_decided_share(intent: Intent) -> None:
    assert intent.velocities(Decision("reach", 1.0), AWAY) == (0.4, -0.2)
    assert intent.velocities(Decision("reach", 0.5), AWAY) == (0.2, -0.1)


@pytest.mark.parametrize("action", [NO_ACTION, "fist"])
def test_nothing_decided_and_still_actions_hold(intent: Intent, action: str) -> None:
    assert intent.velocities(Decision(action, 1.0), AWAY) == (0.0, 0.0)


def test_at_rest_a_joint_springs_back_the_way_that_no_action_moves_it(intent: Intent) -> None:
    # `draw` moves a down, so a is the wearer's; nothing moves b up.
    assert intent.velocities(Decision("rest", 1.0), AWAY) == (0.0, 0.1)
    intent.suit(["rest", "reach"])
    assert intent.velocities(Decision("rest", 1.0), AWAY) == (-0.1, 0.1)


@pytest.mark.parametrize("action", [NO_ACTION, "rest", "fist"])
def test_the_way_to_neutral_goes_on_until_it_is_done(intent: Intent, action: str) -> None:
    intent.returning = True
    assert intent.velocities(Decision(action, 1.0), AWAY) == (-0.2, 0.2)
    intent.velocities(Decision(action, 1.0), (0.0, 0.001))
    assert not intent.returning


def test_the_wearer_goes_before_the_way_to_neutral(intent: Intent) -> None:
    intent.returning = True
    assert intent.velocities(Decision("draw", 1.0), AWAY) == (-0.4, 0.0)
    assert not intent.returning
