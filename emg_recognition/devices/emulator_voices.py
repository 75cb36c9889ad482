"""The device's side of each protocol, for the emulator."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from emg_recognition.devices import cyton_packets, emg_protocol
from emg_recognition.devices.ascii_protocol import AsciiProtocol, write_lines
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.errors import SettingError


class Voice(ABC):
    """The commands that a device understands, and how it writes its samples.

    Parameters
    ----------
    info : InfoFrame
        The device.
    low, high : int
        Smallest and largest count that it will send.

    Raises
    ------
    SettingError
        If such a device cannot use this protocol.

    Attributes
    ----------
    ask, start, stop : bytes
        The commands, one byte each; empty if there is none.
    """

    ask = b""
    start = b""
    stop = b""

    @abstractmethod
    def __init__(self, info: InfoFrame, low: int, high: int) -> None: ...

    def describe(self) -> bytes:
        """Return the answer to :attr:`ask`."""
        return b""

    def begin(self) -> bytes:
        """Return what precedes the first samples after a start."""
        return b""

    @abstractmethod
    def data(self, frame: DataFrame) -> bytes:
        """Return a frame of samples.

        Raises
        ------
        SettingError, SampleError
            If this protocol cannot express them.
        """


class EmgVoice(Voice):
    """``docs/reference/emg-protocol.md``, with 24 bits if 16 are not enough for the counts."""

    ask, start, stop = emg_protocol.ASK_INFO, emg_protocol.START, emg_protocol.STOP

    def __init__(self, info: InfoFrame, low: int, high: int) -> None:
        self._info = emg_protocol.encode_info(info)
        self._bits = 16 if low >= -(1 << 15) and high < 1 << 15 else 24

    def describe(self) -> bytes:
        """Return the info frame."""
        return self._info

    def data(self, frame: DataFrame) -> bytes:
        """Return a data frame."""
        return emg_protocol.encode_data(frame, self._bits)


class CytonVoice(Voice):
    """OpenBCI's Cyton with 8 channels, or 16 with a Daisy; it cannot mark a restart."""

    ask, start, stop = cyton_packets.RESET, cyton_packets.START, cyton_packets.STOP

    def __init__(self, info: InfoFrame, low: int, high: int) -> None:
        if info.channels not in (cyton_packets.BOARD_CHANNELS, cyton_packets.DAISY_CHANNELS):
            raise SettingError("channels", info.channels, "a Cyton has 8 channels, or 16 with a Daisy")
        self._daisy = info.channels == cyton_packets.DAISY_CHANNELS
        self._zero: int | None = None  # counter of the first sample since the start

    def describe(self) -> bytes:
        """Return the answer of the board to a reset."""
        return cyton_packets.banner(self._daisy)

    def begin(self) -> bytes:
        """Return the meaningless packet that a board with a Daisy sends first."""
        self._zero = None
        if not self._daisy:
            return b""
        return cyton_packets.pack_packets(0, np.zeros((1, cyton_packets.BOARD_CHANNELS), np.int32))

    def data(self, frame: DataFrame) -> bytes:
        """Return one packet per sample, or two with a Daisy, numbered from the start."""
        if self._zero is None:
            self._zero = frame.counter
        number = (frame.counter - self._zero) % 2**32
        packets = frame.counts.reshape(-1, cyton_packets.BOARD_CHANNELS)
        return cyton_packets.pack_packets(2 * number + 1 if self._daisy else number, packets)


class AsciiVoice(Voice):
    """Lines of numbers, from :attr:`start` to :attr:`stop`; it cannot mark a restart."""

    start, stop = AsciiProtocol.start, AsciiProtocol.stop

    def __init__(self, info: InfoFrame, low: int, high: int) -> None:
        pass  # a line can hold any number

    def begin(self) -> bytes:
        """Return the end of a line, after which lines are complete."""
        return b"\r\n"

    def data(self, frame: DataFrame) -> bytes:
        """Return one line per sample."""
        return write_lines(frame.counts)


VOICES: dict[str, type[Voice]] = {"emg": EmgVoice, "cyton": CytonVoice, "ascii": AsciiVoice}
"""Every voice by the name of its protocol."""
