"""Samples from a port through the acquisition node and DDS to another process: losses and cost.

    tools/environment run python bench/acquisition.py [--minutes 30] [--channels 64] [--rate 2000]

Three other processes take part: an emulated armband that plays random counts at its true rate, the node,
and a subscriber that compares every value with what was played and every index with the previous one. It
prints a table, draws CPU share and memory of the node and the latency over time (--figure), and writes the
measurements of each second (--csv). The exit code is 1 if a sample is repeated or wrong, 3 if some are lost.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

SCALE = 4e6
#: Length of the counts that are played repeatedly, s; not a multiple of a frame or a second.
LOOP = 7.003
FRAME = 5
#: Time until the node has settled, which is not part of the cost, s.
WARM_UP = 3.0
#: Exit code where samples were lost on the way and nothing else was wrong, which a busy machine may explain.
LATE = 3


@dataclasses.dataclass(frozen=True)
class Second:
    """The measurements of about one second.

    Attributes
    ----------
    time : float
        Time since the beginning, s.
    cpu : float
        Share of a core that the node used.
    memory : float
        Resident memory of the node, MiB.
    samples, messages : int
        Received.
    latency, worst : float
        Time from when the last sample of a message was due until its receipt, median and maximum, ms.
    """

    time: float
    cpu: float
    memory: float
    samples: int
    messages: int
    latency: float
    worst: float


@dataclasses.dataclass
class Received:
    """What the subscriber counts; `astray` are messages without the expected index, `wrong` are samples."""

    samples: int = 0
    messages: int = 0
    lost: int = 0
    astray: int = 0
    wrong: int = 0
    latencies: list[float] = dataclasses.field(default_factory=list)


def play(link: str, channels: int, rate: float, orders: Connection) -> None:
    """Play the armband; on request, report how many samples were sent and how many frames were late."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from emg_recognition.devices.emulator import ArmbandEmulator

    with ArmbandEmulator(
        counts(channels, rate), rate=rate, scale=SCALE, unit="V", frame_samples=FRAME, link=link, loop=True
    ) as emulator:
        orders.send("ready")
        while True:
            orders.recv()
            orders.send({"sent": emulator.sent, "late": emulator.late})


def counts(channels: int, rate: float) -> np.ndarray:
    """Return the counts to play, the same in every process."""
    return np.random.default_rng(1).integers(-30_000, 30_000, (round(LOOP * rate), channels), np.int16)


def receive(channels: int, rate: float, orders: Connection) -> None:
    """Subscribe until told to end; on request, report what has arrived since the last one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import rclpy
    from emg_recognition.msg import EmgSamples
    from rclpy.signals import SignalHandlerOptions

    from emg_recognition.ros import qos
    from emg_recognition.ros.conversions import to_matrix
    from emg_recognition.ros.polling import PolledTopic
    from emg_recognition.ros.stamps import to_nanoseconds

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("bench")
    topic = PolledTopic(node, EmgSamples, "emg/samples", qos.SAMPLES)
    played = (counts(channels, rate).astype(np.float64) / SCALE).astype(np.float32)
    expected, now = 0, Received()
    orders.send("ready")
    while True:
        if orders.poll(0.001):
            if orders.recv() == "end":
                break
            orders.send(now)
            now = Received()
        for message, received in topic.take():
            data = to_matrix(message.data, channels)
            first = message.first_index
            now.lost += message.dropped_before
            now.astray += first != expected + message.dropped_before
            places = np.arange(first, first + len(data)) % len(played)
            now.wrong += int((data != played[places]).any(axis=1).sum())
            expected = first + len(data)
            now.samples += len(data)
            now.messages += 1
            due = to_nanoseconds(message.header.stamp) + int((len(data) - 1) / rate * 1e9)
            now.latencies.append((received - due) * 1e-6)
    orders.send(expected)
    node.destroy_node()
    rclpy.shutdown()


def consumed(process: int) -> tuple[float, float]:
    """Return the CPU time of a process in s and its resident memory in MiB."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return (int(fields[11]) + int(fields[12])) / ticks, pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def start_node(link: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start the acquisition node as on the robot; it begins when the subscriber is there."""
    command = [sys.executable, "-m", "emg_recognition.nodes.acquisition_node", "--ros-args"]
    parameters = {"port": link, "wait_for_port": "30.0", "subscribers": "1"}
    for name, value in parameters.items():
        command += ["-p", f"{name}:={value}"]
    return subprocess.Popen(command, stderr=(folder / "node.log").open("wb"))


def measure(minutes: float, node: int, subscriber: Connection) -> tuple[list[Second], Received]:
    """Ask once a second until the time is over; return each second and the total."""
    seconds, total = [], Received()
    while not total.samples:
        time.sleep(0.1)
        _add(total, _ask(subscriber))
    begin = before = time.monotonic()
    cpu, _ = consumed(node)
    while time.monotonic() - begin < 60 * minutes:
        time.sleep(max(0.0, before + 1.0 - time.monotonic()))
        found = _ask(subscriber)
        now = time.monotonic()
        used, memory = consumed(node)
        latencies = found.latencies or [float("nan")]
        share, middle = (used - cpu) / (now - before), float(np.median(latencies))
        seconds.append(
            Second(now - begin, share, memory, found.samples, found.messages, middle, max(latencies))
        )
        cpu, before = used, now
        _add(total, found)
    return seconds, total


def _ask(subscriber: Connection) -> Received:
    subscriber.send("tell")
    if not subscriber.poll(30.0):
        sys.exit("the subscriber does not answer")
    answer: Received = subscriber.recv()
    return answer


def _add(total: Received, more: Received) -> None:
    for field in dataclasses.fields(Received):
        setattr(total, field.name, getattr(total, field.name) + getattr(more, field.name))


def draw(seconds: list[Second], title: str, path: Path) -> None:
    """Draw CPU share, memory and latency over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    minutes = [second.time / 60 for second in seconds]
    axes[0].plot(minutes, [100 * second.cpu for second in seconds], linewidth=0.8)
    axes[0].set_ylabel("CPU of the node\n(% of a core)")
    axes[1].plot(minutes, [second.memory for second in seconds], linewidth=0.8)
    axes[1].set_ylabel("memory of the node\n(MiB)")
    axes[2].plot(minutes, [second.latency for second in seconds], linewidth=0.8, label="median of a second")
    axes[2].plot(minutes, [second.worst for second in seconds], linewidth=0.6, alpha=0.6, label="maximum")
    axes[2].set_yscale("log")
    axes[2].set_ylabel("last sample →\nsubscriber (ms)")
    axes[2].legend(loc="upper right", fontsize="small")
    axes[2].set_xlabel("minutes")
    axes[0].set_ylim(0, 1.2 * max(100 * second.cpu for second in seconds))
    axes[1].set_ylim(0, 1.2 * max(second.memory for second in seconds))
    axes[0].set_title(title, fontsize="medium")
    figure.savefig(path, dpi=110)


def report(seconds: list[Second], total: Received, sent: dict[str, int], missing: int) -> None:
    """Print the table."""
    settled = [second for second in seconds if second.time > WARM_UP] or seconds
    cpu, memory = [100 * s.cpu for s in settled], [s.memory for s in settled]
    latencies = np.array(total.latencies)
    rows = (
        ("sent", f"{sent['sent']} samples, {sent['late']} frames of them late"),
        ("received", f"{total.samples} samples in {total.messages} messages"),
        ("lost before the node", f"{total.lost}"),
        ("missing at the end", f"{missing}"),
        ("not the expected index", f"{total.astray}"),
        ("not the values played", f"{total.wrong}"),
        ("messages per second", f"{np.mean([second.messages for second in settled]):.0f}"),
        ("last sample to subscriber, median", f"{np.median(latencies):.2f} ms"),
        ("99th percentile", f"{np.percentile(latencies, 99):.2f} ms"),
        ("maximum", f"{latencies.max():.2f} ms"),
        ("CPU of the node, mean", f"{np.mean(cpu):.1f} % of a core"),
        ("CPU of the node, maximum", f"{max(cpu):.1f} %"),
        ("memory of the node, first", f"{memory[0]:.1f} MiB"),
        ("memory of the node, last", f"{memory[-1]:.1f} MiB"),
    )
    print("\n| | |\n|---|---:|")
    for name, value in rows:
        print(f"| {name} | {value} |")


def main() -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2000.0, help="Hz")
    parser.add_argument("--figure", type=Path, help="e.g. docs/images/acquisition.png")
    parser.add_argument("--csv", type=Path, help="file for the measurements of each second")
    args = parser.parse_args()
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    spawn = multiprocessing.get_context("spawn")
    to_emulator, emulators = spawn.Pipe()
    to_subscriber, subscribers = spawn.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        link = str(Path(folder) / "armband")
        children = [
            spawn.Process(target=play, args=(link, args.channels, args.rate, emulators)),
            spawn.Process(target=receive, args=(args.channels, args.rate, subscribers)),
        ]
        for child in children:
            child.start()
        for pipe in (to_emulator, to_subscriber):
            pipe.recv()
        node = start_node(link, Path(folder))
        try:
            seconds, total = measure(args.minutes, node.pid, to_subscriber)
            # Everything sent so far must arrive.
            to_emulator.send("tell")
            sent = to_emulator.recv()
            time.sleep(2.0)
            _add(total, _ask(to_subscriber))
            to_subscriber.send("end")
            missing = max(0, sent["sent"] - to_subscriber.recv())
        finally:
            node.send_signal(signal.SIGINT)
            code = node.wait(timeout=30)
            for child in children:
                child.terminate()
                child.join()
        problems = [
            line for line in (Path(folder) / "node.log").read_text().splitlines() if "[INFO]" not in line
        ]
    title = f"{args.channels} channels at {args.rate:g} Hz for {seconds[-1].time / 60:.1f} minutes"
    print(f"{title}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    report(seconds, total, sent, missing)
    if args.figure:
        draw(seconds, title, args.figure)
    if args.csv:
        with args.csv.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(field.name for field in dataclasses.fields(Second))
            writer.writerows(dataclasses.astuple(second) for second in seconds)
    if problems:
        print("\noutput of the node:\n" + "\n".join(problems))
    if total.wrong or total.astray or code:
        return 1
    return LATE if total.lost or missing else 0


if __name__ == "__main__":
    sys.exit(main())
