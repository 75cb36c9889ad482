"""The loop decides as the recogniser does, and silence decides nothing."""

from __future__ import annotations

import itertools
import json
import logging
import time

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.live.decisions import REPEATED, SILENT_AFTER, decisions

RNG = np.random.default_rng(5)


def test_a_recording_is_decided_as_by_the_recogniser_alone(bundle, study):
    alone = emg.Recognizer.load(bundle)
    with emg.open_source(study) as source:
        expected = [estimate for chunk in source for estimate in alone.push(chunk)]
    assert len({estimate.decision for estimate in expected}) >= 4
    with emg.open_source(study) as source:
        found = [one for one in decisions(source, emg.Recognizer.load(bundle)) if one.estimate is not None]
    assert [one.action for one in found] == [estimate.decision for estimate in expected]
    assert [list(one.estimate.probabilities) for one in found] == [
        list(estimate.probabilities) for estimate in expected
    ]
    for before, after in itertools.pairwise(found):
        same = before.action == after.action
        assert (after.since == before.since) if same else (after.since == after.estimate.time)


def test_the_speed_follows_the_activation(bundle, study):
    proportional = DecisionSettings(proportional=True, activation_low=0.2, activation_full=3.0)
    with emg.open_source(study) as source:
        found = list(decisions(source, emg.Recognizer.load(bundle, decision=proportional)))
    speeds = {round(one.speed, 3) for one in found if one.action not in ("", "rest")}
    assert len(speeds) > 20
    assert all(0.0 <= one.speed <= 1.0 for one in found)
    assert {one.speed for one in found if not one.action} == {0.0}


def test_what_is_told_is_json(bundle, study):
    with emg.open_source(study) as source:
        told = [
            json.loads(json.dumps(one.to_json())) for one in decisions(source, emg.Recognizer.load(bundle))
        ]
    assert told[0] == {"action": "", "silent": True, "since": told[0]["since"], "speed": 0.0}
    newest = told[-1]
    assert newest["silent"] is False
    assert newest["last_index"] - newest["first_index"] == 99
    assert {"time", "age", "estimate", "accepted", "confidence", "activation", "model"} < newest.keys()


def test_a_device_that_falls_silent_decides_nothing_again_and_again(bundle):
    counts = RNG.normal(0, 300, (500, 4)).astype(np.int16)  # for a second
    found = []
    with (
        ArmbandEmulator(counts, rate=500.0, scale=1e6, unit="V") as armband,
        emg.open_source(f"serial:{armband.port}") as source,
    ):
        for one in decisions(source, emg.Recognizer.load(bundle)):
            found.append((time.monotonic(), one))
            newest = [one.estimate is None for _, one in found[-4:]]
            if newest == [True] * 4 and any(earlier.estimate is not None for _, earlier in found):
                break
    last = max(place for place, (_, one) in enumerate(found) if one.estimate is not None)
    silent = found[last + 1 :]
    assert all(one.action == "" and one.speed == 0.0 for _, one in silent)
    assert len({one.since for _, one in silent}) == 1
    assert silent[0][0] - found[last][0] >= SILENT_AFTER
    assert silent[-1][0] - silent[0][0] >= (len(silent) - 1) * REPEATED


class Broken:
    """A source whose samples are partly not numbers."""

    port = "test"

    def __init__(self, chunks):
        self._chunks = list(chunks)

    is_open = property(lambda self: bool(self._chunks))

    def read(self):
        return [self._chunks.pop(0)]

    def remarks(self):
        return []


def chunk(first, samples, *, rate=500.0):
    restart = first == 0
    return emg.SampleChunk(first, samples.astype(np.float32), first / rate, 0, restart, rate, "V")


def test_samples_that_are_no_numbers_are_left_out_with_one_warning(bundle, caplog):
    good = RNG.normal(0, 1e-4, (200, 4))
    bad = np.where(np.arange(200)[:, None] == 7, np.nan, good)
    source = Broken([chunk(0, good), chunk(200, bad), chunk(400, bad), chunk(600, good), chunk(800, good)])
    with caplog.at_level(logging.WARNING):
        found = [one for one in decisions(source, emg.Recognizer.load(bundle)) if one.estimate is not None]
    assert [record.name for record in caplog.records] == ["emg_recognition.live.decisions"]
    used = {one.estimate.first_index for one in found}
    assert used
    assert not [index for index in used if index + 99 > 200 and index < 600]


def test_another_rate_than_the_models_is_refused(bundle):
    source = Broken([chunk(0, np.zeros((100, 4)), rate=200.0)])
    with pytest.raises(emg.BundleError, match="200"):
        list(decisions(source, emg.Recognizer.load(bundle)))
