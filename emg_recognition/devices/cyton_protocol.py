"""OpenBCI Cyton as a protocol; ``docs/reference/protocols.md`` describes it."""

from __future__ import annotations

import numpy as np

from emg_recognition.devices.cyton_packets import (
    BOARD_CHANNELS,
    COUNTS_PER_VOLT,
    DAISY_CHANNELS,
    PACKET,
    RATE,
    RESET,
    START,
    STOP,
    TEXT_END,
    PacketFinder,
    channels_of,
    join_pairs,
    unpack_packets,
)
from emg_recognition.devices.protocol import (
    DataFrame,
    DeviceProtocol,
    InfoFrame,
    ProtocolCounters,
    ProtocolSettings,
)
from emg_recognition.errors import SettingError


class CytonProtocol(DeviceProtocol):
    """Packets without a checksum, numbered modulo 256; the board reports whether it has a Daisy.

    Packets with consecutive numbers that arrive together are one frame. A packet sent twice becomes
    a frame with the number it had; if its content differs, it cannot be recognised as a repetition.

    Parameters
    ----------
    settings : ProtocolSettings
        `rate` (packets per second) and `scale` of a board with modified firmware; channels and unit
        may not be set.

    Raises
    ------
    SettingError
        If channels or unit are set.
    """

    ask = RESET
    # A reset takes most of a second, and asking again would repeat it.
    ask_seconds = 2.5
    answer_seconds = 5.0
    start = START
    stop = STOP
    counter_period = 256

    def __init__(self, settings: ProtocolSettings) -> None:
        for name in ("channels", "unit"):
            if value := getattr(settings, name):
                raise SettingError(name, value, "leave it out with the protocol cyton: the board reports it")
        self._rate = settings.rate or RATE
        self._scale = settings.scale or COUNTS_PER_VOLT
        self._channels = BOARD_CHANNELS
        self._finder = PacketFinder()
        self._answers = 0
        self._answer_bytes = 0
        self._odd: tuple[int, np.ndarray] | None = None
        self._last = b""
        self._next: int | None = None  # counter of the next sample
        self._ahead = 0  # how far the counter is ahead of the number on the wire
        self._restart = True

    def info(self) -> InfoFrame | None:
        """Return None: the board must be asked."""
        return None

    def begin(self) -> None:
        """Drop an unfinished packet and accept any next number: the board starts again at 0."""
        self._finder.begin()
        self._odd, self._last, self._restart = None, b"", True

    def feed(self, data: bytes) -> list[DataFrame | InfoFrame]:
        """Take bytes and return what they complete: samples, and the answer to :attr:`ask`."""
        found: list[DataFrame | InfoFrame] = []
        for text, run in self._finder.feed(data):
            found += self._answer(text)
            packets = run
            if run[:PACKET] == self._last:
                packets = run[PACKET:]
                found += self._twice(run[:PACKET])
            if packets:
                found += self._samples(packets)
            self._last = run[-PACKET:]
        if TEXT_END in self._finder.text:
            found += self._answer(bytes(self._finder.text))
            self._finder.text.clear()
        return found

    @property
    def counters(self) -> ProtocolCounters:
        """What has been found so far; `frames` are packets and answers."""
        finder = self._finder
        return ProtocolCounters(
            frames=finder.packets + self._answers,
            refused=finder.refused,
            skipped_bytes=finder.skipped_bytes - self._answer_bytes,
        )

    @property
    def pending_bytes(self) -> int:
        """Bytes kept: fewer than two packets, and the last 512 bytes of text."""
        return self._finder.pending_bytes

    def _samples(self, packets: bytes) -> list[DataFrame]:
        first, counts = packets[1], unpack_packets(packets)
        if self._channels == DAISY_CHANNELS:
            first, counts, self._odd = join_pairs(self._odd, first, counts)
            if not len(counts):
                return []
        if self._next is None:
            self._next = first
        if self._restart:
            # What was lost before is not known: the counter continues.
            self._ahead = self._next - first
        counter = self._next + (first + self._ahead - self._next) % self.counter_period
        frame = DataFrame(counter % 2**32, 0, self._restart, counts)
        self._next, self._restart = counter + len(counts), False
        return [frame]

    def _twice(self, packet: bytes) -> list[DataFrame]:
        """Return the latest sample once more; nothing with a Daisy, where a packet is half a sample."""
        if self._next is None or self._channels == DAISY_CHANNELS:
            return []
        return [DataFrame((self._next - 1) % 2**32, 0, False, unpack_packets(packet))]

    def _answer(self, text: bytes) -> list[InfoFrame]:
        """Return the description of the board if its answer is in this text."""
        said, end, _ = text.rpartition(TEXT_END)
        channels = channels_of(said) if end else 0
        if not channels:
            return []
        self._answers += 1
        self._answer_bytes += len(said) + len(end) - said.rfind(b"OpenBCI")
        self._channels = channels
        daisy = channels == DAISY_CHANNELS
        self.counter_period = 128 if daisy else 256
        return [
            InfoFrame(
                "OpenBCI Cyton + Daisy" if daisy else "OpenBCI Cyton",
                "",
                self._rate / 2 if daisy else self._rate,
                channels,
                "V",
                self._scale,
                tuple(f"channel {number}" for number in range(1, channels + 1)),
                ("",) * channels,
            )
        ]
