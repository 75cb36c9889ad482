"""Look through a large text file with `inspect`, against pandas reading the same file.

Makes a CSV file of a time column and eight channels at 1 kHz, one action a file's half, and runs both in
processes of their own, in turn. `inspect` runs on a pseudo-terminal, so that its progress is shown; how often
that was drawn is counted. The file has just been written, so that the disk plays no part.

    python bench/text_file.py
"""

from __future__ import annotations

import argparse
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

#: The most that `inspect` may take, in times of pandas.
LIMIT = 1.3
_CHANNELS, _RATE, _KNOWN = 8, 1000, 10_000
_PANDAS = "import pandas, sys; print(len(pandas.read_csv(sys.argv[1])))"


def main() -> int:
    """Run the comparison; the exit code is 1 if `inspect` took longer than allowed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the file")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run")
    parser.add_argument("--limit", type=float, default=LIMIT, help="most that inspect may take, times pandas")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "anna_1.csv"
        rows = write(path, args.megabytes * 1_000_000)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {rows} rows of {_CHANNELS} channels", flush=True)
        ratios = []
        for number in range(args.rounds):
            plain, plain_work = run_pandas(path)
            ours, work, drawn, peak = run_inspect(path, Path(folder) / f"cache{number}")
            ratios.append(ours / plain)
            print(
                f"pandas {plain:.2f} s, inspect {ours:.2f} s ({ours / plain:.2f} times); "
                f"processor time {plain_work:.2f} s, {work:.2f} s; "
                f"progress drawn {drawn} times, peak {peak:.0f} MB",
                flush=True,
            )
    middle = statistics.median(ratios)
    print(f"inspect takes {middle:.2f} times as long as pandas ({min(ratios):.2f} to {max(ratios):.2f})")
    return int(middle > args.limit)


def write(path: Path, size: int) -> int:
    """Write the file; return its rows."""
    values = np.random.default_rng(0).normal(0.0, 50.0, (_KNOWN, _CHANNELS))
    known = ["," + ",".join(f"{value:.3f}" for value in row) for row in values]
    middle = size // 2
    rows = written = 0
    with open(path, "w", encoding="ascii") as file:
        file.write("time," + ",".join(f"emg{i + 1}" for i in range(_CHANNELS)) + ",label\n")
        while written < size:
            label = ",rest\n" if written < middle else ",fist\n"
            text = "".join([f"{(rows + i) / _RATE:.3f}{known[i]}{label}" for i in range(_KNOWN)])
            text = text.replace(",", f"{rows // _KNOWN % 10000:04d},")  # other numbers in each block
            text = (
                text[: text.rfind("\n", 0, size - written + 100) + 1] if len(text) > size - written else text
            )
            file.write(text)
            written += len(text)
            rows += text.count("\n")
    return rows


def run_pandas(path: Path) -> tuple[float, float]:
    """Return how long pandas takes in a process of its own, and its processor time, s."""
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", _PANDAS, path], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"pandas failed with exit code {process.returncode}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime


def run_inspect(path: Path, cache: Path) -> tuple[float, float, int, float]:
    """Return time and processor time of `inspect`, s, how often it draws its progress, and its peak, MB."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "emg_recognition.cli.main", "inspect", str(path), "--cache", str(cache)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=follower, stderr=subprocess.STDOUT, env=environment)
    os.close(follower)
    shown = bytearray()
    while True:
        try:
            part = os.read(leader, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    os.close(leader)
    if b"2: fist, rest" not in shown:
        said = shown[-2000:].decode(errors="replace")
        raise SystemExit(f"inspect did not finish (exit code {process.returncode}): {said}")
    return seconds, usage.ru_utime + usage.ru_stime, shown.count(b"%"), usage.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
