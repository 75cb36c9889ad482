"""Any source of samples by its address, such as ``serial:/dev/ttyACM0`` or ``lsl:type=EMG``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from emg_recognition.devices.protocol import SILENT_AFTER, ProtocolSettings
from emg_recognition.devices.protocols import PortSettings
from emg_recognition.errors import SettingError
from emg_recognition.settings import Setting, settings_of

if TYPE_CHECKING:
    import numpy as np

    from emg_recognition.devices.source import ChunkSource

_LOG = logging.getLogger(__name__)


def open_source(
    address: str,
    *,
    reconnect: bool = True,
    silent_after: float = SILENT_AFTER,
    say: Callable[[str], object] = _LOG.warning,
    **settings: Any,
) -> ChunkSource:
    """Make a source of samples from its address; use it in a ``with`` block, and iterate over it.

    Parameters
    ----------
    address : str
        What it is and where, with settings behind a question mark; ``docs/reference/sources.md`` lists all:
        ``serial:/dev/ttyACM0?protocol=cyton``, ``tcp:192.168.4.1:3000?protocol=ascii&rate=500&channels=4``,
        ``udp:3000``, ``lsl:type=EMG``, ``brainflow:synthetic``, ``myo:``, ``playback:study.npz?loop=true``.
    reconnect : bool
        Whether to wait for a device that was lost; if not, reading raises a DeviceError.
    silent_after : float
        Time without a sample after which it counts as lost, s.
    say : callable, optional
        Takes one line for each loss and each reconnection. By default they are logged as warnings.
    **settings
        The settings that may stand in the address.

    Returns
    -------
    ChunkSource
        Not yet connected: the ``with`` block does that.

    Raises
    ------
    SettingError
        If the address or a setting cannot be used, or a library for this kind of source is missing.
    RecordingError
        If the recording to play cannot be read.

    Examples
    --------
    >>> with open_source("lsl:type=EMG") as source:           # doctest: +SKIP
    ...     for chunk in source:
    ...         print(chunk.first_index, chunk.samples.shape, chunk.dropped_before)
    """
    scheme, colon, rest = address.partition(":")
    if not colon or scheme not in KINDS:
        known = ", ".join(f"{name}:{kind.example}" for name, kind in KINDS.items())
        raise SettingError("source", address, f"begin with one of {known}")
    kind = KINDS[scheme]
    target, _, options = rest.partition("?")
    values = _values(address, scheme, kind.known(), options, settings)
    source = kind.make(address, unquote(target), values)
    if not reconnect or scheme == "playback":
        return source
    from emg_recognition.devices.reconnection import ReconnectingArmband

    return ReconnectingArmband(source, silent_after, say)


def _values(
    address: str, scheme: str, known: Mapping[str, Setting], options: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of an address and those given beside it, checked."""
    values = {}
    for option in filter(None, options.split("&")):
        name, equals, text = option.partition("=")
        if not equals or name not in known:
            raise SettingError("source", address, _no_setting(name, scheme, known))
        values[name] = _read(known[name], unquote(text), f"source: {name}")
    for name, value in given.items():
        if name not in known:
            raise SettingError(name, value, _no_setting(name, scheme, known))
        checked = known[name].checked(value)
        if (there := values.setdefault(name, checked)) != checked:
            remedy = f"{name} is {there!r} there and {checked!r} beside it: give it once"
            raise SettingError("source", address, remedy)
    return values


def _no_setting(name: str, scheme: str, known: Mapping[str, Setting]) -> str:
    has = f"has the settings {', '.join(known)}" if known else "has no settings"
    return f"{name} is no setting of {scheme}: it {has}"


def _read(one: Setting, text: str, where: str) -> Any:
    value: Any = text
    if one.kind is bool:
        value = {"true": True, "false": False}.get(text, text)
    elif one.kind in (int, float):
        try:
            value = one.kind(text)
        except ValueError:
            value = text
    return one.checked(value, where)


def _serial(_address: str, port: str, values: dict[str, Any]) -> ChunkSource:
    from emg_recognition.devices.serial_armband import SerialArmband

    return SerialArmband(port, **values)


def _tcp(address: str, target: str, values: dict[str, Any]) -> ChunkSource:
    from emg_recognition.devices.socket_source import TcpArmband, split_host

    host, port = split_host(target, "source: host and port")
    return TcpArmband(host, port, **values)


def _udp(address: str, target: str, values: dict[str, Any]) -> ChunkSource:
    from emg_recognition.devices.socket_source import UdpArmband, split_host

    host, port = split_host(target if ":" in target else f"0.0.0.0:{target}", "source: port")
    return UdpArmband(port, "" if host == "0.0.0.0" else host, **values)


def _lsl(address: str, target: str, values: dict[str, Any]) -> ChunkSource:
    from emg_recognition.devices.lsl_source import LslSettings, LslSource, wanted_stream

    return LslSource(address, wanted_stream(target), LslSettings(**values))


def _brainflow(address: str, board: str, values: dict[str, Any]) -> ChunkSource:
    from emg_recognition.devices.brainflow_source import BrainFlowSettings, BrainFlowSource

    return BrainFlowSource(address, board, BrainFlowSettings(**values))


def _myo(address: str, device: str, values: dict[str, Any]) -> ChunkSource:
    from emg_recognition.devices.myo_source import MyoSettings, MyoSource

    return MyoSource(address, device, MyoSettings(**values))


def _playback(address: str, path: str, values: dict[str, Any]) -> ChunkSource:
    from emg_recognition.devices.playback_source import PlaybackSettings, PlaybackSource
    from emg_recognition.devices.protocol import InfoFrame
    from emg_recognition.recordings.open import open_recordings

    recordings = open_recordings(path)
    channels = recordings.channels

    def segments() -> Iterator[np.ndarray]:
        return (recordings.segment(number) for number in range(len(recordings)))

    names = tuple(f"channel {number}" for number in range(1, channels + 1))
    info = InfoFrame(
        "recording", "", recordings.rate, channels, recordings.unit, recordings.scale, names, ("",) * channels
    )
    return PlaybackSource(address, segments, info, PlaybackSettings(**values))


def _settings_of(module: str, name: str) -> Callable[[], dict[str, Setting]]:
    """Return a function that imports a settings dataclass and returns its settings."""
    return lambda: settings_of(getattr(import_module(f"emg_recognition.devices.{module}"), name))


def _byte_settings(*names: str, **more: Setting) -> Callable[[], dict[str, Setting]]:
    port, all_of_it = settings_of(PortSettings), settings_of(ProtocolSettings)
    return lambda: {**{name: port[name] for name in names}, **all_of_it, **more}


@dataclass(frozen=True)
class Kind:
    """A kind of source.

    Attributes
    ----------
    example : str
        What may stand behind its name and the colon.
    known : callable
        Returns its settings by name.
    make : callable
        Makes the source from the address, the part before the question mark, and the settings.
    """

    example: str
    known: Callable[[], dict[str, Setting]]
    make: Callable[[str, str, dict[str, Any]], ChunkSource]


_DEVICE = Setting(name="device", kind=str, default="", help="host:port of a device that waits for commands")

KINDS = {
    "serial": Kind("/dev/ttyACM0", _byte_settings("baud_rate", "protocol"), _serial),
    "tcp": Kind("192.168.4.1:3000", _byte_settings("protocol"), _tcp),
    "udp": Kind("3000", _byte_settings("protocol", device=_DEVICE), _udp),
    "lsl": Kind("type=EMG", _settings_of("lsl_source", "LslSettings"), _lsl),
    "brainflow": Kind("synthetic", _settings_of("brainflow_source", "BrainFlowSettings"), _brainflow),
    "myo": Kind("", _settings_of("myo_source", "MyoSettings"), _myo),
    "playback": Kind("study.npz", _settings_of("playback_source", "PlaybackSettings"), _playback),
}
"""Every kind of source by the beginning of its address."""
