"""The panels of the live view: channels, action, bridge, flow and warnings."""

from __future__ import annotations

import textwrap

from rich.text import Text

from emg_recognition.control.inputs import SILENCE
from emg_recognition.control.states import State
from emg_recognition.monitor.drawing import (
    MISSING,
    QUALITY_STYLES,
    Part,
    age,
    amplitude,
    bar,
    beside,
    heading,
    level,
    marker,
    row,
)
from emg_recognition.monitor.snapshot import (
    SLOW_STALE,
    STALE,
    Bridge,
    Channel,
    Estimate,
    Joint,
    Level,
    Quality,
    Report,
    Samples,
    Snapshot,
)
from emg_recognition.types import RATE_TOLERANCE

_LONGEST_NAME = 23


def action_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """Draw the recognised action, the prompted one, and the probability of every action."""
    estimate = snapshot.fresh_estimate()
    prompt = row(width, "prompted   ", snapshot.prompt or (MISSING, "dim"))
    title = heading(width, "Action", snapshot.model)
    if estimate is None:
        return [title, row(width, ("no actions: is the classifier running?", "yellow")), prompt]
    shown = _most_probable(estimate, max(0, height - 3))
    return [title, _recognised(estimate, snapshot.prompt, width), prompt, *_bars(estimate, shown, width)]


def action_height(snapshot: Snapshot) -> int:
    """Return the rows that the panel needs to show every action."""
    estimate = snapshot.fresh_estimate()
    return 3 + (len(estimate.probabilities) if estimate is not None else 0)


def _recognised(estimate: Estimate, prompt: str, width: int) -> Text:
    confidence = f"  {100 * estimate.confidence:.0f} %"
    if not estimate.action:
        return row(width, "recognised ", ("rejected", "yellow"), (confidence, "dim"))
    style = "bold green" if prompt in ("", estimate.action) else "bold magenta"
    return row(width, "recognised ", (estimate.action, style), confidence)


def _bars(estimate: Estimate, shown: list[tuple[str, float]], width: int) -> list[Text]:
    names = max((len(name) for name, _ in shown), default=0)
    space = min(names, _LONGEST_NAME, max(0, width - 12))
    return [
        row(
            width,
            row(space, (name, "bold" if name == estimate.action else "")),
            " ",
            bar(probability, width - space - 7, "green" if name == estimate.action else "blue"),
            f" {100 * probability:3.0f} %",
        )
        for name, probability in shown
    ]


def _most_probable(estimate: Estimate, number: int) -> list[tuple[str, float]]:
    """Return the most probable actions, at most `number`, in the model's order."""
    best = sorted(estimate.probabilities, key=lambda one: -one[1])[:number]
    return [one for one in estimate.probabilities if one in best][:number]


STATE_STYLES = {
    State.DISARMED: "white on blue",
    State.ARMED: "black on green",
    State.HOLDING: "black on yellow",
    State.FAULT: "white on red",
}
_LONGEST_JOINT_NAME = 16
#: With fewer cells for the track, the limits are left out.
_SHORTEST_TRACK = 9


def bridge_panel(snapshot: Snapshot, width: int) -> list[Text]:
    """Draw the bridge's state and reason, the stop input, the ages of its inputs, and the joints."""
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
    # The bridge receives it at once, this view reads it ten times a second.
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
    space = min(max(len(joint.name) for joint in snapshot.joints), _LONGEST_JOINT_NAME)
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


def flow_panel(snapshot: Snapshot, width: int) -> list[Text]:
    """Draw rates, losses and latency from samples to estimates, and the violations the bridge counted."""
    return [
        heading(width, "Flow"),
        row(width, "samples    ", *_samples(snapshot.fresh_samples())),
        row(width, "lost       ", *_lost(snapshot.samples)),
        row(width, "windows    ", *_windows(snapshot)),
        row(width, "estimates  ", *_estimates(snapshot.fresh_estimate())),
        row(width, "latency    ", *_latency(snapshot.fresh_estimate())),
        *_violations(snapshot, width),
    ]


def _samples(samples: Samples | None) -> list[Part]:
    if samples is None:
        return [(MISSING, "dim")]
    nominal = samples.nominal_rate
    wrong = samples.rate > 0 and abs(samples.rate - nominal) > RATE_TOLERANCE * nominal
    measured = f"{samples.rate:.1f} Hz" if samples.rate else "measuring"
    return [(measured, "yellow" if wrong else ""), (f", nominal {nominal:g} Hz", "dim")]


def _lost(samples: Samples | None) -> list[Part]:
    if samples is None:
        return [(MISSING, "dim")]
    unseen = f", {samples.unseen} not seen here" if samples.unseen else ""
    return [
        (f"{samples.lost} samples", "red" if samples.lost else "green"),
        ", ",
        (f"{samples.restarts} restarts", "yellow" if samples.restarts else ""),
        (unseen, "dim"),
    ]


def _windows(snapshot: Snapshot) -> list[Part]:
    preprocessing, classifier = snapshot.report("preprocessing"), snapshot.report("classifier")
    made = MISSING if preprocessing is None else preprocessing.values.get("windows", MISSING)
    late = MISSING if classifier is None else classifier.values.get("dropped_windows", MISSING)
    return [f"{made} made, ", (f"{late} dropped", "yellow" if late not in (MISSING, "0") else "")]


def _estimates(estimate: Estimate | None) -> list[Part]:
    return [(MISSING, "dim")] if estimate is None else [f"{estimate.rate:.1f}/s"]


def _latency(estimate: Estimate | None) -> list[Part]:
    if estimate is None:
        return [(MISSING, "dim")]
    if estimate.latency is None or estimate.worst_latency is None:
        return [("no common clock (a replay?)", "dim")]
    return [f"{1000 * estimate.latency:.1f} ms", (f", worst of 5 s {age(estimate.worst_latency)}", "dim")]


def _violations(snapshot: Snapshot, width: int) -> list[Text]:
    bridge = snapshot.fresh_bridge()
    counted = ", ".join(f"{name} {count}" for name, count in bridge.violations) if bridge is not None else ""
    words = textwrap.wrap(counted, max(1, width - 11)) or [MISSING]
    labels = ("violations", "")
    lines = zip(labels, (words[0], " ".join(words[1:])), strict=True)
    return [row(width, f"{label:11}", (line, "dim")) for label, line in lines if line]


_LEVEL_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.ERROR: "red", Level.STALE: "magenta"}
#: The warnings of these nodes appear in other panels or as advice.
_SHOWN_ELSEWHERE = {"command_bridge", "signal_quality"}


def warnings_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """Draw bad channels first, then nodes, the newest warning first; count the lines that do not fit."""
    lines = [*_channels(snapshot, width), *_armband(snapshot, width), *_nodes(snapshot, width)]
    room = max(0, height - 1)
    left_out = len(lines) - room
    note = f"{left_out} more" if left_out > 0 else ""
    if not lines:
        lines = [row(width, ("none; " + _summary(snapshot), "dim"))]
    return [heading(width, "Warnings", note), *lines[:room]]


def _channels(snapshot: Snapshot, width: int) -> list[Text]:
    samples = snapshot.fresh_samples()
    judged = [channel for channel in samples.channels if channel.quality] if samples is not None else []
    judged.sort(key=lambda channel: -(channel.quality or Quality.GOOD))
    return [
        row(
            width,
            (f"{channel.quality.name:5} ", QUALITY_STYLES[channel.quality]),
            channel.name,
            ": ",
            channel.advice,
        )
        for channel in judged
        if channel.quality is not None
    ]


def _armband(snapshot: Snapshot, width: int) -> list[Text]:
    report = snapshot.report("signal_quality")
    said = "" if report is None else report.values.get("armband", "")
    return [row(width, (f"{Quality.WARN.name:5} ", QUALITY_STYLES[Quality.WARN]), said)] if said else []


def _nodes(snapshot: Snapshot, width: int) -> list[Text]:
    warning = sorted(filter(_warns, snapshot.reports), key=lambda report: report.since)
    return [_node(report, width) for report in warning]


def _warns(report: Report) -> bool:
    if report.age > SLOW_STALE:
        return True
    return report.level is not Level.OK and report.node not in _SHOWN_ELSEWHERE


def _node(report: Report, width: int) -> Text:
    if report.age > SLOW_STALE:
        return row(width, ("GONE  ", "magenta"), f"{report.node}: silent for {age(report.age)}")
    level = (f"{report.level.name:5} ", _LEVEL_STYLES[report.level])
    return row(width, level, report.node, ": ", report.message)


def _summary(snapshot: Snapshot) -> str:
    number = len(snapshot.reports)
    return f"{number} node{'' if number == 1 else 's'} on /diagnostics"


#: Narrowest column with a number, and with a bar, cells.
_WITH_NUMBER, _WITH_BAR = 26, 9
#: Channels in a row when each has one cell.
_STRIP = 16


def signal_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """Draw a bar for each channel; its length is the strength, its colour the quality.

    Many channels share rows without numbers; even more channels have one cell each.
    """
    samples = snapshot.fresh_samples()
    if samples is None:
        return [heading(width, "Channels"), row(width, ("no samples: is acquisition running?", "yellow"))]
    rows = max(1, height - 1)
    columns = max(1, -(-len(samples.channels) // rows))
    wide = (width - columns + 1) // columns
    title = heading(width, "Channels", f"full bar {amplitude(samples.full_scale, samples.unit)}")
    if wide < _WITH_BAR:
        return [title, *_strips(samples, width)]
    lines: list[Text] = []
    for first in range(0, len(samples.channels), rows):
        column = [_channel(channel, samples, wide) for channel in samples.channels[first : first + rows]]
        lines = beside(lines, column, len(lines[0])) if lines else column
    return [title, *lines]


def signal_height(snapshot: Snapshot) -> int:
    """Return the rows that the panel needs for one channel in each row."""
    samples = snapshot.fresh_samples()
    return 1 + max(1, len(samples.channels) if samples is not None else 1)


def _channel(channel: Channel, samples: Samples, width: int) -> Text:
    style = QUALITY_STYLES[channel.quality]
    longest = max(len(other.name) for other in samples.channels)
    share = _share(channel, samples)
    if width < _WITH_NUMBER:
        name = min(longest, width // 2)
        return row(width, row(name, (channel.name, style)), " ", bar(share, width - name - 1, style))
    name = min(longest, 10)
    number = f" {amplitude(channel.rms, samples.unit):>7} "
    quality = "" if channel.quality is None else channel.quality.name
    used = name + 1 + len(number) + 4
    return row(
        width, row(name, channel.name), " ", bar(share, width - used, style), number, (f"{quality:4}", style)
    )


def _strips(samples: Samples, width: int) -> list[Text]:
    lines = []
    for first in range(0, len(samples.channels), _STRIP):
        strip = samples.channels[first : first + _STRIP]
        cells = [level(_share(channel, samples), QUALITY_STYLES[channel.quality]) for channel in strip]
        lines.append(row(width, f"{first + 1:>3}–{first + len(strip):<4}", *cells))
    return lines


def _share(channel: Channel, samples: Samples) -> float:
    return channel.rms / samples.full_scale if samples.full_scale > 0 else 0.0
