"""The panel of what flows through the graph: rates, losses, latency."""

from __future__ import annotations

import textwrap

from rich.text import Text

from emg_recognition.monitor.drawing import MISSING, Part, age, heading, row
from emg_recognition.monitor.snapshot import Estimate, Samples, Snapshot

#: A measured rate this far from the nominal one is wrong, as a share.
_RATE_TOLERANCE = 0.01


def flow_panel(snapshot: Snapshot, width: int) -> list[Text]:
    """Draw what comes, what was lost on the way, how late the rest is; and what the bridge doubted."""
    return [
        heading(width, "Flow"),
        row(width, "samples    ", *_samples(snapshot.fresh_samples())),
        row(width, "lost       ", *_lost(snapshot.samples)),
        row(width, "windows    ", *_windows(snapshot)),
        row(width, "estimates  ", *_estimates(snapshot.fresh_estimate())),
        row(width, "latency    ", *_latency(snapshot.fresh_estimate())),
        *_doubts(snapshot, width),
    ]


def _samples(samples: Samples | None) -> list[Part]:
    if samples is None:
        return [(MISSING, "dim")]
    nominal = samples.nominal_rate
    wrong = samples.rate > 0 and abs(samples.rate - nominal) > _RATE_TOLERANCE * nominal
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


def _doubts(snapshot: Snapshot, width: int) -> list[Text]:
    bridge = snapshot.fresh_bridge()
    counted = ", ".join(f"{name} {count}" for name, count in bridge.doubts) if bridge is not None else ""
    words = textwrap.wrap(counted, max(1, width - 11)) or [MISSING]
    labels = ("doubts", "")
    lines = zip(labels, (words[0], " ".join(words[1:])), strict=True)
    return [row(width, f"{label:11}", (line, "dim")) for label, line in lines if line]
