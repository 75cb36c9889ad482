"""The live view in one line, for logs and pipes."""

from __future__ import annotations

from emg_recognition.monitor.advice import next_step
from emg_recognition.monitor.drawing import printable
from emg_recognition.monitor.snapshot import Level, Quality, Snapshot


def status_line(snapshot: Snapshot) -> str:
    """Return a snapshot in one line of printable characters.

    Parameters
    ----------
    snapshot : Snapshot
        What to tell.

    Returns
    -------
    str
        Parts divided by ``|``; the last one says what to do next.
    """
    parts = [_signal(snapshot), _action(snapshot), _bridge(snapshot)]
    troubled = [report.node for report in snapshot.reports if report.level is not Level.OK]
    if troubled:
        parts.append(f"warnings from {', '.join(troubled)}")
    step = next_step(snapshot)
    return printable(" | ".join([*parts, ": ".join(part for part in ("next", *step) if part)]))


def _signal(snapshot: Snapshot) -> str:
    samples = snapshot.fresh_samples()
    if samples is None:
        return "no samples"
    judged = [channel.quality for channel in samples.channels if channel.quality is not None]
    good = f", {judged.count(Quality.GOOD)}/{len(judged)} channels good" if judged else ""
    return f"samples {samples.rate:.1f} Hz, {samples.lost} lost, {samples.restarts} restarts{good}"


def _action(snapshot: Snapshot) -> str:
    estimate = snapshot.fresh_estimate()
    if estimate is None:
        return "no actions"
    prompt = f" (prompted {snapshot.prompt})" if snapshot.prompt else ""
    latency = "" if estimate.latency is None else f", latency {1000 * estimate.latency:.1f} ms"
    return f"{estimate.action or 'rejected'} {100 * estimate.confidence:.0f} %{prompt}{latency}"


def _bridge(snapshot: Snapshot) -> str:
    bridge = snapshot.fresh_bridge()
    if bridge is None:
        return "no bridge"
    joints = ", ".join(f"{joint.name} {joint.position:+.2f}" for joint in snapshot.joints)
    return f"{bridge.state.name}: {bridge.reason}{f' | {joints} rad' if joints else ''}"
