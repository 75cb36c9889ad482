"""A replay is placed correctly on the time axis of the timeline."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.evaluation.timeline import DISARMED, IDLE, UNKNOWN
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.replay.decisions import decide
from emg_recognition.replay.figures import timeline_of
from emg_recognition.replay.offline import replay_archive, replay_bag
from emg_recognition.replay.replay import Replay


@pytest.fixture
def replay(robot, model, signal):
    with robot() as bag:
        bag.state(0, 0)
        bag.samples(1000, signal[:1500], restart=True)
        bag.label("start", 1100, "rest")
        bag.label("start", 2000, "wrist_extension")
        bag.state(1500, 1, "elbow_flexion")
        bag.state(2250, 1, "rest")
        bag.samples(2600, signal[1600:])
        bag.label("end", 3000)
    return replay_bag(bag.path, model, stride=0.02)


def test_times_count_from_the_first_sample(replay):
    found = timeline_of(replay, DecisionSettings())
    assert found.signal.begin.tolist() == [0.0, 3.2]
    assert found.signal.end.tolist() == [3.0, 6.0]
    assert found.seconds == 6.0
    assert found.labels.begin.tolist() == pytest.approx([0.2, 2.0])
    assert found.labels.end.tolist() == pytest.approx([2.0, 4.0])
    assert found.labels.value.tolist() == [0, UNKNOWN]
    first = replay.estimates.first_index[0]
    assert found.time[0] == pytest.approx((first + 100 - 1000) / 500)
    assert found.stride == 0.02
    np.testing.assert_array_equal(found.decided, decide(replay.estimates, DecisionSettings()).action)


def test_a_state_of_the_bridge_lasts_until_the_next_one(replay):
    found = timeline_of(replay, DecisionSettings()).robot
    assert found.value.tolist() == [DISARMED, 1, IDLE]
    assert found.begin[1:].tolist() == pytest.approx([1.0, 2.5])
    assert found.end.tolist() == pytest.approx([1.0, 2.5, 6.0])


def test_nothing_is_missing_offline(replay):
    assert len(timeline_of(replay, DecisionSettings()).missing) == 0


def test_missing_windows_are_where_they_should_have_been(replay):
    estimates = replay.estimates
    lost = [5, 6, 40]
    kept = ~np.isin(np.arange(len(estimates)), lost)
    columns = ("run", "first_index", "stamp", "accepted", "probabilities")
    fewer = type(estimates)(
        actions=estimates.actions,
        length=estimates.length,
        **{name: getattr(estimates, name)[kept] for name in columns},
    )
    live = Replay(**{**vars(replay), "estimates": fewer})
    expected = replay.clock.time_at(estimates.run[lost], estimates.last_index[lost] + 1)
    np.testing.assert_allclose(timeline_of(live, DecisionSettings()).missing, expected)


def test_the_segments_of_an_archive_follow_each_other(model, signal):
    arrays = {
        "x": np.round(signal * 1e6).astype(np.int32),
        "start": np.array([1500, 0]),
        "length": np.array([1500, 1000]),
        "scale": 1e6,
        "fs": 500.0,
        "unit": "V",
        **{name: np.array(["a", "a"]) for name in ("subject", "cohort", "session")},
        "label": np.array(["rest", "elbow_flexion"]),
        "rep": np.array([1, 1]),
    }
    found = timeline_of(replay_archive(from_arrays(arrays, "a.npz"), model), DecisionSettings())
    assert found.seconds == 5.0
    assert found.signal.begin.tolist() == [0.0]
    assert found.labels.begin.tolist() == [0.0, 3.0]
    assert found.labels.end.tolist() == [3.0, 5.0]
    assert found.time.max() <= 5.0
    assert found.time[found.time > 3.0].min() == pytest.approx(3.0 + 0.25 + 0.2)
