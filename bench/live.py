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
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from live_path.beside import NAME, missing, run_beside  # noqa: E402
from live_path.graph import run  # noqa: E402
from live_path.rows import ROWS, WAYS, Measured, signal_of, write_model  # noqa: E402

COLUMNS = (
    *("signal", "way", "estimate 50 / 95 / 99 %, ms", "used 50 / 95 / 99 %, ms"),
    *("command 50 / 95 / 99 %, ms", "CPU, %", "PSS, MiB", "start, s", "dropped"),
)


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
