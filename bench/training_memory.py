"""Private memory while reading recordings, cutting windows and drawing an epoch of batches.

    python bench/training_memory.py ARCHIVE.npz [--times 10]

Each measurement runs in its own process: once with the archive, and once with a larger one that holds its
segments several times, with an empty cache. Private memory is what ``/proc/self/smaps_rollup`` counts for
this process only (USS), including pages mapped from the cache. It is sampled continuously, so that peaks
between two steps are seen. It needs Linux. ``--times 2`` with a small archive is a short run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.statistics import window_statistics
from emg_recognition.recordings.archive import load_archive
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.windows import STRIDE
from emg_recognition.signal.settings import stride_samples, suited_settings
from emg_recognition.training.windows import windows_from_recordings

LARGEST_RATIO = 1.2


def private_megabytes() -> float:
    """Return the memory that this process shares with no other, MB."""
    text = Path("/proc/self/smaps_rollup").read_text()
    return sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.MULTILINE)) / 1024


class Peak:
    """Sample the private memory in a thread."""

    def __init__(self) -> None:
        self.highest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self.highest = max(self.highest, private_megabytes())

    def stop(self) -> float:
        """Return the highest sample, MB."""
        self._over.set()
        self._thread.join()
        return self.highest


def measure(archive: Path, cache: Path) -> dict[str, float]:
    """Read, cut and draw, as training does; return megabytes and seconds."""
    from emg_recognition.training.batches import Batches  # loads TensorFlow, as training does
    from emg_recognition.training.output import data_fingerprint
    from emg_recognition.training.settings import FitSettings

    found = {"before": private_megabytes()}
    peak, begin = Peak(), time.perf_counter()
    recordings = open_recordings([archive], cache=cache)
    data_fingerprint(recordings)
    found["read"] = private_megabytes()
    pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = stride_samples(STRIDE, recordings.rate)
    windows = windows_from_recordings(recordings, pipeline, stride, cache=cache)
    found["cut"] = private_megabytes()
    window_statistics(windows.batches())
    batches = Batches(windows, FitSettings())
    for number in range(len(batches)):
        batches[number]
    found |= {"epoch": private_megabytes(), "peak": peak.stop(), "seconds": time.perf_counter() - begin}
    return found | {"segments": len(recordings), "windows": len(windows)}


def write_larger(archive: Path, times: int, path: Path) -> None:
    """Write an archive that repeats the segments of another, each time as other sessions."""
    one = load_archive(archive)
    samples = len(one.counts)
    columns = {"subject": one.subject, "cohort": one.cohort, "label": one.label, "rep": one.repetition}
    np.savez_compressed(
        path,
        x=np.tile(one.counts, (times, 1)),
        start=np.concatenate([one.start + number * samples for number in range(times)]),
        length=np.tile(one.length, times),
        scale=one.scale,
        fs=one.rate,
        unit=one.unit,
        session=np.concatenate([np.char.add(one.session, f"/{number}") for number in range(times)]),
        **{name: np.tile(column, times) for name, column in columns.items()},
    )


def in_own_process(*arguments: str) -> str:
    """Run this file in a new process and return its output."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    """Measure both and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path)
    parser.add_argument("--times", type=int, default=10, help="repetitions of the segments")
    parser.add_argument("--measure", type=Path, metavar="CACHE", help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        if arguments.measure:
            print(json.dumps(measure(arguments.archive, arguments.measure)))
            return 0
        if arguments.write:
            write_larger(arguments.archive, arguments.times, arguments.write)
            return 0
    except EmgRecognitionError as error:
        print(f"training_memory: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.archive}: private memory in MB; 'before' is the program with TensorFlow\n")
    print("| times | segments | windows | before | read | cut | one epoch | peak, MB | seconds |")
    print("|---|---|---|---|---|---|---|---|---|")
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        larger = Path(folder) / "larger.npz"
        for times, archive in ((1, arguments.archive), (arguments.times, larger)):
            if times > 1:
                in_own_process(str(arguments.archive), "--times", str(times), "--write", str(larger))
            found = json.loads(
                in_own_process(str(archive), "--measure", str(Path(folder) / f"cache_{times}"))
            )
            megabytes = " | ".join(
                f"{found[name]:.0f}" for name in ("before", "read", "cut", "epoch", "peak")
            )
            size = f"{times} | {found['segments']} | {found['windows']}"
            print(f"| {size} | {megabytes} | {found['seconds']:.1f} |", flush=True)
            peaks.append(found["peak"])
    ratio = peaks[1] / peaks[0]
    print(f"\npeak of private memory: {ratio:.2f} times as much (wanted: below {LARGEST_RATIO})")
    return 0 if ratio < LARGEST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
