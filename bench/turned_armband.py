"""How soon a turned armband is noticed in use, and how often one that sits right is complained about.

    python bench/turned_armband.py myo_readings_active5.npz --cohort right --rest hibernation

The subjects of a cohort are divided into folds. The armbands of the others are aligned; those of a fold's
subjects are watched as ``signal_quality_node`` watches them, without labels, in the order of the repetitions:
every action once, then every action again. Where an armband really sits is found from all labels of its
session. Each session is watched with a bundle that was donned right, with bundles that were donned before the
armband turned by 2 and by 4 electrodes, with the bundle that nobody has donned, and, donned right, while the
wearer only rests. The table has a row for each time of use and says how many sessions are complained about.

The last line is the cost of a second of samples, without filtering them, and of a look, in this process.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from measuring.command import run  # noqa: E402

from emg_recognition.errors import SettingError  # noqa: E402
from emg_recognition.models.log_features import Measures  # noqa: E402
from emg_recognition.models.orientation import Orientation  # noqa: E402
from emg_recognition.models.orienting import from_labels  # noqa: E402
from emg_recognition.models.reference import Reference  # noqa: E402
from emg_recognition.models.turn_watch import FAR, SHORTEST, SPACING, TurnWatch  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.training.alignment import align, ring_of  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402

MINUTES = (1.0, 2.0, 3.0)
COLUMNS = (
    "donned right",
    "then turned by 2",
    "then turned by 4",
    "not donned, sits right",
    "not donned, turned",
    "donned right, at rest",
)

Warned = dict[str, list[list[bool]]]


class Stopwatch:
    """Adds up what the watch costs, s."""

    def __init__(self) -> None:
        self.windows = self.looks = 0
        self.adding = self.looking = 0.0


def observe(
    reference: Reference, sits: dict[str, Any], windows: np.ndarray, spacing: float, spent: Stopwatch
) -> list[bool]:
    """Return whether an armband is complained about after each of the `MINUTES` that its signal lasts."""
    watch, fed, warned = TurnWatch(reference, sits, spacing), 0, []
    for minutes in MINUTES:
        until = round(60 * minutes / spacing)
        if until > len(windows):
            break
        begin = time.perf_counter()
        watch.add(windows[fed:until])
        middle = time.perf_counter()
        warned.append(bool(watch.warning()))
        spent.adding += middle - begin
        spent.looking += time.perf_counter() - middle
        spent.looks += 1
        spent.windows += until - fed
        fed = until
    return warned


def watch_session(
    reference: Reference, own: WindowSet, rest: str, spacing: float, found: Warned, spent: Stopwatch
) -> None:
    """Watch a session in every way."""
    ring = reference.ring
    own = own.select(np.lexsort((own.begin, own.repetition)))
    place = from_labels(reference, Measures(own.windows, ring), own.action).orientation
    right = place.apart(Orientation(), ring) <= FAR
    resting = own.windows[own.action == own.actions.index(rest)] if rest else own.windows[:0]
    ways: list[tuple[str, dict[str, Any], np.ndarray]] = [
        ("donned right", asdict(place), own.windows),
        *(
            (f"then turned by {turn}", {**asdict(place), "turn": (place.turn - turn) % ring}, own.windows)
            for turn in (2, 4)
        ),
        ("not donned, sits right" if right else "not donned, turned", {}, own.windows),
        ("donned right, at rest", asdict(place), resting),
    ]
    for name, sits, windows in ways:
        found[name].append(observe(reference, sits, windows, spacing, spent))


def measure(arguments: argparse.Namespace) -> None:
    """Watch every session and print the table."""
    settings = experiment_settings(REPOSITORY / "config" / "compact.yaml")
    recordings = load_archive(arguments.archive)
    if arguments.cohort not in recordings.cohorts:
        raise SettingError("cohort", arguments.cohort, f"the archive has {', '.join(recordings.cohorts)}")
    recordings = recordings.select(recordings.cohort == arguments.cohort)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = SPACING * pipeline.length
    windows = windows_from_recordings(recordings, pipeline, stride, warm_up=True)
    ring = ring_of(windows)
    if not ring:
        raise SettingError("archive", str(arguments.archive), "its electrodes are no ring of six or more")
    if arguments.rest and arguments.rest not in windows.actions:
        raise SettingError("rest", arguments.rest, f"the archive has {', '.join(windows.actions)}")
    people = np.random.default_rng(0).permutation(np.unique(windows.subject))
    found: Warned = {name: [] for name in COLUMNS}
    spent = Stopwatch()
    for fold in np.array_split(people, arguments.folds):
        reference = align(windows.select(~np.isin(windows.subject, fold)), ring).reference
        for name in fold.tolist():
            wearer = windows.select(windows.subject == name)
            for session in np.unique(wearer.session).tolist():
                own = wearer.select(wearer.session == session)
                watch_session(reference, own, arguments.rest, stride / recordings.rate, found, spent)
    print("warned, of sessions")
    print("minutes", *(f"{name:>23}" for name in COLUMNS))
    for number, minutes in enumerate(MINUTES):
        cells = []
        for name in COLUMNS:
            warned = [row[number] for row in found[name] if len(row) > number]
            cells.append(f"{sum(warned)} of {len(warned)}" if warned else "-")
        print(f"{minutes:7.2f}", *(f"{cell:>23}" for cell in cells))
    second = 1e3 * spent.adding / max(1.0, spent.windows * stride / recordings.rate)
    look = 1e3 * spent.looking / max(1, spent.looks)
    print(
        f"{second:.2f} ms for a second of signal, {look:.1f} ms for a look; no warning before {SHORTEST:g} s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--cohort", required=True, help="its subjects are divided into folds")
    parser.add_argument("--rest", default="", help="label of rest, to watch an arm that only rests")
    parser.add_argument("--folds", type=int, default=5)
    chosen = parser.parse_args(arguments)
    return run("turned_armband", lambda: measure(chosen))


if __name__ == "__main__":
    sys.exit(main())
