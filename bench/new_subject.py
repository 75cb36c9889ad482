"""Window accuracy for people the model has never seen, by what is known of them and of their armband.

    python bench/new_subject.py myo_readings_active5.npz --cohort right \
        --actions fist pronation supination wrist_extension wrist_flexion

The subjects of a cohort, or all, are divided into folds. Each fold's network learns from all repetitions of
the other subjects, whose armbands are aligned, and is tested on the test repetitions of the fold's subjects,
which it has never seen. Each of their sessions is a donning: repetition 1 tells how the armband sits and
gives the network a last layer for the wearer, without labels (as many seconds of use as it has), by the
windows of the two sync gestures that the training subjects chose, or by those of all actions. Where it says
``turned only``, the network keeps its last layer. For ``one repetition at each donning, trained`` the network
is fine-tuned with repetition 1 of that session, the training repetitions of the wearer's earlier sessions,
and a share of the other people. Two rows adapt without orientation, to compare: with the first repetition of
the first session, and of each session. For ``all training repetitions of each session, trained`` the network
is fine-tuned with everything that the wearer gave but the test repetitions.

Every window of the test segments counts (with ``warm_up``), 200 ms every 50 ms, without a vote across windows
but in the rows that say so: there, the probabilities of the last 20 windows of a segment are averaged. LDA on
Hudgins' features, trained on the same people, is tested on the same windows. With ``--output``, an
interrupted run can be continued, with the same options: networks and people that are done stay so.
``--rows seconds`` leaves out those for which a network is trained again, which take most of the time:
``donning``, ``own`` and ``not-donned``. ``--only-folds 1`` measures the first fold alone; ``--folds 2
--steps-per-epoch 2`` with a small archive and a ``--config`` with a tiny network is a short run.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from measuring.command import report, run  # noqa: E402

from emg_recognition.cli.executor import add_executor, executor_options  # noqa: E402
from emg_recognition.errors import EmgRecognitionError, SettingError  # noqa: E402
from emg_recognition.files import write_file  # noqa: E402
from emg_recognition.models import layers  # noqa: E402, F401  (Keras needs the layers to load a model)
from emg_recognition.models.head import Head  # noqa: E402
from emg_recognition.models.log_features import Measures  # noqa: E402
from emg_recognition.models.orientation import Orientation  # noqa: E402
from emg_recognition.models.orienting import from_labels, from_use  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import parse_repetitions  # noqa: E402
from emg_recognition.tasks import Executor, run_tasks  # noqa: E402
from emg_recognition.training.adapt import enough_steps, fine_tune  # noqa: E402
from emg_recognition.training.alignment import Alignment, align, align_to, ring_of  # noqa: E402
from emg_recognition.training.comparators import fit_lda  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.ensemble import job_seed  # noqa: E402
from emg_recognition.training.heads import learn_heads, wearer_network  # noqa: E402
from emg_recognition.training.jobs import KERAS, Job, predict_windows, train_jobs  # noqa: E402
from emg_recognition.training.rehearsal import rehearse  # noqa: E402
from emg_recognition.training.settings import ADAPT_SETTINGS, REHEARSAL_SETTINGS, FitSettings  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402

USE, SYNC, LABELLED = DONNINGS = "unlabelled use", "two sync gestures", "one repetition of each action"
TURNED, MEAN = ", turned only", ", causal mean of 1 s"
TRAINED = "one repetition at each donning, trained"
OWN = "all training repetitions of each session, trained"
NOT_DONNED = (
    "not donned, first repetition of the first session",
    "not donned, first repetition of each session",
)

ROWS = ("seconds", "donning", "own", "not-donned")
"""What can be left out: donnings in seconds; trainings at each donning, with everything, not donned."""


@dataclasses.dataclass(frozen=True, eq=False)
class Wearer:
    """A test subject of a fold, and the network that has not seen them."""

    name: str
    model: bytes
    heads: tuple[Head, ...]
    windows: WindowSet
    others: WindowSet
    alignment: Alignment
    test_repetitions: tuple[int, ...]
    adaptation: FitSettings
    donning: FitSettings
    rows: tuple[str, ...]


def score(wearers: Sequence[Wearer], results: Path, executor: Executor) -> list[dict[str, float]]:
    """Return the accuracy for each wearer in each row; what an earlier run has found is read."""
    places = [results / f"{wearer.name}.json" for wearer in wearers]
    missing = [number for number, place in enumerate(places) if not place.exists()]
    results.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(run_tasks(rows, [wearers[number] for number in missing], executor)) as ended:
        for done in ended:
            number = missing[done.index]
            if done.result is None:
                raise EmgRecognitionError(f"person {wearers[number].name}: {done.problem}")
            write_file(places[number], json.dumps(done.result, indent=2).encode())
    return [json.loads(place.read_text(encoding="utf-8")) for place in places]


def rows(wearer: Wearer) -> dict[str, float]:
    """Measure the rows of a wearer."""
    windows, reference = wearer.windows, wearer.alignment.reference
    tested = np.isin(windows.repetition, wearer.test_repetitions)
    test = windows.select(tested)
    first = windows.repetition == 1
    sessions = np.unique(windows.session).tolist()
    model = load(wearer.model)
    found = {"nothing known": predict_windows(model, test)}
    if "seconds" in wearer.rows:
        empty = np.empty_like(found["nothing known"])
        found |= {row + end: empty.copy() for row in DONNINGS for end in (TURNED, "")}
    turns: dict[str, Orientation] = {}
    for session in sessions:
        own = windows.select(first & (windows.session == session))
        gestures = own.select(np.isin(own.action, reference.sync))
        now = test.session == session
        shown_in = {USE: own, SYNC: gestures, LABELLED: own}
        for row in DONNINGS if "seconds" in wearer.rows else (LABELLED,):
            shown = shown_in[row]
            measures = Measures(shown.windows, reference.ring)
            if row == USE:
                how = from_use(reference, measures).orientation
            else:
                how = from_labels(reference, measures, shown.action).orientation
            turns[session] = how  # in the end that by all actions
            if row not in found:
                continue
            matrix = how.matrix(windows.channels, reference.ring)
            part = test.select(now).oriented(matrix)
            found[row + TURNED][now] = predict_windows(model, part)
            network = wearer_network(model, wearer.heads, shown.oriented(matrix), labelled=row != USE)
            found[row][now] = predict_windows(network, part)
    if "donning" in wearer.rows:
        found[TRAINED] = trained(wearer, turns, test)
    if "own" in wearer.rows:
        found[OWN] = own_network(wearer, test)
    accuracy = {}
    for name, probabilities in found.items():
        accuracy[name] = float(np.mean(probabilities.argmax(axis=1) == test.action))
        if not name.endswith(TURNED):
            steady = causal_mean(probabilities, test.segment)
            accuracy[name + MEAN] = float(np.mean(steady.argmax(axis=1) == test.action))
    if "not-donned" in wearer.rows:
        first_day = windows.select(first & (windows.session == sessions[0]))
        for name, learned in zip(NOT_DONNED, (first_day, windows.select(first)), strict=True):
            model = load(wearer.model)
            fine_tune(model, learned, wearer.adaptation)
            probabilities = predict_windows(model, test)
            accuracy[name] = float(np.mean(probabilities.argmax(axis=1) == test.action))
    return accuracy


def trained(wearer: Wearer, turns: dict[str, Orientation], test: WindowSet) -> np.ndarray:
    """Return the probabilities of networks that learned one repetition at each donning."""
    windows = wearer.windows
    tested = np.isin(windows.repetition, wearer.test_repetitions)
    known = turned(wearer, turns, windows)
    found = np.empty((len(test), len(test.actions)), np.float32)
    sessions = np.unique(windows.session).tolist()
    for number, session in enumerate(sessions):
        today = known.select((windows.repetition == 1) & (windows.session == session))
        earlier = known.select(np.isin(windows.session, sessions[:number]) & ~tested)
        model = learn(wearer, today, earlier)
        now = test.session == session
        found[now] = predict_windows(model, known.select(tested).select(now))
    return found


def own_network(wearer: Wearer, test: WindowSet) -> np.ndarray:
    """Return the probabilities of a network that learned all training repetitions of the wearer."""
    given = wearer.windows.select(~np.isin(wearer.windows.repetition, wearer.test_repetitions))
    alignment = align_to(wearer.alignment.reference, given)
    return predict_windows(learn(wearer, alignment.apply(given), None), alignment.apply(test))


def learn(wearer: Wearer, today: WindowSet, earlier: WindowSet | None) -> keras.Model:
    """Return a network that is adapted as ``adapt`` does it, with a share of other people."""
    model = wearer_network(load(wearer.model), wearer.heads, today, labelled=True)
    settings = enough_steps(wearer.donning, len(today))
    rehearsed, share = rehearse(today, earlier, wearer.others, None, settings.seed)
    fine_tune(model, rehearsed, settings, share=share)
    return model


def turned(wearer: Wearer, turns: dict[str, Orientation], windows: WindowSet) -> WindowSet:
    """Return the wearer's windows as the armband of each of their sessions was donned."""
    own = {(wearer.name, session): turn for session, turn in turns.items()}
    return dataclasses.replace(wearer.alignment, orientations=own).apply(windows)


def load(content: bytes) -> keras.Model:
    """Return the network of a file's content; earlier ones are forgotten."""
    keras.backend.clear_session()  # otherwise the graph of every adaptation stays in memory
    with tempfile.NamedTemporaryFile(suffix=".keras") as file:
        file.write(content)
        file.flush()
        return keras.saving.load_model(file.name, compile=False)


def causal_mean(probabilities: np.ndarray, segment: np.ndarray, windows: int = 20) -> np.ndarray:
    """Return the mean of the last windows of a segment up to each one."""
    found = np.empty_like(probabilities)
    for number in np.unique(segment):
        own = segment == number
        total = np.cumsum(probabilities[own], axis=0)
        total[windows:] -= total[:-windows].copy()
        found[own] = total / np.minimum(np.arange(1, len(total) + 1), windows)[:, np.newaxis]
    return found


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run the benchmark and print its table."""
    executor = Executor(**executor_options(arguments, least=0))
    settings = experiment_settings(arguments.config)
    training = dataclasses.replace(
        settings.training,
        steps_per_epoch=arguments.steps_per_epoch,
        electrode_rotation=arguments.electrode_rotation,
    )
    recordings = load_archive(arguments.archive)
    cohorts = recordings.cohorts if arguments.cohort is None else (arguments.cohort,)
    if not set(cohorts) <= set(recordings.cohorts):
        raise SettingError("cohort", arguments.cohort, f"the archive has {', '.join(recordings.cohorts)}")
    recordings = recordings.select(
        np.isin(recordings.cohort, cohorts)
        & np.isin(recordings.label, arguments.actions or recordings.actions)
    )
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = settings.stride_samples(recordings.rate)
    windows = windows_from_recordings(recordings, pipeline, stride, warm_up=True, cache=folder)
    subjects = np.unique(recordings.subject)
    order = np.random.default_rng(arguments.seed).permutation(subjects)
    folds = np.array_split(order, arguments.folds)
    test_repetitions = parse_repetitions(arguments.test_reps)
    begin = time.perf_counter()
    ring = ring_of(windows)
    if not ring:
        raise SettingError("archive", str(arguments.archive), "its electrodes are no ring of six or more")
    chosen = folds[: arguments.only_folds]
    learned = [windows.select(~np.isin(windows.subject, fold)) for fold in chosen]
    alignments = [align(train, ring) for train in learned]
    aligned = [one.apply(train) for one, train in zip(alignments, learned, strict=True)]
    jobs = [
        Job(
            place=folder / f"fold_{number}_seed_{arguments.seed}",
            label=f"fold {number}",
            network=settings.network,
            training=dataclasses.replace(training, seed=job_seed(arguments.seed, number)),
            train=train,
        )
        for number, train in enumerate(aligned, start=1)
    ]
    print(
        f"{arguments.archive}: {len(subjects)} people of {' and '.join(cohorts)}, {len(windows.actions)}"
        f" actions, {arguments.folds} folds, {training.epochs * arguments.steps_per_epoch} steps of"
        f" {training.batch_size}, rotation {training.electrode_rotation:g}; tested on repetitions"
        f" {arguments.test_reps}",
        flush=True,
    )
    train_jobs(jobs, executor=executor, on_event=report)
    heads = [
        learn_heads(load((job.place / KERAS).read_bytes()), train)
        for job, train in zip(jobs, aligned, strict=True)
    ]
    adaptation = dataclasses.replace(ADAPT_SETTINGS, steps_per_epoch=arguments.adapt_steps)
    donning = dataclasses.replace(REHEARSAL_SETTINGS, least_steps_per_epoch=arguments.don_steps)
    wearers = [
        Wearer(
            name=name,
            model=(job.place / KERAS).read_bytes(),
            heads=own,
            windows=windows.select(windows.subject == name),
            others=train,
            alignment=alignment,
            test_repetitions=test_repetitions,
            adaptation=adaptation,
            donning=donning,
            rows=tuple(arguments.rows),
        )
        for job, own, fold, train, alignment in zip(jobs, heads, chosen, aligned, alignments, strict=True)
        for name in fold.tolist()
    ]
    results = folder / f"people_seed_{arguments.seed}_{'_'.join(sorted(arguments.rows))}"
    found = score(wearers, results, executor)
    classical = []
    for fold in chosen:
        predictor = fit_lda(windows.select(~np.isin(windows.subject, fold)))
        for name in fold.tolist():
            tested = np.isin(windows.repetition, test_repetitions) & (windows.subject == name)
            test = windows.select(tested)
            classical.append(float(np.mean(predictor(test).argmax(axis=1) == test.action)))
    table = {row: [one[row] for one in found] for row in found[0]}
    table["LDA, nothing known"] = classical
    for row, values in table.items():
        print(
            f"{row:50} {np.mean(values):7.2%} ± {np.std(values):.2%}   worst {min(values):.2%},"
            f" median {np.median(values):.2%}",
            flush=True,
        )
    seconds = time.perf_counter() - begin
    gestures = [[windows.actions[n] for n in one.reference.sync] for one in alignments]
    print("sync gestures:", "; ".join(" and ".join(pair) for pair in gestures))
    print(f"{seconds:.0f} s, of these {sum(job.record()['seconds'] for job in jobs):.0f} s of training")
    names = [wearer.name for wearer in wearers]
    return {"subjects": names, "accuracy": table, "settings": settings.to_mapping(), "seconds": seconds}


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--cohort", help="its subjects are divided into folds (default: all subjects)")
    parser.add_argument("--actions", nargs="+", help="only these labels")
    parser.add_argument("--test-reps", default="5-6")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--steps-per-epoch", type=int, default=200, help="gradient steps; 8 epochs")
    parser.add_argument(
        "--adapt-steps",
        type=int,
        default=ADAPT_SETTINGS.least_steps_per_epoch,
        help="gradient steps of an adaptation",
    )
    parser.add_argument(
        "--don-steps",
        type=int,
        default=REHEARSAL_SETTINGS.least_steps_per_epoch,
        help="gradient steps at each donning, at least",
    )
    parser.add_argument(
        "--rows", nargs="+", choices=ROWS, default=list(ROWS), help="which of the rows (default: all)"
    )
    parser.add_argument("--only-folds", type=int, help="measure only this many of the folds")
    parser.add_argument("--electrode-rotation", type=float, default=0.5, help="random, of the armband")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the result")
    parser.add_argument("--output", type=Path, help="folder for the networks; run again to continue")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    add_executor(parser)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        return run("new_subject", lambda: measure(chosen, chosen.output or Path(temporary)), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
