"""What a training will cost on this machine: windows, time, memory and disk, before it is begun.

What is to be done is counted, by the code that will do it; how long each piece takes is measured once, on a
small part of the recordings (:mod:`emg_recognition.training.measured_pieces`).
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from emg_recognition.actions import ordered
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.files import size_text
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.tasks import Executor, run_tasks
from emg_recognition.training.batches import epoch_size
from emg_recognition.training.fold import make_fold
from emg_recognition.training.measured_pieces import Pieces, Sample, measure_pieces
from emg_recognition.training.prepare import choose_actions
from emg_recognition.training.settings import SUBSETS, ExperimentSettings
from emg_recognition.training.split import Split
from emg_recognition.training.split_rules import make_splits
from emg_recognition.training.windows import WindowSet, place_windows

#: Bytes of a filtered sample.
_FLOAT = 4
#: Segments of each subset in the sample, and windows of a segment.
_SEGMENTS, _WINDOWS_OF_SEGMENT = 50, 20


@dataclass(frozen=True, kw_only=True)
class JobSize:
    """What one network has to do: windows of each kind, epochs, gradient steps of all, windows of a step."""

    train: int
    watched: int
    validation: int
    test: int
    epochs: int
    steps: int
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a training has to do.

    Attributes
    ----------
    windows : dict of str to int
        Windows of ``train``, ``validation`` and ``test``, in all folds.
    test : tuple of int
        Test windows of each fold.
    jobs : tuple of JobSize
        All networks, fold by fold.
    samples, channels : int
        Of the recordings that are used.
    """

    windows: dict[str, int]
    test: tuple[int, ...]
    jobs: tuple[JobSize, ...]
    samples: int
    channels: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a training costs.

    Attributes
    ----------
    plan : Plan
        What has to be done.
    workers : int
        Networks that are trained at the same time.
    preparation, networks, test : float
        Wall time of the three parts, s: reading and filtering; training; testing and reports.
    memory : int
        Most memory at a time, bytes.
    cache, results : int
        Disk space of the filtered signal and of the output folder, bytes.
    """

    plan: Plan
    workers: int
    preparation: float
    networks: float
    test: float
    memory: int
    cache: int
    results: int

    @property
    def seconds(self) -> float:
        """Wall time of everything, s."""
        return self.preparation + self.networks + self.test

    def lines(self) -> list[str]:
        """Return the cost for people."""
        plan, folds = self.plan, len(self.plan.test)
        windows = ", ".join(f"{plan.windows[subset]:,} {subset}" for subset in SUBSETS)
        of_folds = f", over {folds} folds" if folds > 1 else ""
        steps = sum(job.steps for job in plan.jobs) / len(plan.jobs)
        return [
            f"windows   {windows}{of_folds}",
            f"networks  {len(plan.jobs)}, {steps:,.0f} gradient steps each, {self.workers} at a time",
            f"time      about {_rounded(self.seconds)}: preparation {_rounded(self.preparation)}, networks"
            f" {_rounded(self.networks)}, test and report {_rounded(self.test)}",
            f"memory    about {size_text(self.memory)}",
            f"disk      about {size_text(self.results)} of results, {size_text(self.cache)} in the cache",
        ]


def _rounded(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def make_plan(settings: ExperimentSettings, recordings: Recordings) -> Plan:
    """Count what a training has to do, without filtering anything.

    Raises
    ------
    EmgRecognitionError
        If the recordings cannot be trained on as the settings say.
    """
    return _plan(
        settings, recordings, make_splits(recordings, settings.split), placed_windows(settings, recordings)
    )


def placed_windows(settings: ExperimentSettings, recordings: Recordings) -> WindowSet:
    """Return the windows of a training, without a signal."""
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    return place_windows(
        recordings,
        pipeline,
        settings.stride_samples(recordings.rate),
        actions=ordered(recordings.actions),
        warm_up=settings.warm_up,
    )


def _plan(
    settings: ExperimentSettings, recordings: Recordings, splits: Sequence[Split], windows: WindowSet
) -> Plan:
    # Aligning needs the signal, and changes no number.
    settings = dataclasses.replace(settings, orientation="none")
    jobs: list[JobSize] = []
    counts = dict.fromkeys(SUBSETS, 0)
    test = []
    for split in splits:
        fold = make_fold(settings, windows, split, Path())
        for name in SUBSETS:
            counts[name] += len(fold.subsets[name])
        test.append(len(fold.subsets["test"]))
        for job in fold.jobs:
            steps, drawn = epoch_size(len(job.train), job.training)
            jobs.append(
                JobSize(
                    train=len(job.train),
                    watched=0 if job.watched is None else len(job.watched),
                    validation=0 if job.validation is None else len(job.validation),
                    test=0 if job.test is None else len(job.test),
                    epochs=job.training.epochs,
                    steps=job.training.epochs * steps,
                    batch_size=max(2, round(drawn / steps)),
                )
            )
    return Plan(
        windows=counts,
        test=tuple(test),
        jobs=tuple(jobs),
        samples=int(recordings.length.sum()),
        channels=recordings.channels,
    )


def estimate_cost(settings: ExperimentSettings, recordings: Recordings, *, workers: int) -> Cost:
    """Count what a training has to do, and measure how long this machine takes for a little of it.

    Parameters
    ----------
    settings : ExperimentSettings
        As for the training.
    recordings : Recordings
        Labelled segments.
    workers : int
        As for the training, at least 1.

    Returns
    -------
    Cost
        The cost of a training that finds nothing finished.

    Raises
    ------
    EmgRecognitionError
        If the recordings cannot be trained on as the settings say, or the measurement fails.
    """
    chosen = choose_actions(recordings, settings.actions)
    splits, windows = make_splits(chosen, settings.split), placed_windows(settings, chosen)
    plan = _plan(settings, chosen, splits, windows)
    sample = take_sample(settings, chosen, splits[0], windows, max(job.batch_size for job in plan.jobs))
    side_by_side = min(workers, len(plan.jobs))
    return combine(plan, measure_machine(sample, side_by_side), side_by_side)


def measure_machine(
    sample: Sample, workers: int, clock: Callable[[], float] = time.perf_counter
) -> list[Pieces]:
    """Measure what the pieces of a training take on this machine.

    Parameters
    ----------
    sample : Sample
        What to train on.
    workers : int
        Processes that measure at the same time, as many as will train: they take memory bandwidth and clock
        from each other.
    clock : callable
        As for :func:`~emg_recognition.training.measured_pieces.measure_pieces`.

    Returns
    -------
    list of Pieces
        What each process found.

    Raises
    ------
    EmgRecognitionError
        If none succeeds.
    """
    ended = list(run_tasks(partial(measure_pieces, clock=clock), [sample] * workers, Executor(workers)))
    pieces = [one.result for one in ended if one.result is not None]
    if not pieces:
        raise EmgRecognitionError(f"the short training that measures this machine failed: {ended[0].problem}")
    return pieces


def take_sample(
    settings: ExperimentSettings, recordings: Recordings, split: Split, windows: WindowSet, batch_size: int
) -> Sample:
    """Copy the beginnings of some segments of each subset, of all actions."""
    usable = np.bincount(windows.segment, minlength=len(recordings)) > 0
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = settings.stride_samples(recordings.rate)
    longest = pipeline.settling_samples + pipeline.length + (_WINDOWS_OF_SEGMENT - 1) * stride
    segments: list[Segment] = []
    subsets = {}
    for name in SUBSETS:
        numbers = getattr(split, name)
        numbers = numbers[usable[numbers]]
        by_action = numbers[np.argsort(recordings.label[numbers], kind="stable")]
        spread = np.linspace(0, len(by_action) - 1, min(len(by_action), _SEGMENTS)).round().astype(int)
        chosen = by_action[spread].tolist()
        subsets[name] = np.arange(len(segments), len(segments) + len(chosen))
        segments += [
            Segment(
                recordings.raw_segment(i)[:longest],
                str(recordings.subject[i]),
                str(recordings.cohort[i]),
                str(recordings.session[i]),
                str(recordings.label[i]),
                int(recordings.repetition[i]),
            )
            for i in chosen
        ]
    gathered = gather_segments(
        segments,
        channels=recordings.channels,
        rate=recordings.rate,
        unit=recordings.unit,
        source=recordings.source,
        counts=None,
        scale=recordings.scale,
        dtype=recordings.counts.dtype,
        ring=recordings.ring,
    )
    return Sample(settings=settings, recordings=gathered, subsets=subsets, batch_size=batch_size)


def combine(plan: Plan, measured: Sequence[Pieces], workers: int) -> Cost:
    """Compute the cost from what has to be done and what each piece takes.

    Parameters
    ----------
    plan : Plan
        What has to be done.
    measured : sequence of Pieces
        Measured side by side; their mean is taken.
    workers : int
        Networks that are trained at the same time.
    """
    mean = Pieces(
        **{
            field.name: statistics.fmean(getattr(one, field.name) for one in measured)
            for field in dataclasses.fields(Pieces)
        }
    )
    each = [
        mean.job
        + job.steps * mean.step
        + job.train * mean.train_window
        + (job.epochs * job.watched + job.validation + job.test) * mean.forward_window
        for job in plan.jobs
    ]
    # Workers take the jobs in order, each when it is free.
    free = [mean.start + mean.build] * workers
    for seconds in each:
        free[free.index(min(free))] += seconds
    test = len(plan.test) * mean.report
    test += sum(plan.test) * (mean.live_window + mean.baseline_window)
    test += plan.windows["train"] * mean.baseline_window
    training_memory = mean.library_memory + mean.idle_memory + workers * mean.memory
    return Cost(
        plan=plan,
        workers=workers,
        preparation=mean.start + plan.samples * mean.sample,
        networks=max(free),
        test=test,
        memory=round(max(training_memory, mean.report_memory)),
        cache=plan.samples * plan.channels * _FLOAT,
        results=round(
            len(plan.jobs) * mean.job_bytes
            + sum(job.test for job in plan.jobs) * mean.answer_bytes
            + len(plan.test) * mean.fold_bytes
        ),
    )
