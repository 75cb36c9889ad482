"""What the bridge needs of a way to the exoskeleton."""

from __future__ import annotations

from typing import Protocol

from emg_recognition.control.trajectory import Command


class Output(Protocol):
    """One way for commands; none of its methods raises, whatever becomes of the other end."""

    @property
    def problem(self) -> str | None:
        """Return why commands do not get through or are not obeyed, or None."""

    def send(self, command: Command) -> None:
        """Send a command on its way without waiting; a newer one replaces whatever still waits."""

    def flush(self, seconds: float) -> bool:
        """Wait until all that was sent has arrived, for all anybody can know.

        Parameters
        ----------
        seconds : float
            Longest wait.

        Returns
        -------
        bool
            Whether it has.
        """

    def close(self) -> None:
        """Release what the output has opened."""
