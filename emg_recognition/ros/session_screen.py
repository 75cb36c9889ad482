"""The screen of a guided session: what to do now, the time left, and the state of the signal."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass

from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from emg_recognition.guided.session import GuidedSession, Phase
from emg_recognition.msg import SignalQuality
from emg_recognition.text import printable

_BAR = 60
_STATES = {SignalQuality.WARN: Text("usable", "yellow"), SignalQuality.BAD: Text("BAD", "bold red")}
#: Most channels that fit on the screen.
_ROWS = 8
_KEYS = {
    Phase.WAITING: "s begin anyway   q quit",
    Phase.PAUSED: "space continue   r repeat the last   d discard the last   q quit",
}
_WHILE_RESTING = "space pause   n next   r repeat the last   d discard the last   q quit"
_WHILE_PERFORMING = "space pause   r again   d discard   q quit"


@dataclass(frozen=True)
class View:
    """What the screen shows besides the session itself.

    Attributes
    ----------
    title : str
        Whose session this is.
    signal : str
        One line about the signal.
    quality : SignalQuality or None
        The newest quality; None while unknown.
    warning : str
        What the operator must know; empty for nothing.
    working : str
        What is worked out instead of the next prompt; empty for nothing.
    """

    title: str
    signal: str
    quality: SignalQuality | None
    warning: str
    working: str = ""


class Screen:
    """The whole terminal until :meth:`close`; not `present` where the output is not a terminal.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to draw; standard output by default.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self.present = self._console.is_terminal
        self._live: Live | None = None

    def show(self, session: GuidedSession, view: View, now: float) -> None:
        """Draw the session.

        Parameters
        ----------
        session : GuidedSession
            The session.
        view : View
            What else to show.
        now : float
            The session's time, s.
        """
        if not self.present:
            return
        try:
            if self._live is None:
                self._live = Live(
                    console=self._console,
                    screen=True,
                    auto_refresh=False,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self._live.start()
            self._live.update(draw(session, view, now), refresh=True)
        except OSError:  # the terminal was closed; the recording must still be
            self.present = False

    def close(self) -> None:
        """Restore the terminal, if it is still there."""
        if self._live is not None:
            with contextlib.suppress(OSError):
                self._live.stop()
            self._live = None


def draw(session: GuidedSession, view: View, now: float) -> RenderableType:
    """Return the screen as a rich renderable.

    Parameters
    ----------
    session : GuidedSession
        The session.
    view : View
        What else to show.
    now : float
        The session's time, s.

    Returns
    -------
    rich renderable
        A panel.
    """
    lines: list[RenderableType] = [Text(view.signal, "dim")]
    if view.warning:
        lines.append(Text(view.warning, "bold red"))
    lines.append(Text())
    if session.phase is Phase.WAITING:
        lines += [Text("waiting until no channel is BAD", "bold"), Text()]
        lines.append(_channels(view.quality, SignalQuality.WARN))
    else:
        if view.quality is not None and SignalQuality.BAD in list(view.quality.state):
            lines += [_channels(view.quality, SignalQuality.BAD), Text()]
        working = [Text(view.working, "bold cyan")]
        lines += [Align.center(part) for part in (working if view.working else _prompt(session, now))]
    lines += [Text(), _counts(session)]
    keys = _WHILE_PERFORMING if session.shown is not None else _KEYS.get(session.phase, _WHILE_RESTING)
    return Panel(Group(*lines), title=view.title, subtitle=keys, padding=(1, 3))


def _prompt(session: GuidedSession, now: float) -> list[RenderableType]:
    """Return the large prompt and the time left."""
    left = max(0.0, session.since + session.length - now)
    prompt = session.prompt
    if session.phase is Phase.PAUSED:
        return [Text("PAUSED", "bold yellow"), Text(session.note), Text()]
    if prompt is None:
        return [Text("DONE", "bold green"), Text(session.note), Text(), Text(f"ends in {left:.0f} s")]
    name = prompt.action.replace("_", " ").upper()
    if session.phase is Phase.READY:
        head = [Text(session.note or "relax", "dim"), Text(f"then: {name}", "bold cyan"), Text(prompt.text)]
        return [*head, Text(), Text(f"{max(1, math.ceil(left))}", "bold cyan")]
    # One bar for reaction and hold; the wearer need not know that the label begins in between.
    total = prompt.hold + session.reaction
    done = now - session.since + (session.reaction if session.phase is Phase.HOLDING else 0.0)
    bar = ProgressBar(total=total, completed=min(done, total), width=_BAR, complete_style="green")
    return [
        Text("NOW", "bold green"),
        Text(name, "bold reverse green"),
        Text(prompt.text),
        Text(),
        bar,
        Text(f"{max(0.0, total - done):.1f} s"),
    ]


def _counts(session: GuidedSession) -> Text:
    words = [f"{session.kept} of {session.total} repetitions recorded"]
    if session.dropped:
        words.append(f"{session.dropped} discarded")
    if session.prompt is not None and session.phase is not Phase.WAITING:
        words.insert(0, f"repetition {session.prompt.repetition}")
    if session.following is not None and session.shown is not None:
        words.append(f"next: {session.following.action.replace('_', ' ')}")
    return Text("   ".join(words), "dim")


def _channels(quality: SignalQuality | None, worst: int) -> RenderableType:
    """Return a table of the channels that are at least this bad, and what to do about them."""
    if quality is None:
        return Text()
    table = Table(box=None, pad_edge=False)
    for title in ("channel", "signal", "what to do"):
        table.add_column(title)
    rows = zip(quality.channel_names, quality.state, quality.advice, strict=False)
    chosen = [row for row in rows if row[1] >= worst]
    for name, state, advice in chosen[:_ROWS]:
        # Texts, because rich would read a foreign "[bold]" as markup.
        judged = _STATES.get(state, Text("BAD", "bold red"))
        table.add_row(Text(printable(name)), judged, Text(printable(advice)))
    if len(chosen) > _ROWS:
        table.add_row(f"and {len(chosen) - _ROWS} more", "", "")
    return table if chosen else Text()
