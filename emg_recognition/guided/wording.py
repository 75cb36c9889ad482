"""What is going on in a guided session, in a line."""

from __future__ import annotations

from emg_recognition.guided.session import GuidedSession, Phase


def doing(session: GuidedSession) -> str:
    """Say what is going on.

    Parameters
    ----------
    session : GuidedSession
        What to speak of.

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
    what = f"{prompt.action} {prompt.repetition}"
    if session.shown is not None:
        return f"NOW {what}: {prompt.text or prompt.action}"
    return f"{note}relax; in {session.length:g} s: {what}"
