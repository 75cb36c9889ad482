"""What a guided session shows to others, as the fields of ``SessionState.msg``."""

from __future__ import annotations

from typing import Any

from emg_recognition.guided.session import GuidedSession, Phase


def state_of(session: GuidedSession, now: float) -> dict[str, Any]:
    """Return the fields of ``SessionState.msg`` that the session itself knows.

    Parameters
    ----------
    session : GuidedSession
        The session.
    now : float
        The session's time, s.

    Returns
    -------
    dict of str to Any
        Values by field.
    """
    prompt, following = session.prompt, session.following
    return {
        "phase": session.phase.value,
        "elapsed": max(0.0, now - session.since),
        "length": session.length,
        "remaining": session.remaining(now),
        "action": prompt.action if prompt is not None else "",
        "text": prompt.text if prompt is not None else "",
        "repetition": prompt.repetition if prompt is not None else 0,
        "following": following.action if following is not None else "",
        "hold": prompt.hold if prompt is not None else 0.0,
        "reaction": session.reaction,
        "kept": session.kept,
        "discarded": session.dropped,
        "planned": session.total,
        "note": session.note if session.phase is not Phase.ENDED else "",
    }
