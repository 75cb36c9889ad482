"""The host's side of an exoskeleton on a serial port."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import serial

from emg_recognition.devices.exoskeleton_frames import (
    MAX_JOINTS,
    CommandFrame,
    ExoskeletonDecoder,
    StateFrame,
    encode_command,
)
from emg_recognition.devices.serial_port import SerialDevice, ports_found
from emg_recognition.errors import DeviceError, SettingError

MAX_UNOBEYED = 10
"""Commands that may be under way; with more, those still waiting in the port's buffer are stale."""

WAIT_SECONDS = 0.05
"""Longest single wait of :meth:`SerialExoskeleton.open`, s."""


class SerialExoskeleton(SerialDevice):
    """Command an exoskeleton that speaks the protocol of ``docs/reference/exoskeleton-frames.md``.

    Sending and reading never wait. Use it from one thread.

    Parameters
    ----------
    port : str
        The port, e.g. ``/dev/ttyUSB0``.
    baud_rate : int
        Speed of the port, baud; it has no meaning for USB devices and pseudo-terminals.
    joints : int
        Number of joints that the exoskeleton must have.
    timeout : float
        Time within which it must report its joints after :meth:`open`, s.

    Raises
    ------
    SettingError
        If a value is out of range.

    Attributes
    ----------
    dropped : int
        How often older commands had to be removed from the port's buffer.
    """

    def __init__(self, port: str, baud_rate: int, joints: int, timeout: float = 2.0) -> None:
        super().__init__(port, baud_rate, "exoskeleton")
        if not 1 <= joints <= MAX_JOINTS:
            raise SettingError("joints", joints, f"a serial exoskeleton has 1 to {MAX_JOINTS}")
        if timeout <= 0:
            raise SettingError("timeout", timeout, "give seconds above 0")
        self._joints = joints
        self._timeout = timeout
        self._decoder = ExoskeletonDecoder()
        self._sent = 0
        self._obeyed = 0
        self.dropped = 0

    @property
    def obeyed(self) -> bool:
        """Whether the exoskeleton has reported that it carries out the newest command."""
        return self._obeyed == self._sent

    def open(self) -> StateFrame:
        """Open the port and wait until the exoskeleton reports its joints.

        Returns
        -------
        StateFrame
            Its first report.

        Raises
        ------
        DeviceError
            If there is no such port, it may not be opened, no report arrives, or one reports another
            number of joints.
        """
        self._connect()
        self._decoder = ExoskeletonDecoder()
        deadline = time.monotonic() + self._timeout
        try:
            while (left := deadline - time.monotonic()) > 0:
                states = self._read(min(left, WAIT_SECONDS))
                if states:
                    # Count on from there, so that an old counter is not mistaken for a new one.
                    self._sent = states[-1].counter
                    return states[-1]
        except BaseException:
            self.close()
            raise
        seen = self._decoder.skipped_bytes + self._decoder.pending_bytes
        self.close()
        raise DeviceError(
            self.port,
            f"no report of an exoskeleton within {self._timeout:g} s ({seen} bytes seen)",
            f"check that one is on this port, switched on and set to {self._baud_rate} baud; {ports_found()}",
        )

    def send(self, positions: Sequence[float], velocities: Sequence[float], duration: float) -> None:
        """Send a command without waiting; it replaces older ones that are still waiting.

        Parameters
        ----------
        positions, velocities : sequence of float
            Where the joints should be after `duration`, and how fast, rad and rad/s.
        duration : float
            How long the command is valid, s.

        Raises
        ------
        SettingError
            For a value that is not finite or does not fit.
        DeviceError
            If the exoskeleton is not open or has gone.
        """
        counter = self._sent % 0xFFFFFFFF + 1
        data = encode_command(CommandFrame(counter, duration, tuple(positions), tuple(velocities)))
        on_the_way = (self._sent - self._obeyed) % 0xFFFFFFFF
        with self._opened() as port:
            self._sent = counter
            if on_the_way > MAX_UNOBEYED:
                self._drop(port)
            if _write(port, data) < len(data):
                # The buffer is full; a cut frame in it goes with the rest.
                self._drop(port)
                _write(port, data)

    def read(self) -> list[StateFrame]:
        """Return the reports that have arrived since the last call, in order, without waiting.

        Raises
        ------
        DeviceError
            If the exoskeleton is not open, has gone, or reports another number of joints.
        """
        return self._read(0.0)

    def _read(self, seconds: float) -> list[StateFrame]:
        data = self._receive(seconds)
        states = [frame for frame in self._decoder.feed(data) if isinstance(frame, StateFrame)]
        for state in states:
            if len(state.positions) != self._joints:
                self.close()
                raise DeviceError(
                    self.port,
                    f"the exoskeleton has {len(state.positions)} joints, configured are {self._joints}",
                    "list the joints that it has, or name another port",
                )
        if states:
            self._obeyed = states[-1].counter
        return states

    def __enter__(self) -> SerialExoskeleton:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _drop(self, port: serial.Serial) -> None:
        port.reset_output_buffer()
        self.dropped += 1


def _write(port: serial.Serial, data: bytes) -> int:
    """Write what there is room for, without waiting, and return how much that was.

    On Linux and macOS pyserial's own write waits until there is room, whatever its timeout.
    """
    if os.name != "posix":
        return port.write(data) or 0
    try:
        return os.write(port.fileno(), data)
    except BlockingIOError:
        return 0
