"""What 1, 10 and 100 cores give for the paper's experiment with ten seeds and for a thousand people.

    python bench/cores.py [--cores 1 2 10 100 1000] [--overhead 0.03]

The command is ``compare --methods ensemble lda --seeds 0 1 … 9``. What has to be done is counted by the code
that plans a training, on tables of segments without samples. What each piece takes is measured here by a
short training on as many processes as there are cores, as ``train --dry-run`` does
(:mod:`emg_recognition.training.cost`), in processor time. Everything else is a model::

    time = preparation + transfer + networks + test

preparation
    reading, checking and filtering the recordings, by one process.
transfer
    the filtered signal to every machine, one after another, with ``BANDWIDTH``.
networks
    each on one core, with validation and test windows, in order, by the core that is free first; all of them
    longer by ``--overhead``, which ``bench/executors.py`` measures on two nodes.
test
    LDA, the scores of every seed, fold and selection, and the report, by one process.

``bench/cost.py --workers 1 2`` compares the model with trainings on one and on two cores.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.simulation.arm import COHORTS, PATIENT
from emg_recognition.simulation.study import StudySettings, simulate_study
from emg_recognition.training.comparison_table import score_run
from emg_recognition.training.configuration import experiment_settings
from emg_recognition.training.cost import (
    Plan,
    combine,
    make_plan,
    measure_machine,
    placed_windows,
    take_sample,
)
from emg_recognition.training.measured_pieces import Pieces
from emg_recognition.training.settings import MEMBER_SELECTIONS, ExperimentSettings, SplitSettings
from emg_recognition.training.split_rules import make_splits
from emg_recognition.worker_processes import default_workers

CONFIG = Path(__file__).resolve().parents[1] / "config"
#: Name -> configuration, healthy people, patients, sessions, split, seeds. Three sessions of 16 and 2 people
#: give 36,864 and 4,608 windows; the paper has about 40,000 and 5,000.
EXPERIMENTS: dict[str, tuple[Any, int, int, int, Mapping[str, Any], int]] = {
    "the paper's, 10 seeds": (CONFIG / "paper.yaml", 16, 2, 3, {"name": "repetition"}, 10),
    "compact.yaml on the same, 10 seeds": (CONFIG / "compact.yaml", 16, 2, 3, {"name": "repetition"}, 10),
    "1,000 people, 5 folds, 10 seeds": (CONFIG / "compact.yaml", 889, 111, 1, {"name": "k-fold"}, 10),
}
#: Cores of a machine, and bytes a second from one machine to another: 1 Gbit/s.
OF_MACHINE, BANDWIDTH = 16, 1.25e8


def without_samples(healthy: int, patients: int, sessions: int) -> Recordings:
    """Return the segments of a simulated study, with zeros that take no memory for samples."""
    study = StudySettings()
    people = [(name, n) for name, size in zip(COHORTS, (healthy, patients), strict=True) for n in range(size)]
    rows = [
        (f"{cohort}_{number}", cohort, f"session_{session}", action, repetition)
        for (cohort, number), session, repetition, action in itertools.product(
            people, range(sessions), range(1, study.repetitions + 1), PAPER_ACTION_NAMES
        )
    ]
    subject, cohort, session, label, repetition = (np.array(column) for column in zip(*rows, strict=True))
    length = np.full(len(rows), round(study.hold * study.rate))
    return Recordings(
        counts=np.broadcast_to(np.int16(0), (int(length.sum()), study.channels)),
        start=np.cumsum(length) - length,
        length=length,
        scale=1.0,
        rate=study.rate,
        unit="V",
        subject=subject,
        cohort=cohort,
        session=session,
        label=label,
        repetition=repetition,
        source="a simulated study",
    )


def times(
    plan: Plan, pieces: Sequence[Pieces], scoring: float, seeds: int, cores: int, overhead: float
) -> dict[str, float]:
    """Return the wall time of each part of ``compare --methods ensemble lda`` with some seeds, s."""
    cost = combine(dataclasses.replace(plan, jobs=plan.jobs * seeds), pieces, cores)
    machines = -(-cores // OF_MACHINE)
    for_lda = sum(plan.test) + plan.windows["train"]
    scored = seeds * len(plan.test) * len(MEMBER_SELECTIONS)
    return {
        "preparation": cost.preparation,
        "transfer": cost.cache * (machines - 1) / BANDWIDTH,
        "networks": cost.networks * (1 + overhead),
        "test": statistics.fmean(one.report + for_lda * one.baseline_window for one in pieces)
        + scored * scoring,
    }


def measured(settings: ExperimentSettings, batch_size: int) -> list[Pieces]:
    """Measure the pieces of a training with these settings, on a small simulated study."""
    study = from_arrays(simulate_study(StudySettings(healthy=4, patients=1, sessions=1)), "simulated")
    settings = dataclasses.replace(settings, split=SplitSettings())
    split = make_splits(study, settings.split)[0]
    sample = take_sample(settings, study, split, placed_windows(settings, study), batch_size)
    return measure_machine(sample, default_workers(), clock=time.process_time)


def time_scores(settings: ExperimentSettings, recordings: Recordings) -> float:
    """Return how long it takes to score the answers of one network in the first fold, s."""
    test = make_splits(recordings, settings.split)[0].cut(placed_windows(settings, recordings))["test"]
    answers = np.random.default_rng(0).dirichlet(np.ones(len(test.actions)), len(test)).astype(np.float32)
    begin = time.process_time()
    stride = settings.stride_samples(recordings.rate) / recordings.rate
    score_run(answers, test, PATIENT, stride=stride, window=settings.window, rest=REST)
    return time.process_time() - begin


def in_words(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def measure(cores: Sequence[int], overhead: float) -> None:
    """Measure the pieces, and print the tables."""
    for name, (config, healthy, patients, sessions, split, seeds) in EXPERIMENTS.items():
        settings: ExperimentSettings = experiment_settings(config)
        settings = dataclasses.replace(settings, split=SplitSettings(**split))
        recordings = without_samples(healthy, patients, sessions)
        plan = make_plan(settings, recordings)
        scoring = time_scores(settings, recordings)
        pieces = measured(settings, max(job.batch_size for job in plan.jobs))
        windows, networks = sum(plan.windows.values()), seeds * len(plan.jobs)
        memory = combine(plan, pieces, OF_MACHINE).memory / 1e9
        print(f"\n{name}: {networks} networks, {windows} windows in all {len(plan.test)} fold(s)")
        print(f"a machine of {OF_MACHINE} cores needs {memory:.1f} GB of memory\n")
        print("| cores | preparation | transfer | networks | test | all | times as fast |")
        print("|---|---|---|---|---|---|---|", flush=True)
        alone = 0.0
        for number in cores:
            parts = times(plan, pieces, scoring, seeds, number, overhead)
            whole = sum(parts.values())
            alone = alone or whole
            cells = " | ".join(in_words(part) for part in (*parts.values(), whole))
            print(f"| {number} | {cells} | {alone / whole:.1f} |", flush=True)


def main() -> int:
    """Measure and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2, 10, 100, 1000])
    parser.add_argument(
        "--overhead", type=float, default=0.0, help="share by which a cluster makes networks take longer"
    )
    args = parser.parse_args()
    measure(args.cores, args.overhead)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EmgRecognitionError as error:
        sys.exit(f"error: {error}")
