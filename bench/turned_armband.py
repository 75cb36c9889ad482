"""How soon a turned armband is noticed in use, and how often one that sits right is complained about.

    python bench/turned_armband.py myo_readings_active5.npz --cohort right

The subjects of a cohort are divided into folds. The armbands of the others are aligned; those of a fold's
subjects are watched as ``signal_quality_node`` watches them, without labels, in the order of the repetitions:
every action once, then every action again. Where each armband really sits is found from all labels of its
session. Each session is watched three times: with the bundle of a donning that found that place, and with
bundles that expect the armband 2 and 4 electrodes away. The first shows false warnings, the others how many
turned armbands are noticed. The table has a row for each time of use.

The last line is the cost of a second of samples and of a look, on this machine, in one thread.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError, SettingError  # noqa: E402
from emg_recognition.models.orientation import Measures, Orientation, from_labels  # noqa: E402
from emg_recognition.models.turn_watch import MISFIT, SHORTEST, TurnWatch  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.training.alignment import align, ring_of  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.windows import windows_from_recordings  # noqa: E402

MINUTES = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5)
EXPECTED = (0, 2, 4)
"""How many electrodes away from its place an armband is expected."""


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Watch every session; return how many times worse each fits where it is expected."""
    settings = experiment_settings(REPOSITORY / "config" / "compact.yaml")
    recordings = load_archive(arguments.archive)
    if arguments.cohort not in recordings.cohorts:
        raise SettingError("cohort", arguments.cohort, f"the archive has {', '.join(recordings.cohorts)}")
    recordings = recordings.select(recordings.cohort == arguments.cohort)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = windows_from_recordings(recordings, pipeline, pipeline.length, warm_up=True)
    ring = ring_of(windows)
    if not ring:
        raise SettingError("archive", str(arguments.archive), "its electrodes are no ring of six or more")
    seconds = pipeline.length / recordings.rate
    people = np.random.default_rng(arguments.seed).permutation(np.unique(windows.subject))
    found: dict[int, list[list[float]]] = {expected: [] for expected in EXPECTED}
    spent = {"second": 0.0, "look": 0.0}
    looks = 0
    for fold in np.array_split(people, arguments.folds):
        reference = align(windows.select(~np.isin(windows.subject, fold)), ring).reference
        for name in fold.tolist():
            wearer = windows.select(windows.subject == name)
            for session in np.unique(wearer.session).tolist():
                own = wearer.select(wearer.session == session)
                own = own.select(np.lexsort((own.begin, own.repetition)))
                place = from_labels(reference, Measures(own.windows, ring), own.action).orientation
                signal = own.windows
                for expected in EXPECTED:
                    there = Orientation((place.turn + expected) % ring, place.mirrored)
                    watch = TurnWatch(reference, {**asdict(there), "subject": ""}, seconds)
                    row, fed = [], 0
                    for minutes in MINUTES:
                        until = round(60 * minutes / seconds)
                        if until > len(signal):
                            break
                        begin = time.perf_counter()
                        watch.add(signal[fed:until])
                        middle = time.perf_counter()
                        row.append(watch.misfit()[0])
                        spent["second"] += middle - begin
                        spent["look"] += time.perf_counter() - middle
                        looks += 1
                        fed = until
                    found[expected].append(row)
    return {
        "sessions": len(found[0]),
        "minutes": MINUTES,
        "misfit": found,
        "ms_per_second": 1e3 * spent["second"] / (looks * 60 * MINUTES[0]),
        "ms_per_look": 1e3 * spent["look"] / looks,
    }


def show(result: dict[str, object], threshold: float) -> None:
    """Print the table for one threshold."""
    misfit = result["misfit"]
    print(f"{result['sessions']} sessions; warned where the misfit is {threshold:g} or more")
    print("minutes  sits right: warned   2 electrodes away: warned   4 electrodes away: warned")
    for number, minutes in enumerate(MINUTES):
        cells = []
        for expected in EXPECTED:
            values = np.array([row[number] for row in misfit[expected] if len(row) > number])
            cells.append(f"{np.sum(values >= threshold):4} of {len(values)}" if len(values) else "none")
        print(f"{minutes:7.1f}  {cells[0]:>18}   {cells[1]:>25}   {cells[2]:>25}")
    print(
        f"{result['ms_per_second']:.2f} ms for a second of windows, {result['ms_per_look']:.1f} ms for a look"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--cohort", required=True, help="its subjects are divided into folds")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--misfit", type=float, nargs="+", default=[MISFIT], help="thresholds to show")
    parser.add_argument("--json", type=Path, help="file for the result")
    chosen = parser.parse_args(arguments)
    try:
        result = measure(chosen)
    except EmgRecognitionError as error:
        print(f"turned_armband: {error}", file=sys.stderr)
        return 1
    for threshold in chosen.misfit:
        show(result, threshold)
    print(f"the nodes warn from {SHORTEST:g} s on")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
