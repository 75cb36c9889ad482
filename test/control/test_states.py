"""The table of transitions, and its copy in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from emg_recognition.control.states import (
    TRANSITIONS,
    Event,
    Reason,
    Response,
    State,
    after,
    markdown_table,
    mermaid,
)

DOCS = Path(__file__).parents[2] / "docs" / "concepts" / "bridge.md"


def test_only_arming_leads_to_motion_or_out_of_a_fault() -> None:
    into_armed = {(state, event) for (state, event), target in TRANSITIONS.items() if target is State.ARMED}
    assert into_armed == {
        (State.DISARMED, Event.ARM),
        (State.FAULT, Event.ARM),
        (State.HOLDING, Event.RESUME),
    }
    assert {event for state, event in TRANSITIONS if state is State.FAULT} == {Event.ARM}


@pytest.mark.parametrize("event", [Event.FAULT, Event.STOP])
def test_every_engaged_state_can_fault(event: Event) -> None:
    for state in State:
        if state.engaged:
            assert after(state, event) is State.FAULT


def test_an_event_without_a_transition_changes_nothing() -> None:
    assert after(State.DISARMED, Event.RESUME) is State.DISARMED
    assert after(State.FAULT, Event.DISARM) is State.FAULT


def test_the_documentation_draws_the_table() -> None:
    assert f"```mermaid\n{mermaid()}\n```" in DOCS.read_text(), (
        "put what mermaid() returns into docs/concepts/bridge.md"
    )


def test_the_documentation_lists_every_reason() -> None:
    assert markdown_table() in DOCS.read_text(), (
        "put what markdown_table() returns into docs/concepts/bridge.md"
    )
    assert {reason.response for reason in Reason} == set(Response)
