from __future__ import annotations

import dataclasses

import pytest

from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.inputs import ANY_SIGNAL, Model, Signal, mismatch
from emg_recognition.control.joints import JointLimits

EXOSKELETON = Exoskeleton(
    (JointLimits(name="elbow", lower=0.0, upper=2.0, max_velocity=0.5, max_acceleration=8.0),),
    (ActionMotion(action="bend", velocities={"elbow": 0.4}),),
    rest=("rest", "M1"),
    still=("fist",),
)
MODEL = Model("m1", "abc", ("rest", "bend", "fist"), 200.0, 8)


def test_a_model_that_suits() -> None:
    assert mismatch(MODEL, EXOSKELETON, ANY_SIGNAL, ANY_SIGNAL) is None
    assert mismatch(MODEL, EXOSKELETON, Signal(200.0, 8), Signal(200.0, 8)) is None


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        (("rest", "bend", "juggle", "dance"), "does not name: juggle, dance"),
        (("rest", "fist"), "moves a joint: rest, fist"),
        ((), "moves a joint"),
    ],
)
def test_actions_that_do_not_suit(actions: tuple[str, ...], text: str) -> None:
    model = dataclasses.replace(MODEL, actions=actions)
    assert text in str(mismatch(model, EXOSKELETON, ANY_SIGNAL, ANY_SIGNAL))


@pytest.mark.parametrize(
    ("expected", "device", "text"),
    [
        (Signal(1000.0, 0), ANY_SIGNAL, "for rate 200, the parameters say 1000"),
        (Signal(0.0, 4), ANY_SIGNAL, "for channels 8, the parameters say 4"),
        (ANY_SIGNAL, Signal(500.0, 8), "for rate 200, the armband has 500"),
        (Signal(200.0, 8), Signal(200.0, 16), "for channels 8, the armband has 16"),
    ],
)
def test_a_signal_that_does_not_suit(expected: Signal, device: Signal, text: str) -> None:
    assert text in str(mismatch(MODEL, EXOSKELETON, expected, device))
