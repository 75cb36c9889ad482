"""Window accuracy of one model for each subject, trained and tested on different recordings.

    python bench/within_subject.py ARCHIVE.npz --train-reps 1-3 --test-reps 4
    python bench/within_subject.py ARCHIVE.npz --train-sessions 1-20 --test-sessions 21-30
    python bench/within_subject.py ARCHIVE.npz --train-cohort N --test-cohort O
    python bench/within_subject.py ARCHIVE.npz --train-cohort N --test-cohort O --don-reps 1
    python bench/within_subject.py ARCHIVE.npz --train-reps 1-2 --test-reps 3-4 --per-session

The rule is that of the literature: windows of 200 ms every 50 ms, every window of every test segment counts,
there is no vote across windows, and each subject has one network. So that the first 250 ms of a segment count
as well, the filters first run over the segment's own first samples in reverse order (``warm_up``), in
training and test. The test windows go one by one through the LiteRT model, as they do live, and are used only
once, after training. The settings are those of ``config/compact.yaml``; none is tuned to the archive. LDA on
Hudgins' features is tested on the same windows. With ``--per-session`` each session of each subject has a
network of its own: as few recordings as a first day gives. With ``--don-reps``, the training sessions are
aligned, and each tested session is donned with these repetitions of the two sync gestures that the training
sessions chose: its armband is turned, and the network gets a last layer. They are not tested. With several
``--seeds`` their soft vote is tested too. With ``--output``, an interrupted run can be continued.
A ``--config`` with a tiny network, few epochs and ``--workers 0`` is a short run.
"""

from __future__ import annotations

import argparse
import dataclasses
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
from emg_recognition.errors import SettingError  # noqa: E402
from emg_recognition.models import layers  # noqa: E402, F401  (Keras needs the layers to load a model)
from emg_recognition.models.bundle_writer import make_bundle  # noqa: E402
from emg_recognition.models.export import to_tflite  # noqa: E402
from emg_recognition.models.log_features import Measures  # noqa: E402
from emg_recognition.models.orienting import from_labels  # noqa: E402
from emg_recognition.models.runtime import ActionModel  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import Recordings, parse_repetitions  # noqa: E402
from emg_recognition.tasks import Executor  # noqa: E402
from emg_recognition.training.alignment import align, ring_of  # noqa: E402
from emg_recognition.training.comparators import fit_lda  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.ensemble import job_seed  # noqa: E402
from emg_recognition.training.heads import learn_heads, wearer_network  # noqa: E402
from emg_recognition.training.jobs import KERAS, Job, train_jobs  # noqa: E402
from emg_recognition.training.settings import ExperimentSettings  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402

SUBSETS = ("train", "test")


def choose(recordings: Recordings, arguments: argparse.Namespace) -> tuple[str, dict[str, np.ndarray]]:
    """Return a description of the split, and masks of the segments to train and to test on."""
    texts = {}
    for column in ("reps", "sessions", "cohort"):
        asked = [getattr(arguments, f"{subset}_{column}") for subset in SUBSETS]
        if all(asked):
            texts[column] = asked
        elif any(asked):
            raise SettingError(f"{column}", asked, f"give --train-{column} and --test-{column}")
    if len(texts) != 1:
        raise SettingError("split", list(texts), "split by repetitions, by sessions or by cohort")
    ((column, asked),) = texts.items()
    values = {
        "reps": recordings.repetition.astype(str),
        "sessions": recordings.session,
        "cohort": recordings.cohort,
    }[column]
    wanted = [
        [text] if column == "cohort" else [str(number) for number in parse_repetitions(text)]
        for text in asked
    ]
    both = sorted(set(wanted[0]) & set(wanted[1]))
    if both:
        raise SettingError(column, both, "test on others than those in training")
    masks = {subset: np.isin(values, names) for subset, names in zip(SUBSETS, wanted, strict=True)}
    for subset, mask in masks.items():
        if not mask.any():
            raise SettingError(f"{subset} {column}", asked, "the archive has none of them")
    return f"{column} {asked[0]} -> {asked[1]}", masks


@dataclasses.dataclass(frozen=True, eq=False)
class Donned:
    """Training sessions that are aligned, and sessions whose armband was donned.

    Attributes
    ----------
    train, test : WindowSet
        What is trained and tested on, as the armbands are turned.
    gestures : WindowSet
        What each tested session was donned with.
    """

    train: WindowSet
    test: WindowSet
    gestures: WindowSet


def don(train: WindowSet, test: WindowSet, repetitions: Sequence[int]) -> Donned:
    """Align the training sessions, and don the others with these repetitions, which are not tested."""
    ring = ring_of(train)
    if not ring:
        raise SettingError("don-reps", tuple(repetitions), "the electrodes are no ring of six or more")
    alignment = align(train, ring)
    reference = alignment.reference
    shown = np.isin(test.repetition, repetitions)
    gestures = test.select(shown & np.isin(test.action, reference.sync))
    of_session = dict(gestures.by_session())
    turns = {}
    for (subject, session), _ in test.by_session():
        own = of_session.get((subject, session))
        if own is None:
            remedy = f"subject {subject} has no sync gesture of these repetitions in session {session}"
            raise SettingError("don-reps", tuple(repetitions), remedy)
        measures = Measures(own.windows, ring)
        turns[subject, session] = from_labels(reference, measures, own.action, subject).orientation
    turned = dataclasses.replace(alignment, orientations=turns)
    return Donned(alignment.apply(train), turned.apply(test.select(~shown)), turned.apply(gestures))


def predict(
    job: Job, settings: ExperimentSettings, recordings: Recordings, test: WindowSet, donned: Donned | None
) -> np.ndarray:
    """Return probabilities, shape (windows, actions), one window at a time through LiteRT."""
    model = keras.saving.load_model(job.place / KERAS, compile=False)
    if donned is None:
        return through_litert(model, job, settings, recordings, test)
    heads = learn_heads(model, donned.train)
    found = np.empty((len(test), len(test.actions)), np.float32)
    gestures = dict(donned.gestures.by_session())
    for (subject, session), own in test.by_session():
        network = wearer_network(model, heads, gestures[subject, session], labelled=True, known=True)
        now = (test.subject == subject) & (test.session == session)
        found[now] = through_litert(network, job, settings, recordings, own)
    return found


def through_litert(
    model: keras.Model, job: Job, settings: ExperimentSettings, recordings: Recordings, test: WindowSet
) -> np.ndarray:
    """Return what a network that comes from a job answers."""
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    bundle = make_bundle(
        job.place / "bundle",
        keras_model=job.place / KERAS,
        tflite=to_tflite(model),
        actions=test.actions,
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        statistics=job.record()["statistics"],
        provenance={"source": recordings.source},
    )
    runtime = ActionModel(bundle.info, bundle.tflite)
    return np.array([runtime.predict(window) for batch in test.batches() for window in batch])


def lda(train: WindowSet, test: WindowSet) -> float:
    """Return the accuracy of LDA on Hudgins' features."""
    return float(np.mean(fit_lda(train)(test).argmax(axis=1) == test.action))


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run the benchmark and print a line for each subject."""
    executor = Executor(**executor_options(arguments, least=0))
    settings = experiment_settings(arguments.config)
    if arguments.electrode_rotation is not None:
        training = dataclasses.replace(settings.training, electrode_rotation=arguments.electrode_rotation)
        settings = dataclasses.replace(settings, training=training)
    recordings = load_archive(arguments.archive)
    words, masks = choose(recordings, arguments)
    known = np.unique(recordings.subject).tolist()
    subjects = arguments.subjects or known
    if not set(subjects) <= set(known):
        raise SettingError("subjects", subjects, f"the archive has {', '.join(known)}")
    print(
        f"{arguments.archive}: {len(recordings.actions)} actions, {recordings.channels} channels at"
        f" {recordings.rate:g} Hz; {words}; windows of {settings.window * 1e3:g} ms every"
        f" {settings.stride * 1e3:g} ms, all of them, with warm-up"
        f"{f'; donned with repetitions {arguments.don_reps}' if arguments.don_reps else ''}; seeds"
        f" {arguments.seeds}",
        flush=True,
    )
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = settings.stride_samples(recordings.rate)
    windows = windows_from_recordings(recordings, pipeline, stride, warm_up=True, cache=folder)
    groups = {subject: recordings.subject == subject for subject in subjects}
    if arguments.per_session:
        groups = {
            f"{subject}/{session}": mask & (recordings.session == session)
            for subject, mask in groups.items()
            for session in np.unique(recordings.session[mask]).tolist()
            if not arguments.sessions or session in arguments.sessions
        }
    if not groups:
        raise SettingError("sessions", arguments.sessions, "the archive has none of them")
    windows_of = {
        name: {subset: windows.of_segments(np.flatnonzero(mask & group)) for subset, mask in masks.items()}
        for name, group in groups.items()
    }
    donned: dict[str, Donned] = {}
    if arguments.don_reps:
        repetitions = parse_repetitions(arguments.don_reps)
        donned = {name: don(**subsets, repetitions=repetitions) for name, subsets in windows_of.items()}
        windows_of = {name: {"train": one.train, "test": one.test} for name, one in donned.items()}
    jobs = {
        (name, seed): Job(
            place=folder / f"subject_{name.replace('/', '_')}_seed_{seed}",
            label=f"subject {name}, seed {seed}",
            network=settings.network,
            training=dataclasses.replace(settings.training, seed=job_seed(seed, number)),
            train=windows_of[name]["train"],
        )
        for seed in arguments.seeds
        for number, name in enumerate(groups)
    }
    begin = time.perf_counter()
    train_jobs(list(jobs.values()), executor=executor, on_event=report)
    found: dict[str, list[float]] = {}
    classical: dict[str, float] = {}
    vote: dict[str, float] = {}
    for name, subsets in windows_of.items():
        test = subsets["test"]
        answers = [
            predict(jobs[name, seed], settings, recordings, test, donned.get(name))
            for seed in arguments.seeds
        ]
        *found[name], vote[name] = (
            float(np.mean(answer.argmax(axis=1) == test.action))
            for answer in (*answers, np.mean(answers, axis=0))
        )
        classical[name] = lda(subsets["train"], test)
        print(
            f"subject {name:>8}: {np.mean(found[name]):7.2%}   LDA {classical[name]:7.2%}"
            f"   {len(subsets['train'])} -> {len(test)} windows",
            flush=True,
        )
    seconds = time.perf_counter() - begin
    of_seeds = np.array(list(found.values())).mean(axis=0)
    over_subjects = np.array(list(found.values())).mean(axis=1)
    reference = float(np.mean(list(classical.values())))
    voted = float(np.mean(list(vote.values())))
    one, together = (
        (1 - x) / (1 - reference) if reference < 1 else float("nan") for x in (of_seeds.mean(), voted)
    )
    print(
        f"mean of {len(groups)} {'sessions' if arguments.per_session else 'subjects'}: {of_seeds.mean():.2%}"
        f" (deviation over them {over_subjects.std():.2%}, over {len(of_seeds)} seeds {of_seeds.std():.2%});"
        f" LDA {reference:.2%}; errors {one:.2f} of LDA's; {seconds:.0f} s"
    )
    if len(of_seeds) > 1:
        print(f"soft vote of the {len(of_seeds)} seeds: {voted:.2%}; errors {together:.2f} of LDA's")
    return {
        "mean_accuracy": float(of_seeds.mean()),
        "soft_vote": vote,
        "seeds": of_seeds.tolist(),
        "subjects": found,
        "lda": classical,
        "split": words,
        "settings": settings.to_mapping(),
        "seconds": seconds,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    for subset in SUBSETS:
        parser.add_argument(f"--{subset}-reps", metavar="REPS", help="for example 1-3")
        parser.add_argument(f"--{subset}-sessions", metavar="SESSIONS", help="for example 1-20")
        parser.add_argument(f"--{subset}-cohort", metavar="COHORT", help="for example N")
    parser.add_argument("--json", type=Path, help="file for the result")
    parser.add_argument("--output", type=Path, help="folder for the networks; run again to continue")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    parser.add_argument("--subjects", nargs="+", help="only these")
    parser.add_argument("--per-session", action="store_true", help="a network for each session of a subject")
    parser.add_argument(
        "--don-reps", metavar="REPS", help="don each tested session with these repetitions, for example 1"
    )
    parser.add_argument("--sessions", nargs="+", help="--per-session: only these")
    parser.add_argument("--electrode-rotation", type=float, help="random rotation of the armband, electrodes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    add_executor(parser)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        return run("within_subject", lambda: measure(chosen, chosen.output or Path(temporary)), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
