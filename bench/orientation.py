"""What an armband's orientation is worth to a linear classifier, and how much the distance should count.

    python bench/orientation.py myo_readings_active5.npz --cohort right \
        --actions fist pronation supination wrist_extension wrist_flexion

Folds, sessions and windows are those of ``bench/new_subject.py``, without a network: the classifier is the
linear discriminant analysis in the reference of the aligned training people, behind the orientation that was
found from repetition 1 of each session. ``--distance`` is the share of the distance from an action's mean in
how well labels fit. It is chosen by the repetitions between (``2-4``); the test repetitions (``5-6``) show
what it is worth.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError, SettingError  # noqa: E402
from emg_recognition.models import reference as references  # noqa: E402
from emg_recognition.models.log_features import Measures, log_rms  # noqa: E402
from emg_recognition.models.orientation import Orientation  # noqa: E402
from emg_recognition.models.orienting import from_labels, from_use  # noqa: E402
from emg_recognition.models.reference import Reference  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import parse_repetitions  # noqa: E402
from emg_recognition.recordings.windows import STRIDE  # noqa: E402
from emg_recognition.signal.settings import stride_samples, suited_settings  # noqa: E402
from emg_recognition.training.alignment import align, ring_of  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402

Accuracies = dict[tuple[str, str], list[tuple[float, int]]]


def score_session(reference: Reference, own: WindowSet, tested: dict[str, np.ndarray]) -> Accuracies:
    """Return accuracy and number of the windows of each way to orient and each set of repetitions."""
    measures, action = Measures(own.windows, reference.ring), own.action
    first = own.repetition == 1
    sync = first & np.isin(action, reference.sync)
    ways = {
        "nothing known": (Orientation(), None),
        "unlabelled use": (from_use(reference, measures.select(first)).orientation, None),
        "two sync gestures": (from_labels(reference, measures.select(sync), action[sync]).orientation, sync),
        "all gestures": (from_labels(reference, measures.select(first), action[first]).orientation, first),
    }
    found = {}
    for name, (how, labelled) in ways.items():
        seen = measures.seen(how.turn, how.mirrored)
        if labelled is None:
            level = float(log_rms(seen[first]).mean())
        else:
            level = reference.labelled_level(seen[labelled], action[labelled])
        right = reference.log_posterior(seen, level).argmax(axis=1) == action
        for repetitions, chosen in tested.items():
            found[name, repetitions] = [(float(right[chosen].mean()), int(chosen.sum()))]
    return found


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Run the benchmark and print its table."""
    recordings = load_archive(arguments.archive)
    chosen = recordings.cohort == arguments.cohort
    if not chosen.any():
        raise SettingError("cohort", arguments.cohort, f"the archive has {', '.join(recordings.cohorts)}")
    recordings = recordings.select(
        chosen & np.isin(recordings.label, arguments.actions or recordings.actions)
    )
    pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = stride_samples(STRIDE, recordings.rate)
    windows = windows_from_recordings(recordings, pipeline, stride, warm_up=True)
    ring = ring_of(windows)
    if not ring:
        raise SettingError("archive", str(arguments.archive), "its electrodes are no ring of six or more")
    order = np.random.default_rng(arguments.seed).permutation(np.unique(recordings.subject))
    people: dict[tuple[float, str, str], list[float]] = defaultdict(list)
    for fold in np.array_split(order, arguments.folds):
        train = windows.select(~np.isin(windows.subject, fold))
        for distance in arguments.distance:
            references.DISTANCE = distance
            reference = align(train, ring).reference
            for name in fold.tolist():
                own = windows.select(windows.subject == name)
                accuracies: Accuracies = defaultdict(list)
                for session in np.unique(own.session).tolist():
                    part = own.select(own.session == session)
                    tested = {
                        text: np.isin(part.repetition, parse_repetitions(text)) for text in arguments.reps
                    }
                    if (part.repetition == 1).any() and all(mask.any() for mask in tested.values()):
                        for key, values in score_session(reference, part, tested).items():
                            accuracies[key] += values
                for (way, repetitions), values in accuracies.items():
                    each, weights = zip(*values, strict=True)
                    people[distance, way, repetitions].append(float(np.average(each, weights=weights)))
    for (distance, way, repetitions), values in people.items():
        difference = np.subtract(values, people[arguments.distance[0], way, repetitions])
        print(
            f"distance {distance:4g}  {way:18} repetitions {repetitions:4} {np.mean(values):7.2%}"
            f"  {100 * difference.mean():+6.2f} ± {100 * difference.std() / np.sqrt(len(values)):.2f} points"
        )
    print(f"{len(order)} people; ±: standard error of the mean difference from the first distance")
    return {
        "rows": [
            {"distance": distance, "known": way, "repetitions": repetitions, "accuracy": values}
            for (distance, way, repetitions), values in people.items()
        ]
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--cohort", required=True, help="its subjects are divided into folds")
    parser.add_argument("--actions", nargs="+", help="only these labels")
    parser.add_argument("--distance", nargs="+", type=float, default=[0.0, 0.05, 0.2, 1.0])
    parser.add_argument("--reps", nargs="+", default=["2-4", "5-6"], help="sets of repetitions to test")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the result")
    chosen = parser.parse_args(arguments)
    usual = references.DISTANCE
    try:
        result = measure(chosen)
    except EmgRecognitionError as error:
        print(f"orientation: {error}", file=sys.stderr)
        return 1
    finally:
        references.DISTANCE = usual
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
