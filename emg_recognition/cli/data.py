"""Commands that handle recordings: ``simulate``, ``inspect`` and ``device-emulator``."""

from __future__ import annotations

import argparse
import importlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.options import add_options, given_options
from emg_recognition.cli.parser import examples
from emg_recognition.errors import SettingError
from emg_recognition.resources import config_path
from emg_recognition.simulation.settings import StudySettings
from emg_recognition.text import nfc

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings

#: How often the emulator looks for the end of the recording, s.
_PERIOD = 0.1


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the commands."""
    simulate = subparsers.add_parser(
        "simulate",
        help="simulate a study and write its recordings",
        description="Simulate labelled recordings of healthy subjects and patients, the paper's five actions "
        "and rest, and write them as an archive that `train` reads.",
        epilog=examples(
            "emg-recognition simulate --output study.npz",
            "emg-recognition simulate --output small.npz --healthy 4 --patients 1 --seed 3",
        ),
    )
    simulate.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="archive to write (.npz)"
    )
    add_options(simulate, StudySettings)
    simulate.set_defaults(run=_simulate)

    inspect = subparsers.add_parser(
        "inspect",
        help="show what recordings hold, and what looks wrong in them",
        description="Show files, subjects, sessions, actions and repetitions, channels, rate and duration of "
        "recordings, and what looks suspicious, without training. The exit code is 1 if they cannot be "
        "trained on. With --describe, write a description of the files as they were understood, "
        "ready to edit.",
        epilog=examples(
            "emg-recognition inspect recordings.npz",
            "emg-recognition inspect monday tuesday study.yaml",
            "emg-recognition inspect study.npz --without anna/2 bert/1/fist/3",
            "emg-recognition inspect my_files --describe --output study.yaml",
        ),
    )
    inspect.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="recordings, as --data")
    add_data_options(inspect, required=False)
    inspect.add_argument(
        "--describe", action="store_true", help="print a description of the files instead, ready to edit"
    )
    inspect.add_argument(
        "--output", type=Path, metavar="FILE", help="with --describe: the file to write it to (.yaml)"
    )
    inspect.add_argument(
        "--cost",
        action="store_true",
        help="measure for some seconds, and say how much time, memory and disk a training takes",
    )
    inspect.set_defaults(run=_inspect)

    emulator = subparsers.add_parser(
        "device-emulator",
        help="play a recording through a pseudo-terminal, like an armband on a serial port",
        description="Play a recording at its true rate through a pseudo-terminal, in any of the protocols of "
        "docs/reference/protocols.md, until Ctrl-C. A program that opens the link finds a serial armband "
        "there; it plays after the start command.",
        epilog=examples(
            "emg-recognition device-emulator --data recordings.npz",
            "emg-recognition device-emulator --data monday_1 --protocol cyton --link /tmp/cyton",
        ),
    )
    emulator.add_argument("--data", type=Path, required=True, metavar="PATH", help="recordings of any kind")
    emulator.add_argument(
        "--link", type=Path, default=Path("/tmp/emg_armband"), metavar="PATH", help="where the port appears"
    )
    emulator.add_argument(
        "--protocol", choices=("emg", "cyton", "ascii"), default="emg", help="what it sends"
    )
    emulator.add_argument(
        "--once", action="store_true", help="end with the recording instead of repeating it"
    )
    emulator.set_defaults(run=_emulate)


def add_data_options(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add the options that say which recordings to read."""
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=required,
        default=[],
        metavar="PATH",
        help="labelled recordings: archives, bags, EDF, XDF, MATLAB and other files, text, or folders",
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="where recordings are unpacked (default: in ~/.cache)"
    )
    parser.add_argument("--namespace", metavar="ARM", help="which armband or stream, if there are several")
    add_without(parser)


def add_without(parser: argparse.ArgumentParser) -> None:
    """Add the option that leaves out segments."""
    parser.add_argument(
        "--without",
        nargs="+",
        default=[],
        metavar="NAME",
        help="leave out segments: SUBJECT/SESSION/ACTION/REPETITION or the first of these, * for any; "
        "`inspect` names those that look wrong",
    )


def open_data(args: argparse.Namespace, progress: Callable[[float], None] | None = None) -> Recordings:
    """Open the recordings that :func:`add_data_options` asked for; `progress` is given the share read.

    Raises
    ------
    RecordingError, SettingError
        If one cannot be read.
    """
    from emg_recognition.recordings.open import open_recordings

    found = open_recordings(args.data, cache=args.cache, namespace=args.namespace, progress=progress)
    return found.without(args.without)


def select(recordings: Recordings, wanted: Mapping[str, tuple[str, Sequence[Any] | None]]) -> Recordings:
    """Return the segments that have one of the wanted values in each column.

    Parameters
    ----------
    recordings : Recordings
        All segments.
    wanted : mapping of str to (str, sequence or None)
        Option as the user wrote it -> column, and the values to keep; None for all.

    Raises
    ------
    SettingError
        If a value does not occur, or no segment has all of them.
    """
    import numpy as np

    chosen = np.ones(len(recordings), dtype=np.bool_)
    for option, (column, values) in wanted.items():
        if values is None:
            continue
        found = getattr(recordings, column)
        wanted_here = [nfc(value) if isinstance(value, str) else value for value in values]
        for value in wanted_here:
            if value not in found:
                known = ", ".join(map(str, np.unique(found).tolist()))
                raise SettingError(option, value, f"{recordings.source} has {known}")
        chosen &= np.isin(found, wanted_here)
        if not chosen.any():
            raise SettingError(option, ", ".join(map(str, values)), "no segment fits all that was asked for")
    return recordings.select(chosen)


def _simulate(args: argparse.Namespace) -> int:
    from emg_recognition.recordings.archive import from_arrays, save_archive
    from emg_recognition.simulation.study import simulate_study

    if args.output.suffix != ".npz":
        raise SettingError("--output", str(args.output), "name a file that ends in .npz")
    if args.output.exists():
        raise SettingError("--output", str(args.output), "it exists; name another file, or remove this one")
    settings = StudySettings(**given_options(args, StudySettings))
    recordings = from_arrays(simulate_study(settings), str(args.output))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    save_archive(args.output, recordings)
    print(
        f"{args.output}: {len(recordings)} segments, {recordings.duration / 60:.1f} minutes,"
        f" {recordings.channels} channels at {recordings.rate:g} Hz, cohorts {', '.join(recordings.cohorts)}"
    )
    return 0


def _inspect(args: argparse.Namespace) -> int:
    from emg_recognition.cli.progress import bar
    from emg_recognition.recordings.inspect import inspect

    args.data = [*args.paths, *args.data]
    if not args.data:
        raise SettingError("PATH", "", "name recordings, for example: emg-recognition inspect study.yaml")
    if args.describe:
        return _describe(args)
    if args.output is not None:
        raise SettingError("--output", str(args.output), "use it with --describe only")
    with bar("Reading") as show:

        def progress(share: float) -> None:
            _load_filters()
            show(share)

        recordings = open_data(args, progress)
    inspection = inspect(recordings)
    print("\n".join(inspection.lines()), flush=True)
    if inspection.errors:
        return 1
    if args.cost:
        from emg_recognition.cli.training_options import training_cost
        from emg_recognition.training.configuration import experiment_settings
        from emg_recognition.worker_processes import default_workers

        settings = experiment_settings(config_path("compact.yaml"))
        cost = training_cost(recordings, settings, default_workers())
        print("a training with the defaults:", *(f"  {line}" for line in cost.lines()), sep="\n")
    return 0


@cache
def _load_filters() -> None:
    """Load what designs the filters, which takes half a second, while long files are still read."""
    threading.Thread(target=importlib.import_module, args=("scipy.signal",)).start()


def _describe(args: argparse.Namespace) -> int:
    from emg_recognition.files import write_file
    from emg_recognition.recordings.describe import describe

    if len(args.data) > 1:
        raise SettingError("PATH", " ".join(map(str, args.data)), "describe one file or folder at a time")
    if args.output is not None and args.output.exists():
        raise SettingError("--output", str(args.output), "it exists; name another file, or remove this one")
    text = describe(args.data[0], args.output)
    if args.output is None:
        print(text, end="")
    else:
        try:
            write_file(args.output, text.encode())
        except OSError as error:
            problem = f"it cannot be written ({error.strerror}); choose another place"
            raise SettingError("--output", str(args.output), problem) from error
        print(f"{args.output}: edit it, then: emg-recognition inspect {args.output}")
    return 0


def _emulate(args: argparse.Namespace) -> int:
    from emg_recognition.devices.emulator import ArmbandEmulator
    from emg_recognition.end_signals import end_signals_raise
    from emg_recognition.recordings.counts import to_counts
    from emg_recognition.recordings.open import open_recordings

    recordings = open_recordings(args.data)
    counts, scale = to_counts(recordings)
    emulator = ArmbandEmulator(
        counts,
        rate=recordings.rate,
        scale=scale,
        unit=recordings.unit,
        link=args.link,
        loop=not args.once,
        protocol=args.protocol,
    )
    with end_signals_raise(), emulator:
        info = emulator.info
        print(
            f"{args.link}: {info.channels} channels at {info.rate:g} Hz, {scale:g} counts per {info.unit}, "
            f"{len(counts) / info.rate:.1f} s, protocol {args.protocol}; Ctrl-C ends it",
            flush=True,
        )
        while not emulator.done:
            time.sleep(_PERIOD)
        # What the reader has not taken yet would be lost with the port.
        time.sleep(1.0)
    print(f"{emulator.sent} samples sent, {emulator.late} frames of them late")
    return 0
