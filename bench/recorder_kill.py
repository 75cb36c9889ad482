"""Kill the recorder (SIGKILL) at random moments and read the bags that it leaves.

    tools/environment run python bench/recorder_kill.py [--times 20] [--seed N] [--at-once 4]

A publisher sends 200 messages of 5 samples per second. Each recorder is killed 0.6 to 4.6 s after it
reports samples. Its bag must open and hold every sample, unchanged, from the first one received to the last
closed chunk, which may end at most 1.5 s before the kill. Prints one line for each recorder; the exit code is
1 if one fails.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import rclpy
from emg_recognition.msg import EmgSamples
from rclpy.signals import SignalHandlerOptions

from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats

RATE = 1000
CHUNK = 5
CHANNELS = 8
#: Longest time from the last closed chunk to the kill, s: half a second, and more on a busy machine.
ALLOWED = 1.5
#: Exit code where every bag is right and only more than that was lost, which a busy machine may explain.
LATE = 3


def samples(first: int, count: int) -> np.ndarray:
    """Return what the publisher sends: each value encodes its sample and channel."""
    index = np.arange(first, first + count, dtype=np.float32)[:, np.newaxis]
    return index + np.arange(CHANNELS, dtype=np.float32) / CHANNELS


class Publisher(threading.Thread):
    """Sends samples in real time until it is closed."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("publisher")
        self._publisher = self._node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
        self._ended = threading.Event()
        self.sent = 0

    def run(self) -> None:
        """Send."""
        begin = time.monotonic()
        while not self._ended.wait(max(0.0, begin + self.sent / RATE - time.monotonic())):
            message = EmgSamples(
                first_index=self.sent,
                rate=float(RATE),
                channels=CHANNELS,
                unit="V",
                data=to_floats(samples(self.sent, CHUNK)),
            )
            message.header.stamp = self._node.get_clock().now().to_msg()
            message.header.frame_id = "armband"
            self._publisher.publish(message)
            self.sent += CHUNK

    def close(self) -> None:
        """Stop sending."""
        self._ended.set()
        self.join()
        self._node.destroy_node()
        rclpy.shutdown()


def start(bag: Path) -> subprocess.Popen[str]:
    """Start a recorder."""
    command = [sys.executable, "-m", "emg_recognition.nodes.recorder_node", "--ros-args"]
    return subprocess.Popen([*command, "-p", f"output:={bag}"], stderr=subprocess.PIPE, text=True)


def read(bag: Path) -> tuple[int, int, list[str]]:
    """Return the index of the first sample, that after the last one, and what is wrong between them."""
    wrong: list[str] = []
    first = after = -1
    with open_bag(bag) as opened:
        for event in EmgBag(opened).events():
            if not isinstance(event, SampleBlock):
                continue
            if first < 0:
                first = after = event.first_index
            if event.first_index != after:
                wrong.append(f"a gap before sample {event.first_index}")
            after = event.first_index + len(event.samples)
            if not np.array_equal(event.samples, samples(event.first_index, len(event.samples))):
                wrong.append(f"wrong values from sample {event.first_index}")
        if not opened.problems:
            wrong.append("the bag does not report that it is truncated")
    if first < 0:
        wrong.append("no samples")
    return first, after, wrong


def judge(number: int, bag: Path, lived: float, sent: int) -> int:
    """Print one line about the bag of a killed recorder; return 0 if it is good, else an exit code."""
    try:
        first, after, wrong = read(bag)
    except EmgRecognitionError as error:
        first, after, wrong = 0, 0, [str(error)]
    lost = (sent - after) / RATE
    late = [f"more than {ALLOWED} s lost"] if lost > ALLOWED else []
    verdict = "; ".join(wrong + late) or "ok"
    print(f"{number:4}  {lived:8.3f} s  {after - first:8}  {lost:8.3f} s  {verdict}", flush=True)
    return 1 if wrong else LATE if late else 0


def main() -> int:
    """Kill, read and print; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--at-once", type=int, default=4, help="recorders that run at the same time")
    args = parser.parse_args()
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    chance = random.Random(args.seed)
    print(f"random seed {args.seed}\n  no      killed   samples        lost", flush=True)
    publisher = Publisher()
    publisher.start()
    found: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        for done in range(0, args.times, args.at_once):
            numbers = range(done, min(done + args.at_once, args.times))
            running = {number: start(Path(folder) / str(number)) for number in numbers}
            begin = {}
            for number, child in running.items():
                assert child.stderr is not None
                if not any("samples are coming" in line for line in child.stderr):
                    sys.exit(f"recorder {number + 1} ended with code {child.wait()}")
                begin[number] = time.monotonic()
            ends = {number: begin[number] + chance.uniform(0.6, 4.6) for number in numbers}
            for number in sorted(ends, key=ends.__getitem__):
                time.sleep(max(0.0, ends[number] - time.monotonic()))
                running[number].kill()
                sent = publisher.sent
                running[number].communicate()
                bag = Path(folder) / str(number)
                found.append(judge(number + 1, bag, ends[number] - begin[number], sent))
    publisher.close()
    print(f"{found.count(0)} of {args.times} bags are complete up to their last closed chunk")
    return 1 if 1 in found else max(found, default=0)


if __name__ == "__main__":
    sys.exit(main())
