"""How large the error of windows is after a start, and what the signal path costs.

    python -m bench.pipeline ARCHIVE.npz [--notch-quality 30] [--segments 300] [--pushes 4000]

The archive needs segments of at least 3 seconds. A stream is started 2 s into each segment, and its
windows are compared with those of a stream that has been running since the beginning of the segment.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time

import numpy as np

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.recordings.archive import load_archive
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.batch import segment_windows
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings, suited_settings

#: The stream starts this long after the beginning of a segment, and is followed for this long, s.
LEAD, SHOWN = 2.0, 1.0


def settling_errors(
    recordings: Recordings,
    suited: PipelineSettings,
    most: int,
    *,
    warm_up: bool = False,
    hum: float = 0.0,
) -> np.ndarray:
    """Return the error of each window after a start over the signal's RMS, for windows 50 ms apart.

    At most about `most` segments are used; `hum` adds 50 Hz with that many times the RMS of the segment.
    """
    # Nothing is withheld: the table is about the windows that normally would be.
    settings = suited if warm_up else dataclasses.replace(suited, settling=0)
    stride = round(0.05 * settings.rate)
    lead = round(LEAD / 0.05) * stride
    count = round((SHOWN - settings.window) / 0.05)
    wrong, power = np.zeros(count), np.zeros(count)
    long_enough = np.flatnonzero(recordings.length >= lead + round(SHOWN * settings.rate))
    if not len(long_enough):
        raise SystemExit(f"no segment of {recordings.source} lasts {LEAD + SHOWN:g} s")
    for i in long_enough[:: max(1, len(long_enough) // most)]:
        segment = recordings.segment(int(i))
        wave = np.sin(2 * np.pi * 50 * np.arange(len(segment)) / settings.rate)[:, np.newaxis]
        clean = segment_windows(segment, dataclasses.replace(settings, settling=0), stride)[1][
            lead // stride :
        ]
        segment = (segment + hum * clean.std() * np.sqrt(2) * wave).astype(np.float32)
        settled = segment_windows(segment, dataclasses.replace(settings, settling=0), stride)[1][
            lead // stride :
        ]
        fresh = segment_windows(segment[lead:], settings, stride, warm_up=warm_up)[1]
        wrong += ((fresh[:count] - settled[:count]) ** 2).sum(axis=(1, 2))
        power += (settled[:count] ** 2).sum(axis=(1, 2))
    return np.sqrt(wrong / power)


def cost(settings: PipelineSettings, chunk: int, pushes: int) -> float:
    """Return the processor time of one push of `chunk` samples, microseconds."""
    samples = np.random.default_rng(0).normal(size=(pushes * chunk, settings.channels)).astype(np.float32)
    pipeline = Pipeline(settings, round(0.025 * settings.rate))
    begin = time.process_time()
    for first in range(0, len(samples), chunk):
        pipeline.push(samples[first : first + chunk], first)
    return (time.process_time() - begin) / pushes * 1e6


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive")
    parser.add_argument("--notch-quality", type=float, help="default: that of the signal path")
    parser.add_argument("--segments", type=int, default=300, help="at most about this many are used")
    parser.add_argument("--pushes", type=int, default=4000, help="of each size, to measure the cost")
    arguments = parser.parse_args()
    changed = {} if arguments.notch_quality is None else {"notch_quality": arguments.notch_quality}
    try:
        recordings = load_archive(arguments.archive)
        suited = suited_settings(
            rate=recordings.rate, channels=recordings.channels, unit=recordings.unit, **changed
        )
    except EmgRecognitionError as error:
        print(error, file=sys.stderr)
        return 1
    columns = [
        settling_errors(recordings, suited, arguments.segments),
        settling_errors(recordings, suited, arguments.segments, hum=1.0),
        settling_errors(recordings, suited, arguments.segments, warm_up=True),
    ]
    print(f"{suited.fingerprint()}\n")
    print("| window begins after | error | with as much hum as signal | warmed up |\n|---|---|---|---|")
    for k in (0, 1, 2, 3, 4, 5, 6, 8, 10, 12):
        print(f"| {50 * k} ms | " + " | ".join(f"{100 * column[k]:.1f} %" for column in columns) + " |")
    print(
        "\n| rate, channels | samples in a push | processor time for a push | times real time |"
        "\n|---|---|---|---|"
    )
    for rate, channels in ((200, 8), (2000, 64)):
        settings = suited_settings(rate=rate, channels=channels, unit="count")
        for chunk in (1, 10, 20):
            spent = cost(settings, chunk, arguments.pushes)
            real = chunk / rate * 1e6 / spent
            print(f"| {rate} Hz, {channels} | {chunk} | {spent:.0f} us | {real:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
