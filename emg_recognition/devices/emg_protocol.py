"""The protocol of ``docs/protocol.md`` as a :class:`DeviceProtocol`."""

from __future__ import annotations

from emg_recognition.devices.frame_types import DataFrame, InfoFrame
from emg_recognition.devices.frames import ASK_INFO, START, STOP, FrameDecoder
from emg_recognition.devices.protocol import DeviceProtocol, ProtocolCounters
from emg_recognition.devices.protocol_settings import ProtocolSettings
from emg_recognition.errors import SettingError


class EmgProtocol(DeviceProtocol):
    """Frames with a checksum, a 32-bit counter and a clock; the device describes itself.

    Parameters
    ----------
    settings : ProtocolSettings
        Nothing may be set: the device says it all.

    Raises
    ------
    SettingError
        If rate, channels, scale or unit are set.
    """

    ask = ASK_INFO
    start = START
    stop = STOP
    counter_period = 1 << 32
    has_clock = True

    def __init__(self, settings: ProtocolSettings) -> None:
        for name in ("rate", "channels", "scale", "unit"):
            if value := getattr(settings, name):
                raise SettingError(
                    name, value, "leave it out with the protocol emg: the armband says it itself"
                )
        self._decoder = FrameDecoder()

    def info(self) -> InfoFrame | None:
        """Return None: the device must be asked."""
        return None

    def begin(self) -> None:
        """Do nothing: the checksum shows a cut frame, and the device's frames say ``restart``."""

    def feed(self, data: bytes) -> list[DataFrame | InfoFrame]:
        """Take bytes and return the frames that they complete, as :meth:`FrameDecoder.feed`."""
        return self._decoder.feed(data)

    @property
    def counters(self) -> ProtocolCounters:
        """What was found so far."""
        decoder = self._decoder
        return ProtocolCounters(decoder.frames, decoder.bad_checksum, decoder.refused, decoder.skipped_bytes)

    @property
    def pending_bytes(self) -> int:
        """Bytes kept because a frame may be arriving: fewer than :data:`~.frames.MAX_FRAME`."""
        return self._decoder.pending_bytes
