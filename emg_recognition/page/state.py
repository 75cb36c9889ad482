"""What the views of the page read: the graph as it is now. The node writes it, the web server reads it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from emg_recognition.monitor.snapshot import Snapshot
from emg_recognition.page.trace import Trace

SESSION_STALE = 3.5
"""A session that has said nothing for this long has ended or died, s; it speaks once a second."""

DECISION_STALE = 0.2
"""A decision holds for this long, s (``ActionDecision.msg``)."""


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """A guided session, as ``SessionState.msg`` tells.

    Attributes
    ----------
    phase : str
        ``waiting``, ``ready``, ``reacting``, ``holding``, ``paused`` or ``ended``.
    donning : bool
        Whether the prompts are the gestures of a donning.
    elapsed, length : float
        Since the phase began when the message arrived, and how long it lasts (0: open), s.
    remaining : float
        Until the end of the session when the message arrived, s.
    action, text : str
        What is shown or comes next, and what the wearer does.
    following : str
        The action after that.
    turn : float or None
        Electrodes that the armband is turned by, towards higher numbers; None while unknown.
    received : float
        When the message arrived, ``time.monotonic()``.
    """

    phase: str
    donning: bool = False
    elapsed: float = 0.0
    length: float = 0.0
    remaining: float = 0.0
    action: str = ""
    text: str = ""
    repetition: int = 0
    following: str = ""
    hold: float = 0.0
    reaction: float = 0.0
    kept: int = 0
    discarded: int = 0
    planned: int = 0
    note: str = ""
    signal: str = ""
    subject: str = ""
    cohort: str = ""
    session: str = ""
    bag: str = ""
    turn: float | None = None
    received: float = 0.0

    @property
    def shown(self) -> bool:
        """Whether the wearer should perform the action now."""
        return self.phase in ("reacting", "holding")

    @property
    def running(self) -> bool:
        """Whether a session node is there to take commands."""
        return self.phase != "ended" and time.monotonic() - self.received < SESSION_STALE

    def left(self, now: float) -> float:
        """Return the time left in the phase at `now` (``time.monotonic()``), s; 0 if it is open.

        The reaction time and the hold are one phase to the wearer.
        """
        passed = self.elapsed + now - self.received
        if self.phase == "reacting":
            return max(0.0, self.length + self.hold - passed)
        return max(0.0, self.length - passed)

    def until_end(self, now: float) -> float:
        """Return the time until the end of the session at `now`, s."""
        standing = self.phase in ("waiting", "paused", "ended")
        return max(0.0, self.remaining - (0.0 if standing else now - self.received))


@dataclass(frozen=True)
class Decision:
    """What was decided after one window.

    Attributes
    ----------
    received : float
        When it arrived, ``time.monotonic()``.
    action : str
        Empty: nothing.
    confidence, activation : float
        Of that window's estimate; activation 1 is the training's RMS.
    """

    received: float
    action: str
    confidence: float
    activation: float


@dataclass
class PageState:
    """The newest of everything; each attribute is replaced whole, so that a reader needs no lock.

    Attributes
    ----------
    snapshot : Snapshot
        Samples, quality, estimate, bridge, joints and the nodes' reports, ten times a second.
    session : SessionView or None
        The guided session that runs, or the one that ran last.
    actions : tuple of str
        Of the model that runs; empty while unknown.
    trace : Trace
        The live signals.
    """

    snapshot: Snapshot
    session: SessionView | None = None
    actions: tuple[str, ...] = ()
    trace: Trace = field(default_factory=Trace)
    _newest: Decision | None = None

    def decide(self, decision: Decision) -> None:
        """Take a decision."""
        self._newest = decision

    @property
    def decision(self) -> Decision | None:
        """The decision that holds now; None without one."""
        newest = self._newest
        if newest is None or time.monotonic() - newest.received > DECISION_STALE:
            return None
        return newest
