"""Commands to a serial exoskeleton, and its reports as ``exo/joint_states``."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command
from emg_recognition.devices.exoskeleton_driver import SerialExoskeleton
from emg_recognition.devices.exoskeleton_frames import StateFrame
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes import qos

#: How often the port is read, s.
_POLL = 0.005

#: A joint told to move may stand by itself for so long before that is a problem, s: the report is older.
_ON_THE_WAY = 0.1

#: What the device says once is shown for so long, s, that the bridge's next tick sees it.
_SHOWN = 0.1


class SerialOutput:
    """Sends command frames, and publishes the reports that come back.

    Parameters
    ----------
    node : rclpy.node.Node
        Polls the port and publishes.
    joints : sequence of JointLimits
        In the order of the commands' values, which is the device's.
    port : str
        The serial port.
    baud_rate : int
        Baud.
    feedback : callable
        Called with the names and measured positions (rad) of the joints.

    Raises
    ------
    DeviceError
        If the port cannot be opened, nothing reports there, or the number of joints is another one.
    """

    def __init__(
        self,
        node: Node,
        joints: Sequence[JointLimits],
        port: str,
        baud_rate: int,
        feedback: Callable[[Sequence[str], Sequence[float]], None],
    ) -> None:
        self._clock = node.get_clock()
        self._feedback = feedback
        self._names = [joint.name for joint in joints]
        self._lost: str | None = None
        self._doubt: str | None = None
        self._doubted = 0.0
        self._moving_since: float | None = None
        self._message = JointState(name=self._names)
        self._device = SerialExoskeleton(port, baud_rate, len(self._names))
        self._device.open()
        self._publisher = node.create_publisher(JointState, "exo/joint_states", qos.COMMANDS)
        self._timer = node.create_timer(_POLL, self._poll, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def problem(self) -> str | None:
        """Return why commands do not get through or are not obeyed, or None.

        A port that has gone stays so. What the device says is over when it no longer says so and
        is no longer told to move.
        """
        return self._lost or self._doubt

    def send(self, command: Command) -> None:
        """Send a command; the device stops by itself after it."""
        if self._lost is not None:
            return
        if not command.moving:
            self._moving_since = None
        elif self._moving_since is None:
            self._moving_since = time.monotonic()
        try:
            self._device.send(command.positions, command.velocities, command.time)
        except EmgRecognitionError as error:
            self._lose(error)

    def flush(self, seconds: float) -> bool:
        """Wait until the device has said that it obeys the newest command."""
        deadline = time.monotonic() + seconds
        while self._lost is None and not self._device.obeyed and time.monotonic() < deadline:
            time.sleep(0.001)
            self._poll()
        return self._lost is None and self._device.obeyed

    def close(self) -> None:
        """Close the port."""
        self._timer.cancel()
        self._device.close()

    def _poll(self) -> None:
        if self._lost is not None:
            return
        try:
            states = self._device.read()
        except EmgRecognitionError as error:
            self._lose(error)
            return
        for state in states:
            self._judge(state)
        if not states:
            return
        newest = states[-1]
        self._message.header.stamp = self._clock.now().to_msg()
        self._message.position = array("d", newest.positions)
        self._message.velocity = array("d", newest.velocities)
        self._publisher.publish(self._message)
        self._feedback(self._names, newest.positions)

    def _judge(self, state: StateFrame) -> None:
        now = time.monotonic()
        since = self._moving_since
        if state.emergency_stop:
            doubt = "the exoskeleton's emergency stop is pressed: release it"
        elif state.refused:
            doubt = "the exoskeleton refuses the commands: compare its limits with the configured ones"
        elif state.watchdog and since is not None and now - since > _ON_THE_WAY:
            doubt = "the exoskeleton's watchdog has stopped it: commands come late or not at all"
        else:
            if since is None and now - self._doubted > _SHOWN:
                self._doubt = None
            return
        self._doubt, self._doubted = doubt, now

    def _lose(self, error: EmgRecognitionError) -> None:
        self._device.close()
        self._lost = str(error)
