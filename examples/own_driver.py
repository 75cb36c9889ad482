"""A driver of your own: what your amplifier's library delivers becomes emg/samples and emg/info.

Put your library in the place of `blocks`, and use this node in the place of acquisition_node.
"""

import itertools
import time
from contextlib import suppress

import numpy as np
import rclpy

from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.stream import SampleStream
from emg_recognition.ros.samples import SamplesPublisher

RATE, CHANNELS, BLOCK = 1000.0, 4, 10
NAMES = tuple(f"channel {number + 1}" for number in range(CHANNELS))
DEVICE = InfoFrame("my amplifier", "serial 1", RATE, CHANNELS, "V", 1e6, NAMES, ("",) * CHANNELS)


def blocks():
    """Stand for your library: the number of a block's first sample, and noise in microvolts."""
    begin = time.monotonic()
    for number in itertools.count(0, BLOCK):
        time.sleep(max(0.0, begin + (number + BLOCK) / RATE - time.monotonic()))
        yield number, np.random.normal(0.0, 20.0, (BLOCK, CHANNELS))


with suppress(KeyboardInterrupt):
    rclpy.init()
    publisher = SamplesPublisher(rclpy.create_node("own_driver"), "my_amplifier")
    publisher.introduce(DEVICE)
    # Finds losses and restarts by the numbers, and when each sample was taken by their arrival.
    stream = SampleStream(DEVICE, has_clock=False)
    for number, values in blocks():
        chunk = stream.chunk(DataFrame(number % 2**32, 0, False, values), time.monotonic())
        if chunk is not None and rclpy.ok():
            publisher.publish(chunk)
