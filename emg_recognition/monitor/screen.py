"""The whole live view, laid out for the size of a terminal, and its one-line form."""

from __future__ import annotations

import textwrap

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from emg_recognition.monitor import panels
from emg_recognition.monitor.advice import next_step
from emg_recognition.monitor.drawing import beside, row
from emg_recognition.monitor.panels import bridge_panel, flow_panel, warnings_panel
from emg_recognition.monitor.snapshot import Level, Quality, Snapshot
from emg_recognition.text import printable

#: Fewest rows of the warnings, heading included.
_WARNINGS = 4
#: Longest line, characters.
_LONGEST = 2000


class Picture:
    """Lines of a terminal, rendered as they are, without wrapping.

    Attributes
    ----------
    lines : list of rich.text.Text
        Each no wider than the terminal.
    """

    def __init__(self, lines: list[Text]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from line.render(console, end="\n")


def draw(snapshot: Snapshot, width: int, height: int) -> Picture:
    """Draw a snapshot; designed for at least 80 columns and 24 rows.

    Parameters
    ----------
    snapshot : Snapshot
        What to show.
    width, height : int
        Cells of the terminal.

    Returns
    -------
    Picture
        At most `height` lines of at most `width` cells.
    """
    left = (width - 1) // 2
    right = width - 1 - left
    lower = beside(flow_panel(snapshot, left), bridge_panel(snapshot, right), left)
    advice = _advice(snapshot, width)
    room = height - 1 - len(lower) - len(advice)
    wanted = max(panels.signal_height(snapshot), panels.action_height(snapshot))
    upper_height = max(2, min(wanted, room - _WARNINGS))
    upper = beside(
        panels.signal_panel(snapshot, left, upper_height)[:upper_height],
        panels.action_panel(snapshot, right, upper_height)[:upper_height],
        left,
    )
    warnings = warnings_panel(snapshot, width, room - len(upper))
    warnings += [row(width)] * (room - len(upper) - len(warnings))
    lines = [_header(snapshot, width), *upper, *lower, *warnings, *advice]
    # On a terminal with too few rows the advice matters more than the panels above it.
    kept = lines if len(lines) <= height else [*lines[: max(0, height - len(advice))], *advice]
    for line in kept:
        line.truncate(width, pad=True)
    return Picture(kept[:height])


def _header(snapshot: Snapshot, width: int) -> Text:
    arm = "" if snapshot.namespace == "/" else f"  {snapshot.namespace}"
    samples = snapshot.samples
    device = f"  {snapshot.device}" if snapshot.device else ""
    channels = f", {len(samples.channels)} channels" if samples is not None else ""
    return row(
        width,
        ("emg-recognition monitor", "bold"),
        (arm, "bold cyan"),
        device,
        channels,
        ("  q quits", "dim"),
    )


def _advice(snapshot: Snapshot, width: int) -> list[Text]:
    """Return the next step in two rows; a command has a row to itself, so that it can be copied."""
    step = next_step(snapshot)
    if step.command:
        return [
            row(width, ("→ ", "bold"), (f"{step.text}:", "bold")),
            row(width, "  ", (step.command, "bold cyan")),
        ]
    words = textwrap.wrap(f"→ {printable(step.text, _LONGEST)}", max(3, width), break_on_hyphens=False)
    # A third line is cut and shows as an ellipsis at the end of the second.
    return [row(width, (line, "bold")) for line in (words[0], " ".join(words[1:]))]


def status_line(snapshot: Snapshot) -> str:
    """Return a snapshot in one line of printable characters.

    Parameters
    ----------
    snapshot : Snapshot
        What to show.

    Returns
    -------
    str
        Parts separated by ``|``; the last one says what to do next.
    """
    parts = [_signal(snapshot), _action(snapshot), _bridge(snapshot)]
    warning = [report.node for report in snapshot.reports if report.level is not Level.OK]
    if warning:
        parts.append(f"warnings from {', '.join(warning)}")
    step = next_step(snapshot)
    return printable(" | ".join([*parts, ": ".join(part for part in ("next", *step) if part)]), _LONGEST)


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
