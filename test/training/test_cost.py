"""What a training will cost: counted by the code that trains, and added up without losing a piece."""

from __future__ import annotations

import dataclasses

import pytest

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.training.configuration import experiment_settings
from emg_recognition.training.cost import JobSize, Plan, combine, make_plan, take_sample
from emg_recognition.training.fold import make_fold
from emg_recognition.training.measured_pieces import Pieces
from emg_recognition.training.prepare import prepare
from emg_recognition.training.split_rules import make_splits
from emg_recognition.training.windows import place_windows


@pytest.fixture
def settings():
    return experiment_settings({"training": {"epochs": 3}, "ensemble": {"members": 2, "minority": "left"}})


@pytest.fixture
def recordings(study):
    return study({"healthy": 3, "left": 1})


def test_the_plan_counts_what_the_training_trains(settings, recordings, tmp_path):
    prepared = prepare(settings, recordings, tmp_path, identity={}, cache=None)
    fold = make_fold(settings, prepared.windows, prepared.splits[0], tmp_path)
    plan = make_plan(settings, recordings)
    assert plan.windows == {name: len(part) for name, part in fold.subsets.items()}
    assert [job.train for job in plan.jobs] == [len(job.train) for job in fold.jobs]
    assert [job.watched for job in plan.jobs] == [len(job.watched) for job in fold.jobs]
    assert [job.test for job in plan.jobs] == [len(job.test) for job in fold.jobs]
    assert plan.samples == prepared.windows.signal.samples.shape[0]
    assert {(job.epochs, job.steps) for job in plan.jobs} == {(3, 3 * 64)}


def test_every_fold_counts(settings, recordings):
    folds = dataclasses.replace(
        settings, split=dataclasses.replace(settings.split, name="leave-one-subject-out")
    )
    folds = dataclasses.replace(folds, ensemble=dataclasses.replace(folds.ensemble, minority=None))
    plan = make_plan(folds, recordings)
    assert (len(plan.test), len(plan.jobs)) == (4, 4)


def test_what_cannot_be_trained_has_no_cost(settings, recordings):
    one = recordings.select(recordings.repetition == 1)
    with pytest.raises(EmgRecognitionError):
        make_plan(settings, one)


def test_the_sample_is_small_and_has_every_action_in_each_subset(settings, recordings):
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = place_windows(recordings, pipeline, settings.stride_samples(recordings.rate))
    (split,) = make_splits(recordings, settings.split)
    sample = take_sample(settings, recordings, split, windows, 32)
    assert sample.recordings.length.max() <= recordings.length.max()
    for numbers in sample.subsets.values():
        assert set(sample.recordings.label[numbers]) == set(recordings.label)


def test_the_cost_is_the_sum_of_its_pieces():
    zero = Pieces(**{field.name: 0.0 for field in dataclasses.fields(Pieces)})
    job = JobSize(train=1000, watched=100, validation=200, test=300, epochs=4, steps=80, batch_size=32)
    plan = Plan(
        windows={"train": 2000, "validation": 200, "test": 300},
        test=(300,),
        jobs=(job, job, job),
        samples=5000,
        channels=2,
    )
    for pieces, workers, expected in (
        ({"start": 1.0, "build": 2.0}, 2, 1 + 3),
        ({"step": 1.0}, 1, 3 * 80),
        ({"step": 1.0}, 2, 2 * 80),
        ({"job": 1.0, "sample": 0.01}, 3, 1 + 50),
        ({"train_window": 1.0}, 3, 1000),
        ({"forward_window": 1.0}, 3, 4 * 100 + 200 + 300),
        ({"report": 5.0}, 3, 5),
        ({"live_window": 1.0}, 3, 300),
        ({"baseline_window": 1.0}, 3, 2300),
    ):
        cost = combine(plan, [dataclasses.replace(zero, **pieces)] * workers, workers)
        assert cost.seconds == pytest.approx(expected), pieces
    memory = dataclasses.replace(zero, memory=5.0, idle_memory=3.0, library_memory=2.0, report_memory=9.0)
    assert combine(plan, [memory], 2).memory == 15
    assert combine(plan, [memory], 1).memory == 10
    disk = combine(plan, [dataclasses.replace(zero, job_bytes=7.0, answer_bytes=1.0, fold_bytes=4.0)], 1)
    assert (disk.results, disk.cache) == (3 * 307 + 4, 40_000)
    assert any(line.startswith("windows   2,000 train") for line in disk.lines())
