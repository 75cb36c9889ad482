"""The bridge's states, and the table of all ways from one to another."""

from __future__ import annotations

from enum import Enum, IntEnum


class State(IntEnum):
    """The bridge's states, with the numbers of ``BridgeState.msg``."""

    DISARMED = 0
    ARMED = 1
    HOLDING = 2
    FAULT = 3

    @property
    def engaged(self) -> bool:
        """Whether the bridge is armed, be it moving or holding."""
        return self in (State.ARMED, State.HOLDING)


class Event(Enum):
    """What leads from one state to another; the value stands in the drawing."""

    ARM = "arm, nothing refuses"
    DISARM = "disarm"
    HOLD = "a reason to hold"
    RESUME = "all fresh, and a full new vote"
    FAULT = "a reason to fault"
    STOP = "stop service"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DISARMED, Event.ARM): State.ARMED,
    (State.DISARMED, Event.STOP): State.FAULT,
    (State.ARMED, Event.HOLD): State.HOLDING,
    (State.ARMED, Event.DISARM): State.DISARMED,
    (State.ARMED, Event.FAULT): State.FAULT,
    (State.ARMED, Event.STOP): State.FAULT,
    (State.HOLDING, Event.RESUME): State.ARMED,
    (State.HOLDING, Event.DISARM): State.DISARMED,
    (State.HOLDING, Event.FAULT): State.FAULT,
    (State.HOLDING, Event.STOP): State.FAULT,
    (State.FAULT, Event.ARM): State.ARMED,
}
"""The only ways: nothing but ARM leaves FAULT, and nothing but ARM leads from DISARMED to motion."""


def after(state: State, event: Event) -> State:
    """Return the state after an event; the same one where the table has no way."""
    return TRANSITIONS.get((state, event), state)


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram, as it stands in ``docs/bridge.md``."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DISARMED.name}"]
    lines += [
        f"    {state.name} --> {target.name}: {event.value}" for (state, event), target in TRANSITIONS.items()
    ]
    return "\n".join(lines)
