"""Parameters of ``acquisition``, in a module of their own so that it starts fast and stays small."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.devices.protocol import SILENT_AFTER
from emg_recognition.devices.protocols import PortSettings
from emg_recognition.nodes.classifier_settings import ClassifierSettings
from emg_recognition.settings import check, same, setting


@dataclass(frozen=True, kw_only=True)
class AcquisitionSettings:
    """Parameters of ``acquisition``, besides :class:`ProtocolSettings`."""

    port: str = setting("", "serial port of the armband, e.g. /dev/ttyACM0")
    source: str = setting("", "address of any other source, e.g. lsl:type=EMG (docs/reference/sources.md)")
    baud_rate: int = same(PortSettings, "baud_rate")
    protocol: str = same(PortSettings, "protocol")
    wait_for_port: float = setting(
        0.0, "how long to wait for the port or source", unit="s", low=0.0, high=3600.0
    )
    reconnect: bool = setting(True, "wait for an unplugged device to return; false: end with an error")
    silent_after: float = setting(
        SILENT_AFTER,
        "time without a sample after which a device counts as lost",
        unit="s",
        low=0.1,
        high=3600.0,
    )
    frame_id: str = setting("armband", "frame of the samples")
    subscribers: int = setting(0, "start the device when this many nodes subscribe", low=0, high=100)
    wait_for: tuple[str, ...] = same(ClassifierSettings, "wait_for")
    autostart: bool = same(ClassifierSettings, "autostart")

    def __post_init__(self) -> None:
        check(self)
