"""A labelled bag becomes segments, without 100 ms at each border, split where the stream is interrupted."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.bag_recordings import read_bag


def rows(found):
    names = (found.subject, found.cohort, found.session, found.label)
    texts = list(zip(*(column.tolist() for column in names), strict=True))
    return list(zip(texts, found.repetition.tolist(), found.length.tolist(), strict=True))


WHO = ("anna", "patient", "s1")


@pytest.mark.parametrize("in_file", [False, True])
def test_each_performance_is_a_segment_without_its_margins(arm, signal, tmp_path, in_file):
    path = arm.ours(tmp_path / "bag")
    found = read_bag(path, counts=tmp_path / "counts.npy" if in_file else None)
    assert rows(found) == [((*WHO, "rest"), 1, 800), ((*WHO, "fist"), 2, 700)]
    np.testing.assert_array_equal(found.segment(0), signal[100:900])
    np.testing.assert_array_equal(found.segment(1), signal[1100:1800])
    assert (found.rate, found.unit, found.scale, found.channels) == (1000.0, "V", 1.0, 4)
    assert (found.source, found.problems) == (str(path), ())


def test_discarded_performances_are_skipped(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal)
    made.label("start", 0, "rest")
    made.label("start", 500, "fist")
    made.label("discard", 900)
    made.label("start", 1000, "fist")
    made.label("end", 1500)
    found = read_bag(made.ours(tmp_path / "bag"))
    assert rows(found) == [((*WHO, "rest"), 1, 300), ((*WHO, "fist"), 1, 300)]
    np.testing.assert_array_equal(found.segment(1), signal[1100:1400])


def test_gaps_restarts_and_bad_messages_split_a_segment(recording, signal, tmp_path):
    signal[1402, 2] = np.nan
    made = recording()
    made.label("start", 0, "rest")
    made.samples(0, signal[:300])
    made.samples(310, signal[310:800])
    made.samples(800, signal[800:1000], restart=True)
    made.samples(1000, signal[1000:])
    found = read_bag(made.ours(tmp_path / "bag"))
    assert [row[2] for row in rows(found)] == [200, 490, 600, 495]
    for i, (begin, end) in enumerate([(100, 300), (310, 800), (800, 1400), (1405, 1900)]):
        np.testing.assert_array_equal(found.segment(i), signal[begin:end])
    assert found.repetition.tolist() == [1] * 4


def test_a_new_run_ends_the_label_of_the_old_one(recording, signal, tmp_path):
    made = recording()
    made.label("start", 0, "rest")
    made.samples(0, signal[:500])
    made.samples(0, signal[1000:1500], offset=10_000_000_000)
    stamp = 1_800_000_010 * 1_000_000_000
    made.add("emg/label", stamp, event=0, action="fist", repetition=2, session="s1", subject="anna")
    found = read_bag(made.ours(tmp_path / "bag"))
    assert found.label.tolist() == ["rest", "fist"]
    np.testing.assert_array_equal(found.segment(0), signal[100:400])
    np.testing.assert_array_equal(found.segment(1), signal[1100:1400])


def test_a_label_without_a_session_gets_the_name_of_the_bag(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal)
    made.label("start", 0, "rest", session="")
    assert read_bag(made.ours(tmp_path / "monday")).session.tolist() == ["monday"]


def test_damage_is_a_problem(arm, tmp_path):
    path = arm.ours(tmp_path / "bag")
    (path / "metadata.yaml").unlink()
    assert "metadata.yaml" in read_bag(path).problems[0]


@pytest.mark.parametrize(
    ("rate", "reported"), [(1000.0, False), (995.0, False), (980.0, True), (5000.0, True)]
)
def test_a_rate_that_the_stamps_contradict_is_a_problem(recording, rng, tmp_path, rate, reported):
    signal = rng.normal(0, 1e-4, (5000, 2)).astype(np.float32)
    made = recording()
    made.label("start", 0, "rest", has_index=False)
    for begin in range(0, 5000, 5):  # the stamps are those of 1000 Hz
        made.samples(begin, signal[begin : begin + 5], rate=rate, offset=10**10 if begin > 3000 else 0)
    problems = read_bag(made.ours(tmp_path / "bag", flush_every=100)).problems
    expected = f"bag: the stamps of its samples give 1000 Hz, not {rate:g} Hz"
    assert problems == ((expected,) if reported else ())


def problem(path, namespace=None):
    with pytest.raises(RecordingError) as caught:
        read_bag(path, namespace)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_bag_without_labels_is_refused(recording, signal, tmp_path):
    made = recording(namespace="/left")
    made.samples(0, signal)
    assert "it has no labels (no message on /left/emg/label)" in problem(made.ours(tmp_path / "bag"))


def test_labels_that_are_too_short_or_discarded_are_refused(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal)
    made.label("start", 100, "rest")
    made.label("end", 300)
    made.label("start", 500, "fist")
    made.label("discard", 900)
    assert "its 4 labels leave no action of 201 samples" in problem(made.ours(tmp_path / "bag"))


def test_one_of_several_armbands_is_chosen(recording, signal, tmp_path):
    left, right = recording(namespace="/left"), recording(namespace="/right")
    for made in (left, right):
        made.samples(0, signal)
        made.label("start", 0, "rest" if made is left else "fist")
    left.rows += right.rows
    path = left.ours(tmp_path / "bag")
    assert "/left, /right" in problem(path)
    assert read_bag(path, "right").label.tolist() == ["fist"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rate": 2000.0}, "its rate changes from 1000.0 to 2000.0 at sample 1000"),
        ({"unit": "count"}, "its unit changes from V to count"),
        ({"channels": 2}, "its channel count changes from 4 to 2"),
    ],
)
def test_changing_settings_are_refused(recording, signal, tmp_path, change, said):
    made = recording()
    made.label("start", 0, "rest")
    made.samples(0, signal[:1000])
    made.samples(1000, signal[1000:], **change)
    assert said in problem(made.ours(tmp_path / "bag"))


def test_a_bag_without_samples_is_refused(recording, tmp_path, signal):
    made = recording()
    made.samples(0, signal[:0])
    made.add("emg/samples", 0, rate=0.0, channels=4)
    assert "there are no samples" in problem(made.ours(tmp_path / "bag"))
