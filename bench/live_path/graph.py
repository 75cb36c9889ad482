"""The nodes of the path, as the robot runs them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from live_path.ends import PATIENCE, helper, play, watch
from live_path.rows import WAYS, Measured, Row

if TYPE_CHECKING:
    from emg_recognition.processes import Graph

#: Time after the start that is not measured, s.
WARM_UP = 3.0
#: A command and a decision that are received within this time were sent together, s.
TOGETHER = 0.004


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Return the proportional memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


@contextmanager
def built(checkout: Path | None) -> Iterator[None]:
    """Start nodes of another checkout of the package, built where it is; None for this one."""
    if checkout is None:
        yield
        return
    before = dict(os.environ)
    script = 'source "$0/install/local_setup.bash" && env -0'
    done = subprocess.run(["bash", "-c", script, str(checkout)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"--before {checkout}: it is not built there: {done.stderr.strip()}")
    os.environ.update(line.split("=", 1) for line in done.stdout.split("\0") if line)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run(
    way: str,
    row: Row,
    bundle: Path,
    seconds: float,
    folder: Path,
    checkout: Path | None = None,
    beside: Callable[[Graph, Path], AbstractContextManager[None]] | None = None,
) -> Measured:
    """Run the graph once; `beside` gives what goes on beside it while it is measured."""
    from emg_recognition.processes import Graph

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
        with built(checkout):
            nodes = [
                graph.start_several(name, {node: settings[node] for node in holds}).pid
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
    result.estimates = result.used = delays(estimates, written)
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
