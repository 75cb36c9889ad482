"""However many processes train them, the members are the same, and no process stays behind."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.training.ensemble import KERAS, Ensemble, train_members
from emg_recognition.training.windows import windows_from_recordings

# Two processes load TensorFlow each, perhaps on a busy machine.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def ensemble(study, tiny, tmp_path):
    """Make an ensemble of three members in a folder of its own."""
    recordings = study({"healthy": 3, "patient": 1})
    pipeline = tiny.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = windows_from_recordings(recordings, pipeline, 10)

    def make(name, settings=tiny):
        sides = (windows.select(windows.repetition <= 2), windows.select(windows.repetition == 3))
        return Ensemble(settings, *sides, "patient", tmp_path / name)

    return make


def children():
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()


def weights(ensemble, number):
    model = keras.saving.load_model(ensemble.place(number) / KERAS, compile=False)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_members_are_the_same_for_any_number_of_processes(ensemble):
    one, two = ensemble("one"), ensemble("two")
    train_members(one, workers=1, on_event=lambda event: None)
    events = []
    records = train_members(two, workers=2, on_event=events.append)
    assert [record["member"] for record in records] == [1, 2, 3]
    for number in (1, 2, 3):
        assert np.array_equal(weights(one, number), weights(two, number))
    assert sorted(event["member"] for event in events if event["event"] == "member") == [1, 2, 3]
    shares = [event["done"] for event in events]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    json.dumps(events)


def test_only_missing_members_are_trained(ensemble):
    first = ensemble("out")
    train_members(first, workers=2, on_event=lambda event: None)
    before = first.record(2)["seconds"]
    for number in (1, 3):
        for file in first.place(number).iterdir():
            file.unlink()
        first.place(number).rmdir()
    events = []
    train_members(first, workers=2, on_event=events.append)
    found = {event["member"]: event["resumed"] for event in events if event["event"] == "member"}
    assert found == {1: False, 2: True, 3: False}
    assert first.record(2)["seconds"] == before


def test_a_killed_process_is_said_and_nobody_stays_behind(ensemble, tiny):
    long = dataclasses.replace(tiny, training=dataclasses.replace(tiny.training, epochs=100_000))
    before = set(children())

    def kill_one(event):
        if event["event"] == "epoch":
            workers = [
                int(child)
                for child in set(children()) - before
                if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
            ]
            os.kill(workers[0], signal.SIGKILL)

    with pytest.raises(EmgRecognitionError, match=r"ended from outside.*run again"):
        train_members(ensemble("out", long), workers=2, on_event=kill_one)
    left = [
        child
        for child in set(children()) - before
        if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    assert left == []
