"""How long the wearer waits, on average, between a movement's onset and the motion."""

from __future__ import annotations

from emg_recognition.errors import SettingError

LONG_DELAY = 0.15
"""Above this delay (s) a wearer notices it: the optimum is 100 to 125 ms (Farrell and Weir, 2007)."""

LONGEST_DELAY = 0.30
"""Above this delay (s) control falls apart (Hudgins, Parker and Scott, 1993)."""


def controller_delay(*, window: float, step: float, votes: int, processing: float) -> float:
    """Return the average controller delay in seconds.

    Half a window passes until a new movement fills most of it, half of the votes until the
    majority turns (Smith, Hargrove, Lock and Kuiken, 2011).

    Parameters
    ----------
    window : float
        Length of a window, s.
    step : float
        Time between two windows, s.
    votes : int
        Number of estimates that vote.
    processing : float
        Time from a window's last sample to the command, s.
    """
    return window / 2 + votes / 2 * step + processing


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
            f"at most {LONGEST_DELAY * 1000:.0f} ms can be controlled; use a shorter window, a shorter step "
            "or fewer votes, or set allow_long_delay",
        )
    return delay > LONG_DELAY
