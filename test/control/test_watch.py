"""Which model may move an exoskeleton."""

from __future__ import annotations

import dataclasses

import pytest

from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.states import Reason
from emg_recognition.control.watch import ANY_SIGNAL, Signal, mismatch
from emg_recognition.types import Model

EXOSKELETON = Exoskeleton(
    (JointLimits(name="elbow", lower=0.0, upper=2.0, max_velocity=0.5, max_acceleration=8.0),),
    (ActionMotion(action="bend", velocities={"elbow": 0.4}),),
    rest=("rest", "relaxed"),
    no_motion=("fist",),
)
ANY_MODEL = BridgeSettings()
MODEL = Model(model="m1", sha256="abc", actions=("rest", "bend", "fist"), rate=200.0, channels=8)


def test_a_model_that_matches() -> None:
    assert mismatch(MODEL, EXOSKELETON, ANY_MODEL, ANY_SIGNAL) is None
    settings = BridgeSettings(rate=200.0, channels=8, model_sha256="abc")
    assert mismatch(MODEL, EXOSKELETON, settings, Signal(200.0, 8)) is None


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        (("rest", "bend", "juggle", "dance"), "does not name: juggle, dance"),
        (("rest", "fist"), "moves a joint: rest, fist"),
        ((), "moves a joint"),
    ],
)
def test_other_actions(actions: tuple[str, ...], text: str) -> None:
    model = dataclasses.replace(MODEL, actions=actions)
    assert text in str(mismatch(model, EXOSKELETON, ANY_MODEL, ANY_SIGNAL))


@pytest.mark.parametrize(
    ("expected", "device", "text"),
    [
        ({"rate": 1000.0}, ANY_SIGNAL, "for rate 200, the parameters say 1000"),
        ({"channels": 4}, ANY_SIGNAL, "for channels 8, the parameters say 4"),
        ({}, Signal(500.0, 8), "for rate 200, the armband has 500"),
        ({"rate": 200.0, "channels": 8}, Signal(200.0, 16), "for channels 8, the armband has 16"),
    ],
)
def test_another_signal(expected: dict[str, float], device: Signal, text: str) -> None:
    assert text in str(mismatch(MODEL, EXOSKELETON, BridgeSettings(**expected), device))


@pytest.mark.parametrize("sha256", ["abc", ""])
def test_another_model_than_the_given_bundle(sha256: str) -> None:
    model = dataclasses.replace(MODEL, sha256=sha256)
    violation = mismatch(model, EXOSKELETON, BridgeSettings(model_sha256="def"), ANY_SIGNAL)
    assert violation is not None
    assert violation.reason is Reason.OTHER_MODEL
    assert f"SHA-256 {sha256 or '(unknown)'}, the bundle" in violation.text
    assert "has def" in violation.text
