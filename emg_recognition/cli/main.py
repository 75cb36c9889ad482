"""The command ``emg-recognition``: its parser, its exit codes and the completion of shells."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from emg_recognition.cli import (
    adapt,
    cache,
    compare,
    convert,
    data,
    don,
    evaluate,
    fetch,
    graph,
    history,
    live,
    nodes,
    train,
    tune,
)
from emg_recognition.cli.parser import Parser, examples
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.resources import version
from emg_recognition.text import printable_lines

#: Longest line of an error, characters.
_LONGEST_LINE = 5000
_FAILED = 2
_INTERRUPTED = 130
_READER_LEFT = 141
_REMEDY = "pip install 'emg_recognition[train]', or with ROS 2: rosdep install --from-paths . --ignore-src"
#: Libraries of optional extras, for the remedy when one is missing.
_EXTRAS = {"edfio": "formats", "pyxdf": "formats", "wfdb": "formats"}
_SHELLS = ("bash", "zsh", "fish")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each leaves the function that runs it in ``run``."""
    parser = Parser(
        prog="emg-recognition",
        description="Recognise upper-limb actions in surface EMG, for rehabilitation exoskeletons. The "
        "commands from demo to session need the built ROS 2 package, the others do not.",
        epilog=examples(
            "emg-recognition simulate --output study.npz",
            "emg-recognition train --data study.npz --output out/training",
            "emg-recognition run --model out/training/bundle --simulated --enabled",
        ),
    )
    parser.add_argument("-V", "--version", action="version", version=f"%(prog)s {version()}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands = (
        graph,
        nodes,
        live,
        data,
        convert,
        fetch,
        cache,
        train,
        compare,
        tune,
        adapt,
        don,
        evaluate,
        history,
    )
    for module in commands:
        module.add_parsers(subparsers)
    _add_completion(subparsers)
    return parser


def _add_completion(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser(
        "completion",
        help="print what lets a shell complete this command",
        description="Print the script that lets a shell complete commands, options and choices.",
        epilog=examples(
            "emg-recognition completion bash >> ~/.bashrc",
            "emg-recognition completion zsh >> ~/.zshrc",
            "emg-recognition completion fish > ~/.config/fish/completions/emg-recognition.fish",
        ),
    )
    parser.add_argument("shell", choices=_SHELLS, help="name of the shell")
    parser.set_defaults(run=_completion)


def _completion(args: argparse.Namespace) -> int:
    import argcomplete

    print(argcomplete.shellcode(["emg-recognition"], shell=args.shell))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.

    Returns
    -------
    int
        0; 2 for an error that the user can correct (one line on stderr); 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        # A path may have bytes that the terminal's encoding has no letters for.
        if getattr(stream, "errors", "") == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks for completions; this ends the process
        import argcomplete

        argcomplete.autocomplete(parser)
    args = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    # Silences TensorFlow's information and warnings, not its errors. It must be set before TensorFlow loads.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    except EmgRecognitionError as error:
        # It may quote a recording of somebody else.
        print(f"emg-recognition: error: {printable_lines(error, _LONGEST_LINE)}", file=sys.stderr)
        return _FAILED
    except ModuleNotFoundError as error:
        # A robot that only runs has no libraries for figures and training.
        extra = _EXTRAS.get(str(error.name))
        remedy = f"pip install 'emg_recognition[{extra}]'" if extra else _REMEDY
        print(f"emg-recognition: error: the library {error.name} is not installed; {remedy}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has gone. Python would complain again when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_LEFT
    except OSError as error:
        if error.filename is None:
            raise
        # A file that cannot be made or read, whichever command asked for it.
        problem = f"{error.filename}: {error.strerror}; check the path, its permissions and the disk"
        print(f"emg-recognition: error: {printable_lines(problem, _LONGEST_LINE)}", file=sys.stderr)
        return _FAILED


if __name__ == "__main__":
    sys.exit(main())
