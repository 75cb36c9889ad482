"""How hard the simulated study is, and what donning brings: LDA and a small network on Hudgins' features.

    python bench/simulated_study.py [--seeds 1-12]

200 ms windows every 50 ms, trained on repetitions 1-3 and tested on 4. 'LDA' is one model for all
subjects, 'own LDA' one model for each subject, 'MLP' one network for all subjects (scikit-learn, two
layers of 96, logarithms of the amplitudes).

The second table is of healthy people who put a ring of eight electrodes on again in each session, turned by
up to two electrodes, three of ten on the left arm. LDA of three quarters of them, whose sessions are aligned,
is tested on repetitions 2-4 of the others, who are strangers: as their armbands sit, donned by the two sync
gestures of repetition 1, by all of repetition 1 without its labels, and turned by all their labels, as the
people of the training are (the aligned model). ``--seeds 7 --healthy 2 --patients 1`` takes seconds.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
import warnings

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.log_features import Measures
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.orienting import from_labels, from_use
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.recordings import parse_repetitions
from emg_recognition.signal.settings import suited_settings
from emg_recognition.simulation.arm import HEALTHY
from emg_recognition.simulation.study import StudySettings, simulate_study
from emg_recognition.training.alignment import align, ring_of
from emg_recognition.training.comparators import features, fit_lda
from emg_recognition.training.windows import windows_from_recordings


def mlp_predictions(train: np.ndarray, labels: np.ndarray, test: np.ndarray, channels: int) -> np.ndarray:
    """Fit one small network on all subjects' features and classify the test features."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    amplitudes = np.r_[0:channels, 3 * channels : 4 * channels]
    train, test = train.copy(), test.copy()
    train[:, amplitudes], test[:, amplitudes] = np.log(train[:, amplitudes]), np.log(test[:, amplitudes])
    network = MLPClassifier((96, 96), max_iter=40, alpha=1e-3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make_pipeline(StandardScaler(), network).fit(train, labels).predict(test)


def difficulty(settings: StudySettings) -> list[float]:
    """Return the percentage right (all, healthy, patients) of each method, and the seconds to simulate."""
    began = time.process_time()
    arrays = simulate_study(settings)
    seconds = time.process_time() - began
    recordings = from_arrays(arrays, f"study of seed {settings.seed}")
    pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = round(0.05 * recordings.rate)
    data = windows_from_recordings(recordings, pipeline, stride, actions=PAPER_ACTION_NAMES)
    found = features(data)
    test = data.repetition == 4
    train = ~test
    own = np.empty_like(data.action)
    for subject in np.unique(data.subject):
        fit, use = train & (data.subject == subject), test & (data.subject == subject)
        own[use] = fit_lda(data.select(fit))(data.select(use)).argmax(axis=1)
    predictions = (
        fit_lda(data.select(train))(data.select(test)).argmax(axis=1),
        own[test],
        mlp_predictions(found[train], data.action[train], found[test], recordings.channels),
    )
    row = []
    for predicted in predictions:
        right = predicted == data.action[test]
        row.append(right.mean())
        row += [right[data.cohort[test] == cohort].mean() for cohort in ("healthy", "patient")]
    return [100.0 * value for value in row] + [seconds]


def donning(settings: StudySettings) -> list[float]:
    """Return the percentage right for strangers: as they sit, donned by gestures, by use, by all labels."""
    settings = dataclasses.replace(settings, channels=10, turn=2.0, left=0.3, patients=1)
    recordings = from_arrays(simulate_study(settings), f"turned armbands of seed {settings.seed}")
    recordings = recordings.select(recordings.cohort == HEALTHY)
    pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    data = windows_from_recordings(
        recordings, pipeline, round(0.05 * recordings.rate), actions=PAPER_ACTION_NAMES
    )
    people = np.unique(data.subject)
    stranger = np.isin(data.subject, people[-max(len(people) // 4, 1) :])
    train = data.select(~stranger)
    alignment = align(train, ring_of(data))
    lda = fit_lda(alignment.apply(train))
    reference = alignment.reference
    found: list[dict[tuple[str, str], Orientation]] = [{}, {}, {}, {}]
    for person, session in sorted(set(zip(data.subject[stranger], data.session[stranger], strict=True))):
        own = data.select((data.subject == person) & (data.session == session))
        measures = Measures(own.windows, reference.ring)
        first = own.repetition == 1
        sync = first & np.isin(own.action, reference.sync)
        key = (str(person), str(session))
        found[1][key] = from_labels(reference, measures.select(sync), own.action[sync]).orientation
        found[2][key] = from_use(reference, measures.select(first)).orientation
        found[3][key] = from_labels(reference, measures, own.action).orientation
    test = data.select(stranger & (data.repetition > 1))
    rows = []
    for orientations in found:
        turned = dataclasses.replace(alignment, orientations=orientations).apply(test)
        rows.append(100 * float(np.mean(lda(turned).argmax(axis=1) == test.action)))
    return rows


def main() -> int:
    """Print a row for each seed, then the means."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1-12", help="e.g. 7 or 1-12 (default: %(default)s)")
    for name in ("healthy", "patients"):
        default = getattr(StudySettings, name)
        parser.add_argument(f"--{name}", type=int, default=default, help="subjects (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        studies = [
            StudySettings(seed=seed, healthy=arguments.healthy, patients=arguments.patients)
            for seed in parse_repetitions(arguments.seeds)
        ]
    except EmgRecognitionError as error:
        print(error, file=sys.stderr)
        return 1
    methods = ("LDA", "own LDA", "MLP")
    names = [f"{method} {part}" for method in methods for part in ("all", "healthy", "patients")]
    print("| seed | " + " | ".join(names) + " | processor s to simulate |\n|" + "---|" * (len(names) + 2))
    rows = []
    for study in studies:
        rows.append(difficulty(study))
        print(f"| {study.seed} | " + " | ".join(f"{value:.1f}" for value in rows[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{value:.1f}" for value in np.mean(rows, axis=0)) + " |")
    print("\n| seed | turned | two gestures | use | aligned model |\n" + "|---|" * 5)
    rows = []
    for study in studies:
        rows.append(donning(study))
        print(f"| {study.seed} | " + " | ".join(f"{value:.1f}" for value in rows[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{value:.1f}" for value in np.mean(rows, axis=0)) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
