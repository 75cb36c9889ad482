"""Options of every command that trains: the recordings, the configuration, and what is said otherwise."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.errors import SettingError
from emg_recognition.resources import config_path

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings
    from emg_recognition.training.settings import ExperimentSettings

_SIDES = ("train", "validation", "test")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="PATH",
        help="labelled recordings: archives (.npz), bags, descriptions of CSV files (.yaml)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for all results")
    parser.add_argument(
        "--config", type=Path, metavar="YAML", help="experiment; the packaged compact.yaml by default"
    )
    parser.add_argument(
        "--split", metavar="NAME", help="rule that divides the data, e.g. leave-one-subject-out"
    )
    for side in _SIDES:
        parser.add_argument(
            f"--{side}",
            f"--{side}-reps",
            nargs="+",
            metavar="VALUE",
            help=f"repetitions (or sessions, subjects, cohort, as the split is) to {_VERBS[side]}, e.g. 1-3",
        )
    parser.add_argument("--folds", type=int, metavar="N", help="of the split k-fold")
    parser.add_argument("--subject", nargs="+", metavar="S", help="only these subjects")
    parser.add_argument("--actions", nargs="+", metavar="A", help="only these labels")
    parser.add_argument(
        "--every-window",
        action="store_true",
        help="benchmark: windows count in which the filters settle, too (bridged)",
    )
    parser.add_argument("--members", type=int, metavar="N", help="parts of the majority cohort")
    parser.add_argument("--minority", metavar="COHORT", help="cohort that every member sees whole")
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that train at the same time; one a core by default",
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="where recordings are unpacked; ~/.cache by default"
    )
    parser.add_argument("--namespace", metavar="ARM", help="which armband of a bag, where it has several")
    parser.add_argument(
        "--progress", choices=("auto", "json", "off"), default="auto", help="how to show progress"
    )


_VERBS = {"train": "train on", "validation": "choose with", "test": "test on"}


def workers_of(args: argparse.Namespace) -> int:
    """Return the number of training processes.

    Raises
    ------
    SettingError
        For less than one.
    """
    from emg_recognition.training.workers import default_workers

    workers = default_workers() if args.workers is None else args.workers
    if workers < 1:
        raise SettingError("--workers", workers, "use at least one process")
    return int(workers)


def open_data(args: argparse.Namespace) -> Recordings:
    """Open the recordings, of the subjects asked for; what is damaged in them is said on stderr.

    Raises
    ------
    RecordingError, SettingError
        If one cannot be read, or there is no such subject.
    """
    from emg_recognition.recordings.open import open_recordings

    recordings = open_recordings(args.data, cache=args.cache, namespace=args.namespace)
    for problem in recordings.problems:
        print(f"emg-recognition: note: {problem}", file=sys.stderr)
    return _select_subjects(recordings, args.subject) if args.subject else recordings


def signal_cache(args: argparse.Namespace) -> Path | None:
    """Return the folder that filtered signals are kept in; None where there is none."""
    from emg_recognition.recordings.cache import default_cache

    return default_cache() if args.cache is None else Path(args.cache)


def settings_of(args: argparse.Namespace, **training: Any) -> ExperimentSettings:
    """Read the configuration and put in what the command line says otherwise.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    **training : Any
        Fields of the section ``training``; None leaves the configuration's.

    Raises
    ------
    SettingError
        If the file or a value cannot be used.
    """
    from emg_recognition.training.settings import experiment_settings

    settings = experiment_settings(args.config or config_path("compact.yaml"))
    actions = settings.actions if args.actions is None else tuple(args.actions)
    return dataclasses.replace(
        settings,
        ensemble=_with(settings.ensemble, members=args.members, minority=args.minority),
        training=_with(settings.training, **training),
        split=_split(settings.split, args),
        actions=actions,
        warm_up=settings.warm_up or args.every_window,
    )


def _with(section: Any, **asked: Any) -> Any:
    return dataclasses.replace(section, **{name: value for name, value in asked.items() if value is not None})


def _split(configured: Any, args: argparse.Namespace) -> Any:
    """Sides without a split are of the configured one; another split starts from its own defaults."""
    given = {side: getattr(args, side) for side in _SIDES}
    # One value may be a range, such as 1-3; several are names.
    sides = {side: v if v is None else v[0] if len(v) == 1 else tuple(v) for side, v in given.items()}
    if args.split is not None and args.split != configured.name:
        configured = type(configured)(name=args.split)
    asked = {"folds": args.folds, **sides}
    return _with(configured, **asked)


def _select_subjects(recordings: Recordings, names: list[str]) -> Recordings:
    import numpy as np

    for name in names:
        if name not in recordings.subject:
            known = ", ".join(np.unique(recordings.subject).tolist())
            raise SettingError("--subject", name, f"{recordings.source} has the subjects {known}")
    return recordings.select(np.isin(recordings.subject, names))
