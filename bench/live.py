"""How long the live path takes from the last sample of a window to the estimate and to the joint command.

    tools/environment run python bench/live.py [--rounds 5] [--seconds 20] [--rows 200Hz 1kHz 64ch]
    tools/environment run python bench/live.py --libemg libemg/bin/python
    tools/environment run python bench/live.py --before ../another_checkout
    tools/environment run python bench/live.py BUNDLE
    tools/environment run python bench/live.py --quick

Without a bundle the network of `--config` is used with fresh weights, for each of three signals.

An emulated armband writes frames of 10 samples into a pseudo-terminal and notes when. The nodes read, filter,
recognise and command as on the robot, once as four processes and once with acquisition, preprocessing and
classifier in one (`chain_node`), in turns. With `--before` those of another checkout run as well (built
there), and LibEMG (features and LDA) where this Python or the given one has it. Another process receives
estimates and commands. Printed are

- estimate: from the write of the frame that completes a window until its estimate is received,
- used: the same from the write of the last sample that the estimate was made of; LibEMG uses newer ones than
  those that complete its window,
- command: until the command that the bridge sends with its decision on that window is received, while armed,
- CPU of all nodes of the path with the bridge, as a share of one core,
- their memory (PSS: shared pages divided among their users), and
- start: from the start of the first process, with the armband ready, until the first estimate is received,

each as the median over the rounds, with the smallest and the largest. `dropped` counts windows without an
estimate. The machine has to be idle otherwise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
<<<<<<< HEAD
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
=======
from collections.abc import Callable, Sequence
from functools import partial
>>>>>>> main
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from live_path.beside import NAME, missing, run_beside  # noqa: E402
from live_path.graph import run  # noqa: E402
from live_path.rows import ROWS, WAYS, Measured, signal_of, write_model  # noqa: E402

<<<<<<< HEAD
from emg_recognition.processes import Graph  # noqa: E402

#: Samples in a frame of the armband.
FRAME = 10
#: How long the start may take, s.
PATIENCE = 60.0
#: Time after the start that is not measured, s.
WARM_UP = 3.0
#: A command and a decision that are received within this time were sent together, s.
TOGETHER = 0.004


@dataclass(frozen=True)
class Row:
    """A signal and how it is cut into windows: rate in Hz, stride in s."""

    rate: float
    channels: int
    stride: float
    unit: str = "count"


ROWS = {
    "200Hz": Row(200.0, 8, 0.05),
    "1kHz": Row(1000.0, 8, 0.05),
    "64ch": Row(2000.0, 64, 0.005),
}
#: The programs of the path with the bridge, and the nodes that they hold.
WAYS = {
    "four processes": {
        name: (name,) for name in ("command_bridge", "classifier", "preprocessing", "acquisition")
    },
    "composed": {
        "command_bridge": ("command_bridge",),
        "chain": ("acquisition", "preprocessing", "classifier"),
    },
}


@dataclass
class Measured:
    """What one run gives: times in ms, CPU in % of a core, memory in MiB, start in s."""

    estimates: list[float] = field(default_factory=list)
    commands: list[float] = field(default_factory=list)
    cpu: float = 0.0
    memory: float = 0.0
    start: float = 0.0
    dropped: int = 0


def write_model(folder: Path, row: Row, config: str) -> None:
    """Write a bundle with fresh weights that is sure of elbow flexion; runs in a process of its own."""
    from emg_recognition.models.bundle_writer import write_bundle
    from emg_recognition.models.export import to_keras_file, to_tflite
    from emg_recognition.models.network import build_network
    from emg_recognition.signal.filters import design
    from emg_recognition.training.configuration import experiment_settings

    settings = experiment_settings(Path(config))
    pipeline = settings.pipeline_for(rate=row.rate, channels=row.channels, unit="count")
    channels = row.channels
    network = build_network(
        settings.network,
        length=pipeline.length,
        channels=channels,
        classes=3,
        mean=np.zeros(channels),
        std=np.full(channels, 100.0),
    )
    kernel, bias = network.get_layer("classes").get_weights()
    bias[1] = 6.0
    network.get_layer("classes").set_weights([kernel, bias])
    write_bundle(
        folder / "bundle",
        keras_model=to_keras_file(network),
        tflite=to_tflite(network),
        actions=("rest", "elbow_flexion", "elbow_extension"),
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        sections=design(pipeline),
        statistics={"mean": [0.0] * channels, "std": [100.0] * channels, "rms": 100.0},
        provenance={},
        live={"stride": row.stride},
        metrics={},
    )


def signal_of(bundle: Path) -> Row:
    """Return the signal that a bundle was trained on, and its live stride."""
    from emg_recognition.classification import live_settings
    from emg_recognition.models.bundle import read_bundle

    info = read_bundle(bundle)
    return Row(info.rate, info.channels, live_settings(info).stride, info.unit)


def play(link: str, row: Row, seconds: float, orders: Connection) -> None:
    """Be the armband; answer a request with the end and the time of each frame written since its start."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from emg_recognition.devices.emulator import ArmbandEmulator

    written: list[tuple[int, float]] = []
    # Long enough for the slowest start: a loop would restart the stream.
    length = round((3 * PATIENCE + seconds) * row.rate)
    counts = np.random.default_rng(1).integers(-100, 100, (length, row.channels), np.int16)
    scale = 1e6 if row.unit == "V" else 1.0
    armband = ArmbandEmulator(
        counts, rate=row.rate, scale=scale, unit=row.unit, frame_samples=FRAME, link=link
    )
    write = armband._terminal.write

    def note(data: bytes | bytearray) -> int:
        now = time.monotonic()
        if armband._in_outbox:
            written.append((armband.sent + armband._in_outbox, now))
        return write(data)

    armband._terminal.write = note  # type: ignore[method-assign]
    with armband:
        orders.send("ready")
        orders.recv()
        orders.send(written)


def watch(orders: Connection) -> None:
    """Receive until told to end; arm the bridge on request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import rclpy
    from emg_recognition.msg import ActionDecision, ActionEstimate
    from rclpy.signals import SignalHandlerOptions
    from std_srvs.srv import Trigger
    from trajectory_msgs.msg import JointTrajectory

    from emg_recognition.ros import qos
    from emg_recognition.ros.discovery import discovery_variables
    from emg_recognition.ros.following import Followed
    from emg_recognition.ros.receiving import ReceivingThread

    os.environ.update(discovery_variables(os.environ))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("bench")
    estimates: list[tuple[int, float]] = []
    decisions: list[tuple[int, float]] = []
    commands: list[float] = []

    def on_estimate(message: ActionEstimate) -> None:
        estimates.append((message.last_index, time.monotonic()))

    def on_decision(message: ActionDecision) -> None:
        decisions.append((message.last_index, time.monotonic()))

    def on_command(_message: JointTrajectory) -> None:
        commands.append(time.monotonic())

    def accept(_message: object) -> None:
        """Take whatever comes."""

    threads = [
        ReceivingThread(node, kind, Followed(node, topic, accept, callback), qos.WITNESS)
        for kind, topic, callback in (
            (ActionEstimate, "emg/action", on_estimate),
            (ActionDecision, "emg/decision", on_decision),
            (JointTrajectory, "exo/joint_trajectory", on_command),
        )
    ]
    arm = node.create_client(Trigger, "command_bridge/arm")
    orders.send("ready")
    while (order := orders.recv()) != "end":
        if order == "first":
            orders.send(estimates[0][1] if estimates else None)
        elif order == "arm":
            answer = "there is no bridge"
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                if arm.wait_for_service(0.5):
                    future = arm.call_async(Trigger.Request())
                    rclpy.spin_until_future_complete(node, future, timeout_sec=2.0)
                    response = future.result() if future.done() else None
                    if response is not None and response.success:
                        answer = ""
                        break
                    answer = "no answer" if response is None else response.message
                time.sleep(0.2)
            orders.send(answer)
        elif order == "begin":
            del estimates[:], decisions[:], commands[:]
        elif order == "results":
            orders.send((list(estimates), list(decisions), list(commands)))
    for thread in threads:
        thread.close()
    node.destroy_node()
    rclpy.try_shutdown()


@contextmanager
def helper(target: Any, *arguments: Any) -> Iterator[Connection]:
    """Run a function in a process of its own, and end it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=target, args=(*arguments, theirs), daemon=True
    )
    process.start()
    try:
        if not ours.poll(PATIENCE) or ours.recv() != "ready":
            raise SystemExit(f"{target.__name__} did not start")
        yield ours
    finally:
        process.join(5.0)
        process.kill()


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    """Return the processor time of a process, s."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: subprocess.Popen[str]) -> float:
    """Return the proportional memory of a process, MiB."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


def run(
    way: str,
    row: Row,
    bundle: Path,
    seconds: float,
    folder: Path,
    beside: Callable[[Graph, Path], AbstractContextManager[None]] | None = None,
) -> Measured:
    """Run the graph once; `beside` gives what goes on beside it while it is measured."""
    folder.mkdir()
    link = str(folder / "armband")
    settings: dict[str, dict[str, Any]] = {
        "command_bridge": {"model": str(bundle)},
        "classifier": {"model": str(bundle)},
        "preprocessing": {"model": str(bundle)},
        "acquisition": {"port": link, "wait_for_port": PATIENCE},
    }
    result = Measured()
    with helper(play, link, row, seconds) as armband, helper(watch) as watcher, Graph(folder) as graph:
        graph.start("simulated_exoskeleton", {})
        graph.start("enabling_switch", {"pressed": True})
        time.sleep(2.0)
        begin = time.monotonic()
        nodes = [
            graph.start_several(name, {node: settings[node] for node in holds})
            for name, holds in WAYS[way].items()
        ]
        first = None
        while first is None:
            graph.check(complete=True)
            if time.monotonic() > begin + PATIENCE:
                raise SystemExit(f"{way}: no estimate within {PATIENCE:g} s")
            time.sleep(0.1)
            watcher.send("first")
            first = watcher.recv()
        result.start = first - begin
        watcher.send("arm")
        if refusal := watcher.recv():
            raise SystemExit(f"{way}: {refusal}")
        with nullcontext() if beside is None else beside(graph, folder):
            time.sleep(min(WARM_UP, seconds / 2))
            used, measured_from = sum(map(cpu_seconds, nodes)), time.monotonic()
            watcher.send("begin")
            time.sleep(seconds)
            watcher.send("results")
            estimates, decisions, commands = watcher.recv()
            graph.check(complete=True)
            used = sum(map(cpu_seconds, nodes)) - used
            result.cpu = 100 * used / (time.monotonic() - measured_from)
        result.memory = sum(map(memory, nodes))
        watcher.send("end")
        armband.send("end")
        written = dict(armband.recv())
    result.estimates = delays(estimates, written)
    # The bridge sends a command and publishes the decision behind it at once; in a fault, as on a busy
    # machine, it sends none.
    nearest = [
        (last, decided, min(commands, key=lambda when, decided=decided: abs(when - decided), default=-np.inf))
        for last, decided in decisions
    ]
    sent = [(last, when) for last, decided, when in nearest if abs(when - decided) < TOGETHER]
    result.commands = delays(sent, written)
    indices = [last for last, _ in estimates]
    stride = max(1, round(row.stride * row.rate))
    result.dropped = (indices[-1] - indices[0]) // stride + 1 - len(indices)
    return result


def delays(received: Sequence[tuple[int, float]], written: dict[int, float]) -> list[float]:
    """Return the time from the write of each window's last sample to a receipt, ms."""
    return [1000 * (when - written[last + 1]) for last, when in received if last + 1 in written]
=======
COLUMNS = (
    *("signal", "way", "estimate 50 / 95 / 99 %, ms", "used 50 / 95 / 99 %, ms"),
    *("command 50 / 95 / 99 %, ms", "CPU, %", "PSS, MiB", "start, s", "dropped"),
)
>>>>>>> main


def spread(values: Sequence[float], digits: int) -> str:
    """Write the median and the range of the rounds."""
    low, middle, high = (
        f"{value:.{digits}f}" for value in (min(values), float(np.median(values)), max(values))
    )
    return middle if len(values) == 1 else f"{middle} ({low}–{high})"


def percentiles(runs: Sequence[list[float]]) -> str:
    """Write the median, 95 % and 99 % of a time, each as the median over the rounds and its range."""
    runs = [times for times in runs if times]
    if not runs:
        return "–"
    return " / ".join(
        spread([float(np.percentile(times, share)) for times in runs], 2) for share in (50, 95, 99)
    )


def line(signal: str, way: str, runs: Sequence[Measured]) -> str:
    """Write a row of the table."""
    dropped = [one.dropped for one in runs if one.dropped is not None]
    cells = (
        signal,
        way,
        percentiles([one.estimates for one in runs]),
        percentiles([one.used for one in runs]),
        percentiles([one.commands for one in runs]),
        spread([one.cpu for one in runs], 1),
        spread([one.memory for one in runs], 0),
        spread([one.start for one in runs], 2),
        str(sum(dropped)) if dropped else "–",
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="?", type=Path, help="a model, for the signal that it was trained on")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run, besides its start")
    parser.add_argument("--config", default=str(REPOSITORY / "config" / "compact.yaml"), help="the network")
    parser.add_argument("--libemg", default=sys.executable, metavar="PYTHON", help="a Python with LibEMG")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="a built checkout to compare with")
    parser.add_argument("--quick", action="store_true", help="one row, one round, two seconds: only a trial")
    arguments = parser.parse_args()
    signals = ROWS if arguments.bundle is None else {"bundle": signal_of(arguments.bundle)}
    rows = arguments.rows if arguments.bundle is None else ["bundle"]
    rounds, seconds = arguments.rounds, arguments.seconds
    if arguments.quick:
        rows, rounds, seconds = rows[:1], 1, 2.0
    without = missing(arguments.libemg)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    for name in rows:
        row = signals[name]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            bundle = arguments.bundle
            if bundle is None:
                make = multiprocessing.get_context("spawn").Process(
                    target=write_model, args=(folder, row, arguments.config)
                )
                make.start()
                make.join()
                bundle = folder / "bundle"
            ways: dict[str, Callable[[Path], Measured]] = {}
            for way in arguments.ways:
                ways[way] = partial(run, way, row, bundle.resolve(), seconds)
                if arguments.before is not None:
                    checkout = arguments.before.resolve()
                    ways[f"{way}, before"] = partial(ways[way], checkout=checkout)
            if not without:
                ways[NAME] = partial(run_beside, arguments.libemg, row, seconds)
            runs: dict[str, list[Measured]] = {way: [] for way in ways}
            for number in range(rounds):
                for place_in_turn, (way, measure) in enumerate(ways.items()):
                    runs[way].append(measure(folder / f"{number}_{place_in_turn}"))
            for way, all_of_it in runs.items():
                print(line(name, way, all_of_it), flush=True)
    if without:
        print(without)
    return 0


if __name__ == "__main__":
    sys.exit(main())
