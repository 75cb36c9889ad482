"""What live nodes said, read from a bag of their topics, is scored like an evaluation offline."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.replay.live_path import Stretch
from emg_recognition.replay.offline import replay_bag
from emg_recognition.replay.online import expected_windows, replay_of_topics, settling_samples
from emg_recognition.replay.scoring import score
from emg_recognition.settings import from_mapping
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings, suited_settings

OPTIONS = {"source": "emg/samples", "published": 10**6, "stride": 10, "confidence_threshold": 0.5}


@pytest.fixture
def live(robot, model, signal, by_hand):
    """Return a function that writes what a live graph says of a stream with a gap, some windows left out."""
    chunks = (0, signal[:1500]), (1600, signal[1600:])

    def write(name, lost=()):
        with robot(name) as bag:
            bag.model(model.info)
            for first, data in chunks:
                bag.samples(first, data, restart=first == 0)
            bag.label("start", 100, "rest")
            bag.label("start", 1200, "elbow_flexion")
            for first, shares in by_hand(*chunks).items():
                if first not in lost:
                    status = int(shares.max() < 0.5)
                    name = model.info.model_id
                    bag.estimate(first, shares, model.info.actions, status=status, model=name)
        return bag.path

    return write


def test_it_scores_like_an_offline_evaluation(live, model):
    path = live("bag")
    online = score(replay_of_topics(path, **OPTIONS), mode="online").to_json()
    offline = score(replay_bag(path, model, stride=0.02)).to_json()
    assert offline["recorded"]["identical_probabilities"] == 1.0
    for name in online.keys() - {"source", "mode", "created", "model", "recorded"}:
        assert online[name] == offline[name], name
    assert {**online["model"], "path": None} == {**offline["model"], "path": None}
    assert online["windows"]["missing"] == 0


def test_lost_windows_are_missing(live):
    found = score(replay_of_topics(live("bag", lost=(500, 510, 2000)), **OPTIONS), mode="online")
    assert found.windows.missing == 3
    assert found.windows.estimated == found.windows.expected - 3


def test_windows_that_preprocessing_did_not_make_are_reported(live):
    found = replay_of_topics(live("bag"), **{**OPTIONS, "published": 7})
    assert any("only 7 of" in problem for problem in found.problems)


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e31])
def test_a_message_that_preprocessing_refuses_counts_as_it_does_offline(robot, model, signal, value):
    bad = signal.copy()
    bad[703, 1] = value
    with robot() as bag:
        bag.model(model.info)
        bag.samples(0, bad, restart=True)
        bag.estimate(130, np.float32([1, 0, 0]), model.info.actions, model=model.info.model_id)
    online, offline = replay_of_topics(bag.path, **OPTIONS), replay_bag(bag.path, model, stride=0.02)
    assert online.stream == offline.stream
    assert online.stream.refused_chunks == 1
    assert online.stretches == offline.stretches


@pytest.mark.parametrize("missing", ["model", "estimates", "samples"])
def test_without_its_parts_nothing_can_be_scored(robot, model, signal, missing):
    with robot() as bag:
        if missing != "model":
            bag.model(model.info)
        if missing != "samples":
            bag.samples(0, signal[:500], restart=True)
        if missing != "estimates":
            bag.estimate(130, np.float32([1, 0, 0]), model.info.actions, model=model.info.model_id)
    with pytest.raises(RecordingError, match=missing):
        replay_of_topics(bag.path, **OPTIONS)


@pytest.mark.parametrize("settling", [0.0, 0.07, 0.25])
@pytest.mark.parametrize("stride", [7, 10, 300])
def test_the_windows_expected_are_those_of_the_pipeline(stride, settling):
    settings = suited_settings(rate=500.0, channels=1, unit="V", settling=settling)
    assert settling_samples(settings.fingerprint()) == settings.settling_samples
    pipeline = Pipeline(from_mapping(PipelineSettings, settings.to_mapping(), "test"), stride)
    stretches = []
    for first, count in ((3, 50), (100, 1000), (1203, 225), (2000, 224), (3000, 1)):
        pipeline.push(np.zeros((count, 1), np.float32), first, restart=True)
        stretches.append(Stretch(run=0, first=first, last=first + count - 1))
    done = pipeline.counters
    found = expected_windows(stretches, settings.length, stride, settings.settling_samples)
    assert found == (done.windows, done.settling_windows)
