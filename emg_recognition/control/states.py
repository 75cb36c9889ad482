"""The bridge's states, and the table of all ways from one to another."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple


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
    """Draw the table as a Mermaid state diagram, as it stands in ``docs/concepts/bridge.md``."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DISARMED.name}"]
    lines += [
        f"    {state.name} --> {target.name}: {event.value}" for (state, event), target in TRANSITIONS.items()
    ]
    return "\n".join(lines)


class Effect(Enum):
    """What a reason does to an engaged bridge."""

    IGNORED = "ignored"
    HOLDS = "HOLDING"
    FAULTS = "FAULT"
    REFUSES = "arming refused"


class Reason(Enum):
    """A reason: its counter's name (in lower case), its effect, and when it arises.

    While the bridge is not engaged, what would hold or fault refuses arming, and bad input is
    counted and ignored.
    """

    WITHOUT_MODEL = (Effect.IGNORED, "an estimate before any `ModelInfo`")
    OUT_OF_ORDER = (Effect.IGNORED, "an estimate whose index or stamp is not above the one before")
    FROM_THE_FUTURE = (Effect.IGNORED, "an estimate stamped more than 50 ms ahead of ROS time")
    LATE = (Effect.IGNORED, "an estimate that is older than `stale_after` when it comes")

    SIGNAL_STALE = (Effect.HOLDS, "no usable estimate received for `stale_after` on the steady clock")
    SIGNAL_OLD = (Effect.HOLDS, "the newest window ended more than `stale_after` ago in ROS time")
    AHEAD_OF_ROS_TIME = (Effect.HOLDS, "ROS time lies more than 50 ms before the newest window")
    ROS_TIME_STANDS = (
        Effect.HOLDS,
        "ROS time is zero, or has not moved for `stale_after` on the steady clock",
    )
    FEEDBACK_STALE = (Effect.HOLDS, "a joint without a position for `stale_after`, by receipt or by stamp")
    BRIDGE_LATE = (Effect.HOLDS, "the bridge itself did not run for `stale_after`")

    FOREIGN_ESTIMATE = (Effect.FAULTS, "an estimate of another model than `ModelInfo` says")
    UNKNOWN_ACTION = (
        Effect.FAULTS,
        "an action id outside the model, or a name that does not belong to the id",
    )
    NOT_FINITE = (
        Effect.FAULTS,
        "an estimate with a number that is not finite, or a confidence or activation out of range",
    )
    MODEL_CHANGED = (Effect.FAULTS, "another `ModelInfo` than the one armed with")
    ROS_TIME_JUMPED = (Effect.FAULTS, "ROS time jumped by more than `stale_after`, ahead or back")
    FEEDBACK_BROKEN = (
        Effect.FAULTS,
        "a joint state with a position that is not finite, or with names and positions of different number",
    )
    FEEDBACK_OUTSIDE = (Effect.FAULTS, "a measured position outside the joint's limits")
    FEEDBACK_JUMP = (
        Effect.FAULTS,
        "a measured position that the joint cannot have reached since the one before",
    )
    NOT_FOLLOWING = (Effect.FAULTS, "a joint more than 0.2 rad away from its command: blocked or loose")
    STOP_INPUT_FALSE = (Effect.FAULTS, "the stop input says false")
    STOP_INPUT_SILENT = (Effect.FAULTS, "the stop input has not spoken for 120 ms, or never")
    STOP_INPUT_LOST = (Effect.FAULTS, "the stop input has no publisher")
    STOP_INPUT_SEVERAL = (
        Effect.FAULTS,
        "the stop input has more than one publisher: the silence of one would not be noticed",
    )
    STOP_SERVICE = (Effect.FAULTS, "the service `~/stop`")
    HELD_TOO_LONG = (Effect.FAULTS, "HOLDING for longer than `hold_timeout`")
    OUTPUT_FAILED = (
        Effect.FAULTS,
        "the exoskeleton's cable was lost, or the device reports a stop of its own",
    )
    UNSAFE_COMMAND = (Effect.FAULTS, "the last check before the output found a command beyond a limit")

    STILL_MOVING = (Effect.REFUSES, "the joints are still stopping")
    HOLDING_ALREADY = (Effect.REFUSES, "armed already, and holding")
    NO_MODEL = (Effect.REFUSES, "no `ModelInfo` yet")
    OTHER_ACTIONS = (
        Effect.REFUSES,
        "the model has an action that the exoskeleton's file does not name, or none that moves a joint",
    )
    OTHER_SIGNAL = (
        Effect.REFUSES,
        "the model's rate or channels are not those of the parameters or of `EmgInfo`",
    )
    LONG_DELAY = (
        Effect.REFUSES,
        "the measured controller delay is above 300 ms, and `allow_long_delay` is false",
    )

    def __init__(self, effect: Effect, when: str) -> None:
        self.effect = effect
        self.when = when

    @property
    def counter(self) -> str:
        """Name of its counter in ``BridgeState`` and ``/diagnostics``."""
        return self.name.lower()


class Doubt(NamedTuple):
    """A reason that holds now, and a line for people.

    Attributes
    ----------
    reason : Reason
        Decides what happens.
    text : str
        With the values at hand.
    """

    reason: Reason
    text: str

    def __str__(self) -> str:
        return self.text


def markdown_table() -> str:
    """Return the table of all reasons as it stands in ``docs/concepts/bridge.md``."""
    lines = ["| counter | when | while ARMED or HOLDING |", "|---|---|---|"]
    lines += [f"| `{reason.counter}` | {reason.when} | {reason.effect.value} |" for reason in Reason]
    return "\n".join(lines)
