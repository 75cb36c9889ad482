"""``emg-recognition live``: recognise without ROS, and tell other programs."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.options import add_options, given_options
from emg_recognition.cli.parser import examples
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.types import LiveSettings

if TYPE_CHECKING:
    from emg_recognition.devices.protocol import InfoFrame
    from emg_recognition.live.outputs import Lsl, Output
    from emg_recognition.types import Model

_LSL_NAME = "emg_recognition"


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "live",
        help="recognise without ROS, and tell other programs what is decided",
        description="Read samples from a source, recognise and decide as the nodes do, and tell other "
        "programs: as lines of JSON, datagrams, keys of the keyboard or LSL streams. All outputs are off by "
        "default; without --json it shows the decisions. Needs no ROS. For games and screens: it has no "
        "enabling switch and no limits, and must move no person.",
        epilog=examples(
            "emg-recognition live --source serial:/dev/ttyACM0 --model bundle",
            "emg-recognition live --source lsl:type=EMG --model bundle --udp 127.0.0.1:5005",
            "emg-recognition live --source playback:study.npz --model bundle --json",
            "emg-recognition live --source myo: --model bundle --keys elbow_flexion=up,elbow_extension=down",
        ),
    )
    parser.add_argument(
        "--source",
        required=True,
        metavar="ADDRESS",
        help="where samples come from, such as serial:/dev/ttyACM0",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="folder of the bundle")
    outputs = parser.add_argument_group("outputs")
    outputs.add_argument("--json", action="store_true", help="a line of JSON on stdout for each window")
    outputs.add_argument(
        "--udp",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="a datagram for each window; may be repeated",
    )
    outputs.add_argument(
        "--lsl",
        nargs="?",
        const=_LSL_NAME,
        metavar="NAME",
        help=f"LSL streams NAME_decisions, NAME_estimates and NAME_samples (NAME: {_LSL_NAME})",
    )
    outputs.add_argument(
        "--keys",
        metavar="ACTION=KEY,...",
        help="hold a key down while its action is decided, such as elbow_flexion=up,fist=space",
    )
    bundle = parser.add_argument_group("instead of the bundle's own live settings")
    add_options(
        bundle, LiveSettings, defaults=dict.fromkeys(("stride", "confidence_threshold"), "the bundle's")
    )
    add_options(
        bundle,
        DecisionSettings,
        defaults=dict.fromkeys(
            (field.name for field in dataclasses.fields(DecisionSettings)), "the bundle's"
        ),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Recognise until the source ends or a signal comes."""
    from emg_recognition.classification import decision_settings, live_settings
    from emg_recognition.end_signals import end_signals_raise
    from emg_recognition.live.decisions import decisions, silence
    from emg_recognition.models.runtime import ActionModel
    from emg_recognition.recognizer import Recognizer
    from emg_recognition.sources import open_source

    model = ActionModel.load(args.model)
    recognizer = Recognizer(
        model,
        live=dataclasses.replace(live_settings(model.info), **given_options(args, LiveSettings)),
        decision=dataclasses.replace(decision_settings(model.info), **given_options(args, DecisionSettings)),
    )
    source = open_source(args.source)
    with end_signals_raise(), contextlib.ExitStack() as stack:
        # Before the device is opened: a mistyped option is told at once.
        outputs = _outputs(args, recognizer.model)
        for output in outputs:
            stack.callback(output.close)
        stack.enter_context(source)
        lsl = _lsl(args, source.info)
        if lsl is not None:
            stack.callback(lsl.close)
            outputs.append(lsl)
        _greet(args, source.info, recognizer.model)
        windows = 0
        try:
            on_chunk = (lambda chunk: None) if lsl is None else lsl.samples
            for decision in decisions(source, recognizer, on_chunk=on_chunk):
                windows += decision.estimate is not None
                for output in outputs:
                    output.tell(decision)
        finally:
            end = silence()
            for output in outputs:
                output.tell(end)
            lost = source.counters.stream.lost
            print(f"{windows} windows, {lost} samples lost", file=sys.stderr)
    return 0


def _outputs(args: argparse.Namespace, model: Model) -> list[Output]:
    from emg_recognition.live.outputs import JsonLines, Keys, Screen, Udp

    outputs: list[Output] = [Udp(address) for address in args.udp]
    if args.keys is not None:
        outputs.append(Keys(Keys.read(args.keys), model.actions))
    outputs.append(JsonLines(sys.stdout) if args.json else Screen(sys.stdout))
    return outputs


def _lsl(args: argparse.Namespace, info: InfoFrame | None) -> Lsl | None:
    from emg_recognition.live.outputs import Lsl

    return None if args.lsl is None else Lsl(args.lsl, info)


def _greet(args: argparse.Namespace, info: InfoFrame | None, model: Model) -> None:
    signal = "" if info is None else f": {info.channels} channels at {info.rate:g} Hz"
    text = f"{args.source}{signal}; model {model.model}: {', '.join(model.actions)}; Ctrl-C ends it"
    print(text, file=sys.stderr if args.json else sys.stdout, flush=True)
