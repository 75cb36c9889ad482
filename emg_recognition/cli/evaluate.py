"""``emg-recognition evaluate``: what a model makes of a recording, as the live nodes would."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.wording import duration, percent
from emg_recognition.errors import SettingError

if TYPE_CHECKING:
    from emg_recognition.control.decision import DecisionSettings
    from emg_recognition.models.runtime import ActionModel
    from emg_recognition.recordings.recordings import Recordings
    from emg_recognition.replay.replay import Replay

_BELOW = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "evaluate",
        help="run a model over a recording as the live nodes would, and score it",
        description="Runs a model bundle over a bag from the robot, or an archive, through the signal path, "
        "runtime and vote of the live nodes, and scores it against the labels. Needs no ROS.",
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="BUNDLE", help="directory of the model bundle"
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--bag", type=Path, help="rosbag2 bag: a directory, .mcap or .db3")
    source.add_argument("--data", type=Path, metavar="ARCHIVE", help="labelled recordings (.npz)")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder for metrics, estimates, figures and report"
    )
    parser.add_argument("--namespace", metavar="NS", help="which armband, where the bag has several")
    parser.add_argument("--reps", metavar="REPS", help="only these repetitions of the archive, e.g. 4")
    parser.add_argument("--subject", nargs="+", metavar="S", help="only these subjects of the archive")
    parser.add_argument(
        "--step",
        type=float,
        metavar="SECONDS",
        help="distance of windows; by default that of the estimates in the bag, else 0.025 (archives: 0.05)",
    )
    parser.add_argument(
        "--confidence-threshold",
        type=float,
        default=0.5,
        metavar="P",
        help="estimates below it are rejected (0.5)",
    )
    parser.add_argument(
        "--votes", type=int, default=3, metavar="N", help="estimates that vote for a decision (3)"
    )
    parser.add_argument(
        "--enter-votes",
        type=int,
        default=0,
        metavar="N",
        help="of those, how many an action needs to be decided (more than half)",
    )
    parser.add_argument(
        "--keep-votes",
        type=int,
        default=0,
        metavar="N",
        help="how many it needs to stay decided (as many as to be decided)",
    )
    parser.add_argument(
        "--dwell",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long a decision must have stood before it moves anything (0)",
    )
    parser.add_argument(
        "--fail-under",
        action="append",
        default=[],
        metavar="METRIC=VALUE",
        help="leave with code 1 if a metric is below, e.g. balanced_accuracy=0.95; may be repeated",
    )
    parser.add_argument("--progress", choices=("auto", "off"), default="auto", help="how to show progress")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate; return the exit code: 1 where a metric is below what was asked for."""
    from emg_recognition.models.runtime import ActionModel
    from emg_recognition.replay import offline  # noqa: F401  (loaded before the time is taken)
    from emg_recognition.replay.output import refuse_foreign, write_results
    from emg_recognition.replay.scoring import score

    _check(args)
    decisions = _decisions(args)
    wanted = [_threshold(text) for text in args.fail_under]
    if args.output is not None:
        refuse_foreign(args.output)
    model = ActionModel.load(args.model)
    started = time.perf_counter()
    with _progress(args.progress) as on_progress:
        replay = _replay(args, model, on_progress)
    seconds = time.perf_counter() - started
    scores = score(replay, decisions=decisions)
    metrics = scores.to_json()
    report = None if args.output is None else write_results(args.output, replay, scores)
    print("\n".join(_summary(metrics, seconds)))
    if report is not None:
        print(f"report  {report}")
    return _judge(metrics, wanted)


def _check(args: argparse.Namespace) -> None:
    for name in ("reps", "subject") if args.bag else ("namespace",):
        if getattr(args, name) is not None:
            other = "--data" if args.bag else "--bag"
            raise SettingError(f"--{name}", getattr(args, name), f"use it with {other} only")
    if not 0.0 <= args.confidence_threshold <= 1.0:
        raise SettingError("--confidence-threshold", args.confidence_threshold, "give a probability, 0 to 1")
    if args.step is not None and not 0.001 <= args.step <= 2.0:
        raise SettingError("--step", args.step, "give 0.001 to 2 seconds")


def _decisions(args: argparse.Namespace) -> DecisionSettings:
    from emg_recognition.control.decision import DecisionSettings

    return DecisionSettings(
        votes=args.votes, enter_votes=args.enter_votes, keep_votes=args.keep_votes, dwell=args.dwell
    )


def _threshold(text: str) -> tuple[str, float]:
    """Read ``METRIC=VALUE``."""
    from emg_recognition.replay.scoring import SHARES

    metric, _, value = text.partition("=")
    if metric not in SHARES:
        raise SettingError("--fail-under", text, f"write METRIC=VALUE with one of {', '.join(SHARES)}")
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise SettingError(
            "--fail-under", text, f"give {metric} as a share from 0 to 1, such as {metric}=0.95"
        )
    return metric, share


def _replay(args: argparse.Namespace, model: ActionModel, on_progress: Callable[[float], None]) -> Replay:
    from emg_recognition.replay.offline import replay_archive, replay_bag

    options = {
        "stride": args.step,
        "confidence_threshold": args.confidence_threshold,
        "on_progress": on_progress,
    }
    if args.bag is not None:
        return replay_bag(args.bag, model, namespace=args.namespace, **options)
    from emg_recognition.recordings.archive import load_archive

    return replay_archive(_selected(load_archive(args.data), args), model, **options)


def _selected(recordings: Recordings, args: argparse.Namespace) -> Recordings:
    """Return the segments asked for."""
    import numpy as np

    from emg_recognition.recordings.recordings import parse_repetitions

    chosen = np.ones(len(recordings), dtype=np.bool_)
    repetitions = parse_repetitions(args.reps) if args.reps else ()
    for name, wanted, found in (
        ("subject", args.subject or (), recordings.subject),
        ("reps", repetitions, recordings.repetition),
    ):
        for value in wanted:
            if value not in found:
                known = ", ".join(map(str, np.unique(found).tolist()))
                raise SettingError(f"--{name}", value, f"{recordings.source} has {known}")
        if wanted:
            chosen &= np.isin(found, wanted)
    if not chosen.any():
        raise SettingError("--reps", args.reps, "the subjects asked for have none of them")
    return recordings.select(chosen)


def _summary(metrics: dict[str, Any], seconds: float) -> list[str]:
    signal, windows = metrics["signal"], metrics["windows"]
    lines = [
        f"{metrics['source']}: {duration(signal['seconds'])} of signal, model {metrics['model']['id']},"
        f" {windows['estimated']} windows, one every {1000 * metrics['stride'] / signal['rate']:g} ms,"
        f" {percent(metrics['rejected'] or 0)} rejected"
    ]
    if metrics["accuracy"] is not None:
        lines.append(
            f"windows: accuracy {percent(metrics['accuracy'])}, balanced accuracy"
            f" {percent(metrics['balanced_accuracy'])}, macro F1 {percent(metrics['macro_f1'])}"
            f" ({windows['labelled']} labelled)"
        )
        lines.append(
            f"decisions: accuracy {percent(metrics['decided_accuracy'])}, balanced accuracy"
            f" {percent(metrics['decided_balanced_accuracy'])}{_reaction(metrics)}"
        )
    recorded = metrics["recorded"]
    if recorded is not None and recorded["compared"]:
        same = recorded["identical_probabilities"]
        bits = "" if same is None else f", {percent(same)} of the probabilities to the bit"
        if same is not None and same < 1:
            bits += f", the others at most {recorded['largest_difference']:.1g} apart"
        lines.append(
            f"recorded: {percent(recorded['same_action'])} of the actions are the same{bits}"
            f" ({recorded['compared']} windows)"
        )
    lines += [f"note: {problem}" for problem in metrics["problems"]]
    speed, ratio = windows["estimated"] / seconds, signal["seconds"] / seconds
    lines.append(f"{speed:.0f} windows a second, {ratio:.0f} times real time")
    return lines


def _reaction(metrics: dict[str, Any]) -> str:
    onset, false = metrics["onset_delay_ms"], metrics["false_activations_per_minute"]
    text = "" if false is None else f", {false:.1f} false activations a minute of rest"
    if onset is not None and onset["measured"]:
        text += f", onset after {onset['median']:.0f} ms (median)"
    return text


def _judge(metrics: dict[str, Any], wanted: list[tuple[str, float]]) -> int:
    """Compare the metrics with what was asked for."""
    code = 0
    for metric, share in wanted:
        found = metrics[metric]
        if found is None:
            why = "; ".join(metrics["problems"])
            raise SettingError("--fail-under", metric, f"this recording does not tell it: {why}")
        if found < share:
            print(f"emg-recognition: {metric} is {found:.6g}, below {share:g}", file=sys.stderr)
            code = _BELOW
    return code


@contextmanager
def _progress(mode: str) -> Iterator[Callable[[float], None]]:
    """Give the function that shows the share done: a bar on a terminal, else nothing."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console()
    if mode == "off" or not console.is_terminal:
        yield lambda share: None
        return
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("Evaluating", total=1.0)
        yield lambda share: progress.update(bar, completed=share)
