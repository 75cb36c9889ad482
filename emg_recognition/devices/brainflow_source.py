"""Samples from any board that BrainFlow knows, https://brainflow.org."""

from __future__ import annotations

import contextlib
import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emg_recognition.devices.channels import picked
from emg_recognition.devices.package_counter import PackageCounter
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.source import READ_SECONDS, StreamSource
from emg_recognition.devices.stream import SampleChunk, SampleStream
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting
from emg_recognition.types import UNITS

if TYPE_CHECKING:
    from brainflow.board_shim import BoardShim

POLL_SECONDS = 0.004
"""How often BrainFlow is asked, s: it cannot be waited for."""

BUFFER = 450_000
"""Rows that BrainFlow keeps for a delayed reader."""

MICROVOLTS = 1e6
"""Counts per volt: BrainFlow gives microvolts."""

_NUMBERS = {
    "SYNTHETIC_BOARD": {"step": 1, "samples": 1, "period": 256},
    "CYTON_BOARD": {"step": 1, "samples": 1, "period": 256},
    "CYTON_WIFI_BOARD": {"step": 1, "samples": 1, "period": 256},
    "CYTON_DAISY_BOARD": {"step": 2, "samples": 1, "period": 256},
    "CYTON_DAISY_WIFI_BOARD": {"step": 2, "samples": 1, "period": 256},
}
"""How boards number their packages, where BrainFlow's source says it; others are learned."""


@dataclass(frozen=True, kw_only=True)
class BrainFlowSettings:
    """How to reach a board, as BrainFlow's documentation says for each, and what its rows hold."""

    serial_port: str = setting("", "serial port of the board or its dongle")
    mac_address: str = setting("", "Bluetooth address of the board")
    ip_address: str = setting("", "address of the board")
    ip_port: int = setting(0, "port of the board; 0: any", low=0, high=65535)
    serial_number: str = setting("", "serial number of the board")
    other_info: str = setting("", "what BrainFlow asks for in addition")
    timeout: int = setting(
        0, "how long the board may take to be found; 0: BrainFlow's", unit="s", low=0, high=600
    )
    file: str = setting("", "the file to play, for playback")
    master_board: str = setting("", "the board that a file or stream was recorded with")
    config: str = setting("", "text sent to the board after connecting, e.g. loopback_true for playback")
    pick: str = setting("", "EMG channels to use, e.g. 1-4,7; empty: all")
    unit: str = setting("V", "unit of the samples", choices=UNITS)
    scale: float = setting(MICROVOLTS, "what BrainFlow gives per unit", above=0.0, high=1e15)

    def __post_init__(self) -> None:
        check(self)


class BrainFlowSource(StreamSource):
    """Read samples from a board through BrainFlow.

    Parameters
    ----------
    port : str
        The address, as the user wrote it.
    board : str
        Name of the board, as in BrainFlow's ``BoardIds`` without ``_BOARD``: ``synthetic``, ``cyton``,
        ``ganglion``, ``playback_file`` (or ``playback``), …
    settings : BrainFlowSettings, optional
        How to reach it.

    Raises
    ------
    SettingError
        If BrainFlow is not installed or a name is unknown.
    """

    first_seconds = 5.0
    when_silent = "check that the board is on and near"
    when_invalid = "check the board"
    rate_remedy = "the board does not keep the rate that BrainFlow reports"

    def __init__(self, port: str, board: str, settings: BrainFlowSettings | None = None) -> None:
        self.port = port
        self._settings = settings or BrainFlowSettings()
        shim = import_brainflow()
        self._errors = shim.BrainFlowError
        name, self._id = _board(shim, board, "source: board")
        parameters = shim.BrainFlowInputParams()
        for field in ("serial_port", "mac_address", "ip_address", "ip_port", "serial_number", "other_info"):
            setattr(parameters, field, getattr(self._settings, field))
        parameters.timeout, parameters.file = self._settings.timeout, self._settings.file
        described = name, self._id
        if self._settings.master_board:
            described = _board(shim, self._settings.master_board, "master_board")
            parameters.master_board = described[1]
        elif name in ("PLAYBACK_FILE_BOARD", "STREAMING_BOARD"):
            raise SettingError("master_board", "", "name the board that was recorded, e.g. cyton")
        self._parameters, self._shim = parameters, shim.BoardShim
        self._described, self._describing = described
        self._session: BoardShim | None = None
        self._rows: dict[str, Any] = {}
        self._numbers: PackageCounter | None = None
        self._restart, self._counter = True, 0

    @property
    def is_open(self) -> bool:
        """Whether it is connected to the board."""
        return self._session is not None

    def open(self) -> InfoFrame:
        """Connect to the board.

        Raises
        ------
        DeviceError
            If BrainFlow cannot reach it.
        """
        self.close()
        info = self._describe()
        session = self._shim(self._id, self._parameters)
        try:
            session.prepare_session()
        except self._errors as error:
            raise self.error(f"BrainFlow cannot reach it ({error})", "check power and settings") from error
        self._session = session
        if self._settings.config:
            try:
                session.config_board(self._settings.config)
            except self._errors as error:
                self.close()
                raise self.error(
                    f"it refuses {self._settings.config!r} ({error})", "correct config"
                ) from error
        if self._stream is None:
            self._stream = SampleStream(info, has_clock=False)
            self._numbers = PackageCounter(info.rate, **_NUMBERS.get(self._described, {}))
        return info

    def start(self) -> None:
        """Make the board send samples.

        Raises
        ------
        DeviceError
            If it is not open, or does not start.
        """
        try:
            self._opened().start_stream(BUFFER)
        except self._errors as error:
            self.close()
            raise self.error(f"it does not start ({error})", "open it again") from error
        assert self._stream is not None  # made by open()
        assert self._numbers is not None
        self._stream.begin(self._stream.info)
        self._numbers.begin()
        self._restart = True

    def read(self) -> list[SampleChunk]:
        """Return what has arrived: at once if there are samples, otherwise after 50 ms at most.

        Raises
        ------
        DeviceError
            If it is not open, or BrainFlow has lost it.
        """
        session = self._opened()
        assert self._stream is not None
        assert self._numbers is not None
        deadline = time.monotonic() + READ_SECONDS
        try:
            while not session.get_board_data_count() and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            data = session.get_board_data()
        except self._errors as error:
            self.close()
            raise self.error(f"BrainFlow has lost it ({error})", "check power and distance") from error
        if not data.shape[1]:
            return []
        # BrainFlow stamps rows on the system's clock, which may be set.
        stamps = data[self._rows["timestamp_channel"]] + (time.monotonic() - time.time())
        values = data[self._channels].T
        chunks = []
        for begin, end, lost, uncertain in self._numbers.split(
            data[self._rows["package_num_channel"]], stamps
        ):
            self._counter += lost
            restart = self._restart or uncertain
            frame = DataFrame(self._counter % 2**32, 0, restart, values[begin:end])
            chunk = self._stream.chunk(frame, float(stamps[end - 1]))
            self._counter, self._restart = self._counter + end - begin, False
            if chunk is not None:
                chunks.append(chunk)
        return chunks

    def stop(self) -> None:
        """Make the board stop sending."""
        if self._session is not None:
            with contextlib.suppress(self._errors):
                self._session.stop_stream()

    def close(self) -> None:
        """Stop the board and disconnect from it; allowed at any time."""
        session, self._session = self._session, None
        if session is not None:
            for action in (session.stop_stream, session.release_session):
                with contextlib.suppress(self._errors):
                    action()

    def _opened(self) -> BoardShim:
        if self._session is None:
            raise self.error("the board is not open", "open it first")
        return self._session

    def _describe(self) -> InfoFrame:
        rows = self._rows = self._shim.get_board_descr(self._describing)
        channels = rows.get("emg_channels") or rows.get("eeg_channels")
        if not channels or not {"package_num_channel", "timestamp_channel"} <= rows.keys():
            raise self.error(f"the board {rows.get('name')} has no EMG channels", "choose another board")
        chosen = picked(self._settings.pick, len(channels))
        self._channels = np.array(channels)[chosen]
        return InfoFrame(
            f"BrainFlow {rows['name']}",
            self._settings.serial_number,
            float(rows["sampling_rate"]),
            len(chosen),
            self._settings.unit,
            self._settings.scale,
            tuple(f"channel {place + 1}" for place in chosen),
            ("",) * len(chosen),
        )


@functools.cache
def import_brainflow() -> Any:
    """Import BrainFlow, whose own messages are switched off.

    Raises
    ------
    SettingError
        If it is not installed.
    """
    try:
        from brainflow import board_shim
    except ImportError as error:
        remedy = "install it: pip install 'emg_recognition[brainflow]'"
        raise SettingError("brainflow", str(error), remedy) from error
    board_shim.BoardShim.disable_board_logger()
    return board_shim


def _board(shim: Any, text: str, where: str) -> tuple[str, int]:
    """Return the name and the number of a board."""
    known = {board.name.lower().replace("_board", ""): board for board in shim.BoardIds}
    found = known.get({"playback": "playback_file"}.get(text.lower(), text.lower()))
    if found is None or found.name == "NO_BOARD":
        raise SettingError(where, text, f"use one of {', '.join(name for name in known if name != 'no')}")
    return found.name, int(found.value)
