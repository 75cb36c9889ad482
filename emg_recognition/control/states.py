"""The bridge's states, the transitions between them, and every reason to stop or to refuse arming."""

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
        """Whether the bridge is armed, moving or holding."""
        return self in (State.ARMED, State.HOLDING)


class Event(Enum):
    """What changes the state; the value is the label of the arrow in the diagram."""

    ARM = "arm, not refused"
    DISARM = "disarm"
    HOLD = "a reason to hold"
    RESUME = "everything fresh, and a full new vote"
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
"""All transitions. Only ARM leaves FAULT, and only ARM leads from DISARMED to motion."""


def after(state: State, event: Event) -> State:
    """Return the state after an event; the same one where the table has no transition."""
    return TRANSITIONS.get((state, event), state)


class Response(Enum):
    """What an engaged bridge does about a reason."""

    IGNORED = "ignored"
    HOLDS = "HOLDING"
    FAULTS = "FAULT"
    REFUSES = "arming refused"


class Reason(Enum):
    """A reason to stop or to refuse arming: the bridge's response, and when it arises.

    While the bridge is not engaged, every reason to hold or to fault refuses arming, and bad input is
    counted and ignored.
    """

    WITHOUT_MODEL = (Response.IGNORED, "an estimate before any `ModelInfo`")
    OUT_OF_ORDER = (Response.IGNORED, "an estimate whose index or stamp is not above the previous one's")
    FROM_THE_FUTURE = (Response.IGNORED, "an estimate stamped more than 50 ms ahead of ROS time")
    LATE = (Response.IGNORED, "an estimate that is older than `stale_after` on arrival")

    SIGNAL_STALE = (Response.HOLDS, "no usable estimate received for `stale_after` on the steady clock")
    SIGNAL_OLD = (Response.HOLDS, "the newest window ended more than `stale_after` ago in ROS time")
    AHEAD_OF_ROS_TIME = (Response.HOLDS, "ROS time is more than 50 ms before the newest window")
    ROS_TIME_STANDS = (
        Response.HOLDS,
        "ROS time is zero, or has not moved for `stale_after` on the steady clock",
    )
    FEEDBACK_STALE = (Response.HOLDS, "a joint without a position for `stale_after`, by receipt or by stamp")
    FEEDBACK_PAUSED = (
        Response.HOLDS,
        "a joint without a position for more than twice the usual time and 30 ms",
    )
    FEEDBACK_UNTIMELY = (
        Response.HOLDS,
        "the stamps of the joint states went back by more than 50 ms, or ahead by more than `stale_after` "
        "beyond the time that had passed, in the last `stale_after`",
    )
    BRIDGE_LATE = (Response.HOLDS, "the bridge itself did not run for `stale_after`")

    FOREIGN_ESTIMATE = (Response.FAULTS, "an estimate of a model other than the one in `ModelInfo`")
    UNKNOWN_ACTION = (
        Response.FAULTS,
        "an action id that the model does not have, or a name that does not belong to the id",
    )
    NOT_FINITE = (
        Response.FAULTS,
        "an estimate with a number that is not finite or out of range",
    )
    MODEL_CHANGED = (Response.FAULTS, "a `ModelInfo` other than the one armed with")
    ROS_TIME_JUMPED = (Response.FAULTS, "ROS time jumped by more than `stale_after`, forwards or backwards")
    FEEDBACK_BROKEN = (
        Response.FAULTS,
        "a joint state with a position that is not finite, or with more or fewer positions than names",
    )
    FEEDBACK_OUTSIDE = (Response.FAULTS, "a measured position outside the joint's limits")
    FEEDBACK_JUMP = (
        Response.FAULTS,
        "a measured position that the joint cannot have reached since the previous one",
    )
    FEEDBACK_SEVERAL = (Response.FAULTS, "more than one publisher reports the position of a joint")
    NOT_FOLLOWING = (
        Response.FAULTS,
        "a joint more than 0.05 rad, and 150 ms of its speed, away from its command: blocked or loose",
    )
    STOP_INPUT_FALSE = (Response.FAULTS, "the stop input says false")
    STOP_INPUT_SILENT = (Response.FAULTS, "no message of the stop input for 120 ms, or none at all")
    STOP_INPUT_LOST = (Response.FAULTS, "the stop input has no publisher")
    STOP_INPUT_SEVERAL = (
        Response.FAULTS,
        "the stop input has more than one publisher that speaks or has not spoken yet",
    )
    STOP_SERVICE = (Response.FAULTS, "the service `~/stop`")
    HELD_TOO_LONG = (Response.FAULTS, "HOLDING for longer than `hold_timeout`")
    OUTPUT_FAILED = (
        Response.FAULTS,
        "the exoskeleton's cable was lost, or the device reports that it has stopped by itself",
    )
    COMMANDS_SEVERAL = (Response.FAULTS, "another publisher on the topic of the bridge's commands")
    UNSAFE_COMMAND = (Response.FAULTS, "the last check before the output found a command beyond a limit")
    UNEXPECTED = (Response.FAULTS, "an error in the bridge's own program; its log has the traceback")

    STILL_MOVING = (Response.REFUSES, "the joints are still stopping")
    FEEDBACK_RESTLESS = (
        Response.REFUSES,
        "the measured positions jumped in the last 2 s, or a joint moves that nothing moves",
    )
    HOLDING_ALREADY = (Response.REFUSES, "armed already, and holding")
    NO_MODEL = (Response.REFUSES, "no `ModelInfo` yet")
    OTHER_ACTIONS = (
        Response.REFUSES,
        "the model has an action that the exoskeleton's file does not name, or none that moves a joint",
    )
    OTHER_SIGNAL = (
        Response.REFUSES,
        "the model's rate or channels are not those of the parameters or of `EmgInfo`",
    )
    LONG_DELAY = (
        Response.REFUSES,
        "the measured controller delay is above 300 ms, and `allow_long_delay` is false",
    )
    OTHER_MODEL = (Response.REFUSES, "the announced model is not the bundle of the parameter `model`")

    def __init__(self, response: Response, when: str) -> None:
        self.response = response
        self.when = when

    @property
    def counter(self) -> str:
        """Name of its counter in ``BridgeState`` and ``/diagnostics``."""
        return self.name.lower()


class Violation(NamedTuple):
    """A condition of safe motion that does not hold now.

    Attributes
    ----------
    reason : Reason
        Decides what the bridge does.
    text : str
        One line for people, with the measured values.
    """

    reason: Reason
    text: str

    def __str__(self) -> str:
        return self.text


def mermaid() -> str:
    """Draw the transitions as the Mermaid state diagram of ``docs/concepts/bridge.md``."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DISARMED.name}"]
    lines += [
        f"    {state.name} --> {target.name}: {event.value}" for (state, event), target in TRANSITIONS.items()
    ]
    return "\n".join(lines)


def markdown_table() -> str:
    """Return the table of all reasons in ``docs/concepts/bridge.md``."""
    lines = ["| counter | when | while ARMED or HOLDING |", "|---|---|---|"]
    lines += [f"| `{reason.counter}` | {reason.when} | {reason.response.value} |" for reason in Reason]
    return "\n".join(lines)
