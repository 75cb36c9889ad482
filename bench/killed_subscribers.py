"""How long a killed subscriber holds up the others: Fast DDS' defaults beside the package's profile.

    tools/environment run python bench/killed_subscribers.py [--kills 60] [--rounds 3]

Two programs send each other joint states at 200 Hz, as bridge and exoskeleton do. Every 0.9 s two onlookers
start to listen to them, and two of 1.8 s ago are killed. In turn with Fast DDS' defaults (shared memory) and
with ``config/fastdds.xml`` (UDP). Prints how long ``publish()`` took and the longest pauses of what arrived.
Everything stays on this machine, in a ROS domain of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

PERIOD = 0.005
#: Between two pairs of onlookers, s.
PAUSE = 0.9
#: Messages from before the two have found each other, and their start, do not count.
FIRST = 200


def talk(hears: str, says: str, seconds: float, result: str) -> None:
    """Send joint states and receive those of another process; without a `result` only receive.

    Parameters
    ----------
    hears, says : str
        Topics.
    seconds : float
        How long.
    result : str
        File for the durations of ``publish()`` and the pauses between messages, s.
    """
    import rclpy
    from sensor_msgs.msg import JointState

    rclpy.init()
    node = rclpy.create_node(says)
    pauses: list[float] = []
    newest: list[float] = []

    def receive(_: JointState) -> None:
        now = time.monotonic()
        pauses.extend(now - before for before in newest)
        newest[:] = [now]

    node.create_subscription(JointState, hears, receive, 10)
    publisher = node.create_publisher(JointState, says, 10)
    took: list[float] = []
    tick = time.monotonic()
    end = tick + seconds
    while (now := time.monotonic()) < end:
        if result:
            publisher.publish(JointState(name=["elbow_flexion"] * 3, position=[0.1] * 3))
            took.append(time.monotonic() - now)
        # A delay is no reason to send faster afterwards.
        tick = max(tick + PERIOD, time.monotonic() - PERIOD)
        while (left := tick - time.monotonic()) > 0:
            rclpy.spin_once(node, timeout_sec=left)
    if result:
        np.savez(result, took=took[FIRST:], pauses=pauses[FIRST:])


def measure(profile: Path | None, kills: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the durations of ``publish()`` and the pauses between messages, s.

    Parameters
    ----------
    profile : Path or None
        Profile for Fast DDS; None for its defaults.
    kills : int
        How often two onlookers are killed.
    folder : Path
        For results of the processes.
    """
    from emg_recognition.ros.fastdds import PROFILES

    environment = {name: value for name, value in os.environ.items() if name not in PROFILES}
    environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    if profile is not None:
        environment.update(dict.fromkeys(PROFILES, str(profile)))
    seconds = (kills + 5) * PAUSE

    def start(hears: str, says: str, result: str = "") -> subprocess.Popen[bytes]:
        length = seconds if result else seconds + 60
        words = [sys.executable, __file__, "--talk", hears, says, str(length), result]
        return subprocess.Popen(words, env=environment)

    results = [str(folder / f"{name}.npz") for name in ("bridge", "exoskeleton")]
    talkers = [start("states", "commands", results[0]), start("commands", "states", results[1])]
    onlookers: list[subprocess.Popen[bytes]] = []
    try:
        time.sleep(2 * PAUSE)
        for _ in range(kills):
            onlookers += [start("states", "nothing"), start("commands", "nothing")]
            time.sleep(PAUSE)
            if len(onlookers) > 4:
                for onlooker in onlookers[:2]:
                    onlooker.kill()
                    onlooker.wait()
                del onlookers[:2]
        for talker in talkers:
            if talker.wait(seconds + 60):
                raise SystemExit("a process has failed; its error is above")
    finally:
        for process in (*talkers, *onlookers):
            process.kill()
            process.wait()
    found = [np.load(result) for result in results]
    took, pauses = (np.concatenate([one[name] for one in found]) for name in ("took", "pauses"))
    return took, pauses


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=60, help="of two onlookers each (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="with each profile (default: %(default)s)")
    parser.add_argument("--talk", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.talk:
        hears, says, seconds, result = args.talk
        talk(hears, says, float(seconds), result)
        return 0
    from emg_recognition.resources import config_path

    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    print("| profile | publish(): median, ms | 99.9 % | longest | pauses above 100 ms | longest, ms |")
    print("|---|---|---|---|---|---|")
    for _ in range(args.rounds):
        for name, profile in ("Fast DDS' defaults", None), ("config/fastdds.xml", config_path("fastdds.xml")):
            with tempfile.TemporaryDirectory() as folder:
                took, pauses = measure(profile, args.kills, Path(folder))
            middle, most, longest = np.percentile(took, (50, 99.9, 100)) * 1000
            print(
                f"| {name} | {middle:.2f} | {most:.1f} | {longest:.0f} "
                f"| {np.count_nonzero(pauses > 0.1)} of {len(pauses)} | {pauses.max() * 1000:.0f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
