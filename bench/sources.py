"""Sources other than a serial port through the live graph, beside a serial armband: counts, losses, delays.

    tools/environment run python bench/sources.py [--seconds 60] [--sources serial lsl brainflow playback]

The same signal, 8 channels at 250 Hz, comes from an emulated armband on a pseudo-terminal, from an outlet of
the Lab Streaming Layer and from BrainFlow's playback board; BrainFlow's synthetic board makes its own. Outlet
and playback leave samples out. Each sample holds its number, so that every index can be checked. Acquisition,
preprocessing and classifier (a network with fresh weights; not with --no-model) run as on the robot, one
source after the other. Printed are, for each source,

- received: samples; left out and counted as lost: samples that were not sent, and what the node says;
- astray: samples whose index does not fit their number;
- stamp: the stamp minus the true time, its median and the largest difference from it;
- samples, estimate: from the time of the last sample until a subscriber has the message with it, and until it
  has the estimate.

True times of BrainFlow are those of its stamps: when its library made or parsed the row. The exit code is 1
if a count is wrong or a sample astray. The machine has to be idle for the delays to mean something.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH.parent), str(BENCH)]

import numpy as np  # noqa: E402
from live_path.ends import PATIENCE, helper  # noqa: E402
from live_path.rows import Row, write_model  # noqa: E402

ROW = Row(250.0, 8, 0.05)
#: Samples that are sent together.
FRAME = 5
#: Samples that are left out: how many, every how many seconds.
LEFT_OUT = ((1, 3.0), (13, 7.0))
#: Time after the first sample that is not measured and in which nothing is left out, s.
WARM_UP = 3.0
STREAM = "emg_recognition_bench"


def left_out(number: int) -> bool:
    """Whether a sample is left out, once losses begin."""
    return any(number % round(every * ROW.rate) < many for many, every in LEFT_OUT)


def numbered(numbers: np.ndarray) -> np.ndarray:
    """Return samples that hold their number on each channel."""
    return np.repeat(numbers[:, None], ROW.channels, axis=1)


def serial(link: str, seconds: float, orders: Connection) -> None:
    """Be an armband on a pseudo-terminal; answer with the time of sample 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from emg_recognition.devices.emulator import ArmbandEmulator

    counts = numbered(np.arange(round((PATIENCE + 2 * seconds) * ROW.rate)))
    with ArmbandEmulator(counts, rate=ROW.rate, frame_samples=FRAME, link=link) as armband:
        orders.send("ready")
        while orders.recv() != "end":
            pass
        orders.send(armband.start_time)


def lsl(_link: str, _seconds: float, orders: Connection) -> None:
    """Be an outlet, which leaves samples out after "lose"; answer with the time of sample 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from emg_recognition.devices.lsl_source import import_pylsl

    pylsl = import_pylsl()
    info = pylsl.StreamInfo(STREAM, "EMG", ROW.channels, ROW.rate, pylsl.cf_float32, STREAM)
    outlet = pylsl.StreamOutlet(info)
    orders.send("ready")
    begin, sent, losing = time.monotonic(), 0, False
    offset = pylsl.local_clock() - time.monotonic()
    while True:
        if orders.poll():
            if orders.recv() == "end":
                break
            losing = True
        numbers = np.arange(sent, sent + FRAME)
        time.sleep(max(0.0, begin + numbers[-1] / ROW.rate - time.monotonic()))
        kept = np.array([number for number in numbers if not (losing and left_out(number))])
        if len(kept):
            stamps = begin + offset + kept / ROW.rate
            outlet.push_chunk(numbered(kept).astype(np.float32), stamps.tolist())
        sent += FRAME
    orders.send(begin)


def nothing(_link: str, _seconds: float, orders: Connection) -> None:
    """Be nothing: the board is inside BrainFlow."""
    orders.send("ready")
    while orders.recv() != "end":
        pass
    orders.send(None)


def write_playback(path: Path, seconds: float) -> None:
    """Write a file as BrainFlow does, of a board that loses packages after the first seconds."""
    from emg_recognition.devices.brainflow_source import import_brainflow

    shim = import_brainflow()
    rows = shim.BoardShim.get_board_descr(shim.BoardIds.CYTON_BOARD.value)
    numbers = np.arange(round((PATIENCE / 2 + 2 * seconds) * ROW.rate))
    kept = np.array([n for n in numbers if n < 3 * WARM_UP * ROW.rate or not left_out(n)])
    data = np.zeros((rows["num_rows"], len(kept)))
    data[rows["package_num_channel"]] = kept % 256
    data[rows["timestamp_channel"]] = 1.7e9 + kept / ROW.rate
    data[rows["emg_channels"]] = kept
    np.savetxt(path, data.T, delimiter="\t", fmt="%.6f")


@dataclass(frozen=True)
class Source:
    """A source of the bench.

    Attributes
    ----------
    sender : callable
        What runs beside the graph.
    address : str
        Its address; ``{link}`` stands for a path.
    loses, numbered : bool
        Whether samples are left out, and whether they hold their numbers.
    """

    sender: Callable[[str, float, Connection], None]
    address: str
    loses: bool = False
    numbered: bool = True


SOURCES = {
    "serial": Source(serial, "serial:{link}"),
    "lsl": Source(lsl, f"lsl:name={STREAM}", loses=True),
    "brainflow": Source(nothing, "brainflow:synthetic?pick=1-8&unit=count&scale=1", numbered=False),
    "playback": Source(
        nothing, "brainflow:playback?file={link}&master_board=cyton&unit=count&scale=1", loses=True
    ),
}


@dataclass
class Received:
    """What a subscriber has received: for each message of samples and for each estimate one entry."""

    first: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    stamps: list[float] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    estimates: list[tuple[int, float]] = field(default_factory=list)


def receive(orders: Connection) -> None:
    """Subscribe until told to end; answer how many samples there are, and then with everything."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import rclpy
    from emg_recognition.msg import ActionEstimate, EmgSamples
    from rclpy.signals import SignalHandlerOptions

    from emg_recognition.ros import qos
    from emg_recognition.ros.conversions import to_matrix
    from emg_recognition.ros.following import Followed
    from emg_recognition.ros.receiving import ReceivingThread
    from emg_recognition.ros.stamps import to_nanoseconds

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("bench")
    found = Received()

    def accept(_message: object) -> None:
        """Take whatever comes."""

    def on_samples(message: EmgSamples) -> None:
        now = time.monotonic()
        found.times.append(now)
        found.first.append(message.first_index)
        found.dropped.append(message.dropped_before)
        found.stamps.append(to_nanoseconds(message.header.stamp) * 1e-9 - time.time() + now)
        found.values.append(to_matrix(message.data, ROW.channels)[:, 0].copy())

    def on_estimate(message: ActionEstimate) -> None:
        found.estimates.append((message.last_index, time.monotonic()))

    threads = [
        ReceivingThread(node, kind, Followed(node, topic, accept, callback), qos.WITNESS)
        for kind, topic, callback in (
            (EmgSamples, "emg/samples", on_samples),
            (ActionEstimate, "emg/action", on_estimate),
        )
    ]
    orders.send("ready")
    while orders.recv() != "end":
        orders.send(len(found.times))
    for thread in threads:
        thread.close()
    orders.send(found)
    node.destroy_node()
    rclpy.try_shutdown()


def run(source: Source, seconds: float, bundle: Path | None, folder: Path) -> tuple[Received, float | None]:
    """Run the graph once; return what was received, and when sample 0 was taken."""
    from emg_recognition.processes import Graph

    folder.mkdir()
    link = str(folder / "link")
    if source is SOURCES["playback"]:
        write_playback(Path(link), seconds)
    with (
        helper(source.sender, link, seconds) as sender,
        helper(receive) as receiver,
        Graph(folder) as graph,
    ):
        model = {} if bundle is None else {"model": str(bundle)}
        if bundle is not None:
            graph.start("classifier", model)
        graph.start("preprocessing", model)
        address = source.address.format(link=link)
        graph.start("acquisition", {"source": address, "wait_for_port": PATIENCE, "subscribers": 2})
        deadline = time.monotonic() + PATIENCE
        while True:
            graph.check(complete=True)
            receiver.send("how many")
            if receiver.recv():
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"{address}: no samples within {PATIENCE:g} s")
            time.sleep(0.1)
        time.sleep(WARM_UP)
        sender.send("lose")
        time.sleep(seconds)
        graph.check(complete=True)
        receiver.send("end")
        found = receiver.recv()
        sender.send("end")
        return found, sender.recv()


def judge(name: str, source: Source, found: Received, begin: float | None) -> tuple[list[str], bool]:
    """Return the row of the table, and whether all counts are right."""
    first, sizes = np.array(found.first), np.array([len(values) for values in found.values])
    numbers, received = np.concatenate(found.values), int(sizes.sum())
    indices = np.concatenate([one + np.arange(size) for one, size in zip(first, sizes, strict=True)])
    counted = sum(found.dropped[1:])
    good = bool((np.diff(indices) > 0).all()) and int(indices[-1] - indices[0]) + 1 - received == counted
    missing, astray = "none", "unknown"
    if source.numbered:
        lost = round(float(numbers[-1] - numbers[0])) + 1 - received
        wrong = int((np.rint(numbers - numbers[0]) != indices - indices[0]).sum())
        missing, astray = str(lost), str(wrong)
        good &= lost == counted and not wrong and (lost > 0) == source.loses
    else:
        good &= not counted
    stamp = "–"
    lasts = np.array(found.stamps) + (sizes - 1) / ROW.rate
    settled = first - first[0] > WARM_UP * ROW.rate
    if begin is not None:  # the true times are known
        starts = begin + np.array([values[0] for values in found.values]) / ROW.rate
        off = 1000 * (np.array(found.stamps) - starts)[settled]
        middle = float(np.median(off))
        stamp = f"{middle:.2f} ± {np.abs(off - middle).max():.2f}"
        lasts = starts + (sizes - 1) / ROW.rate
    delays = 1000 * (np.array(found.times) - lasts)[settled]
    times = dict(zip((first + sizes - 1).tolist(), lasts.tolist(), strict=True))
    estimates = [1000 * (when - times[last]) for last, when in found.estimates if last in times]
    cells = [name, str(received), missing, str(counted), astray, stamp]
    return [*cells, percentiles(delays), percentiles(np.array(estimates))], good


def percentiles(values: np.ndarray) -> str:
    """Write the median, 95 % and 99 %."""
    return " / ".join(f"{np.percentile(values, share):.1f}" for share in (50, 95, 99)) if len(values) else "–"


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="of each source, besides its start")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--no-model", action="store_true", help="without the classifier")
    parser.add_argument("--config", default=str(BENCH.parent / "config" / "compact.yaml"), help="the network")
    arguments = parser.parse_args()
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    print(
        f"8 channels at {ROW.rate:g} Hz, {arguments.seconds:g} s each, {os.cpu_count()} cores\n\n"
        "| source | received | left out | counted as lost | astray | stamp, ms "
        "| samples 50 / 95 / 99 %, ms | estimate 50 / 95 / 99 %, ms |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    all_good = True
    with tempfile.TemporaryDirectory() as place:
        folder, bundle = Path(place), None
        if not arguments.no_model:
            make: Any = multiprocessing.get_context("spawn").Process(
                target=write_model, args=(folder, ROW, arguments.config)
            )
            make.start()
            make.join()
            bundle = folder / "bundle"
        for name in arguments.sources:
            source = SOURCES[name]
            found, begin = run(source, arguments.seconds, bundle, folder / name)
            cells, good = judge(name, source, found, begin)
            all_good &= good
            print("|", " | ".join(cells), "|", "" if good else "WRONG", flush=True)
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
