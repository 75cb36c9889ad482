"""An exoskeleton on a serial port, from the host's side."""

from __future__ import annotations

import contextlib
import os
import select
import termios
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
from emg_recognition.devices.serial_port import open_port, ports_found
from emg_recognition.errors import DeviceError, SettingError

MAX_UNOBEYED = 10
"""So many commands may be on their way; beyond that, what still waits in the port's buffer is stale."""

WAIT_SECONDS = 0.05
"""Longest that :meth:`SerialExoskeleton.open` waits at a time."""


class SerialExoskeleton:
    """Command an exoskeleton that speaks the protocol of ``docs/reference/exoskeleton-frames.md``.

    Sending and reading never wait. It is used from one thread.

    Parameters
    ----------
    port : str
        The port, e.g. ``/dev/ttyUSB0``.
    baud_rate : int
        Baud; without meaning for USB devices and pseudo-terminals.
    joints : int
        Number of joints that the exoskeleton must have.
    timeout : float
        Seconds in which it must report its joints after :meth:`open`.

    Raises
    ------
    SettingError
        If a value is out of range.

    Attributes
    ----------
    dropped : int
        How often older commands had to be taken out of the port's buffer.
    """

    def __init__(self, port: str, baud_rate: int, joints: int, timeout: float = 2.0) -> None:
        if baud_rate <= 0:
            raise SettingError("baud_rate", baud_rate, "give a baud rate above 0, e.g. 921600")
        if not 1 <= joints <= MAX_JOINTS:
            raise SettingError("joints", joints, f"a serial exoskeleton has 1 to {MAX_JOINTS}")
        if timeout <= 0:
            raise SettingError("timeout", timeout, "give seconds above 0")
        self._name = port
        self._baud_rate = baud_rate
        self._joints = joints
        self._timeout = timeout
        self._port: serial.Serial | None = None
        self._decoder = ExoskeletonDecoder()
        self._sent = 0
        self._obeyed = 0
        self.dropped = 0

    @property
    def obeyed(self) -> bool:
        """Whether the exoskeleton has said that it obeys the newest command."""
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
            If there is no such port, it may not be opened, nothing reports, or a report is of
            another number of joints.
        """
        self.close()
        self._port = open_port(self._name, self._baud_rate)
        self._decoder = ExoskeletonDecoder()
        deadline = time.monotonic() + self._timeout
        try:
            while (left := deadline - time.monotonic()) > 0:
                select.select([self._port], [], [], min(left, WAIT_SECONDS))
                states = self.read()
                if states:
                    # Counted on from there, so that an old counter is not taken for a new one.
                    self._sent = states[-1].counter
                    return states[-1]
        except BaseException:
            self.close()
            raise
        seen = self._decoder.skipped_bytes + self._decoder.pending_bytes
        self.close()
        raise DeviceError(
            self._name,
            f"no report of an exoskeleton within {self._timeout:g} s ({seen} bytes seen)",
            f"check that one is on this port, switched on and set to {self._baud_rate} baud; {ports_found()}",
        )

    def send(self, positions: Sequence[float], velocities: Sequence[float], duration: float) -> None:
        """Send a command without waiting; where older ones still wait, it takes their place.

        Parameters
        ----------
        positions, velocities : sequence of float
            Where the joints shall be after `duration`, and how fast, rad and rad/s.
        duration : float
            How long the command holds, s.

        Raises
        ------
        SettingError
            For a value that is not finite or does not fit.
        DeviceError
            If the exoskeleton is not open or has gone.
        """
        port = self._opened()
        counter = self._sent % 0xFFFFFFFF + 1
        data = encode_command(CommandFrame(counter, duration, tuple(positions), tuple(velocities)))
        on_the_way = (self._sent - self._obeyed) % 0xFFFFFFFF
        self._sent = counter
        try:
            if on_the_way > MAX_UNOBEYED:
                self._drop(port)
            if _write(port, data) < len(data):
                # The buffer is full; a cut frame in it goes with the rest.
                self._drop(port)
                _write(port, data)
        except (OSError, termios.error) as error:
            raise self._gone(error) from error

    def read(self) -> list[StateFrame]:
        """Return the reports that have come since, in order, without waiting.

        Raises
        ------
        DeviceError
            If the exoskeleton is not open, has gone, or reports another number of joints.
        """
        port = self._opened()
        try:
            if not select.select([port], [], [], 0.0)[0]:
                return []
            # Readable and yet empty is a port that has gone: read(1) raises then.
            data = port.read(port.in_waiting or 1)
        except (OSError, termios.error) as error:
            raise self._gone(error) from error
        states = [frame for frame in self._decoder.feed(data) if isinstance(frame, StateFrame)]
        for state in states:
            if len(state.positions) != self._joints:
                self.close()
                raise DeviceError(
                    self._name,
                    f"the exoskeleton has {len(state.positions)} joints, configured are {self._joints}",
                    "list the joints that it has, or name another port",
                )
        if states:
            self._obeyed = states[-1].counter
        return states

    def close(self) -> None:
        """Close the port; allowed at any time. The last command ends by itself."""
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(OSError, termios.error):
                port.close()

    def __enter__(self) -> SerialExoskeleton:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _drop(self, port: serial.Serial) -> None:
        port.reset_output_buffer()
        self.dropped += 1

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise DeviceError(self._name, "the exoskeleton is not open", "open it first")
        return self._port

    def _gone(self, error: BaseException) -> DeviceError:
        self.close()
        return DeviceError(
            self._name, f"the exoskeleton has gone ({error})", "check plug and power and open it again"
        )


def _write(port: serial.Serial, data: bytes) -> int:
    """Write what there is room for, at once, and return how much that was.

    pyserial's own write waits for room, with any timeout, until there is some.
    """
    try:
        return os.write(port.fileno(), data)
    except BlockingIOError:
        return 0
