"""An operator who is not there: a YAML list of what he does and when."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emg_recognition.actions import REST
from emg_recognition.errors import SettingError
from emg_recognition.guided.plan import Plan, Prompt
from emg_recognition.guided.session import GuidedSession, Key, Phase
from emg_recognition.settings import from_mapping, load_yaml

SIGNAL = "signal"
"""``at`` of the step that is done while the session waits for a good signal."""

WHEN = ("during", "after")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that the operator does, once.

    Attributes
    ----------
    at : str
        Action and repetition, such as ``elbow_flexion 2``; or ``signal``, before the first prompt.
    do : str
        ``repeat``, ``discard``, ``pause`` or ``quit``; at ``signal`` only ``skip`` or ``quit``.
    when : str
        ``during``: in the middle of the performance; ``after``: in the middle of the rest behind it.
    seconds : float
        How long a ``pause`` lasts, s.
    """

    at: str
    do: str
    when: str = "during"
    seconds: float = 1.0

    def __post_init__(self) -> None:
        keys = (Key.SKIP, Key.QUIT) if self.at == SIGNAL else (Key.REPEAT, Key.DISCARD, Key.PAUSE, Key.QUIT)
        known = [key.value for key in keys]
        if self.do not in known:
            raise SettingError(f"script: do at {self.at}", self.do, f"write {' or '.join(known)}")
        if self.when not in WHEN:
            raise SettingError(f"script: when at {self.at}", self.when, f"write {' or '.join(WHEN)}")
        number = isinstance(self.seconds, (int, float)) and not isinstance(self.seconds, bool)
        if not number or not 0 < self.seconds < math.inf:
            raise SettingError(f"script: seconds at {self.at}", self.seconds, "write a time above 0")


def load_script(path: str | os.PathLike[str], plan: Plan) -> tuple[Step, ...]:
    """Read a script.

    Parameters
    ----------
    path : path
        A YAML file: a list of steps. An empty one is an operator who only looks on.
    plan : Plan
        What the script is for.

    Returns
    -------
    tuple of Step
        The steps.

    Raises
    ------
    SettingError
        If the file cannot be read, or a step is wrong or names what the plan does not ask for.
    """
    document, name = load_yaml(path, "script"), Path(path).name
    if not isinstance(document or [], list):
        raise SettingError("script", os.fspath(path), "write a list of steps")
    steps = tuple(from_mapping(Step, entry, f"{name}: step {i}") for i, entry in enumerate(document or [], 1))
    known = {SIGNAL, *map(_place, plan.prompts())}
    for step in steps:
        if step.at not in known:
            first = _place(plan.prompts()[0])
            raise SettingError(f"{name}: at", step.at, f"the plan asks for {first} and so on, not for this")
    return steps


class ScriptedOperator:
    """Does the steps of a script, each the first time that its moment comes.

    Parameters
    ----------
    steps : iterable of Step
        What to do.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = list(steps)
        self._resume: float | None = None

    def act(self, session: GuidedSession, now: float) -> tuple[Key, float] | None:
        """Tell what the operator does now.

        Parameters
        ----------
        session : GuidedSession
            What he sees.
        now : float
            The time, s.

        Returns
        -------
        key : Key
            What he presses; None instead of both where he does nothing.
        at : float
            When: the exact moment, not later than `now`.
        """
        if self._resume is not None and session.phase is Phase.PAUSED and now >= self._resume:
            at, self._resume = self._resume, None
            return Key.PAUSE, at
        for step in self._steps:
            moment = _moment(step, session, now)
            if moment is not None and now >= moment:
                self._steps.remove(step)
                if step.do == Key.PAUSE.value:
                    self._resume = moment + step.seconds
                return Key(step.do), moment
        return None


def _moment(step: Step, session: GuidedSession, now: float) -> float | None:
    """Return when a step is to be done, as far as the session has come; None where it has not come there."""
    if step.at == SIGNAL:
        return now if session.phase is Phase.WAITING else None
    middle = session.since + 0.5 * session.length
    if step.when == "during":
        there = session.phase is Phase.HOLDING and session.prompt is not None
        return middle if there and _place(session.prompt) == step.at else None
    there = session.phase is Phase.READY and session.last is not None
    return middle if there and _place(session.last) == step.at else None


def _place(prompt: Prompt | None) -> str:
    return "" if prompt is None else f"{prompt.action} {prompt.repetition}"


_TICK = 0.01


def rehearse(
    plan: Plan, steps: Iterable[Step] = (), *, reaction: float = 0.3, tail: float = 5.0
) -> list[tuple[str, float]]:
    """Go through a session in no time.

    Parameters
    ----------
    plan : Plan
        What is asked for.
    steps : iterable of Step
        What the operator does; he does not wait for a good signal.
    reaction : float
        How much later than a prompt appears or goes the wearer obeys, s.
    tail : float
        How long he still rests after the end, s.

    Returns
    -------
    list of (str, float)
        Action and seconds, as :func:`~emg_recognition.simulation.study.simulate_stream` takes them; rest
        between the prompts. The first entry begins when the session does.
    """
    session, operator = GuidedSession(plan), ScriptedOperator(steps)
    session.press(Key.SKIP, 0.0)
    performed = [(REST, 0.0)]
    tick = 0
    while session.phase is not Phase.ENDED:
        now = tick * _TICK
        pressed = operator.act(session, now)
        if pressed is not None:
            session.press(*pressed)
        session.advance(now)
        action = session.shown.action if session.shown is not None else REST
        if action != performed[-1][0]:
            performed.append((action, session.since + reaction))
        tick += 1
    ends = [begin for _, begin in performed[1:]] + [session.since + reaction + tail]
    return [(action, end - begin) for (action, begin), end in zip(performed, ends, strict=True)]
