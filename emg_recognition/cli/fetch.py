"""``emg-recognition fetch``: public recordings by name."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import Any

from emg_recognition.cli.parser import did_you_mean, examples
from emg_recognition.errors import SettingError

_REFUSED = 1
_WIDTH = 100


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "fetch",
        help="download public recordings by name, and write them as an archive",
        description="Download a public set of recordings from the address of its authors, at a fixed "
        "commit. Shows licence and citation and asks once, checks the SHA-256 of the files, "
        "and writes an archive that `train` reads. Without a name it lists the sets. Needs "
        "the extra `fetch`.",
        epilog=examples(
            "emg-recognition fetch",
            "emg-recognition fetch longterm_basic8",
            "emg-recognition fetch myo_readings_active5 --output data/myo.npz --yes",
        ),
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of the set")
    parser.add_argument("--output", type=Path, metavar="FILE", help="archive to write (default: NAME.npz)")
    parser.add_argument("--yes", action="store_true", help="agree to the licence without being asked")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="where downloads are kept (default: in ~/.cache)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List the sets, or fetch one; return 1 if the licence is not agreed to."""
    from emg_recognition.cli.progress import bar
    from emg_recognition.datasets.catalogue import SETS
    from emg_recognition.datasets.fetch import check_output, fetch
    from emg_recognition.end_signals import end_signals_raise

    if args.name is None:
        for public_set in SETS.values():
            print(f"{public_set.name} ({public_set.licence}, {public_set.megabytes} MB)")
            print(_paragraph(public_set.summary))
        return 0
    if args.name not in SETS:
        raise SettingError(
            "name", args.name, f"choose from {', '.join(SETS)}{did_you_mean(args.name, list(SETS))}"
        )
    public_set = SETS[args.name]
    output = args.output or Path(f"{public_set.name}.npz")
    check_output(output)  # before the question
    print(public_set.name)
    for line in (
        f"{public_set.summary}.",
        public_set.notes,
        f"Origin and licence: {public_set.licence}, {public_set.page}",
        f"Please cite: {public_set.citation}",
        f"The download has about {public_set.megabytes} MB.",
    ):
        print(_paragraph(line))
    if not args.yes and not _agreed():
        return _REFUSED
    with end_signals_raise(), bar("Downloading") as on_progress:
        recordings = fetch(public_set, output, cache=args.cache, on_progress=on_progress)
    print(
        f"{output}: {len(recordings)} segments, {recordings.duration / 60:.1f} minutes, "
        f"{recordings.channels} channels at {recordings.rate:g} Hz, cohorts {', '.join(recordings.cohorts)}"
    )
    return 0


def _paragraph(text: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise SettingError(
            "--yes", False, "there is no terminal to ask for your consent to the licence; add --yes"
        )
    answer = input("Download it under this licence? [y/N] ")
    return answer.strip().lower() in ("y", "yes")
