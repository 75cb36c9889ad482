"""Parameters of ``command_bridge``, in a module of their own so that it starts fast and stays small."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.devices.protocol import BAUD_RATE
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting


@dataclass(frozen=True, kw_only=True)
class CommandBridgeSettings:
    """Parameters of ``command_bridge``, besides :class:`BridgeSettings` and :class:`DecisionSettings`."""

    model: str = setting(
        "",
        "directory of the only model bundle that may be armed, with its votes; empty: any model",
        changes=True,
    )
    exoskeleton: str = setting(
        "", "YAML file of joints, limits and motions; empty: the packaged exoskeleton.yaml"
    )
    output: str = setting(
        "trajectory",
        "where commands go: exo/joint_trajectory, exo/velocity_command or a serial port",
        choices=("trajectory", "velocity", "serial"),
    )
    stamp_commands: bool = setting(
        False,
        "stamp trajectories with ROS time, so that a controller with the same clock refuses old ones",
    )
    external_watchdog: bool = setting(
        False, "whether a watchdog stops the joints when velocity commands cease; output velocity needs one"
    )
    serial_port: str = setting("", "port of the serial exoskeleton, for output serial")
    baud_rate: int = setting(BAUD_RATE, "speed of the serial port", unit="baud", low=9600, high=4_000_000)
    allow_long_delay: bool = setting(False, "allow an average controller delay above 300 ms")

    def __post_init__(self) -> None:
        check(self)
        if self.output == "velocity" and not self.external_watchdog:
            raise SettingError(
                "output",
                "velocity",
                "a velocity controller obeys its last command forever if the bridge dies; set "
                "external_watchdog if a watchdog behind it stops the joints, or use output trajectory",
            )
        if self.output == "serial" and not self.serial_port:
            raise SettingError("serial_port", self.serial_port, "name the port of the serial exoskeleton")
