"""What a person does next."""

from __future__ import annotations

from typing import NamedTuple

from emg_recognition.control.inputs import SILENCE
from emg_recognition.control.states import State
from emg_recognition.monitor.snapshot import STALE, Bridge, Level, Quality, Snapshot

#: DDS needs some seconds to find the others.
_DISCOVERY = 4.0
_LAUNCH = "ros2 launch emg_recognition recognition.launch.py port:=PORT model:=BUNDLE"
_SWITCH = "ros2 run emg_recognition enabling_switch_node"


class Step(NamedTuple):
    """What to do, and the command that does it; without one where none does."""

    text: str
    command: str = ""


def next_step(snapshot: Snapshot) -> Step:
    """Return what to do next: the first thing from the electrodes to the joints that is not well."""
    bridge = snapshot.fresh_bridge()
    if snapshot.fresh_samples() is None:
        return _without_samples(snapshot)
    if snapshot.fresh_estimate() is None:
        return Step(_without_estimates(snapshot))
    if bridge is None:
        return Step("actions are recognised, and nothing moves: no command bridge is running")
    if bridge.state is State.ARMED:
        return Step("armed: the joints follow the wearer; releasing the enabling switch stops them")
    if bridge.state is State.HOLDING:
        return Step(f"the joints stand until all is fresh again: {bridge.reason}")
    return _arming(snapshot, bridge)


def _without_samples(snapshot: Snapshot) -> Step:
    samples, report = snapshot.samples, snapshot.report("acquisition")
    if report is not None and report.level is not Level.OK:
        return Step(f"no samples; acquisition says: {report.message}")
    if samples is not None:
        return Step(f"no samples for {samples.age:.0f} s: has acquisition ended?")
    if snapshot.open_for < _DISCOVERY:
        return Step("looking for the nodes")
    return Step("no samples: is acquisition running?", _LAUNCH)


def _without_estimates(snapshot: Snapshot) -> str:
    if snapshot.open_for < _DISCOVERY:
        return "looking for the nodes"
    for name in ("preprocessing", "classifier"):
        report = snapshot.report(name)
        if report is None:
            needs = "? It needs a trained model" if name == "classifier" else "?"
            return f"samples come, but no actions: is {name} running{needs}"
        if report.level is not Level.OK:
            return f"samples come, but no actions; {name} says: {report.message}"
    return "samples come, but no actions: after a start or a loss the filters need half a second"


def _arming(snapshot: Snapshot, bridge: Bridge) -> Step:
    """Return what keeps a bridge that is not engaged from being armed, or how to arm it."""
    fault = bridge.state is State.FAULT
    obstacle = _obstacle(snapshot, bridge)
    if obstacle is not None:
        return Step(f"{'fault' if fault else 'before arming'}: {obstacle.text}", obstacle.command)
    service = f"{snapshot.namespace.rstrip('/')}/command_bridge/arm"
    text = "look for the cause of the fault, then arm again with" if fault else "all is fresh; arm with"
    return Step(text, f"ros2 service call {service} std_srvs/srv/Trigger")


def _obstacle(snapshot: Snapshot, bridge: Bridge) -> Step | None:
    switch, samples = snapshot.stop_input, snapshot.samples
    if switch is None or switch.age > STALE:
        namespace = snapshot.namespace.rstrip("/")
        return Step(
            "start an enabling switch", _SWITCH + (f" --ros-args -r __ns:={namespace}" if namespace else "")
        )
    if switch.publishers > 1:
        return Step(f"{switch.publishers} publish exo/enable and the bridge demands one: end the others")
    if not switch.allowed:
        return Step("press the enabling switch (e in its terminal)")
    if not 0 <= bridge.feedback_age <= SILENCE:
        return Step("no joint positions come: is the exoskeleton on?")
    if not 0 <= bridge.signal_age <= SILENCE:
        return Step("the bridge gets no actions that it can use; its doubts tell why")
    for channel in samples.channels if samples is not None else ():
        if channel.quality is Quality.BAD:
            return Step(f"channel {channel.name}: {channel.advice}")
    return None
