from __future__ import annotations

import pytest

from emg_recognition.control.inputs import SILENCE, StopInput
from emg_recognition.control.states import Reason


@pytest.fixture
def switch() -> StopInput:
    """Return a stop input with one publisher that has said true twice, the last time at 1 s."""
    switch = StopInput()
    switch.count(1)
    switch.receive(True, 0.95)
    switch.receive(True, 1.0)
    return switch


def reason(switch: StopInput, steady: float) -> Reason | None:
    doubt = switch.doubt(steady)
    return None if doubt is None else doubt.reason


def test_it_allows_motion_while_it_says_so(switch: StopInput) -> None:
    assert reason(switch, 0.999 + SILENCE) is None
    assert switch.confirmed


def test_false_stops(switch: StopInput) -> None:
    switch.receive(False, 1.05)
    assert reason(switch, 1.05) is Reason.STOP_INPUT_FALSE


def test_silence_stops(switch: StopInput) -> None:
    assert reason(switch, 1.121) is Reason.STOP_INPUT_SILENT
    assert "silent for 121 ms" in str(switch.doubt(1.121))
    assert switch.age(1.121) == pytest.approx(0.121)


def test_never_heard_is_silent() -> None:
    switch = StopInput()
    switch.count(1)
    assert "not spoken yet" in str(switch.doubt(0.0))
    assert switch.age(5.0) == -1.0


@pytest.mark.parametrize(("number", "why"), [(0, Reason.STOP_INPUT_LOST), (2, Reason.STOP_INPUT_SEVERAL)])
def test_there_must_be_exactly_one(switch: StopInput, number: int, why: Reason) -> None:
    switch.count(number)
    assert reason(switch, 1.0) is why


def test_one_message_is_not_believed_yet() -> None:
    switch = StopInput()
    switch.count(1)
    switch.receive(True, 1.0)
    assert not switch.confirmed
    switch.receive(True, 1.05)
    assert switch.confirmed


@pytest.mark.parametrize("event", ["silence", "distrust", "another publisher"])
def test_it_has_to_be_confirmed_again(switch: StopInput, event: str) -> None:
    if event == "distrust":
        switch.distrust()
    elif event == "another publisher":
        switch.count(2)
        switch.count(1)
    switch.receive(True, 1.2 if event == "silence" else 1.05)
    assert not switch.confirmed
    switch.receive(True, 1.25 if event == "silence" else 1.1)
    assert switch.confirmed
