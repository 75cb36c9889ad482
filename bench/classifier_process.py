"""Start time and memory of the classifier process.

    tools/environment run python bench/classifier_process.py BUNDLE [--repeat 7]

Start time is the time from the start of the process to the log line that reports the loaded bundle.
Memory is the resident set at that moment, and its private part. Prints median, minimum and maximum.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emg_recognition.processes import find_executable


def memory(pid: int) -> tuple[float, float]:
    """Resident and private memory of a process, MB."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0]) / 1000 * 1.024
    return fields["Rss"], fields["Private_Clean"] + fields["Private_Dirty"]


def start_once(bundle: Path) -> tuple[float, float, float]:
    """Start the classifier once: seconds until the bundle is loaded, resident and private MB."""
    command = [str(find_executable("classifier_node")), "--ros-args", "-p", f"model:={bundle}"]
    begin = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if "[INFO]" in line:
                seconds = time.perf_counter() - begin
                break
        else:
            sys.exit(f"the classifier exited with code {child.wait()}")
        resident, private = memory(child.pid)
        child.send_signal(signal.SIGINT)
        child.stderr.read()
    return seconds, resident, private


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--repeat", type=int, default=7)
    args = parser.parse_args()
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    runs = [start_once(args.bundle.resolve()) for _ in range(args.repeat)]
    for name, unit, values in zip(
        ("start", "resident", "private"), ("s", "MB", "MB"), zip(*runs, strict=True), strict=True
    ):
        median = statistics.median(values)
        print(f"{name:9} median {median:6.2f} {unit}, {min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
