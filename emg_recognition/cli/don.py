"""``emg-recognition don``: find how an armband sits, and write the wearer's bundle."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from emg_recognition.cli.data import add_data_options, open_data, select
from emg_recognition.cli.leave import leave_on_signals
from emg_recognition.cli.parser import examples


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "don",
        help="find how an armband sits, and write the wearer's bundle",
        description="Compare a wearer's recording with the people a bundle was trained on, find by how much "
        "the armband is turned, whether it is mirrored, how strong its signal is and how the wearer's "
        "actions differ from other people's, and write a bundle that corrects for all of it. The recording "
        "holds the two gestures that the bundle names, and rest, 5 s each, or more actions; or, with "
        "--unlabelled, 25 s of use. The bundle has to be trained with aligned sessions.",
        epilog=examples(
            "emg-recognition don --model out/training/bundle --data out/anna_sync --output out/anna",
            "emg-recognition don --model out/training/bundle --data use.npz --unlabelled --output out/anna",
        ),
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="BUNDLE", help="the bundle to start from"
    )
    add_data_options(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the new bundle")
    parser.add_argument("--reps", metavar="REPS", help="use only these repetitions, e.g. 1")
    parser.add_argument("--session", metavar="S", help="use only this session")
    parser.add_argument(
        "--subject", metavar="S", help="the wearer, if the recordings have several; known ones are recognised"
    )
    parser.add_argument("--actions", nargs="+", metavar="A", help="use only these labels of the recordings")
    parser.add_argument("--unlabelled", action="store_true", help="take the signal without its labels")
    parser.add_argument(
        "--when-asked",
        action="store_true",
        help="load the model, then wait for a line on standard input before the recordings are read",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Don; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; nothing was written")
    # Imported here: the other commands do without, and the signals have to be blocked before NumPy loads.
    from emg_recognition.recordings.recordings import parse_repetitions
    from emg_recognition.training.api import donner

    wanted = {
        "--subject": ("subject", None if args.subject is None else [args.subject]),
        "--session": ("session", None if args.session is None else [args.session]),
        "--reps": ("repetition", None if args.reps is None else parse_repetitions(args.reps)),
        "--actions": ("label", args.actions),
    }
    if args.when_asked:
        ready = donner(args.model, args.output)
        ready.warm_up()
        if not sys.stdin.readline():
            return 0
        recordings = select(open_data(args), wanted)
    else:
        recordings = select(open_data(args), wanted)
        ready = donner(args.model, args.output)
    result = ready.don(recordings, unlabelled=args.unlabelled)
    print(result.describe())
    print(f"bundle  {result.bundle}")
    return 0
