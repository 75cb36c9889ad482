"""`emg-recognition live`: last sample of a window → datagram, start, processor time and memory.

python bench/live_without_ros.py BUNDLE [--seconds 60]

An emulated armband in this process sends noise at the model's rate through a pseudo-terminal; the datagrams
come back to this process. Every window must arrive.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.models.bundle import read_bundle

PATIENCE = 120.0
"""Longest wait for the first window, s."""
AMPLITUDE = 1000
"""Standard deviation of the noise, counts."""


def main() -> int:
    """Measure, print, and return 1 if a window is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path, help="folder of a model bundle")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the measurement")
    chosen = parser.parse_args()
    info = read_bundle(chosen.bundle)
    rng = np.random.default_rng(0)
    samples = round((PATIENCE + chosen.seconds) * info.rate)
    counts = rng.normal(0, AMPLITUDE, (samples, info.channels)).astype(np.int16)
    scale = AMPLITUDE / float(info.statistics["rms"])
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener,
        ArmbandEmulator(counts, rate=info.rate, scale=scale, unit=info.unit) as armband,
    ):
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        command = [sys.executable, "-m", "emg_recognition", "live", "--model", str(chosen.bundle)]
        command += ["--source", f"serial:{armband.port}", "--udp", f"127.0.0.1:{listener.getsockname()[1]}"]
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            while json.loads(listener.recv(65535))["silent"]:
                pass
            start = time.monotonic() - begin
            latencies, indices = [], []
            used, begin = _cpu(process.pid), time.monotonic()
            while time.monotonic() < begin + chosen.seconds:
                told = json.loads(listener.recv(65535))
                now = time.monotonic()
                if not told["silent"]:
                    indices.append(told["last_index"])
                    latencies.append(now - armband.taken_at(told["last_index"]))
            seconds = time.monotonic() - begin
            share, memory = (_cpu(process.pid) - used) / seconds, _memory(process.pid)
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
        finally:
            process.kill()
            process.wait()
    stride = np.diff(indices)
    missing = int((stride // stride.min() - 1).sum())
    median, late = (1000 * np.quantile(latencies, share) for share in (0.5, 0.99))
    print(f"{info.channels} channels at {info.rate:g} Hz, {len(indices)} windows, {missing} missing")
    print(f"last sample of a window → datagram: median {median:.1f} ms, 99 % within {late:.1f} ms")
    print(f"first window after {start:.1f} s, {100 * share:.1f} % of a core, {memory:.0f} MiB (PSS)")
    return 1 if missing else 0


def _cpu(process: int) -> float:
    """Return the processor time of a process, s."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(process: int) -> float:
    """Return the proportional memory of a process, MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
