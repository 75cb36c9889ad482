"""A decision has to stand for a while before it moves anything; leaving it is at once."""

from __future__ import annotations

from collections.abc import Collection

from emg_recognition.control.vote import NO_ACTION

_ROUNDING = 1e-6
"""Two seconds of ROS time, as floating point numbers, are some 0.2 µs from exact."""


class Dwell:
    """Holds a new moving decision back until it has stood for a time.

    Parameters
    ----------
    seconds : float
        That time, s; 0 lets every decision through.
    still : collection of str
        Actions that move nothing: they take effect at once, as does no action.
    """

    def __init__(self, seconds: float, still: Collection[str] = ()) -> None:
        self._seconds = seconds
        self._still = frozenset(still) | {NO_ACTION}
        self._decided = NO_ACTION
        self._since = 0.0

    def update(self, decided: str, time: float) -> str:
        """Take note of what is decided and return what takes effect.

        Asked again for the same decision it changes nothing, so it matters neither how often nor
        when it is asked in between.

        Parameters
        ----------
        decided : str
            The decision of this moment.
        time : float
            The moment, s.

        Returns
        -------
        str
            `decided`, or ``NO_ACTION`` while a moving decision has not stood long enough.
        """
        if decided != self._decided:
            self._decided, self._since = decided, time
        if decided in self._still or self._seconds == 0.0:
            return decided
        return decided if time - self._since >= self._seconds - _ROUNDING else NO_ACTION
