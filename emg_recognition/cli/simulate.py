"""``emg-recognition simulate``: write a simulated study, a healthy and a patient cohort, as an archive."""

from __future__ import annotations

import argparse
from pathlib import Path

from emg_recognition.errors import SettingError

_OPTIONS = {
    "seed": (int, "decides every subject and every sample"),
    "healthy": (int, "healthy subjects"),
    "patients": (int, "patients"),
    "sessions": (int, "sessions a subject"),
    "repetitions": (int, "repetitions of each action a session"),
    "channels": (int, "electrodes"),
    "rate": (float, "sampling rate, Hz"),
    "hold": (float, "seconds an action is held"),
    "mains": (float, "mains frequency, Hz"),
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "simulate",
        help="simulate a study and write its recordings",
        description="Simulates labelled recordings of healthy subjects and patients, the paper's five "
        "actions and rest, and writes them as an archive that `train` takes.",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="ARCHIVE", help="file to write (.npz)")
    for name, (kind, text) in _OPTIONS.items():
        parser.add_argument(f"--{name}", type=kind, help=text, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Simulate and write; return the exit code."""
    from emg_recognition.recordings.archive import from_arrays, save_archive
    from emg_recognition.simulation.study import StudySettings, simulate_study

    if args.output.suffix != ".npz":
        raise SettingError("--output", str(args.output), "name a file that ends in .npz")
    if args.output.exists():
        raise SettingError("--output", str(args.output), "it exists; name another file, or remove this one")
    settings = StudySettings(**{name: getattr(args, name) for name in _OPTIONS if hasattr(args, name)})
    recordings = from_arrays(simulate_study(settings), str(args.output))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    save_archive(args.output, recordings)
    seconds = recordings.length.sum() / recordings.rate
    print(
        f"{args.output}: {len(recordings)} segments, {seconds / 60:.1f} minutes,"
        f" {recordings.channels} channels at {recordings.rate:g} Hz, cohorts {', '.join(recordings.cohorts)}"
    )
    return 0
