"""The command ``history``: the sessions of a person over weeks."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.parser import examples
from emg_recognition.errors import SettingError
from emg_recognition.text import readable

if TYPE_CHECKING:
    from emg_recognition.history.folder import Entry


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "history",
        help="show the sessions of a person over weeks",
        description="Sum up every recording (bag) in a folder: minutes, repetitions, accuracy and steadiness "
        "of the model that ran or of an evaluation beside it, activation, electrodes, and what changed since "
        "the session before. Recordings that were summed up before are not read again.",
        epilog=examples(
            "emg-recognition history out/ward --subject P01",
            "emg-recognition history out/ward --csv sessions.csv",
        ),
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the recordings")
    parser.add_argument("--subject", metavar="CODE", help="only the sessions of this person")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--csv", type=Path, metavar="FILE", help="write a table instead of showing it")
    output.add_argument("--json", action="store_true", help="print everything as JSON, with the tests")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the folder and show it."""
    from emg_recognition.files import write_file
    from emg_recognition.history.folder import read_history, to_csv

    history = read_history(args.folder)
    if args.subject is not None:
        if args.subject not in history.people():
            known = ", ".join(history.people()) or "nobody"
            raise SettingError("--subject", args.subject, f"the folder has recordings of {known}")
        history = history.of(args.subject)
    if args.json:
        print(json.dumps(history.to_json(), allow_nan=False))
        return 0
    if args.csv is not None:
        try:
            write_file(args.csv, to_csv(history).encode())
        except OSError as error:
            raise SettingError("--csv", str(args.csv), f"it cannot be written ({error.strerror})") from error
        return 0
    if not history.sessions:
        print(f"{readable(args.folder)} holds no sessions; emg-recognition session records one")
    for session in history.sessions:
        print(_line(session))
    for sentence in history.unreadable:
        print(f"note: {sentence}")
    return 0


def _line(session: Entry) -> str:
    words = [
        f"{session.begin[:16].replace('T', ' ')}  {session.subject or '(no code)'}",
        f"{session.practised:.1f} min of actions, {session.repetitions} repetitions",
    ]
    if session.balanced_accuracy is not None:
        words.append(f"balanced accuracy {100 * session.balanced_accuracy:.1f} %")
    if session.wrong_movements_per_minute is not None:
        words.append(f"{session.wrong_movements_per_minute:.1f} wrong movements/min")
    if session.good is not None:
        words.append(f"electrodes {100 * session.good:.0f} % good")
    return "; ".join([*words, *session.changes])
