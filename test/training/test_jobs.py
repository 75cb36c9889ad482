"""Any number of processes trains the same networks, and no process is left behind."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.tasks import Executor, used_machines
from emg_recognition.training.jobs import KERAS, train_jobs

# Two processes each load TensorFlow, perhaps on a busy machine.
pytestmark = pytest.mark.timeout(300)


def children():
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()


def weights(job):
    model = keras.saving.load_model(job.place / KERAS, compile=False)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_any_number_of_processes_trains_the_same_networks(ensemble):
    jobs = ensemble("out")
    events = []
    records = train_jobs(jobs, executor=Executor(2), on_event=events.append)
    assert [record["label"] for record in records] == ["member 1/3", "member 2/3", "member 3/3"]
    assert sorted(event["job"] for event in events if event["event"] == "job") == [1, 2, 3]
    shares = [event["done"] for event in events]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    json.dumps(events)
    # The answers to the test windows are those of the network, also where no file has them.
    kept = [job.test_answers() for job in jobs]
    assert kept[0].shape == (len(jobs[0].test), len(jobs[0].test.actions))
    for job, answers in zip(jobs, kept, strict=True):
        (job.place / "test.npy").unlink()
        np.testing.assert_allclose(job.test_answers(), answers, atol=1e-6)
    # One process trains those that are missing, to the same bits.
    before = jobs[1].record()["seconds"]
    removed = {job.label: weights(job) for job in (jobs[0], jobs[2])}
    for job in (jobs[0], jobs[2]):
        shutil.rmtree(job.place)
    events.clear()
    train_jobs(jobs, executor=Executor(1), on_event=events.append)
    found = {event["job"]: event["resumed"] for event in events if event["event"] == "job"}
    assert found == {1: False, 2: True, 3: False}
    assert jobs[1].record()["seconds"] == before
    for job in (jobs[0], jobs[2]):
        assert np.array_equal(weights(job), removed[job.label])


def test_a_killed_process_costs_its_job_which_is_trained_again_and_an_error_only_its_own(ensemble):
    before = set(children())
    killed = []

    def others():
        found = [int(child) for child in set(children()) - before]
        return [
            child for child in found if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
        ]

    def kill_one(event):
        if event["event"] == "epoch" and not killed:
            killed.append(event["job"])
            os.kill(others()[0], signal.SIGKILL)

    jobs = ensemble("out")
    broken = dataclasses.replace(
        jobs[0], place=jobs[0].place.with_name("broken"), label="broken", minority="nobody"
    )
    with pytest.raises(
        EmgRecognitionError, match=r"^broken failed: .*; finished networks are kept, run again"
    ):
        train_jobs([jobs[0], broken, *jobs[1:]], executor=Executor(2), on_event=kill_one)
    assert killed
    machines = used_machines([job.record() for job in jobs])
    assert [(one["machine"], one["jobs"]) for one in machines] == [(platform.node(), 3)]
    assert not broken.is_finished
    assert others() == []
