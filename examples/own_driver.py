"""A driver of your own: what your amplifier's library delivers becomes emg/samples and emg/info.

Put your library in the place of Amplifier, and use this node in the place of acquisition_node.
"""

import random
import threading
import time
from array import array
from contextlib import suppress

import rclpy
from emg_recognition.msg import EmgInfo, EmgSamples
from rclpy.duration import Duration
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

RATE, CHANNELS, BLOCK = 1000.0, 4, 10


class Amplifier:
    """Stands for your library: noise of 20 microvolts, ten samples at a time."""

    def __init__(self):
        self.begin, self.number = time.monotonic(), 0

    def read(self):
        """Wait for the next block; return the number of its first sample, and all values, row by row."""
        first, self.number = self.number, self.number + BLOCK
        time.sleep(max(0.0, self.begin + self.number / RATE - time.monotonic()))
        return first, [random.gauss(0.0, 20e-6) for _ in range(BLOCK * CHANNELS)]


class Driver(Node):
    def __init__(self):
        super().__init__("own_driver")
        # A latched description; as many waiting samples as a late subscriber may need.
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.info = self.create_publisher(EmgInfo, "emg/info", latched)
        self.samples = self.create_publisher(EmgSamples, "emg/samples", QoSProfile(depth=2000))
        names = [f"channel {number}" for number in range(1, CHANNELS + 1)]
        description = EmgInfo(device="my amplifier", channels=CHANNELS, channel_names=names)
        description.gain, description.rate, description.unit = 1e6, RATE, "V"
        self.info.publish(description)

    def publish(self, amplifier):
        expected = None
        while rclpy.ok():
            first, data = amplifier.read()
            message = EmgSamples(
                first_index=first, rate=RATE, channels=CHANNELS, unit="V", data=array("f", data)
            )
            message.restart = (
                expected is None
            )  # also after a pause, or when the amplifier counts from 0 again
            message.dropped_before = 0 if expected is None else first - expected
            # The stamp is the time of the first sample; the block arrives after its last one.
            taken = self.get_clock().now() - Duration(seconds=BLOCK / RATE)
            message.header.stamp, message.header.frame_id = taken.to_msg(), "my_amplifier"
            self.samples.publish(message)
            expected = first + BLOCK


with suppress(KeyboardInterrupt, ExternalShutdownException):
    rclpy.init()
    driver = Driver()
    threading.Thread(target=driver.publish, args=(Amplifier(),), daemon=True).start()
    rclpy.spin(driver)
