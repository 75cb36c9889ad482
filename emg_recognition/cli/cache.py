"""``emg-recognition cache``: what is kept to save time, and how to be rid of it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from emg_recognition.cli.parser import examples
from emg_recognition.errors import SettingError

_KINDS = ("recordings", "windows", "downloads")


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "cache",
        help="list or clear what is kept to save time",
        description="List what the cache holds: recordings unpacked once, filtered signals of trainings, and "
        "downloads. What was not used for longest goes by itself when the cache grows beyond its limit, "
        "20 GB or what EMG_RECOGNITION_CACHE_GB says.",
        epilog=examples(
            "emg-recognition cache",
            "emg-recognition cache --clear",
            "emg-recognition cache --clear windows recordings",
        ),
    )
    parser.add_argument(
        "--clear",
        nargs="*",
        choices=_KINDS,
        metavar="KIND",
        help=f"remove all, or only {', '.join(_KINDS)}; what a program uses stays",
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="the folder (default: in ~/.cache)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List or clear; return the exit code."""
    from emg_recognition.files import size_text
    from emg_recognition.recordings.cache import default_cache
    from emg_recognition.recordings.cache_limit import KINDS, LIMIT, cache_limit, clear, entries

    folder = args.cache or default_cache()
    if folder is None:
        raise SettingError("--cache", None, "you have no home folder; name the folder of the cache")
    if args.clear is not None:
        removed, left = clear(folder, args.clear or _KINDS)
        in_use = f", {size_text(left)} are used by programs that run" if left else ""
        print(f"{folder}: {size_text(removed)} removed{in_use}")
        return 0
    found = entries(folder)
    whole = size_text(sum(entry.size for entry in found))
    print(f"{folder}: {whole} of at most {size_text(cache_limit())} ({LIMIT} sets the limit)")
    for kind, title in KINDS.items():
        of_kind = [entry for entry in found if entry.kind == kind]
        if of_kind:
            print(f"{kind}: {title}, {size_text(sum(entry.size for entry in of_kind))}")
        for entry in reversed(of_kind):
            used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
            note = "" if entry.finished else "  unfinished"
            print(f"  {size_text(entry.size):>10}  used {used}  {entry.path.name}{note}")
    return 0
