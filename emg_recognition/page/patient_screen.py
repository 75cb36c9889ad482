"""What the patient's view says at one moment of a guided session."""

from __future__ import annotations

import math
from dataclasses import dataclass

from emg_recognition.actions import REST
from emg_recognition.page.state import SessionView
from emg_recognition.page.strings import praise, text, what_to_do

#: A turn below this cannot be told from none: donning finds half electrodes.
_STRAIGHT = 0.25


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Everything that the view shows.

    Attributes
    ----------
    look : str
        ``now``, ``rest``, ``stop`` or ``calm``: colour and shape.
    cue, what, why, time_left : str
        NOW or REST; the movement; a kind word or an explanation; how long the session goes on.
    seconds : int
        Whole seconds left in the phase; 0 if it is open.
    share : float
        Share of the phase that is left, 0 to 1.
    action : str
        What is drawn; empty for nothing.
    turn : float or None
        The turn of the armband to draw instead.
    command, button : str
        What the large button does, and its text; empty for no button.
    """

    look: str
    cue: str
    what: str = ""
    why: str = ""
    time_left: str = ""
    seconds: int = 0
    share: float = 0.0
    action: str = ""
    turn: float | None = None
    command: str = ""
    button: str = ""


def screen_of(session: SessionView | None, now: float, language: str) -> Screen:
    """Describe a moment of a session for the patient.

    Parameters
    ----------
    session : SessionView or None
        The session, if there is or was one.
    now : float
        ``time.monotonic()``.
    language : str
        Code of the language.

    Returns
    -------
    Screen
        What to show.
    """

    def said(key: str, **values: object) -> str:
        return text(f"patient.{key}", language, **values)

    if session is None:
        return Screen(look="calm", cue=said("none"), why=said("none_why"))
    if session.phase == "ended":
        return Screen(look="calm", cue=said("ended"), why=said("ended_why"))
    if not session.running:
        return Screen(look="stop", cue=said("lost"), why=said("lost_why"))
    time_left = _time_left(session.until_end(now), language)
    if session.phase == "paused":
        return Screen(
            look="stop",
            cue=said("paused"),
            why=said("paused_why"),
            time_left=time_left,
            command="pause",
            button=said("continue"),
        )
    if session.phase not in ("ready", "reacting", "holding"):  # waiting, or a step before the first prompt
        turn = session.turn
        what, why = "", said("wait_why")
        if turn is not None:
            what, why = (said("straight"), "") if abs(turn) < _STRAIGHT else (said("turn"), said("turn_why"))
        return Screen(
            look="calm",
            cue=said("wait"),
            what=what,
            why=why,
            turn=turn,
            time_left=time_left,
            command="skip",
            button=said("begin"),
        )
    left = session.left(now)
    movement = what_to_do(session.action, session.text, language) if session.action else ""
    if session.shown:
        length, cue, what, why = session.reaction + session.hold, said("now"), movement, ""
    else:
        length, cue = session.length, said("rest")
        what = f"{said('next')}: {movement}" if movement else ""
        # The note is for the therapist: why something is asked for again.
        why = praise(session.kept, language) if session.kept and not session.note else ""
    return Screen(
        look="now" if session.shown else "rest",
        cue=cue,
        what=what,
        why=why,
        time_left=time_left,
        seconds=math.ceil(left),
        share=min(1.0, left / length) if length > 0 else 0.0,
        action=session.action or REST,
        command="pause",
        button=said("pause"),
    )


def _time_left(seconds: float, language: str) -> str:
    if seconds <= 0:
        return ""
    if seconds < 60:
        return text("patient.seconds", language)
    return text("patient.minutes", language, minutes=round(seconds / 60))
