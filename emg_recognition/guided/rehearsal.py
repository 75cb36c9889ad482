"""What a wearer who follows every prompt of a scripted session does: a script for the simulated wearer."""

from __future__ import annotations

from collections.abc import Iterable

from emg_recognition.actions import REST
from emg_recognition.guided.plan import Plan
from emg_recognition.guided.script import ScriptedOperator, Step
from emg_recognition.guided.session import GuidedSession, Key, Phase

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
        Action and seconds, as :func:`~emg_recognition.simulation.wearer.simulate_stream` takes them; rest
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
