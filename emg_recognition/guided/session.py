"""The state machine of a guided recording: what to perform now, and what the operator's keys change."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from emg_recognition.guided.plan import Plan, Prompt

#: A phase that ends later than planned by more than this (s), because the machine was held up, delays
#: the next one; a smaller delay is made up for, so that delays do not add up.
_LATE = 0.1


class Phase(Enum):
    """A phase of the session."""

    WAITING = "waiting"
    """Before the first prompt, until the signal is good."""
    READY = "ready"
    """The wearer rests and sees what comes next; after the last prompt it can still be repeated."""
    REACTING = "reacting"
    """The prompt is shown, its label has not begun."""
    HOLDING = "holding"
    """The prompt is shown and labelled."""
    PAUSED = "paused"
    """Until the operator continues."""
    ENDED = "ended"


class Key(Enum):
    """What the operator can press."""

    SKIP = "skip"
    """Begin although the signal is not good."""
    NEXT = "next"
    """End the rest and show the next prompt now; after the last one, end."""
    REPEAT = "repeat"
    """Discard the repetition and ask for it again."""
    DISCARD = "discard"
    """Discard the repetition and go on."""
    PAUSE = "pause"
    """Pause, or continue; a repetition in progress is discarded and asked for again."""
    QUIT = "quit"
    """Discard the repetition in progress and end."""


class Event(Enum):
    """Events of ``emg/label``, with the numbers of ``ActionLabel.event``."""

    START = 0
    END = 1
    DISCARD = 2


@dataclass(frozen=True)
class Cue:
    """Something to publish on ``emg/label`` now."""

    event: Event
    prompt: Prompt


class GuidedSession:
    """A state machine without a clock: every call gets the time, in s, which must not go back.

    Parameters
    ----------
    plan : Plan
        What to ask for.

    Attributes
    ----------
    phase : Phase
        The present phase.
    since, length : float
        When the phase began, and how long it lasts; 0 if that is open.
    reaction : float
        From a prompt to the start of its label, s.
    total, kept, dropped : int
        Repetitions that are planned, that are performed and kept, and that are discarded for good.
    last : Prompt or None
        The repetition finished or discarded last, unless it is asked for again.
    note : str
        Why the session is paused, or what the last key did.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.reaction = float(plan.reaction)
        self._todo = deque(plan.prompts())
        self.total = len(self._todo)
        self.kept = 0
        self.dropped = 0
        self.last: Prompt | None = None
        self._last_kept = False
        self.note = ""
        self.phase = Phase.WAITING
        self.since = 0.0
        self.length = 0.0
        self._keys: dict[Key, Callable[[float], list[Cue]]] = {
            Key.SKIP: self._skip,
            Key.NEXT: self._next,
            Key.REPEAT: self._repeat,
            Key.DISCARD: self._discard,
            Key.PAUSE: self._pause,
            Key.QUIT: self._quit,
        }

    @property
    def prompt(self) -> Prompt | None:
        """What is performed now or next; None after the last one."""
        return self._todo[0] if self._todo else None

    @property
    def following(self) -> Prompt | None:
        """What comes after `prompt`."""
        return self._todo[1] if len(self._todo) > 1 else None

    @property
    def shown(self) -> Prompt | None:
        """What the wearer should perform now; None during rest."""
        return self.prompt if self.phase in (Phase.REACTING, Phase.HOLDING) else None

    def remaining(self, now: float) -> float:
        """Return the time until the end, as planned, without pauses and before the first prompt, s."""
        prompts, pause = self._todo, float(self._plan.pause)
        if self.phase is Phase.ENDED:
            return 0.0
        # Each prompt left has a rest before it, and one rest follows the last.
        whole = sum(pause + self.reaction + prompt.hold for prompt in prompts) + pause
        if self.phase in (Phase.WAITING, Phase.PAUSED):
            return whole
        left = max(0.0, self.length - (now - self.since))
        if self.phase is Phase.READY:
            return whole - pause + left
        assert self.prompt is not None
        hold = self.prompt.hold if self.phase is Phase.REACTING else 0.0
        return whole - pause - self.reaction - self.prompt.hold + left + hold

    def advance(self, now: float) -> list[Cue]:
        """Go on to the next phase when it is due; call it at least every 50 ms.

        Parameters
        ----------
        now : float
            The time, s.

        Returns
        -------
        list of Cue
            What to publish on ``emg/label``.
        """
        due = self.since + self.length
        if self.phase not in (Phase.READY, Phase.REACTING, Phase.HOLDING) or now < due:
            return []
        at = due if now - due < _LATE else now
        prompt = self.prompt
        if prompt is None:
            self._enter(Phase.ENDED, at)
            return []
        if self.phase is Phase.READY:
            self.note = ""
            self._enter(Phase.REACTING, at, self._plan.reaction)
            return []
        if self.phase is Phase.REACTING:
            self._enter(Phase.HOLDING, at, prompt.hold)
            return [Cue(Event.START, prompt)]
        self.last, self._last_kept = self._todo.popleft(), True
        self.kept += 1
        self._enter(Phase.READY, at, self._plan.pause)
        return [Cue(Event.END, prompt)]

    def press(self, key: Key, now: float) -> list[Cue]:
        """Press a key; one that has no meaning in this phase changes nothing.

        Parameters
        ----------
        key : Key
            The key.
        now : float
            The time, s.

        Returns
        -------
        list of Cue
            What to publish on ``emg/label``.
        """
        if self.phase is Phase.ENDED:
            return []
        return self._keys[key](now)

    def interrupt(self, now: float, why: str) -> list[Cue]:
        """Pause for a reason; a repetition in progress is discarded and asked for again.

        Parameters
        ----------
        now : float
            The time, s.
        why : str
            The reason, for the operator.

        Returns
        -------
        list of Cue
            What to publish on ``emg/label``.
        """
        cues = self._take_back()
        self.note = why
        self._enter(Phase.PAUSED, now)
        return cues

    def _enter(self, phase: Phase, now: float, length: float = 0.0) -> None:
        self.phase, self.since, self.length = phase, now, length

    def _rest(self, now: float) -> None:
        """Start the rest before the next prompt."""
        self._enter(Phase.READY, now, self._plan.pause)

    def _take_back(self) -> list[Cue]:
        """Discard the repetition in progress if its label has begun."""
        prompt = self.prompt
        return [Cue(Event.DISCARD, prompt)] if self.phase is Phase.HOLDING and prompt is not None else []

    def _take_back_last(self) -> list[Cue]:
        """Discard the previous repetition, unless it is discarded already."""
        if self.last is None or not self._last_kept:
            return []
        self._last_kept = False
        self.kept -= 1
        return [Cue(Event.DISCARD, self.last)]

    def _skip(self, now: float) -> list[Cue]:
        if self.phase is Phase.WAITING:
            self._rest(now)
        return []

    def _next(self, now: float) -> list[Cue]:
        if self.phase is Phase.READY:
            self.length = max(0.0, now - self.since)  # due at once; advance() does the rest
        return []

    def _repeat(self, now: float) -> list[Cue]:
        if self.shown is not None:
            cues, again = self._take_back(), self.shown
        elif self.phase in (Phase.READY, Phase.PAUSED) and self.last is not None:
            again = self.last
            self.dropped -= not self._last_kept
            cues = self._take_back_last()
            self._todo.appendleft(again)
            self.last = None
        else:
            return []
        self.note = f"{_words(again)} is repeated"
        if self.phase is not Phase.PAUSED:
            self._rest(now)
        return cues

    def _discard(self, now: float) -> list[Cue]:
        if self.shown is not None:
            cues = self._take_back()
            self.last, self._last_kept = self._todo.popleft(), False
            self._rest(now)
        else:
            cues = self._take_back_last()
            if not cues:
                return []
        assert self.last is not None
        self.dropped += 1
        self.note = f"{_words(self.last)} is discarded"
        return cues

    def _pause(self, now: float) -> list[Cue]:
        if self.phase is Phase.WAITING:
            return []
        if self.phase is Phase.PAUSED:
            self.note = ""
            self._rest(now)
            return []
        return self.interrupt(now, "")

    def _quit(self, now: float) -> list[Cue]:
        cues = self._take_back()
        self._enter(Phase.ENDED, now)
        return cues


def _words(prompt: Prompt) -> str:
    return f"{prompt.action} {prompt.repetition}"


def doing(session: GuidedSession) -> str:
    """Describe what is going on.

    Parameters
    ----------
    session : GuidedSession
        The session.

    Returns
    -------
    str
        One line; it changes when the phase does.
    """
    prompt = session.prompt
    if session.phase is Phase.WAITING:
        return "waiting for a good signal"
    if session.phase is Phase.PAUSED:
        return f"paused{': ' if session.note else ''}{session.note}"
    note = f"{session.note}; " if session.note else ""
    if prompt is None:
        return f"{note}done"
    what = _words(prompt)
    if session.shown is not None:
        return f"NOW {what}: {prompt.text or prompt.action}"
    return f"{note}relax; in {session.length:g} s: {what}"
