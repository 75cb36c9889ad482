"""What vote, hysteresis and dwell mean for a wearer: wrong motion, interruptions and reaction times.

    python bench/decisions.py --model out/demo/training/bundle --sessions 4
    python bench/decisions.py --model bundle --bag monday_1
    python bench/decisions.py --model bundle --data archive.npz --reps 5-6 --rest hibernation

Prints a row for each of several settings. Windows every 25 ms as `emg-recognition evaluate` makes them,
decided by the bridge's own ``Decider``. `--sessions` simulates new sessions of wearers of the demo's
study in one piece, which shows the reaction times as well; the segments of an archive are cut out of
the movement. ``--sessions 1 --repetitions 1`` takes seconds.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.settings import controller_delay
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.evaluation.decisions import UNDECIDED
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.archive import from_arrays, load_archive
from emg_recognition.recordings.labels import MARGIN, LabelInterval, window_labels
from emg_recognition.recordings.recordings import parse_repetitions
from emg_recognition.replay.decisions import decide
from emg_recognition.replay.estimates import window_key
from emg_recognition.replay.offline import replay_archive, replay_bag
from emg_recognition.replay.replay import Replay
from emg_recognition.simulation.study import StudySettings, simulate_stream
from emg_recognition.types import LiveSettings

SETTINGS = (  # votes, enter, keep, dwell
    (1, 1, 1, 0.0),
    (3, 2, 2, 0.0),
    (3, 2, 1, 0.0),
    (3, 3, 3, 0.0),
    (3, 3, 2, 0.0),
    (3, 3, 1, 0.0),
    (5, 3, 3, 0.0),
    (5, 3, 2, 0.0),
    (5, 4, 2, 0.0),
    (5, 4, 3, 0.0),
    (7, 4, 3, 0.0),
    (3, 2, 2, 0.05),
    (3, 2, 1, 0.05),
)
WEARERS = (("patient", 1), ("patient", 2), ("healthy", 1), ("healthy", 2))
"""Wearers of the demo's study."""

COLUMNS = (
    "votes",
    "enter",
    "keep",
    "dwell ms",
    "right %",
    "wrong %, moving",
    "wrong %, all",
    "wrong starts/min",
    "interruptions/min",
    "onset ms",
    "stop ms",
    "delay ms",
)


@dataclasses.dataclass
class Sums:
    """Counts of windows over all recordings, and the reaction times in ms."""

    scored: int = 0
    moving: int = 0
    right: int = 0
    wrong: int = 0
    wrong_moving: int = 0
    wrong_starts: int = 0
    interruptions: int = 0
    onsets: list[float] = dataclasses.field(default_factory=list)
    stops: list[float] = dataclasses.field(default_factory=list)


def add(sums: Sums, replay: Replay, settings: DecisionSettings) -> None:
    """Decide over a recording and count.

    A window is wrong if an action other than the performed one would move something. An interruption is the
    end of the right decision while its action goes on.
    """
    estimates, rate = replay.estimates, replay.model.rate
    place = {action: number for number, action in enumerate(estimates.actions)}
    rest = place[REST]
    interval = window_labels(
        replay.labels,
        estimates.run,
        estimates.first_index,
        estimates.last_index,
        round(replay.margin * rate),
    )
    known = np.array([place.get(label.action, -1) for label in replay.labels] + [-1])
    truth = known[interval]  # without a label, -1 picks the last entry
    decided, full = decide(estimates, settings)
    scored = (truth >= 0) & full
    moving = scored & (truth != rest)
    wrong = scored & (decided != UNDECIDED) & (decided != rest) & (decided != truth)
    right = scored & (decided == truth)
    together = (interval[1:] == interval[:-1]) & scored[:-1]
    sums.scored += int(scored.sum())
    sums.moving += int(moving.sum())
    sums.right += int(right.sum())
    sums.wrong += int(wrong.sum())
    sums.wrong_moving += int((wrong & moving).sum())
    sums.wrong_starts += int(wrong[:1].sum() + (wrong[1:] & (decided[1:] != decided[:-1])).sum())
    sums.interruptions += int((together & right[:-1] & ~right[1:] & moving[1:]).sum())
    if replay.margin:
        ends = window_key(estimates.run, estimates.last_index)
        no_motion = (decided == UNDECIDED) | (decided == rest)
        for label in replay.labels[1:]:
            target = no_motion if label.action == REST else decided == place.get(label.action, -2)
            start = int(window_key(label.run, label.first))
            begin, end = np.searchsorted(ends, [start, int(window_key(label.run, label.last)) + 1])
            hits = np.flatnonzero(target[begin:end])
            if len(hits):
                delay = (int(ends[begin + hits[0]]) + 1 - start) / rate * 1000
                (sums.stops if label.action == REST else sums.onsets).append(delay)


def row(replays: list[Replay], votes: int, enter: int, keep: int, dwell: float) -> list[str]:
    """Return a row of the table."""
    settings = DecisionSettings(votes=votes, enter_votes=enter, keep_votes=keep, dwell=dwell)
    sums = Sums()
    for replay in replays:
        add(sums, replay, settings)
    model, stride = replays[0].model, replays[0].stride / replays[0].model.rate
    minutes, moving = sums.scored * stride / 60, sums.moving * stride / 60
    delay = controller_delay(
        window=replays[0].estimates.length / model.rate, stride=stride, decisions=settings, processing=0.0
    )
    return [
        *map(str, (votes, enter, keep, round(dwell * 1000))),
        f"{100 * sums.right / sums.scored:.2f}",
        f"{100 * sums.wrong_moving / sums.moving:.2f}",
        f"{100 * sums.wrong / sums.scored:.2f}",
        f"{sums.wrong_starts / minutes:.2f}",
        f"{sums.interruptions / moving:.2f}",
        f"{np.mean(sums.onsets):.0f}" if sums.onsets else "–",
        f"{np.mean(sums.stops):.0f}" if sums.stops else "–",
        f"{delay * 1000:.0f}",
    ]


def simulated(model: ActionModel, sessions: int, repetitions: int) -> Iterator[Replay]:
    """Yield new sessions of some wearers: all actions in random order, with rest between them."""
    settings = StudySettings(rate=model.info.rate, channels=model.info.channels)
    for cohort, number in WEARERS:
        for session in range(1, sessions + 1):
            rng = np.random.default_rng([number, session, len(cohort)])
            moves = rng.permutation([name for name in PAPER_ACTION_NAMES if name != REST] * repetitions)
            script = [(REST, 2.5)]
            for action in moves.tolist():
                script += [(action, 2.5), (REST, 1.25)]
            arrays = simulate_stream(
                settings, subject_number=number, cohort=cohort, session_seed=session, script=script
            )
            yield continuous(arrays, model)


def continuous(arrays: dict[str, np.ndarray], model: ActionModel) -> Replay:
    """Run a model over consecutive segments as one stream."""
    border = np.append(arrays["start"], arrays["start"][-1] + arrays["length"][-1]).tolist()
    whole = {name: values[:1] if np.ndim(values) == 1 else values for name, values in arrays.items()}
    whole |= {"length": np.array([border[-1]])}
    replay = replay_archive(from_arrays(whole, "simulated"), model, stride=LiveSettings.stride)
    labels = [
        LabelInterval(
            run=0,
            first=border[i],
            last=border[i + 1] - 1,
            action=str(action),
            subject="",
            cohort="",
            session="",
            repetition=1,
        )
        for i, action in enumerate(arrays["label"])
    ]
    return dataclasses.replace(replay, labels=labels, margin=MARGIN)


def recorded(arguments: argparse.Namespace, model: ActionModel) -> Replay:
    """Run a model over a recording, in which the given label of rest is called rest."""
    if arguments.bag is not None:
        replay = replay_bag(arguments.bag, model)
    else:
        recordings = load_archive(arguments.data)
        chosen = np.isin(recordings.repetition, parse_repetitions(arguments.reps))
        if arguments.subject:
            chosen &= np.isin(recordings.subject, arguments.subject)
        replay = replay_archive(recordings.select(chosen), model, stride=LiveSettings.stride)
    names = {arguments.rest: REST}
    actions = tuple(names.get(action, action) for action in replay.model.actions)
    return dataclasses.replace(
        replay,
        model=dataclasses.replace(replay.model, actions=actions),
        estimates=dataclasses.replace(replay.estimates, actions=actions),
        labels=[
            dataclasses.replace(label, action=names.get(label.action, label.action))
            for label in replay.labels
        ],
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--sessions", type=int, metavar="N", help="simulated sessions of each wearer")
    source.add_argument("--bag", type=Path, help="a recorded bag")
    source.add_argument("--data", type=Path, metavar="ARCHIVE", help="an archive of segments")
    parser.add_argument(
        "--repetitions", type=int, default=4, metavar="N", help="of each action in a simulated session (4)"
    )
    parser.add_argument("--reps", default="1-99", help="repetitions of the archive to use (all)")
    parser.add_argument("--subject", nargs="+", help="subjects of the archive to use (all)")
    parser.add_argument("--rest", default=REST, help="the label of rest (%(default)s)")
    arguments = parser.parse_args()
    try:
        model = ActionModel.load(arguments.model)
        if arguments.sessions:
            replays = list(simulated(model, arguments.sessions, arguments.repetitions))
        else:
            replays = [recorded(arguments, model)]
    except EmgRecognitionError as error:
        print(error, file=sys.stderr)
        return 1
    seconds = sum(replay.stream.samples for replay in replays) / model.info.rate
    windows = sum(len(replay.estimates) for replay in replays)
    rejected = sum(int((~replay.estimates.accepted).sum()) for replay in replays)
    print(f"{seconds / 60:.1f} minutes, {windows} windows, {100 * rejected / windows:.1f} % rejected\n")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    for setting in SETTINGS:
        print("| " + " | ".join(row(replays, *setting)) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
