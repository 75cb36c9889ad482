"""Samples from a Myo armband over Bluetooth, as its maker described it.

https://github.com/thalmiclabs/myo-bluetooth, ``myohw.h``: 200 samples of 8 signed bytes a second, two in each
notification, on four characteristics in turn. No armband was at hand: what is sent and decoded follows that
description and was never tried with one.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from emg_recognition.devices.package_counter import PackageCounter
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolCounters
from emg_recognition.devices.source import READ_SECONDS, StreamSource
from emg_recognition.devices.stream import SampleChunk, SampleStream
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting

if TYPE_CHECKING:
    from bleak import BleakClient

T = TypeVar("T")

RATE, CHANNELS, CHARACTERISTICS, IN_PACKET = 200.0, 8, 4, 2
"""Samples a second, electrodes, characteristics that take turns, and samples in a notification."""

FIND_SECONDS = 10.0
"""How long to look for an armband, s."""

ANSWER_SECONDS = 10.0
"""How long it may take to connect or to obey, s."""

MODES = {"raw": 0x03, "filtered": 0x02}
"""What it sends: the signal, or what its own filter leaves of it."""


def uuid(number: int) -> str:
    """Return the address of a service or characteristic from its 16 bits."""
    return f"d506{number:04x}-a904-deb9-4748-2c7f4a124842"


CONTROL_SERVICE, INFO, COMMAND = uuid(0x0001), uuid(0x0101), uuid(0x0401)
EMG_DATA = tuple(uuid(number << 8 | 0x05) for number in range(1, CHARACTERISTICS + 1))


def set_mode(emg: int) -> bytes:
    """Return the command that chooses what is sent: this of the EMG (0: nothing), nothing else."""
    return bytes([0x01, 3, emg, 0x00, 0x00])


STAY_AWAKE = bytes([0x09, 1, 1])
"""The command that keeps it from sleeping when the arm rests."""


@dataclass(frozen=True, kw_only=True)
class MyoSettings:
    """What a Myo is asked for."""

    mode: str = setting("raw", "what the armband sends", choices=tuple(MODES))

    def __post_init__(self) -> None:
        check(self)


class MyoPackets:
    """Make chunks of the notifications.

    The four characteristics take turns, so that the one on which a notification comes counts losses of up to
    three; more are counted in rounds of four from the time.

    Attributes
    ----------
    refused : int
        Notifications of another length.
    stream : SampleStream
        The samples.
    """

    def __init__(self, serial_number: str = "") -> None:
        names = tuple(f"channel {number}" for number in range(1, CHANNELS + 1))
        info = InfoFrame("Myo", serial_number, RATE, CHANNELS, "count", 1.0, names, ("",) * CHANNELS)
        self.stream = SampleStream(info, has_clock=False)
        self.refused = 0
        self._turns = PackageCounter(RATE, step=1, samples=IN_PACKET, period=CHARACTERISTICS)
        self._restart, self._counter = True, 0

    def begin(self) -> None:
        """Expect any characteristic: the armband was connected or started."""
        self._turns.begin()
        self.stream.begin(self.stream.info)
        self._restart = True

    def feed(self, characteristic: int, data: bytes, arrival: float) -> SampleChunk | None:
        """Take a notification.

        Parameters
        ----------
        characteristic : int
            0 to 3.
        data : bytes
            Its value: two samples.
        arrival : float
            Host's monotonic time of its arrival, s.

        Returns
        -------
        SampleChunk or None
            Two samples; None if the notification has another length.
        """
        if len(data) != IN_PACKET * CHANNELS:
            self.refused += 1
            return None
        turns, times = np.full(IN_PACKET, characteristic), arrival + np.array([-1 / RATE, 0.0])
        ((_, _, lost, uncertain),) = self._turns.split(turns, times)
        self._counter += lost
        counts = np.frombuffer(data, np.int8).reshape(IN_PACKET, CHANNELS).astype(np.int32)
        frame = DataFrame(self._counter % 2**32, 0, self._restart or uncertain, counts)
        self._counter, self._restart = self._counter + IN_PACKET, False
        return self.stream.chunk(frame, arrival)


class MyoSource(StreamSource):
    """Read samples from a Myo armband.

    Parameters
    ----------
    port : str
        The address, as the user wrote it.
    device : str
        Bluetooth address of the armband; empty for the first one that is found.
    settings : MyoSettings, optional
        What it is asked for.

    Raises
    ------
    SettingError
        If bleak is not installed.
    """

    first_seconds = 5.0
    when_silent = "check that the armband is charged, worn and near"
    when_invalid = "check that it is a Myo"
    rate_remedy = "the armband does not keep its 200 Hz"

    def __init__(self, port: str, device: str = "", settings: MyoSettings | None = None) -> None:
        try:
            import bleak
        except ImportError as error:
            remedy = "install it: pip install 'emg_recognition[myo]'"
            raise SettingError("myo", str(error), remedy) from error
        self._bleak = bleak
        self.port = port
        self._device, self._settings = device, settings or MyoSettings()
        self._packets: MyoPackets | None = None
        self._client: BleakClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._arrived: queue.SimpleQueue[tuple[int, bytes, float] | None] = queue.SimpleQueue()

    @property
    def is_open(self) -> bool:
        """Whether it is connected."""
        return self._client is not None

    def _protocol_counters(self) -> ProtocolCounters:
        """Count notifications."""
        if self._packets is None:
            return ProtocolCounters()
        frames = self._packets.stream.counters.samples // IN_PACKET
        return ProtocolCounters(frames=frames, refused=self._packets.refused)

    def open(self) -> InfoFrame:
        """Find the armband and connect to it.

        Raises
        ------
        DeviceError
            If there is no Bluetooth or no armband, or it does not answer.
        """
        self.close()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="myo", daemon=True)
        self._thread.start()
        try:
            serial = self._run(self._connect(), FIND_SECONDS + 2 * ANSWER_SECONDS)
        except BaseException:
            self.close()
            raise
        if self._packets is None:
            self._packets = MyoPackets(serial)
            self._stream = self._packets.stream
        return self._packets.stream.info

    def start(self) -> None:
        """Make the armband send samples.

        Raises
        ------
        DeviceError
            If it is not open or does not obey.
        """
        self._opened()
        assert self._packets is not None  # made by open()
        self._arrived = queue.SimpleQueue()
        self._packets.begin()
        self._run(self._begin(), 2 * ANSWER_SECONDS)

    def read(self) -> list[SampleChunk]:
        """Return what has arrived: at once if there is something, otherwise after 50 ms at most.

        Raises
        ------
        DeviceError
            If it is not open or has gone.
        """
        self._opened()
        assert self._packets is not None
        chunks: list[SampleChunk] = []
        with contextlib.suppress(queue.Empty):
            found = self._arrived.get(timeout=READ_SECONDS)
            while True:
                if found is None:
                    self.close()
                    raise self.error("the armband has gone", "check that it is charged and near")
                if (chunk := self._packets.feed(*found)) is not None:
                    chunks.append(chunk)
                found = self._arrived.get_nowait()
        return chunks

    def stop(self) -> None:
        """Make the armband stop sending."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._run(self._client.write_gatt_char(COMMAND, set_mode(0), response=True), ANSWER_SECONDS)

    def close(self) -> None:
        """Stop the armband and disconnect from it; allowed at any time."""
        self.stop()
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                self._run(client.disconnect(), ANSWER_SECONDS)
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def _opened(self) -> BleakClient:
        if self._client is None:
            raise self.error("the armband is not open", "open it first")
        return self._client

    def _run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Do something in the thread of the Bluetooth library, and wait for it."""
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._loop)
        try:
            return future.result()
        except asyncio.TimeoutError as error:
            raise self.error(
                f"it did not answer within {seconds:g} s", "wake it up and come nearer"
            ) from error
        except (self._bleak.exc.BleakError, OSError, EOFError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise self.error(f"Bluetooth: {reason}", "check that Bluetooth is there and on") from error

    async def _connect(self) -> str:
        scanner = self._bleak.BleakScanner
        if self._device:
            found = await scanner.find_device_by_address(self._device, FIND_SECONDS)
        else:
            found = await scanner.find_device_by_filter(
                lambda _, advertised: CONTROL_SERVICE in advertised.service_uuids, FIND_SECONDS
            )
        if found is None:
            raise self.error("no Myo was found", "charge it, wear it, and end other programs that use it")
        client = self._bleak.BleakClient(found, lambda _: self._arrived.put(None), timeout=ANSWER_SECONDS)
        await client.connect()
        self._client = client
        await client.write_gatt_char(COMMAND, STAY_AWAKE, response=True)
        return bytes(await client.read_gatt_char(INFO))[:6].hex()

    async def _begin(self) -> None:
        client = self._opened()
        for number, characteristic in enumerate(EMG_DATA):
            await client.start_notify(characteristic, self._take(number))
        await client.write_gatt_char(COMMAND, set_mode(MODES[self._settings.mode]), response=True)

    def _take(self, number: int) -> Any:
        """Return the callback of a characteristic."""
        return lambda _, data: self._arrived.put((number, bytes(data), time.monotonic()))
