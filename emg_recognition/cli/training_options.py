"""Options of the commands that train: recordings, configuration, split, ensemble and processes."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.data import add_data_options, open_data, select
from emg_recognition.cli.executor import add_executor, executor_options
from emg_recognition.cli.options import add_options, add_progress, given_options
from emg_recognition.resources import config_path
from emg_recognition.training.settings import (
    ORIENTATIONS,
    SPLITS,
    SUBSETS,
    EnsembleSettings,
    FitSettings,
    SplitSettings,
)

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings
    from emg_recognition.training.cost import Cost
    from emg_recognition.training.settings import ExperimentSettings

_USES = {"train": "train on", "validation": "choose the member with", "test": "test on"}


def add_training_options(
    parser: argparse.ArgumentParser, *, ensemble: Iterable[str], training: Iterable[str]
) -> None:
    """Add the options.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Where they go.
    ensemble, training : iterable of str
        The settings of those sections of the configuration that have an option here.
    """
    add_data_options(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for all results")
    parser.add_argument(
        "--config", type=Path, metavar="YAML", help="configuration (default: the packaged compact.yaml)"
    )
    parser.add_argument(
        "--split",
        choices=tuple(SPLITS),
        metavar="NAME",
        help=f"rule that divides the recordings: {', '.join(SPLITS)} (default: {SplitSettings.name})",
    )
    for subset in SUBSETS:
        parser.add_argument(
            f"--{subset}",
            f"--{subset}-reps",
            nargs="+",
            metavar="VALUE",
            help=f"repetitions, e.g. 1-3 (sessions, subjects, a cohort, as --split says) to {_USES[subset]}",
        )
    add_options(parser, SplitSettings, only=("folds",))
    parser.add_argument("--subject", nargs="+", metavar="S", help="use only these subjects")
    parser.add_argument("--actions", nargs="+", metavar="A", help="use only these labels")
    parser.add_argument(
        "--warm-up",
        action="store_true",
        help="benchmarks: use every window, also while the filters settle",
    )
    parser.add_argument(
        "--orientation",
        choices=ORIENTATIONS,
        help="turn the sessions' armbands to look alike (default: auto, where strangers test)",
    )
    add_options(parser, EnsembleSettings, only=ensemble)
    add_options(parser, FitSettings, only=training)
    add_executor(parser)
    add_progress(parser)


def open_training_data(args: argparse.Namespace) -> Recordings:
    """Open the recordings, and keep the subjects asked for.

    Raises
    ------
    RecordingError, SettingError
        If one cannot be read, or there is no such subject.
    """
    return select(open_data(args), {"--subject": ("subject", args.subject)})


def training_settings(args: argparse.Namespace) -> ExperimentSettings:
    """Read the configuration and put in what the command line says instead.

    Raises
    ------
    SettingError
        If the file or a value cannot be used.
    """
    from emg_recognition.training.configuration import experiment_settings

    settings = experiment_settings(args.config or config_path("compact.yaml"))
    return dataclasses.replace(
        settings,
        ensemble=_replaced(settings.ensemble, args),
        training=_replaced(settings.training, args),
        split=_split(settings.split, args),
        actions=settings.actions if args.actions is None else tuple(args.actions),
        warm_up=settings.warm_up or args.warm_up,
        orientation=args.orientation or settings.orientation,
    )


def process_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return how a training runs: ``workers``, ``address`` and ``cache``.

    Raises
    ------
    SettingError
        As :func:`~emg_recognition.cli.executor.executor_options`.
    """
    from emg_recognition.recordings.cache import default_cache

    return {**executor_options(args), "cache": args.cache or default_cache()}


def training_cost(recordings: Recordings, settings: ExperimentSettings, workers: int) -> Cost:
    """Measure for some seconds, and return what a training would take.

    Raises
    ------
    EmgRecognitionError
        If TensorFlow is missing, or the recordings cannot be trained on so.
    """
    from emg_recognition.quiet import without_information
    from emg_recognition.training.api import require_tensorflow

    require_tensorflow()
    with without_information():
        from emg_recognition.training.cost import estimate_cost

    return estimate_cost(settings, recordings, workers=workers)


def _replaced(section: Any, args: argparse.Namespace) -> Any:
    """Put the options that were given into a section of the configuration."""
    return dataclasses.replace(section, **given_options(args, type(section)))


def _split(configured: SplitSettings, args: argparse.Namespace) -> SplitSettings:
    """Values without a split belong to the configured one; another split starts from its own defaults."""
    if args.split is not None and args.split != configured.name:
        configured = SplitSettings(name=args.split)
    given: dict[str, Any] = {
        subset: tuple(values) for subset in SUBSETS if (values := getattr(args, subset)) is not None
    }
    if hasattr(args, "folds"):
        given["folds"] = args.folds
    return dataclasses.replace(configured, **given)
