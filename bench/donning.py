"""How long after the last gesture of a guided donning the wearer's bundle is there.

    python bench/donning.py out/demo/training/bundle out/demo/donning.npz

The gestures are read from a recording instead of a running session, by the process that a session starts:
it has as long to load the model as the wearer needs for the gestures, and is asked then. A session waits
another second before it asks, until the last gesture is on the disk; that second is included.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError  # noqa: E402
from emg_recognition.guided.donning import Donning, donning_plan  # noqa: E402
from emg_recognition.recordings.open import open_recordings  # noqa: E402

#: What a session waits for the disk, s (``emg_recognition.ros.recording.ON_DISK``, which needs ROS).
ON_DISK = 1.0


def measure(bundle: Path, recording: Path, folder: Path, number: int, wait: float | None) -> float:
    """Return the time from the last gesture to the bundle, s."""
    plan = donning_plan(bundle)
    performing = sum(plan.pause + plan.reaction + prompt.hold for prompt in plan.prompts())
    found = open_recordings([recording])
    donning = Donning(bundle, folder / f"bundle_{number}", str(found.subject[0]))
    labelled = folder / f"gestures_{number}.npz"
    dataclasses.replace(found, session=np.full(len(found), donning.label)).save(labelled)
    donning.prepare(labelled)
    time.sleep(performing if wait is None else wait)
    begin = time.monotonic()
    donning.ask()
    while (result := donning.result()) is None:
        time.sleep(0.02)
    seconds = time.monotonic() - begin + ON_DISK
    print(f"{seconds:.2f} s: {result.text}", flush=True)
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path, help="bundle of aligned sessions")
    parser.add_argument("recording", type=Path, help="its two gestures and rest, of one wearer")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--wait", type=float, help="time to load the model, s (default: of the gestures)")
    chosen = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = [
                measure(chosen.bundle, chosen.recording, Path(folder), number, chosen.wait)
                for number in range(chosen.times)
            ]
    except EmgRecognitionError as error:
        print(f"donning: {error}", file=sys.stderr)
        return 1
    print(f"median {statistics.median(found):.2f} s, longest {max(found):.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
