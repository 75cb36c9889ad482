"""LibEMG on the same armband, and the moments that its predictions belong to.

Its predictions carry no index. It predicts when more samples than a window has have arrived, and again after
each stride: one frame late. And it uses the newest samples, not those on the grid.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from live_path.ends import FRAME, PATIENCE, helper, play
from live_path.graph import WARM_UP, cpu_seconds, memory
from live_path.rows import Measured, Row

NAME = "LibEMG"
#: Length of its windows, s: ours.
WINDOW = 0.2


def missing(python: str) -> str:
    """Return how to get LibEMG, if this Python does not have it; empty if it does."""
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('libemg') is None)"
    try:
        done = subprocess.run([python, "-c", look], check=False)
    except OSError as error:
        remedy = "name a Python that has LibEMG, e.g. libemg/bin/python"
        raise SystemExit(f"--libemg {python}: {error.strerror}; {remedy}") from error
    if done.returncode == 0:
        return ""
    remedy = "python3 -m venv libemg && libemg/bin/pip install libemg, then --libemg libemg/bin/python"
    return f"LibEMG was not measured: {python} does not have it; {remedy}"


def run_beside(python: str, row: Row, seconds: float, folder: Path) -> Measured:
    """Run LibEMG once."""
    folder.mkdir()
    link, result = str(folder / "armband"), Measured()
    length, stride = round(WINDOW * row.rate), max(1, round(row.stride * row.rate))
    with (
        helper(play, link, row, seconds) as armband,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answers,
        (folder / "log").open("wb") as log,
    ):
        answers.bind(("127.0.0.1", 0))
        numbers = map(str, (row.channels, length, stride, answers.getsockname()[1]))
        begin = time.monotonic()
        peer = subprocess.Popen(
            [python, str(Path(__file__).with_name("peer.py")), link, *numbers],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            answers.settimeout(PATIENCE)
            try:
                answers.recv(1024)
            except TimeoutError:
                said = (folder / "log").read_text(errors="replace").strip().splitlines() or ["nothing said"]
                raise SystemExit(f"{NAME}: no prediction within {PATIENCE:g} s: {said[-1]}") from None
            result.start = time.monotonic() - begin
            receive(answers, min(WARM_UP, seconds / 2))
            processes = [peer.pid, *children(peer.pid)]
            used, measured_from = sum(map(cpu_seconds, processes)), time.monotonic()
            received = receive(answers, seconds)
            used = sum(map(cpu_seconds, processes)) - used
            result.cpu = 100 * used / (time.monotonic() - measured_from)
            result.memory = sum(map(memory, processes))
        finally:
            os.killpg(peer.pid, signal.SIGKILL)
            peer.wait()
        armband.send("end")
        result.estimates, result.used = attribute(received, armband.recv(), length, stride)
    return result


def receive(answers: socket.socket, seconds: float) -> list[float]:
    """Return when predictions arrived within this time."""
    times, until = [], time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        answers.settimeout(left)
        try:
            answers.recv(1024)
        except TimeoutError:
            break
        times.append(time.monotonic())
    return times


def children(pid: int) -> list[int]:
    """Return the child processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def attribute(
    received: Sequence[float], written: Sequence[tuple[int, float]], length: int, stride: int
) -> tuple[list[float], list[float]]:
    """Return the times from the completion of each window, and from the newest frame before each answer, ms.

    Parameters
    ----------
    received : sequence of float
        When the answers arrived, s.
    written : sequence of (int, float)
        Index after the last sample of each frame, and when it was written, s.
    length, stride : int
        Of the windows, samples.
    """
    ends, times = zip(*written, strict=True)
    newest = [bisect_right(times, when) - 1 for when in received]
    # The first answer comes with the first frame beyond `length` samples, each other one stride later. Where
    # the count began is what most of them agree on.
    more = (length // FRAME + 1) * FRAME
    begin = round(float(np.median([ends[one] - number * stride for number, one in enumerate(newest)]))) - more
    complete = dict(written)
    estimates = []
    for number, when in enumerate(received):
        end = begin + length + number * stride
        moment = complete.get(-(-end // FRAME) * FRAME)
        if moment is not None:
            estimates.append(1000 * (when - moment))
    return estimates, [1000 * (when - times[one]) for one, when in zip(newest, received, strict=True)]
