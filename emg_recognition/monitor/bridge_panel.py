"""The panel of the command bridge and the joints that it moves."""

from __future__ import annotations

from rich.text import Text

from emg_recognition.control.states import State
from emg_recognition.control.stop_input import SILENCE
from emg_recognition.monitor.drawing import MISSING, Part, age, heading, marker, row
from emg_recognition.monitor.snapshot import STALE, Bridge, Joint, Snapshot

STATE_STYLES = {
    State.DISARMED: "white on blue",
    State.ARMED: "black on green",
    State.HOLDING: "black on yellow",
    State.FAULT: "white on red",
}
_LONGEST_NAME = 16
#: Shorter, and the numbers of the limits are left out, cells.
_SHORTEST_TRACK = 9


def bridge_panel(snapshot: Snapshot, width: int) -> list[Text]:
    """Draw the bridge's state and reason, the stop input, the ages it judges by, and the joints."""
    bridge = snapshot.fresh_bridge()
    lines = [heading(width, "Bridge")]
    if bridge is None:
        lines += [row(width, ("no command bridge is running", "yellow")), row(width)]
    else:
        name = (f" {bridge.state.name} ", f"bold {STATE_STYLES[bridge.state]}")
        lines += [row(width, name, " ", bridge.action), row(width, bridge.reason)]
    lines.append(row(width, "stop input ", *_stop_input(snapshot)))
    lines.append(row(width, *_ages(bridge)))
    return [*lines, *_joints(snapshot, width)]


def _stop_input(snapshot: Snapshot) -> list[Part]:
    switch, bridge = snapshot.stop_input, snapshot.fresh_bridge()
    if switch is None or switch.age > STALE:
        return [("silent", "yellow")]
    word = ("may move", "green") if switch.allowed else ("stop", "red")
    # The bridge hears it at once, this view ten times a second.
    silence = switch.age if bridge is None else bridge.stop_input_age
    return [word, (f", {age(silence)} ago" if silence >= 0 else "", _old(silence))]


def _ages(bridge: Bridge | None) -> list[Part]:
    if bridge is None:
        return [("signal – , feedback –", "dim")]
    signal, feedback = bridge.signal_age, bridge.feedback_age
    return [
        "signal ",
        (age(signal), _old(signal)),
        " ago, feedback ",
        (age(feedback), _old(feedback)),
        " ago",
    ]


def _old(seconds: float) -> str:
    return "" if 0 <= seconds <= SILENCE else "yellow"


def _joints(snapshot: Snapshot, width: int) -> list[Text]:
    if not snapshot.joints or snapshot.joints_age > STALE:
        return [row(width, ("no joint positions", "yellow"))]
    space = min(max(len(joint.name) for joint in snapshot.joints), _LONGEST_NAME)
    return [_joint(joint, space, width) for joint in snapshot.joints]


def _joint(joint: Joint, space: int, width: int) -> Text:
    position = f" {joint.position:+.2f} rad"
    name = row(space, joint.name)
    if joint.lower is None or joint.upper is None or joint.upper <= joint.lower:
        return row(width, name, position, (f"  limits {MISSING}", "dim"))
    share = (joint.position - joint.lower) / (joint.upper - joint.lower)
    style = "bold cyan" if 0 <= share <= 1 else "bold red"
    lower, upper = f"{joint.lower:+.1f} ", f" {joint.upper:+.1f}"
    room = width - space - len(position) - 1
    if room < _SHORTEST_TRACK + len(lower) + len(upper):
        return row(width, name, position, " ", marker(share, room, style))
    track = marker(share, room - len(lower) - len(upper), style)
    return row(width, name, position, " ", (lower, "dim"), track, (upper, "dim"))
