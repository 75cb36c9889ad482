"""A replay gives the same bits as the live path, whatever happened to the stream."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.errors import BundleError, RecordingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.replay.offline import replay_archive, replay_bag

SECOND = 500  # samples


def found(replay, run=0):
    """{first index: probabilities} of one run."""
    estimates = replay.estimates
    return {
        int(first): row
        for number, first, row in zip(
            estimates.run, estimates.first_index, estimates.probabilities, strict=True
        )
        if number == run
    }


def assert_same(one, other):
    assert list(one) == list(other)
    np.testing.assert_array_equal(np.array(list(one.values())), np.array(list(other.values())))


def test_it_gives_the_same_bits_as_a_simple_loop(robot, model, signal, by_hand):
    with robot() as bag:
        bag.samples(0, signal, restart=True)
    replay = replay_bag(bag.path, model, stride=0.02)
    expected = by_hand((0, signal))
    assert len(expected) > 250
    assert len(set(replay.estimates.action.tolist())) > 1
    assert_same(found(replay), expected)
    assert replay.estimates.stamp[0] == bag.stamp(int(replay.estimates.last_index[0]))
    assert (replay.stream.windows, replay.stream.samples, replay.stream.starts) == (len(expected), 3000, 1)
    assert replay.problems == []


@pytest.mark.parametrize("chunk", [1, 7, 499, 3000])
def test_the_size_of_the_messages_does_not_matter(robot, model, signal, by_hand, chunk):
    with robot() as bag:
        bag.samples(0, signal, chunk=chunk, restart=True)
    assert_same(found(replay_bag(bag.path, model, stride=0.02)), by_hand((0, signal)))


def test_a_gap_starts_the_stream_again_and_is_counted(robot, model, signal, by_hand):
    with robot() as bag:
        bag.samples(0, signal[:1500], restart=True)
        bag.samples(1600, signal[1600:], dropped_before=100)
    replay = replay_bag(bag.path, model, stride=0.02)
    assert_same(found(replay), by_hand((0, signal[:1500]), (1600, signal[1600:])))
    stream = replay.stream
    assert (stream.starts, stream.gaps, stream.missing_samples, stream.dropped_by_device) == (2, 1, 100, 100)
    assert [(s.first, s.last, s.missing) for s in replay.stretches] == [(0, 1499, 0), (1600, 2999, 100)]


def test_a_restart_without_a_gap_is_a_start(robot, model, signal, by_hand):
    with robot() as bag:
        bag.samples(0, signal[:1500], restart=True)
        bag.samples(1500, signal[1500:], restart=True)
    replay = replay_bag(bag.path, model, stride=0.02)
    # The simple loop knows no restart, so run it twice.
    expected = by_hand((0, signal[:1500])) | by_hand((1500, signal[1500:]))
    assert_same(found(replay), expected)
    assert (replay.stream.starts, replay.stream.gaps) == (2, 0)


def test_a_restarted_acquisition_is_a_separate_run(robot, model, signal, by_hand):
    with robot() as bag:
        bag.samples(0, signal[:1500], restart=True)
        bag.offset = round(5e9)
        bag.samples(0, signal[1500:], restart=True)
    replay = replay_bag(bag.path, model, stride=0.02)
    assert_same(found(replay, 0), by_hand((0, signal[:1500])))
    assert_same(found(replay, 1), by_hand((0, signal[1500:])))
    assert replay.estimates.run.tolist() == sorted(replay.estimates.run.tolist())


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e31])
def test_only_the_message_with_a_bad_sample_is_lost(robot, model, signal, by_hand, value):
    bad = signal.copy()
    bad[1502, 2] = value
    with robot() as bag:
        bag.samples(0, bad, restart=True)
    replay = replay_bag(bag.path, model, stride=0.02)
    assert_same(found(replay), by_hand((0, signal[:1500]), (1505, signal[1505:])))
    stream = replay.stream
    assert (stream.refused_chunks, stream.gaps, stream.missing_samples, stream.samples) == (1, 1, 5, 2995)
    (problem,) = replay.problems
    assert "sample 1502 of channel 2" in problem


def test_a_recording_that_begins_in_the_middle_agrees_two_seconds_later(robot, model, signal):
    with robot("whole") as whole:
        whole.samples(0, signal, restart=True)
    with robot("part") as part:
        part.samples(703, signal[703:])
    long, short = (found(replay_bag(bag.path, model, stride=0.02)) for bag in (whole, part))
    assert set(short) < set(long)
    settled = [first for first in short if first >= 703 + 2 * SECOND]
    assert len(settled) > 100
    for first in settled:
        assert short[first].argmax() == long[first].argmax()
        assert np.abs(short[first] - long[first]).max() <= 1e-4
    assert min(short) - 703 >= 0.25 * SECOND


def test_the_stride_is_that_of_the_recorded_estimates(robot, model, signal):
    actions = model.info.actions
    with robot() as bag:
        bag.samples(0, signal, restart=True)
        for first in range(150, 2800, 15):
            if first % 4:  # some are missing
                bag.estimate(first, np.float32([0.2, 0.3, 0.5]), actions)
    assert replay_bag(bag.path, model).stride == 15
    assert replay_bag(bag.path, model, stride=0.1).stride == 50
    with robot("silent") as silent:
        silent.samples(0, signal, restart=True)
    assert replay_bag(silent.path, model).stride == 12  # 25 ms, rounded as preprocessing does


def test_labels_model_estimates_and_bridge_states_are_read(robot, model, signal):
    actions = model.info.actions
    with robot() as bag:
        bag.device("EMG 8")
        bag.model(model.info)
        bag.state(0, 0)
        bag.samples(0, signal[:1000], restart=True)
        bag.label("start", 100, "rest")
        bag.label("start", 600, "elbow_flexion", repetition=2)
        bag.estimate(200, np.float32([0.2, 0.3, 0.5]), actions, model=model.info.model_id)
        bag.estimate(210, np.float32([0.4, 0.3, 0.3]), actions, model=model.info.model_id, status=1)
        bag.state(500, 1, "elbow_flexion")
        bag.samples(1000, signal[1000:])
        bag.label("end", 2000)
    replay = replay_bag(bag.path, model)
    labels = [(x.first, x.last, x.action, x.repetition, x.subject) for x in replay.labels]
    assert labels == [(100, 599, "rest", 1, "anna"), (600, 1999, "elbow_flexion", 2, "anna")]
    assert (replay.device, replay.frame_id) == ("EMG 8", "armband")
    assert replay.recorded.first_index.tolist() == [200, 210]
    assert replay.recorded.accepted.tolist() == [True, False]
    assert replay.recorded_model == replay.model
    assert replay.bridge.state.tolist() == [0, 1]
    assert replay.bridge.action.tolist() == ["", "elbow_flexion"]


def test_a_discarded_repetition_is_not_there(robot, model, signal):
    with robot() as bag:
        bag.samples(0, signal, restart=True)
        bag.label("start", 100, "rest")
        bag.label("start", 1000, "elbow_flexion")
        bag.label("discard", 1500)
        bag.label("start", 2000, "elbow_extension")
    replay = replay_bag(bag.path, model, stride=0.02)
    assert [(x.action, x.first) for x in replay.labels] == [("rest", 100), ("elbow_extension", 2000)]


def test_a_clock_that_was_set_back_changes_no_estimate(robot, model, signal, by_hand):
    with robot() as bag:
        bag.samples(0, signal[:1500], restart=True)
        bag.offset = -round(3600e9)
        bag.samples(1500, signal[1500:], restart=True)
        bag.label("start", 1600, "rest")
    replay = replay_bag(bag.path, model, stride=0.02)
    assert_same(found(replay), by_hand((0, signal[:1500])) | by_hand((1500, signal[1500:])))
    assert replay.estimates.run.max() == 0
    # The time axis is continuous although the clock goes back.
    assert replay.clock.time_at(0, 2999) == pytest.approx(2999 / 500)
    assert [(x.first, x.last) for x in replay.labels] == [(1600, 2999)]


def test_estimates_of_another_model_keep_their_actions(robot, model, signal):
    with robot() as bag:
        bag.model(model.info, model="other", sha256="0" * 64, actions=["fist", "rest"])
        bag.samples(0, signal, restart=True)
        bag.estimate(200, np.float32([0.2, 0.8]), ("fist", "rest"), model="other")
    replay = replay_bag(bag.path, model, stride=0.02)
    assert replay.recorded.actions == ("fist", "rest")
    assert replay.recorded_model.sha256 == "0" * 64


def test_estimates_of_an_unknown_model_cannot_be_compared(robot, model, signal):
    with robot() as bag:
        bag.samples(0, signal, restart=True)
        bag.estimate(200, np.float32([0.2, 0.8]), ("fist", "rest"), model="unknown")
    replay = replay_bag(bag.path, model, stride=0.02)
    assert replay.recorded is None
    assert any("model unknown" in problem for problem in replay.problems)


def test_of_two_recorded_models_the_same_one_is_compared(robot, model, signal):
    own = model.info.model_id
    with robot() as bag:
        bag.model(model.info, model="other")
        bag.model(model.info)
        bag.samples(0, signal, restart=True)
        bag.estimate(200, np.float32([0.2, 0.2, 0.6]), model.info.actions, model="other")
        bag.estimate(210, np.float32([0.2, 0.2, 0.6]), model.info.actions, model="other")
        bag.estimate(220, np.float32([0.2, 0.2, 0.6]), model.info.actions, model=own)
    replay = replay_bag(bag.path, model, stride=0.02)
    assert replay.recorded_model.model == own
    assert replay.recorded.first_index.tolist() == [220]
    assert any(f"those of {own} are compared" in problem for problem in replay.problems)


def test_a_threshold_rejects_and_changes_nothing_else(robot, model, signal):
    with robot() as bag:
        bag.samples(0, signal, restart=True)
    plain = replay_bag(bag.path, model, stride=0.02, confidence_threshold=0.0)
    middle = float(np.median(plain.estimates.confidence))
    strict = replay_bag(bag.path, model, stride=0.02, confidence_threshold=middle)
    assert plain.estimates.accepted.all()
    np.testing.assert_array_equal(strict.estimates.accepted, plain.estimates.confidence >= middle)
    assert 0.4 < strict.estimates.accepted.mean() < 0.6
    np.testing.assert_array_equal(strict.estimates.probabilities, plain.estimates.probabilities)


@pytest.mark.parametrize(
    ("changes", "ours", "theirs"),
    [({"rate": 1000.0}, "500.0 Hz", "1000.0 Hz"), ({"unit": "count"}, "is V", "is count")],
)
def test_a_model_for_other_signals_is_refused(robot, model, signal, changes, ours, theirs):
    with robot() as bag:
        bag.samples(0, signal[:500], restart=True, chunk=500, **changes)
    with pytest.raises(BundleError, match=ours) as error:
        replay_bag(bag.path, model)
    assert theirs in str(error.value)


def test_a_model_for_other_electrodes_is_refused(robot, model, signal):
    with robot() as bag:
        bag.samples(0, signal[:, :3], restart=True)
    with pytest.raises(BundleError, match=r"channels is 4, the signals' channels is 3"):
        replay_bag(bag.path, model)


def test_a_bag_without_samples_is_refused(robot, model):
    with robot() as bag:
        bag.model(model.info)
    with pytest.raises(RecordingError, match="no samples"):
        replay_bag(bag.path, model)


def test_progress_rises_to_one(robot, model, signal):
    with robot() as bag:
        bag.samples(0, signal, restart=True)
    shares = []
    replay_bag(bag.path, model, stride=0.02, on_progress=shares.append)
    assert shares
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert 0.9 < shares[-1] <= 1


@pytest.fixture
def archive(signal):
    """Segments with samples between them that belong to none, in counts."""
    return from_arrays(
        {
            "x": np.round(signal * 1e6).astype(np.int32),
            "start": np.array([0, 1700]),
            "length": np.array([1600, 1200]),
            "scale": 1e6,
            "fs": 500.0,
            "unit": "V",
            "subject": np.array(["anna", "ben"]),
            "cohort": np.array(["patient", "healthy"]),
            "session": np.array(["1", "1"]),
            "label": np.array(["rest", "elbow_flexion"]),
            "rep": np.array([1, 4]),
        },
        "study.npz",
    )


def test_each_segment_of_an_archive_is_a_separate_stream(archive, model, by_hand):
    shares = []
    replay = replay_archive(archive, model, on_progress=shares.append)
    assert replay.stride == 25
    for run in (0, 1):
        assert_same(found(replay, run), by_hand((0, archive.segment(run)), stride=25))
    assert [(x.run, x.first, x.last, x.action, x.subject, x.repetition) for x in replay.labels] == [
        (0, 0, 1599, "rest", "anna", 1),
        (1, 0, 1199, "elbow_flexion", "ben", 4),
    ]
    assert (replay.stream.starts, replay.stream.gaps) == (2, 0)
    assert shares[-1] == 1.0


def test_an_archive_of_another_rate_is_refused(archive, model):
    with pytest.raises(BundleError, match=r"500\.0 Hz.*200\.0 Hz"):
        replay_archive(dataclasses.replace(archive, rate=200.0), model)
