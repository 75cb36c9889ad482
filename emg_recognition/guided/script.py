"""A scripted operator: a YAML list of what to press and when; and a rehearsal without a clock."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emg_recognition.actions import REST
from emg_recognition.errors import SettingError
from emg_recognition.guided.plan import Plan, Prompt
from emg_recognition.guided.session import GuidedSession, Key, Phase
from emg_recognition.settings import check, from_mapping, setting
from emg_recognition.yaml_files import load_yaml

SIGNAL = "signal"
"""``at`` of a step for the time while the session waits for a good signal."""

_TICK = 0.01
"""Resolution of a rehearsal, s."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One key that the operator presses once, in the middle of a performance or of the rest after it.

    Raises
    ------
    SettingError
        For a value that is not among the choices, or a time that is not above 0.
    """

    at: str = setting(help="action and repetition, such as elbow_flexion 2; signal: before the first prompt")
    do: str = setting(help="repeat, discard, pause or quit; at signal skip or quit")
    when: str = setting("during", "during the performance or after it", choices=("during", "after"))
    seconds: float = setting(1.0, "how long a pause lasts", unit="s", above=0)

    def __post_init__(self) -> None:
        check(self)
        keys = (Key.SKIP, Key.QUIT) if self.at == SIGNAL else (Key.REPEAT, Key.DISCARD, Key.PAUSE, Key.QUIT)
        known = [key.value for key in keys]
        if self.do not in known:
            raise SettingError("do", self.do, f"at {self.at} use one of {', '.join(known)}")


def load_script(path: str | os.PathLike[str], plan: Plan) -> tuple[Step, ...]:
    """Read a script.

    Parameters
    ----------
    path : path
        A YAML file with a list of steps; an empty one is an operator who presses nothing.
    plan : Plan
        The plan that the script belongs to.

    Returns
    -------
    tuple of Step
        The steps.

    Raises
    ------
    SettingError
        If the file cannot be read, or a step is wrong or names a prompt that the plan does not have.
    """
    document, name = load_yaml(path, "script"), Path(path).name
    if not isinstance(document or [], list):
        raise SettingError("script", os.fspath(path), "write a list of steps")
    steps = tuple(from_mapping(Step, entry, f"{name}: step {i}") for i, entry in enumerate(document or [], 1))
    known = {SIGNAL, *map(_place, plan.prompts())}
    for step in steps:
        if step.at not in known:
            first = _place(plan.prompts()[0])
            raise SettingError(f"{name}: at", step.at, f"name a prompt of the plan, such as {first}")
    return steps


class ScriptedOperator:
    """Presses the keys of a script, each the first time that its moment comes.

    Parameters
    ----------
    steps : iterable of Step
        What to press and when.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = list(steps)
        self._resume: float | None = None

    def act(self, session: GuidedSession, now: float) -> tuple[Key, float] | None:
        """Return what the operator presses now.

        Parameters
        ----------
        session : GuidedSession
            The session that the operator watches.
        now : float
            The time, s.

        Returns
        -------
        key : Key
            What is pressed; None instead of both values if nothing is.
        at : float
            The exact moment, not later than `now`.
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
    """Return the moment of a step; None if the session has not got there."""
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


def rehearse(
    plan: Plan, steps: Iterable[Step] = (), *, reaction: float = 0.3, tail: float = 5.0
) -> list[tuple[str, float]]:
    """Work out what the wearer does in a session, without waiting for it.

    Parameters
    ----------
    plan : Plan
        What is asked for.
    steps : iterable of Step
        What the operator presses. The session does not wait for a good signal.
    reaction : float
        How long after a prompt appears or disappears the wearer follows, s.
    tail : float
        Rest after the end, s.

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
