"""Samples from a stream of the Lab Streaming Layer (LSL), https://labstreaminglayer.org.

The stamps are corrected with LSL's own comparison of the two clocks. LSL loses nothing on its way; what was
lost before it, or while the stream was away, is counted from the stamps.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emg_recognition.devices.channels import picked
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.source import READ_SECONDS, StreamSource
from emg_recognition.devices.stamp_gaps import StampGaps
from emg_recognition.devices.stream import SampleChunk, SampleStream
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting
from emg_recognition.types import UNITS

if TYPE_CHECKING:
    import pylsl

PROPERTIES = ("name", "type", "source_id", "hostname")
"""By what a stream may be chosen."""

LOOK_SECONDS = 1.0
"""How long to look for streams; a second one that matches must have answered by then, s."""

FIND_SECONDS = 3.0
"""How long to look further if none has answered, s."""

ANSWER_SECONDS = 10.0
"""How long the sender may take to answer, s; comparing the clocks takes one on an idle machine."""

MOST = 4096
"""Most samples that are taken at once."""

_SCALES = {
    **dict.fromkeys(("v", "volt", "volts"), 1.0),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1e3),
    **dict.fromkeys(("uv", "µv", "μv", "microvolt", "microvolts"), 1e6),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e9),
}
"""Counts per volt of the units that streams give their channels."""


@dataclass(frozen=True, kw_only=True)
class LslSettings:
    """What a stream does not report itself; 0 and empty: as reported."""

    rate: float = setting(
        0.0, "sampling rate of a stream that reports none; 0: as reported", unit="Hz", low=0.0, high=1e6
    )
    unit: str = setting("", "unit of the samples; empty: as reported", choices=("", *UNITS))
    scale: float = setting(0.0, "counts per unit; 0: as reported", low=0.0, high=1e15)
    pick: str = setting("", "channels to use, e.g. 1-4,7; empty: all")

    def __post_init__(self) -> None:
        check(self)


class LslSource(StreamSource):
    """Read samples from a stream of LSL.

    Parameters
    ----------
    port : str
        The address, as the user wrote it.
    wanted : dict
        By what the stream is chosen: values of :data:`PROPERTIES`.
    settings : LslSettings, optional
        What it does not report itself.

    Raises
    ------
    SettingError
        If pylsl is not installed or a property is unknown.
    """

    when_silent = "check that its sender still sends"
    when_invalid = "check that its sender still sends"

    def __init__(self, port: str, wanted: dict[str, str], settings: LslSettings | None = None) -> None:
        self.port = port
        self._lsl = import_pylsl()
        self._settings = settings or LslSettings()
        self._predicate = " and ".join(f"{name}={_quoted(name, value)}" for name, value in wanted.items())
        self._inlet: pylsl.StreamInlet | None = None
        self._outlet = ""  # identity of the sender's outlet
        self._source_id = ""
        self._picked = np.empty(0, int)
        self._gaps: StampGaps | None = None
        self._restart = True
        self._counter = 0
        self._offset = 0.0  # monotonic clock minus LSL's

    @property
    def is_open(self) -> bool:
        """Whether it is connected to a stream."""
        return self._inlet is not None

    def open(self) -> InfoFrame:
        """Find the stream and connect to it.

        Raises
        ------
        DeviceError
            If there is none, several match, it sends no numbers, or it is another one than before.
        """
        self.close()
        found = self._find()
        # Not recover=True: a lost stream is announced and looked for like any other source.
        inlet = self._lsl.StreamInlet(found, recover=False, as_numpy=True)
        try:
            full = inlet.info(ANSWER_SECONDS)
            inlet.open_stream(ANSWER_SECONDS)
            info = self._describe(full)
        except (TimeoutError, self._lsl.util.LostError) as error:
            raise self.error(
                f"the stream does not answer ({error})", "check its sender and network"
            ) from error
        self._check(info)
        if self._stream is None:
            self._stream = SampleStream(info, has_clock=False)
            self._gaps = StampGaps(info.rate)
        self._stream.info = info
        self._inlet, self._source_id = inlet, full.source_id()
        if full.uid() != self._outlet:
            self._begin(info)
        self._outlet = full.uid()
        return info

    def start(self) -> None:
        """Compare the clocks, and read from here.

        Raises
        ------
        DeviceError
            If it is not open, has gone, or its clock does not answer.
        """
        inlet = self._opened()
        try:
            inlet.time_correction(ANSWER_SECONDS)
        except (TimeoutError, self._lsl.util.LostError) as error:
            self.close()
            raise self.error(
                f"the sender's clock does not answer ({error})",
                "let UDP from port 16572 on pass the firewall",
            ) from error
        inlet.flush()
        self._offset = time.monotonic() - self._lsl.local_clock()
        self._restart = True

    def read(self) -> list[SampleChunk]:
        """Return what has arrived: at once if there are samples, otherwise after 50 ms at most.

        Raises
        ------
        DeviceError
            If it is not open or has gone.
        """
        inlet = self._opened()
        assert self._stream is not None  # made by open()
        assert self._gaps is not None
        try:
            values, stamps = inlet.pull_chunk(READ_SECONDS, MOST, min_samples=1, as_numpy=True)
            if not len(stamps):
                return []
            correction = inlet.time_correction(ANSWER_SECONDS) + self._offset
            if inlet.was_clock_reset():
                self._begin(self._stream.info)
        except (TimeoutError, self._lsl.util.LostError) as error:
            self.close()
            raise self.error("the stream has gone", "start its sender again") from error
        values = values[:, self._picked]
        if not np.isfinite(values).all():
            place, channel = np.argwhere(~np.isfinite(values))[0].tolist()
            value = values[place, channel]
            raise self.error(f"channel {self._picked[channel] + 1} is {value}", "leave it out with pick")
        chunks = []
        for begin, end, lost, uncertain in self._gaps.split(stamps):
            self._counter += lost
            restart = self._restart or uncertain
            frame = DataFrame(self._counter % 2**32, 0, restart, values[begin:end])
            chunk = self._stream.chunk(frame, float(stamps[end - 1]) + correction)
            self._counter, self._restart = self._counter + end - begin, False
            if chunk is not None:
                chunks.append(chunk)
        return chunks

    def stop(self) -> None:
        """Read no further; the sender does not hear of it."""

    def close(self) -> None:
        """Disconnect; allowed at any time."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            with contextlib.suppress(Exception):
                inlet.close_stream()

    def _opened(self) -> pylsl.StreamInlet:
        if self._inlet is None:
            raise self.error("the stream is not open", "open it first")
        return self._inlet

    def _begin(self, info: InfoFrame) -> None:
        """Expect a sender with a clock of its own, of which nothing is known."""
        assert self._stream is not None
        assert self._gaps is not None
        self._stream.begin(info)
        self._gaps.begin()

    def _find(self) -> pylsl.StreamInfo:
        streams = self._lsl.resolve_bypred(self._predicate, 2, LOOK_SECONDS)
        if not streams:
            streams = self._lsl.resolve_bypred(self._predicate, 1, FIND_SECONDS)
        if not streams:
            raise self.error("there is no such stream", f"start its sender; {self._others()}")
        same = [one for one in streams if one.source_id() and one.source_id() == self._source_id]
        if len(same or streams) > 1:
            listed = "; ".join(_named(one) for one in streams)
            raise self.error(f"{len(streams)} streams match: {listed}", "add name=… or source_id=…")
        return (same or streams)[0]

    def _others(self) -> str:
        others = self._lsl.resolve_streams(LOOK_SECONDS)
        return f"streams found: {'; '.join(map(_named, others))}" if others else "no stream was found"

    def _describe(self, found: pylsl.StreamInfo) -> InfoFrame:
        settings = self._settings
        if found.channel_format() == self._lsl.cf_string:
            raise self.error("it sends texts", "choose a stream of numbers")
        rate = settings.rate or found.nominal_srate()
        if not rate:
            raise self.error("it reports no sampling rate", "set rate")
        count = found.channel_count()
        labels = [
            str(label or f"channel {k}") for k, label in enumerate(_listed(found.get_channel_labels), 1)
        ]
        names = labels if len(labels) == count else [f"channel {k}" for k in range(1, count + 1)]
        self._picked = picked(settings.pick, count)
        units = {str(unit).strip().lower() for unit in _listed(found.get_channel_units)}
        scale = _SCALES.get(units.pop()) if len(units) == 1 else None
        unit = settings.unit or ("V" if scale else "count")
        return InfoFrame(
            found.name()[:200],
            found.source_id()[:200],
            rate,
            len(self._picked),
            unit,
            settings.scale or (scale if unit == "V" and scale else 1.0),
            tuple(names[k][:200] for k in self._picked),
            ("",) * len(self._picked),
        )


@functools.cache
def import_pylsl() -> Any:
    """Import pylsl; it logs nothing then, unless the user has a configuration of LSL.

    Raises
    ------
    SettingError
        If it is not installed.
    """
    try:
        import pylsl
    except (ImportError, RuntimeError) as error:
        remedy = "install pylsl: pip install 'emg_recognition[lsl]'"
        raise SettingError("lsl", str(error).splitlines()[0], remedy) from error
    places = ("lsl_api.cfg", "~/lsl_api/lsl_api.cfg", "/etc/lsl_api/lsl_api.cfg")
    if not os.environ.get("LSLAPICFG") and not any(Path(place).expanduser().exists() for place in places):
        pylsl.set_config_content("[log]\nlevel = -3\n")
    return pylsl


def wanted_stream(target: str) -> dict[str, str]:
    """Return by what a stream is chosen, from the address: ``type=EMG,name=armband``; empty is type EMG.

    Raises
    ------
    SettingError
        For another property than :data:`PROPERTIES`.
    """
    wanted = {}
    for part in target.split(",") if target else ["type=EMG"]:
        name, equals, value = part.partition("=")
        if not equals or name not in PROPERTIES:
            raise SettingError("source: stream", target, f"write {' or '.join(f'{p}=…' for p in PROPERTIES)}")
        wanted[name] = value
    return wanted


def _quoted(name: str, value: str) -> str:
    """Return a value as a query needs it, which knows no escapes."""
    quote = '"' if "'" in value else "'"
    if quote in value or not value.isprintable():
        raise SettingError(f"source: {name}", value, "choose the stream by something simpler")
    return f"{quote}{value}{quote}"


def _listed(get: Any) -> Sequence[Any]:
    """Return what a stream says about its channels; nothing if it says nothing, or nonsense."""
    try:
        return get() or ()
    except Exception:  # whatever a stranger writes there
        return ()


def _named(stream: pylsl.StreamInfo) -> str:
    from emg_recognition.text import printable

    kind, rate = printable(stream.type(), 40), stream.nominal_srate()
    name, source = printable(stream.name(), 60), printable(stream.source_id(), 60)
    return f"name={name} type={kind} source_id={source} ({stream.channel_count()} channels at {rate:g} Hz)"
