"""The command ``convert``: recordings of any kind into an archive or EDF."""

from __future__ import annotations

import argparse
import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.data import add_data_options, open_data
from emg_recognition.cli.parser import examples
from emg_recognition.errors import RecordingError, SettingError

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings

_ENDINGS = (".npz", ".edf", ".bdf")
_NAMES = ("subject", "session", "cohort")


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "convert",
        help="convert recordings into an archive or into EDF",
        description="Write labelled recordings of any kind as an archive (.npz), EDF+ (.edf, 16 bits) or "
        "BDF+ (.bdf, 24 bits). An EDF file holds one session: {subject}, {session} or {cohort} in the output "
        "make a file for each. All open again with the same segments. Existing files are not replaced.",
        epilog=examples(
            "emg-recognition convert --data study.yaml --output study.npz",
            "emg-recognition convert --data recordings.npz --output 'edf/{subject}_{session}.edf'",
        ),
    )
    add_data_options(parser)
    parser.add_argument(
        "--output",
        required=True,
        metavar="FILE",
        help="file to write, .npz, .edf or .bdf, or a pattern of it",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert; nothing is written if one of the files cannot be."""
    from emg_recognition.recordings.export import check_session

    if Path(args.output).suffix not in _ENDINGS:
        raise SettingError("--output", args.output, f"name a file that ends in {', '.join(_ENDINGS)}")
    recordings = open_data(args)
    parts = _parts(recordings, args.output)
    for path in parts:
        if path.exists():
            raise SettingError("--output", str(path), "it exists; name another file, or remove this one")
        if path.suffix != ".npz":
            check_session(parts[path], path)
    for path, part in parts.items():
        _write(path, part)
    for problem in recordings.problems:
        print(f"note: {problem}")
    return 0


def _parts(recordings: Recordings, output: str) -> dict[Path, Recordings]:
    """Return what goes into each file."""
    used = [name for name in _NAMES if f"{{{name}}}" in output]
    if not used:
        return {Path(output): recordings}
    chosen: dict[Path, list[int]] = {}
    owners: dict[Path, tuple[str, ...]] = {}
    for i in range(len(recordings)):
        values = tuple(str(getattr(recordings, name)[i]) for name in used)
        text = output
        for name, value in zip(used, values, strict=True):
            text = text.replace(f"{{{name}}}", re.sub(r"[^\w.-]+", "_", value).strip(".") or "none")
        path = Path(text)
        if owners.setdefault(path, values) != values:
            raise SettingError(
                "--output", output, f"{', '.join(values)} and {', '.join(owners[path])} would both be {path}"
            )
        chosen.setdefault(path, []).append(i)
    return {path: _alone(recordings.select(which)) for path, which in chosen.items()}


def _alone(part: Recordings) -> Recordings:
    """Leave the samples of other segments out."""
    import numpy as np

    counts = np.concatenate([part.raw_segment(i) for i in range(len(part))])
    return dataclasses.replace(part, counts=counts, start=np.cumsum(part.length) - part.length)


def _write(path: Path, recordings: Recordings) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"its folder cannot be made ({error.strerror})"
        raise RecordingError(str(path), problem, "choose a writable folder") from error
    step = recordings.save(path)
    rounded = ""
    if step:
        finer = "; .bdf rounds less" if path.suffix == ".edf" else ""
        rounded = f", rounded to steps of {step:.2g} {recordings.unit}{finer}"
    print(f"{path}: {len(recordings)} segments, {recordings.duration:.1f} s{rounded}")
