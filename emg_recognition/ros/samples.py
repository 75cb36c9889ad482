"""Publish what a device samples as ``emg/samples``, and its description as ``emg/info``."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.qos import QoSProfile

from emg_recognition.devices.protocol import InfoFrame
from emg_recognition.devices.stream import SampleChunk
from emg_recognition.messages import LONGEST_NAME
from emg_recognition.msg import EmgInfo, EmgSamples
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats
from emg_recognition.ros.stamps import RosTime, to_time
from emg_recognition.text import printable


class SamplesPublisher:
    """Publishes the samples of a device with stamps in ROS time.

    Parameters
    ----------
    node : Node
        Makes the publishers; its clock gives ROS time.
    frame_id : str
        Of all messages.
    profile : QoSProfile
        Quality of service of the samples.
    feed : callable, optional
        Takes each message before it is published.

    Attributes
    ----------
    samples : Publisher
        Of ``emg/samples``.
    """

    def __init__(
        self,
        node: Node,
        frame_id: str,
        profile: QoSProfile = qos.SAMPLES,
        feed: Callable[[EmgSamples], None] | None = None,
    ) -> None:
        self.samples = node.create_publisher(EmgSamples, "emg/samples", profile)
        self._info = node.create_publisher(EmgInfo, "emg/info", qos.LATCHED)
        self._clock, self._frame_id, self._feed = node.get_clock(), frame_id, feed
        self._time = RosTime(self._clock)

    def introduce(self, info: InfoFrame) -> None:
        """Publish the description of the device; late subscribers get it, too."""
        message = EmgInfo(
            device=readable(info.device),
            serial_number=readable(info.serial_number),
            channels=info.channels,
            channel_names=[readable(name) for name in info.channel_names],
            muscle_sites=[readable(site) for site in info.muscle_sites],
            gain=info.scale,
            rate=info.rate,
            unit=info.unit,
        )
        message.header.stamp = self._clock.now().to_msg()
        message.header.frame_id = self._frame_id
        self._info.publish(message)

    def publish(self, chunk: SampleChunk) -> bool:
        """Publish samples; return whether the stream restarts with them.

        It does where the chunk says so, and after a step of the ROS clock.
        """
        # Checked for each chunk: after a clock step the windows must not mix two time scales.
        restart = self._time.stepped() or chunk.restart
        message = EmgSamples(
            first_index=chunk.first_index,
            rate=chunk.rate,
            channels=chunk.samples.shape[1],
            unit=chunk.unit,
            dropped_before=chunk.dropped_before,
            restart=restart,
            data=to_floats(chunk.samples),
        )
        message.header.stamp = to_time(self._time.nanoseconds(chunk.time))
        message.header.frame_id = self._frame_id
        if self._feed is not None:
            self._feed(message)
        self.samples.publish(message)
        return restart


def readable(text: str) -> str:
    """Return what a device says about itself as subscribers accept it."""
    return printable(text, LONGEST_NAME)[:LONGEST_NAME]
