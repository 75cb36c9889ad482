"""The parameters of the command bridge, and the settings that they make."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from rclpy.node import Node

from emg_recognition.control.bridge import COUNTERS, Bridge
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.inputs import Instant, Signal
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.trajectory import Command
from emg_recognition.errors import SettingError
from emg_recognition.msg import BridgeState
from emg_recognition.ros import qos
from emg_recognition.ros.parameters import Parameter

PARAMETERS = (
    Parameter(
        "exoskeleton", "", "YAML file of joints, limits and motions; empty for config/exoskeleton.yaml"
    ),
    Parameter("command_rate", 200.0, "commands a second", 50.0, 500.0),
    Parameter(
        "output",
        "trajectory",
        "how commands go out: exo/joint_trajectory, exo/velocity_command or a serial port",
        choices=("trajectory", "velocity", "serial"),
    ),
    Parameter(
        "external_watchdog",
        False,
        "true: behind output velocity something stops the joints when commands cease; else it is refused",
    ),
    Parameter("serial_port", "", "port of the serial exoskeleton, for output serial"),
    Parameter("baud_rate", 921600, "of the serial port", 9600, 4_000_000),
    # What changes while the bridge is not engaged.
    Parameter("votes", 3, "estimates that vote", 1, 15, changes=True),
    Parameter(
        "enter_votes",
        0,
        "of those, how many decide for an action; 0: more than half of them",
        0,
        15,
        changes=True,
    ),
    Parameter(
        "keep_votes",
        0,
        "how many keep an action that is decided; 0: as many as enter_votes",
        0,
        15,
        changes=True,
    ),
    Parameter("dwell", 0.0, "how long a decision stands before it moves anything, s", 0.0, 1.0, changes=True),
    Parameter("proportional", False, "the speed follows the muscles' activation", changes=True),
    Parameter(
        "activation_low",
        0.3,
        "activation up to which nothing moves; 1.0: the training's average",
        0.0,
        10.0,
        changes=True,
    ),
    Parameter("activation_full", 1.0, "activation from which on speed is full", 0.0, 10.0, changes=True),
    Parameter(
        "hold_timeout",
        2.0,
        "how long to hold and wait for fresh signals before a fault, s",
        0.0,
        10.0,
        changes=True,
    ),
    Parameter("stale_after", 0.12, "age at which estimates and joint states are stale, s", 0.02, 0.12),
    Parameter("stop_time", 0.5, "how long the stop is repeated after standstill, s", 0.1, 10.0),
    Parameter("rate", 0.0, "Hz that the model must be made for; 0.0: what the armband has", 0.0, 100_000.0),
    Parameter("channels", 0, "channels that the model must be made for; 0: what the armband has", 0, 1024),
    Parameter(
        "window", 0.2, "length of the windows, to judge the delay before a model is known, s", 0.02, 2.0
    ),
    Parameter(
        "window_step", 0.025, "distance of the windows, to judge the delay before any came, s", 0.001, 2.0
    ),
    Parameter("allow_long_delay", False, "go on although the controller delay is above 300 ms"),
)


def decision_settings(values: Mapping[str, Any]) -> DecisionSettings:
    """Return the part of the settings that turns estimates into decisions; raise SettingError."""
    names = [field.name for field in dataclasses.fields(DecisionSettings)]
    return DecisionSettings(**{name: values[name] for name in names})


def bridge_settings(values: Mapping[str, Any]) -> BridgeSettings:
    """Return the bridge's settings.

    Raises
    ------
    SettingError
        For values that contradict each other; for output velocity without a watchdog behind it, and
        output serial without a port.
    """
    if values["output"] == "velocity" and not values["external_watchdog"]:
        raise SettingError(
            "output",
            "velocity",
            "a velocity controller obeys its last command for ever if the bridge dies; set external_watchdog "
            "to true if a watchdog behind it stops the joints, or use output trajectory",
        )
    if values["output"] == "serial" and not values["serial_port"]:
        raise SettingError("serial_port", values["serial_port"], "name the port of the serial exoskeleton")
    return BridgeSettings(
        command_rate=values["command_rate"],
        decisions=decision_settings(values),
        stale_after=values["stale_after"],
        hold_timeout=values["hold_timeout"],
        stop_time=values["stop_time"],
        expected=Signal(values["rate"], values["channels"]),
        follows_velocity=values["output"] == "velocity",
    )


class BridgeStatePublisher:
    """Publishes the state of a bridge.

    Parameters
    ----------
    node : rclpy.node.Node
        Publishes.
    bridge : Bridge
        Looked at with each message.
    names : sequence of str
        The joints, in the order of the commands' values.
    """

    def __init__(self, node: Node, bridge: Bridge, names: Sequence[str]) -> None:
        self._clock = node.get_clock()
        self._bridge = bridge
        # Built once: setting a field costs more than filling one.
        self._message = BridgeState(
            joint_names=list(names),
            positions=array("d"),
            velocities=array("d"),
            counter_names=list(COUNTERS),
            counter_values=array("Q", [0] * len(COUNTERS)),
        )
        self._publisher = node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)

    def publish(self, command: Command | None, now: Instant) -> None:
        """Publish the state, and the command of this tick if there is one."""
        bridge, message = self._bridge, self._message
        message.state = int(bridge.state)
        message.reason = bridge.reason
        message.action = bridge.action
        if command is not None:
            message.positions = array("d", command.positions)
            message.velocities = array("d", command.velocities)
        message.signal_age, message.feedback_age, message.stop_input_age = bridge.ages(now)
        index = bridge.last_index
        message.has_index = index is not None
        message.last_index = index or 0
        message.counter_values[:] = array("Q", bridge.counters.values())
        message.header.stamp = self._clock.now().to_msg()
        self._publisher.publish(message)
