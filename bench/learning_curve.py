"""When the majority helps the minority: accuracy over the repetitions that each person of the minority gave.

    python bench/learning_curve.py myo_readings_active5.npz --output out/minority

The settings are those of ``bench/minority.yaml``: 38 right arms are the majority and three left ones the
minority, which trains with repetitions 1–3 of three sessions; repetition 4 validates, 5 and 6 of all sessions
test. A point trains with the first repetitions of each left arm (the first is repetition 1 of session 1) and
with all of the right ones. It tests the paper's ensemble, one weighted network, one that learns from the
majority first (``pretrain``), one of the majority that is adapted to each left arm (``adapt``), the minority
alone, and LDA, on the same windows, without a vote across them.

Below the tables stands what the majority adds to the minority alone, in the mean and for each person. Run
again with the same ``--output``, it continues where it was interrupted, or adds seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from measuring.command import report, run  # noqa: E402

import emg_recognition as emg  # noqa: E402
from emg_recognition.cli.compare import table  # noqa: E402
from emg_recognition.cli.executor import add_executor, executor_options  # noqa: E402
from emg_recognition.training.learning_curve import CURVE_METHODS  # noqa: E402

ALONE = "minority"


def gains(curve: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return accuracy minus that of the minority alone: point -> method -> person -> mean over the seeds."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for point in curve:
        accuracy = {row["method"]: row["per_subject"] for row in point["methods"]}
        found[str(point["repetitions"])] = {
            method: {person: value - accuracy[ALONE][person] for person, value in people.items()}
            for method, people in accuracy.items()
            if method != ALONE
        }
    return found


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train, test and print."""
    comparison = emg.compare(
        emg.open_recordings(arguments.archive),
        arguments.output,
        settings=arguments.config,
        minority=arguments.minority,
        seeds=arguments.seeds,
        methods=CURVE_METHODS,
        learning_curve=arguments.repetitions,
        on_event=report,
        **executor_options(arguments, least=0),
    )
    result = comparison.result
    print(f"{arguments.archive}: {result['minority_choice']}; seeds {arguments.seeds}")
    print(*table(result), sep="\n")
    gained = gains(result["learning_curve"])
    for given, methods in gained.items():
        for method, people in methods.items():
            each = ", ".join(f"{person} {100 * value:+.1f}" for person, value in people.items())
            mean = 100 * np.mean(list(people.values()))
            print(f"{given:>3} given, {method:20} against the minority alone: {mean:+5.1f} points ({each})")
    print(f"report {comparison.report}")
    return {**result, "gained": gained}


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings")
    parser.add_argument("--output", type=Path, required=True, help="folder for the networks and the report")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "bench" / "minority.yaml")
    parser.add_argument("--minority", metavar="COHORT", help="instead of the configuration's")
    parser.add_argument(
        "--repetitions", type=int, nargs="+", default=[1, 3], help="points below all (default: 1 3)"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    add_executor(parser)
    parser.add_argument("--json", type=Path, help="file for the result")
    chosen = parser.parse_args(arguments)
    return run("learning_curve", lambda: measure(chosen), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
