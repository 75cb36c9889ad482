"""``emg-recognition device-emulator``: a recording played into a serial port that is none, without ROS."""

from __future__ import annotations

import argparse
import signal
import time
from pathlib import Path
from types import FrameType

_LOOK = 0.1
"""How often the end is looked for, s."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "device-emulator",
        help="play a recording through a pseudo-terminal, as an armband on a serial port would send it",
        description="Plays any recording at its true rate through a pseudo-terminal, in any of the protocols "
        "of docs/reference/protocols.md, until Ctrl-C. "
        "A program that opens the link finds a serial armband there; it "
        "begins to play with the start command.",
    )
    parser.add_argument(
        "--data", type=Path, required=True, metavar="PATH", help="archive, bag or description of CSV files"
    )
    parser.add_argument(
        "--link", type=Path, default=Path("/tmp/emg_armband"), help="where the port appears (%(default)s)"
    )
    parser.add_argument("--protocol", choices=("emg", "cyton", "ascii"), default="emg", help="what it speaks")
    parser.add_argument("--once", action="store_true", help="end with the recording, do not begin anew")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play until the end or a signal; the link goes with it."""
    from emg_recognition.devices.emulator import ArmbandEmulator
    from emg_recognition.recordings.counts import to_counts
    from emg_recognition.recordings.open import open_recordings

    recordings = open_recordings([args.data])
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
    # Explicitly: a shell that starts a job in the background makes it ignore SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with emulator:
        info = emulator.info
        print(
            f"{args.link}: {info.channels} channels at {info.rate:g} Hz, {scale:g} counts per {info.unit}, "
            f"{len(counts) / info.rate:.1f} s, protocol {args.protocol}; Ctrl-C ends",
            flush=True,
        )
        while not emulator.done:
            time.sleep(_LOOK)
        # What the reader has not taken yet would be lost with the port.
        time.sleep(1.0)
    print(f"{emulator.sent} samples sent, {emulator.late} frames of them late")
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
