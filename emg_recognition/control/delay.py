"""How long the wearer waits, on average, between a movement's onset and the motion."""

from __future__ import annotations

from emg_recognition.control.decision_settings import DecisionSettings
from emg_recognition.errors import SettingError

LONG_DELAY = 0.15
"""Above this delay (s) a wearer notices it: the optimum is 100 to 125 ms (Farrell and Weir, 2007)."""

LONGEST_DELAY = 0.30
"""Above this delay (s) control falls apart (Hudgins, Parker and Scott, 1993)."""


def controller_delay(*, window: float, step: float, decisions: DecisionSettings, processing: float) -> float:
    """Return the average controller delay in seconds: window/2 + (enter - 1/2) · step + dwell + processing.

    Half a window passes until a new movement fills most of it. Of the windows from there on, the first
    comes half a step later on average, and as many as an action needs to be decided must come. With a
    majority of an odd number of votes, enter - 1/2 is votes/2, as in Smith, Hargrove, Lock and
    Kuiken, 2011.

    Parameters
    ----------
    window : float
        Length of a window, s.
    step : float
        Time between two windows, s.
    decisions : DecisionSettings
        Votes and dwell.
    processing : float
        Time from a window's last sample to the command, s.
    """
    return window / 2 + (decisions.enter - 0.5) * step + decisions.dwell + processing


def is_long(delay: float, *, allow_long: bool) -> bool:
    """Judge a controller delay.

    Parameters
    ----------
    delay : float
        Average controller delay, s.
    allow_long : bool
        Let a delay above :data:`LONGEST_DELAY` pass, with a warning only.

    Returns
    -------
    bool
        True where the delay deserves a warning.

    Raises
    ------
    SettingError
        For a delay above :data:`LONGEST_DELAY` that was not allowed.
    """
    if delay > LONGEST_DELAY and not allow_long:
        raise SettingError(
            "average controller delay",
            f"{delay * 1000:.0f} ms",
            f"at most {LONGEST_DELAY * 1000:.0f} ms can be controlled; use a shorter window or step, fewer "
            "votes or a shorter dwell, or set allow_long_delay",
        )
    return delay > LONG_DELAY
