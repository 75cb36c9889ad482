"""The stop input: a switch in a person's hand that says 20 times a second that motion is allowed."""

from __future__ import annotations

from emg_recognition.control.reasons import Doubt, Reason

SILENCE = 0.12
"""Silence (s) that stops: two of the 20 messages a second were lost."""

_NEEDED = 2
"""Messages needed before the input is believed: the first may have waited in a queue."""


class StopInput:
    """Whether the stop input allows motion: it says so, has just said so, and there is one of it.

    Silence of one publisher would hide behind the voice of another one, and a message does not
    tell whose it is. So there may be only one.
    """

    def __init__(self) -> None:
        self._allowed = False
        self._spoken: float | None = None
        self._heard = 0
        self._publishers = 0

    def receive(self, allowed: bool, steady: float) -> None:
        """Take a message in.

        Parameters
        ----------
        allowed : bool
            Whether motion is allowed.
        steady : float
            Time of receipt on the steady clock, s.
        """
        self._allowed = allowed
        self._heard = self._heard + 1 if self.age(steady) <= SILENCE else 1
        self._spoken = steady

    def count(self, publishers: int) -> None:
        """Take note of how many publishers there are."""
        if publishers != self._publishers:
            self._heard = 0
        self._publishers = publishers

    def distrust(self) -> None:
        """Believe it again only after new messages: what comes now may have waited in a queue."""
        self._heard = 0

    def age(self, steady: float) -> float:
        """Return the time since the last message, s; -1 before the first."""
        return -1.0 if self._spoken is None else steady - self._spoken

    @property
    def confirmed(self) -> bool:
        """Whether enough messages have come since it appeared, fell silent or was distrusted."""
        return self._heard >= _NEEDED

    def doubt(self, steady: float) -> Doubt | None:
        """Return why motion is not allowed now, or None."""
        if self._publishers > 1:
            return Doubt(
                Reason.STOP_INPUT_SEVERAL,
                f"the stop input has {self._publishers} publishers, one is allowed; "
                "one that was killed is forgotten after 20 s",
            )
        if self._publishers == 0:
            return Doubt(Reason.STOP_INPUT_LOST, "the stop input has no publisher")
        if self._spoken is None:
            return Doubt(Reason.STOP_INPUT_SILENT, "the stop input has not spoken yet")
        if not self._allowed:
            return Doubt(Reason.STOP_INPUT_FALSE, "the stop input says false")
        age = steady - self._spoken
        if age > SILENCE:
            return Doubt(Reason.STOP_INPUT_SILENT, f"the stop input has been silent for {age * 1000:.0f} ms")
        return None
