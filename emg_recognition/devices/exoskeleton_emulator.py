"""A serial exoskeleton without hardware: its protocol on a pseudo-terminal, in real time."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Protocol

from emg_recognition.devices.exoskeleton_frames import (
    CommandFrame,
    ExoskeletonDecoder,
    StateFrame,
    encode_state,
)
from emg_recognition.devices.pseudo_terminal import EmulatedDevice
from emg_recognition.errors import SettingError


class Arm(Protocol):
    """The joints that the emulator moves; ``SerialSimulator`` of the simulation is one."""

    #: Whether the joints have stopped because no command is valid.
    watchdog: bool
    #: While this is set, no command is carried out.
    emergency_stop: bool

    @property
    def positions(self) -> Sequence[float]:
        """Positions of the joints, rad."""

    @property
    def velocities(self) -> Sequence[float]:
        """Velocities of the joints, rad/s."""

    def obey(self, positions: Sequence[float], velocities: Sequence[float], duration: float) -> str | None:
        """Carry out a command, or return why not."""

    def step(self, duration: float) -> None:
        """Let this many seconds pass."""


class ExoskeletonEmulator(EmulatedDevice):
    """Speak the protocol of ``docs/reference/exoskeleton-frames.md`` for simulated joints.

    While no reader is there, reports are left out, so that the next one is fresh. As a context manager
    it is started and closed.

    Parameters
    ----------
    arm : Arm
        The joints; after :meth:`start` only the emulator's thread uses them.
    link : path or None
        A symbolic link to the port.
    rate : float
        Reports per second, Hz.

    Raises
    ------
    SettingError
        If the rate is not above 0.
    DeviceError
        If the link cannot be made.

    Attributes
    ----------
    emergency_stop : bool
        Set it to press the emergency stop, clear it to release it.
    obeyed, refused : int
        Commands carried out and refused.
    refusal : str
        Why the newest refused command was refused.
    """

    def __init__(self, arm: Arm, *, link: str | os.PathLike[str] | None = None, rate: float = 200.0) -> None:
        if not rate > 0:
            raise SettingError("rate", rate, "give a number of reports per second above 0")
        super().__init__(link)
        self._arm = arm
        self._period = 1.0 / rate
        self._decoder = ExoskeletonDecoder()
        self._counter = 0
        self._refusing = False
        self._outbox = b""
        self.emergency_stop = False
        self.obeyed = 0
        self.refused = 0
        self.refusal = ""

    @property
    def bad_checksum(self) -> int:
        """Command frames with a wrong checksum."""
        return self._decoder.bad_checksum

    def _run(self) -> None:
        stepped = due = time.monotonic()
        while not self._closing.is_set():
            self._terminal.wait(due - time.monotonic(), writable=False)
            now = time.monotonic()
            self._arm.emergency_stop = self.emergency_stop
            self._arm.step(now - stepped)
            stepped = now
            for frame in self._decoder.feed(self._terminal.read()):
                if isinstance(frame, CommandFrame):
                    self._obey(frame)
            if now >= due:
                self._report()
                # After a pause of the machine the missed reports are not made up for.
                due = max(due + self._period, now)

    def _obey(self, frame: CommandFrame) -> None:
        refusal = self._arm.obey(frame.positions, frame.velocities, frame.duration)
        if refusal is None:
            self._counter = frame.counter
            self.obeyed += 1
        else:
            self._refusing = True
            self.refused += 1
            self.refusal = refusal

    def _report(self) -> None:
        # Finish a frame that the full buffer has cut, or the host would find no whole one.
        if not self._outbox:
            arm = self._arm
            self._outbox = encode_state(
                StateFrame(
                    self._counter,
                    arm.watchdog,
                    arm.emergency_stop,
                    self._refusing,
                    tuple(arm.positions),
                    tuple(arm.velocities),
                )
            )
            self._refusing = False
        self._outbox = self._outbox[self._terminal.write(self._outbox) :]
