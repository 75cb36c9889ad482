"""``emg-recognition``: simulate, record, train, compare, adapt, evaluate, watch, show the chain at work."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from emg_recognition.cli import (
    adapt,
    compare,
    demo,
    device_emulator,
    evaluate,
    monitor,
    record,
    session,
    simulate,
    train,
)
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.resources import version

_FAILED = 2
_INTERRUPTED = 130
_READER_LEFT = 141


def build_parser() -> argparse.ArgumentParser:
    """Put together the parser of all verbs; each leaves its function in ``run``."""
    parser = argparse.ArgumentParser(
        prog="emg-recognition",
        description="Upper-limb actions from surface EMG, for rehabilitation exoskeletons.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for verb in (demo, session, train, compare, adapt, monitor, record, evaluate, simulate, device_emulator):
        verb.add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.

    Returns
    -------
    int
        0; 2 if the user can put right what went wrong (said in one line on stderr); 130 after Ctrl-C.
    """
    args = build_parser().parse_args(arguments)
    # TensorFlow's information and warnings; its errors stay. It has to be set before TensorFlow is loaded.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        code = args.run(args)
        sys.stdout.flush()
        return code
    except EmgRecognitionError as error:
        print(f"emg-recognition: error: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone. Python would complain once more when it flushes stdout at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_LEFT


if __name__ == "__main__":
    sys.exit(main())
