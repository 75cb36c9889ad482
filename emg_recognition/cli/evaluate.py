"""``emg-recognition evaluate``: run a model over a recording as the live nodes would, and score it."""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.data import add_without, select
from emg_recognition.cli.executor import UNUSED, add_executor, executor_options
from emg_recognition.cli.options import add_options, given_options
from emg_recognition.cli.parser import examples
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import SettingError
from emg_recognition.types import LiveSettings

if TYPE_CHECKING:
    from emg_recognition.replay.scores import ReplayScores

#: Exit code where a threshold is not kept.
WORSE = 1
_DECISION = ("votes", "enter_votes", "keep_votes", "dwell")


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="run a model over a recording as the live nodes would, and score it",
        description="Run a model bundle over a bag from the robot, or over an archive, through the signal "
        "path, network and vote of the live nodes, and score it against the labels. Needs no ROS. "
        "Several bags, or folders of them, are evaluated side by side, each with every model: one table, "
        "one report. Run again, it continues where it was interrupted.",
        epilog=examples(
            "emg-recognition evaluate --model bundle --bag monday_1 --output out/replay",
            "emg-recognition evaluate --model bundle --data recordings.npz --reps 4 \\",
            "    --fail-under balanced_accuracy=0.9",
            "emg-recognition evaluate --model old new --bag recordings --output out/all",
        ),
    )
    parser.add_argument(
        "--model", type=Path, nargs="+", required=True, metavar="BUNDLE", help="folder of the bundle"
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--bag",
        type=Path,
        nargs="+",
        metavar="BAG",
        help="ROS 2 bag: a folder, .mcap or .db3; or several, or folders of bags",
    )
    source.add_argument("--data", type=Path, metavar="PATH", help="labelled recordings of any kind")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder for report, metrics, estimates and figures"
    )
    add_executor(parser)
    parser.add_argument("--namespace", metavar="NS", help="which armband or stream, if there are several")
    parser.add_argument("--reps", metavar="REPS", help="only these repetitions of --data, e.g. 4")
    parser.add_argument("--subject", nargs="+", metavar="S", help="only these subjects of --data")
    add_without(parser)
    bundle = parser.add_argument_group("instead of the bundle's own live settings")
    add_options(
        bundle,
        LiveSettings,
        defaults={
            "stride": "that of the estimates in the bag, else the bundle's; 0.05 for archives",
            "confidence_threshold": "the bundle's",
        },
    )
    add_options(bundle, DecisionSettings, only=_DECISION, defaults=dict.fromkeys(_DECISION, "the bundle's"))
    parser.add_argument(
        "--fail-under",
        action="append",
        default=[],
        metavar="METRIC=VALUE",
        help="exit with code 1 if a score is below, e.g. balanced_accuracy=0.95, or a rate of mistakes "
        "or a delay above, e.g. false_activations_per_minute=2; of several bags, if a model's mean is, or "
        "one cannot be evaluated; may be repeated",
    )
    parser.add_argument(
        "--progress", choices=("auto", "off"), default="auto", help="a bar on a terminal, or nothing"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate; return the exit code: 1 if a metric is worse than what was asked for."""
    from emg_recognition.cli.progress import bar
    from emg_recognition.models.runtime import ActionModel
    from emg_recognition.recognizer import decision_settings
    from emg_recognition.recordings.open import is_bag
    from emg_recognition.replay.evaluate import evaluate

    for name in ("reps", "subject", "without") if args.bag else ():
        if getattr(args, name):
            raise SettingError(f"--{name}", getattr(args, name), "use it with --data only")
    wanted = [_threshold(text) for text in args.fail_under]
    if args.bag and (len(args.bag) + len(args.model) > 2 or not is_bag(args.bag[0])):
        return _evaluate_bags(args, wanted)
    for name, unused in UNUSED.items():
        if getattr(args, name) != unused:
            raise SettingError(f"--{name}", getattr(args, name), "use it with several bags only")
    if len(args.model) > 1:
        raise SettingError("--model", " ".join(map(str, args.model)), "give one model with --data")
    model = ActionModel.load(args.model[0])
    decisions = dataclasses.replace(decision_settings(model.info), **given_options(args, DecisionSettings))
    recording = _recording(args) if args.bag is None else args.bag[0]
    started = time.perf_counter()
    with bar("Evaluating", off=args.progress == "off") as on_progress:
        result = evaluate(
            model,
            recording,
            args.output,
            namespace=args.namespace,
            decisions=decisions,
            on_progress=on_progress,
            **given_options(args, LiveSettings),
        )
    print(*_summary(result.metrics, time.perf_counter() - started), sep="\n")
    if result.report is not None:
        print(f"report  {result.report}")
    return _judge(result.metrics, wanted)


def _evaluate_bags(args: argparse.Namespace, wanted: list[tuple[str, float]]) -> int:
    """Evaluate several bags or models; return the exit code."""
    from emg_recognition.cli.many_bags import judge, lines
    from emg_recognition.cli.progress import bar
    from emg_recognition.end_signals import end_signals_raise
    from emg_recognition.replay.many_bags import evaluate_bags

    if args.output is None:
        raise SettingError("--output", None, "name a folder for the results of several bags or models")
    started = time.perf_counter()
    try:
        with end_signals_raise(), bar("Evaluating", off=args.progress == "off") as on_progress:
            found = evaluate_bags(
                args.model,
                args.bag,
                args.output,
                namespace=args.namespace,
                decisions=given_options(args, DecisionSettings),
                on_progress=on_progress,
                **executor_options(args),
                **given_options(args, LiveSettings),
            )
    except KeyboardInterrupt:
        print(
            "emg-recognition: interrupted; finished evaluations are kept, run again to continue",
            file=sys.stderr,
        )
        raise
    print(*lines(found, time.perf_counter() - started), sep="\n")
    return judge(found, wanted)


def _threshold(text: str) -> tuple[str, float]:
    """Read ``METRIC=VALUE``."""
    from emg_recognition.replay.scores import DELAYS, RATES, SHARES

    metric, _, value = text.partition("=")
    if metric not in (*SHARES, *RATES, *DELAYS):
        known = ", ".join((*SHARES, *RATES, *DELAYS))
        raise SettingError("--fail-under", text, f"write METRIC=VALUE with one of {known}")
    try:
        limit = float(value)
    except ValueError:
        limit = -1.0
    if metric in SHARES and not 0.0 <= limit <= 1.0:
        raise SettingError(
            "--fail-under", text, f"give {metric} as a share from 0 to 1, such as {metric}=0.95"
        )
    if not 0.0 <= limit < math.inf:
        raise SettingError("--fail-under", text, f"give {metric} as a number from 0, such as {metric}=2")
    return metric, limit


def _recording(args: argparse.Namespace) -> Any:
    """Return the segments asked for; a bag as it is, unless only some of its segments are asked for."""
    from emg_recognition.recordings.open import is_bag, open_recordings
    from emg_recognition.recordings.recordings import parse_repetitions

    if not (args.reps or args.subject or args.without) and is_bag(args.data):
        return args.data
    repetitions = parse_repetitions(args.reps) if args.reps else None
    return select(
        open_recordings(args.data, namespace=args.namespace).without(args.without),
        {"--subject": ("subject", args.subject), "--reps": ("repetition", repetitions)},
    )


def _summary(metrics: ReplayScores, seconds: float) -> list[str]:
    from emg_recognition.cli.progress import duration, percent

    signal, windows = metrics.signal, metrics.windows
    lines = [
        f"{metrics.source}: {duration(signal.seconds)} of signal, model {metrics.model.model},"
        f" {windows.estimated} windows, one every {1000 * metrics.stride / signal.rate:g} ms,"
        f" {percent(metrics.rejected or 0)} rejected"
    ]
    scores, decided, balanced = metrics.scores, metrics.decided_accuracy, metrics.decided_balanced_accuracy
    if scores is not None:
        lines.append(
            f"windows: accuracy {percent(scores.accuracy)}, balanced accuracy"
            f" {percent(scores.balanced_accuracy)}, macro F1 {percent(scores.macro_f1)}"
            f" ({windows.labelled} labelled)"
        )
    if decided is not None and balanced is not None:
        lines.append(
            f"decisions: accuracy {percent(decided)}, balanced accuracy"
            f" {percent(balanced)}{_reaction(metrics)}"
        )
    recorded = metrics.recorded
    if recorded is not None and recorded.same_action is not None:
        same, apart = recorded.identical_probabilities, recorded.largest_difference
        bits = "" if same is None else f", {percent(same)} of the probabilities to the bit"
        if same is not None and same < 1 and apart is not None:
            bits += f", the others differ by at most {apart:.1g}"
        lines.append(
            f"recorded: {percent(recorded.same_action)} of the actions are the same{bits}"
            f" ({recorded.compared} windows)"
        )
    lines += [f"note: {problem}" for problem in metrics.problems]
    speed, ratio = windows.estimated / seconds, signal.seconds / seconds
    lines.append(f"{speed:.0f} windows a second, {ratio:.0f} times real time")
    return lines


def _reaction(metrics: ReplayScores) -> str:
    onset, false = metrics.onset_delay_ms, metrics.false_activations_per_minute
    text = "" if false is None else f", {false:.1f} false activations a minute of rest"
    if onset is not None and onset.median is not None:
        text += f", onset after {onset.median:.0f} ms (median)"
    return text


def _judge(metrics: ReplayScores, wanted: list[tuple[str, float]]) -> int:
    """Compare the metrics with what was asked for."""
    code = 0
    for metric, limit in wanted:
        found = getattr(metrics, metric)
        if found is None:
            why = "; ".join(metrics.problems) or "it shows no onset of the actions that the model knows"
            raise SettingError("--fail-under", metric, f"this recording does not tell it: {why}")
        if is_worse(metric, found, limit):
            code = WORSE
    return code


def is_worse(metric: str, found: float, limit: float, whose: str = "") -> bool:
    """Return whether a score is worse than its limit, and say so on stderr."""
    from emg_recognition.replay.scores import SHARES

    worse = "below" if metric in SHARES else "above"
    if not (found < limit if metric in SHARES else found > limit):
        return False
    print(f"emg-recognition: {metric}{whose} is {found:.6g}, {worse} {limit:g}", file=sys.stderr)
    return True
