"""What to do next, with the command that does it."""

from __future__ import annotations

from typing import NamedTuple

from emg_recognition.control.inputs import SILENCE
from emg_recognition.control.states import State
from emg_recognition.monitor.snapshot import STALE, Bridge, Level, Quality, Snapshot
from emg_recognition.resources import shell_command

#: DDS needs some seconds to find the nodes.
_DISCOVERY = 4.0


class Step(NamedTuple):
    """What to do, and the command that does it; empty where there is none.

    The commands are the package's own, which need no `ros2`.
    """

    text: str
    command: str = ""


def next_step(snapshot: Snapshot) -> Step:
    """Return what to do about the first thing, from the electrodes to the joints, that is not well."""
    bridge = snapshot.fresh_bridge()
    if snapshot.fresh_samples() is None:
        return _without_samples(snapshot)
    if snapshot.fresh_estimate() is None:
        return Step(_without_estimates(snapshot))
    if bridge is None:
        return Step("actions are recognised but nothing moves: no command bridge is running")
    if bridge.state is State.ARMED:
        return Step("armed: the joints follow the wearer; release the enabling switch to stop them")
    if bridge.state is State.HOLDING:
        return Step(f"the joints hold still until every signal is fresh again: {bridge.reason}")
    return _arming(snapshot, bridge)


def _command(verb: str, snapshot: Snapshot) -> str:
    namespace = snapshot.namespace.strip("/")
    return shell_command(f"emg-recognition {verb}" + (f" --namespace {namespace}" if namespace else ""))


def _without_samples(snapshot: Snapshot) -> Step:
    samples, report = snapshot.samples, snapshot.report("acquisition")
    if report is not None and report.level is not Level.OK:
        return Step(f"no samples; acquisition reports: {report.message}")
    if samples is not None:
        return Step(f"no samples for {samples.age:.0f} s: has acquisition ended?")
    if snapshot.open_for < _DISCOVERY:
        return Step("looking for the nodes")
    command = _command("run --model BUNDLE --port PORT", snapshot)
    return Step("no samples: is acquisition running?", command)


def _without_estimates(snapshot: Snapshot) -> str:
    if snapshot.open_for < _DISCOVERY:
        return "looking for the nodes"
    for name in ("preprocessing", "classifier"):
        report = snapshot.report(name)
        if report is None:
            needs = "? It needs a trained model" if name == "classifier" else "?"
            return f"samples arrive but no actions: is {name} running{needs}"
        if report.level is not Level.OK:
            return f"samples arrive but no actions; {name} reports: {report.message}"
    return "samples arrive but no actions: after a start or a loss the filters need half a second"


def _arming(snapshot: Snapshot, bridge: Bridge) -> Step:
    """Return what keeps a bridge that is not engaged from being armed, or how to arm it."""
    fault = bridge.state is State.FAULT
    obstacle = _obstacle(snapshot, bridge)
    if obstacle is not None:
        return Step(f"{'fault' if fault else 'before arming'}: {obstacle.text}", obstacle.command)
    text = "find the cause of the fault, then arm again with" if fault else "ready; arm with"
    return Step(text, _command("arm", snapshot))


def _obstacle(snapshot: Snapshot, bridge: Bridge) -> Step | None:
    switch, samples = snapshot.stop_input, snapshot.samples
    if switch is None or switch.age > STALE:
        return Step("start an enabling switch", _command("switch", snapshot))
    if switch.publishers > 1:
        return Step(f"{switch.publishers} nodes publish {switch.topic}, the bridge needs one: end the others")
    if not switch.allowed:
        return Step("press the enabling switch (e in its terminal)")
    if not 0 <= bridge.feedback_age <= SILENCE:
        return Step("no joint positions arrive: is the exoskeleton on?")
    if not 0 <= bridge.signal_age <= SILENCE:
        return Step("the bridge receives no usable actions; its violations tell why")
    for channel in samples.channels if samples is not None else ():
        if channel.quality is Quality.BAD:
            return Step(f"channel {channel.name}: {channel.advice}")
    return None
