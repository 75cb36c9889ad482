"""Recordings: segments, selections, windows, counts, and recordings from NumPy arrays."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import EmgRecognitionError, RecordingError, SettingError
from emg_recognition.recordings.archive import from_arrays, load_archive
from emg_recognition.recordings.counts import to_counts
from emg_recognition.recordings.recordings import Recordings, parse_repetitions
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.signal.batch import segment_windows
from emg_recognition.signal.settings import suited_settings
from emg_recognition.training.windows import windows_from_recordings


@pytest.fixture
def recordings():
    counts = np.arange(60, dtype=np.int16).reshape(20, 3) - 30
    return from_arrays(
        {
            "x": counts,
            "start": [0, 5, 12, 2],
            "length": [5, 7, 8, 3],
            "scale": 20000,
            "fs": 200,
            "subject": ["b", "a", "a", "b"],
            "cohort": ["patient", "healthy", "healthy", "patient"],
            "session": ["1", "1", "2", "1"],
            "label": ["rest", "fist", "rest", "elbow_flexion"],
            "rep": [1, 1, 2, 3],
        },
        "here",
    )


def test_properties(recordings):
    assert len(recordings) == 4
    assert recordings.channels == 3
    assert recordings.actions == ("elbow_flexion", "fist", "rest")
    assert recordings.cohorts == ("healthy", "patient")
    assert (recordings.scale, recordings.rate, recordings.unit) == (20000.0, 200.0, "count")
    assert recordings.repetition.tolist() == [1, 1, 2, 3]
    assert recordings.source == "here"


def test_a_segment_is_in_the_unit_of_the_recording(recordings):
    segment = recordings.segment(3)
    assert segment.dtype == np.float32
    # By hand: rows 2 to 4 of the counts; -24 / 20000 rounded once, from float64.
    np.testing.assert_array_equal(segment[0], np.float32([-24 / 20000, -23 / 20000, -22 / 20000]))
    assert segment.shape == (3, 3)


def test_counts_of_24_bits_are_rounded_once():
    counts = np.array([[16_777_217, 33_554_435, -2_147_483_647]], dtype=np.int32)
    layout = {"x": counts, "start": [0], "length": [1], "scale": 4.7e7, "fs": 200, "rep": [1]}
    names = {key: ["s"] for key in ("subject", "cohort", "session", "label")}
    segment = from_arrays({**layout, **names}, "here").segment(0)
    assert segment[0].tolist() == [np.float32(int(count) / 4.7e7) for count in counts[0]]


@pytest.mark.parametrize(
    "which", [[False, True, True, False], [1, 2], np.array([1, 2], dtype=np.uint8), (1, 2)]
)
def test_segments_are_selected_by_mask_or_number(recordings, which):
    chosen = recordings.select(which)
    assert chosen.label.tolist() == ["fist", "rest"]
    assert chosen.cohorts == ("healthy",)
    assert chosen.session.tolist() == ["1", "2"]
    np.testing.assert_array_equal(chosen.segment(1), recordings.segment(2))
    assert chosen.counts is recordings.counts
    assert len(recordings) == 4


def test_a_selection_keeps_the_given_order(recordings):
    assert recordings.select([3, 0]).label.tolist() == ["elbow_flexion", "rest"]


@pytest.mark.parametrize("which", [[], np.zeros(4, dtype=bool)])
def test_a_selection_may_be_empty(recordings, which):
    chosen = recordings.select(which)
    assert len(chosen) == 0
    assert chosen.actions == ()


@pytest.mark.parametrize("which", [[4], [True, False], [0.5, 1.5]])
def test_an_unusable_selection_is_refused(recordings, which):
    with pytest.raises(IndexError):
        recordings.select(which)


@pytest.mark.parametrize(
    ("text", "repetitions"),
    [
        ("4", (4,)),
        ("1-3", (1, 2, 3)),
        ("1,3", (1, 3)),
        ("1-3,5", (1, 2, 3, 5)),
        (" 5 , 1-2", (1, 2, 5)),
        ("1-3,2-4,3", (1, 2, 3, 4)),
        ("7-7", (7,)),
        ("0", (0,)),
    ],
)
def test_repetitions_are_numbers_and_ranges(text, repetitions):
    assert parse_repetitions(text) == repetitions


@pytest.mark.parametrize(
    "text", ["", " ", "a", "1,", ",1", "3-1", "1-", "-1", "1--3", "1.5", "1-2-3", "1-1000000000", "²", "１"]
)
def test_other_texts_are_not_repetitions(text):
    with pytest.raises(SettingError) as caught:
        parse_repetitions(text)
    assert str(caught.value) == f"repetitions is {text!r}: write numbers and rising ranges, such as 1-3,5"


HEAD = {"channels": 2, "rate": 500.0, "unit": "V", "source": "here"}


def segments(rng):
    for number, length in enumerate((7, 3, 12)):
        samples = rng.normal(size=(length, 2)).astype(np.float32)
        yield Segment(samples, f"s{number}", "c", "1", "fist", number)


@pytest.mark.parametrize("in_file", [False, True])
def test_gathered_segments_follow_one_another(tmp_path, in_file):
    counts = tmp_path / "counts.npy" if in_file else None
    found = gather_segments(segments(np.random.default_rng(1)), **HEAD, counts=counts)
    assert found.counts.flags.writeable == (not in_file)  # mapped arrays are read-only
    assert found.length.tolist() == [7, 3, 12]
    assert found.subject.tolist() == ["s0", "s1", "s2"]
    assert found.repetition.tolist() == [0, 1, 2]
    assert (found.rate, found.unit, found.source, found.scale) == (500.0, "V", "here", 1.0)
    for i, expected in enumerate(segments(np.random.default_rng(1))):
        np.testing.assert_array_equal(found.segment(i), expected.samples)


@pytest.mark.parametrize("in_file", [False, True])
def test_no_segment_is_refused(tmp_path, in_file):
    with pytest.raises(RecordingError, match="recording here: it has 0 segments"):
        gather_segments([], **HEAD, counts=tmp_path / "counts.npy" if in_file else None)


def test_a_bad_value_in_a_segment_is_refused():
    bad = Segment(np.array([[0.0, 0.0], [0.0, np.nan]]), "s", "c", "1", "fist", 1)
    with pytest.raises(RecordingError, match="segment 0, sample 1, channel 1 is nan"):
        gather_segments([bad], **HEAD, counts=None)


def arrays(rng, *lengths, channels=2):
    return [rng.normal(size=(length, channels)) for length in lengths]


def test_recordings_from_arrays(rng, tmp_path):
    samples = arrays(rng, 300, 200, 250, 100)
    found = Recordings.from_segments(
        samples,
        ["rest", "fist", "rest", "rest"],
        subjects=["anna", "anna", "anna", "bert"],
        sessions="monday",
        rate=500,
        unit="V",
    )
    for i, expected in enumerate(samples):
        np.testing.assert_array_equal(found.segment(i), expected.astype(np.float32))
    assert found.repetition.tolist() == [1, 1, 2, 1]
    assert (found.subjects, found.cohorts) == (("anna", "bert"), ("",))
    assert found.sessions == (("anna", "monday"), ("bert", "monday"))
    assert (found.rate, found.unit, found.scale, found.duration) == (500.0, "V", 1.0, 1.7)
    assert repr(found) == (
        "Recordings(from arrays: 4 segments, 2 subjects, 2 sessions, 2 actions (fist, rest), "
        "2 channels at 500 Hz in V, 1.7 s)"
    )
    found.save(tmp_path / "a.npz")
    np.testing.assert_array_equal(load_archive(tmp_path / "a.npz").segment(2), found.segment(2))


def test_integer_arrays_stay_integers():
    samples = [np.array([[1], [-3]], np.int8), np.array([[300]], np.int16)]
    found = Recordings.from_segments(samples, [0, 1], repetitions=[7, 8], rate=200.0)
    assert (found.counts.dtype, found.unit) == (np.int16, "count")
    assert (found.actions, found.repetition.tolist()) == (("0", "1"), [7, 8])


GOOD = {"arrays": [np.zeros((5, 2)), np.ones((6, 2))], "labels": ["a", "b"], "rate": 100.0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arrays": []}, "there are 0 arrays; give one array for each performed action"),
        ({"arrays": [np.zeros(5), np.ones((6, 2))]}, "array 0 has the shape (5,); give samples of shape"),
        ({"arrays": [np.zeros((5, 2)), np.ones((0, 2))]}, "array 1 has the shape (0, 2); give samples"),
        ({"arrays": [np.zeros((5, 2)), np.ones((6, 3))]}, "array 1 has 3 channels, array 0 has 2; give the"),
        ({"arrays": [[[1, 2], [3]]], "labels": ["a"]}, "array 0 is ragged"),
        ({"arrays": [np.array([["x"]])], "labels": ["a"]}, "array 0 is of type <U1; give integers or floats"),
        ({"arrays": [np.array([[1.0, np.nan]])], "labels": ["a"]}, "segment 0, sample 0, channel 1 is nan"),
        ({"labels": ["a"]}, "labels has 1 entries for 2 arrays; give one entry for each array"),
        ({"labels": ["a", ""]}, "labels[1] is empty; give the action of every array"),
        ({"labels": ["a", None]}, "labels[1] is None; give a string"),
        ({"subjects": ["a", "b", "c"]}, "subjects has 3 entries for 2 arrays"),
        ({"repetitions": [1]}, "repetitions has 1 entries for 2 arrays; give one entry for each array"),
        ({"repetitions": [1, 2.5]}, "repetitions[1] is 2.5; give a whole number"),
        ({"rate": 0}, "rate is 0: give the sampling rate in Hz, a number above 0"),
        ({"rate": "fast"}, "rate is 'fast': give the sampling rate"),
        ({"unit": "mV"}, "unit is 'mV': use one of V, count; convert other units to V"),
    ],
)
def test_unusable_arrays_are_refused(change, said):
    given = {**GOOD, **change}
    with pytest.raises(EmgRecognitionError) as caught:
        Recordings.from_segments(given.pop("arrays"), given.pop("labels"), **given)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("subject", {"anna", "bert"}),
        ("session", {"anna/1", "anna/2", "bert/1"}),
        ("repetition", {"anna/1/1", "anna/2/1", "bert/1/1", "bert/1/2"}),
    ],
)
def test_windows_for_scikit_learn(rng, groups, expected):
    found = Recordings.from_segments(
        arrays(rng, 500, 450, 400, 350, 50),
        ["rest", "fist", "rest", "rest", "rest"],
        subjects=["anna", "anna", "bert", "bert", "bert"],
        sessions=["1", "2", "1", "1", "1"],
        rate=500.0,
        unit="V",
    )
    x, y, group = found.windows(groups=groups)
    assert (x.dtype, x.shape[1:]) == (np.float32, (100, 2))
    assert len(x) == len(y) == len(group)
    assert set(group) == expected
    # (length - settling of 125 - window of 100) // stride of 25 + 1; the last segment is too short.
    assert [int((y == name).sum()) for name in ("rest", "fist")] == [12 + 8 + 6, 10]
    pipeline = suited_settings(rate=500.0, channels=2, unit="V")
    _, one = segment_windows(found.segment(1), pipeline, 25)
    np.testing.assert_array_equal(x[y == "fist"], one)


def test_windows_are_those_of_training(rng):
    found = Recordings.from_segments(
        arrays(rng, 700, 611, 483), ["a", "b", "c"], subjects=["x", "y", "x"], rate=1000.0
    )
    pipeline = suited_settings(rate=1000.0, channels=2, unit="count", mains=60.0, window=0.15)
    x, y, group = found.windows(pipeline=pipeline, stride=0.03, actions=["c", "a"])
    trained = windows_from_recordings(found, pipeline, 30, actions=["c", "a"])
    assert x.tobytes() == trained.windows.tobytes()
    assert y.tolist() == [trained.actions[i] for i in trained.action]
    assert group.tolist() == trained.subject.tolist()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"groups": "arm"}, "groups is 'arm': use one of subject, session, repetition"),
        ({"stride": 0.0}, "stride is 0.0: use a time above 0 s"),
        ({"actions": ["a", "fist"]}, "actions is 'fist': use some of a, b"),
        (
            {"window": 5.0},
            "its 2 segments give no window of 2500 samples for the actions a, b; give segments",
        ),
        (
            {"pipeline": suited_settings(rate=500.0, channels=2, unit="V")},
            "its unit is count, the pipeline's is V",
        ),
        (
            {"pipeline": suited_settings(rate=500.0, channels=2, unit="count"), "window": 0.3},
            "window is 0.3: leave it out: the pipeline has 0.2 s",
        ),
    ],
)
def test_unusable_window_settings_are_refused(rng, options, said):
    found = Recordings.from_segments(arrays(rng, 500, 500), ["a", "b"], rate=500.0)
    with pytest.raises(EmgRecognitionError) as caught:
        found.windows(**options)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (np.array([[5], [-7]], np.int8), [5, -7]),
        (np.array([[8_388_607], [-3]], np.int32), [8_388_607, -3]),
        (np.array([[16_777_214], [-2]], np.int32), [8_388_607, -1]),
        (np.array([[-128], [1]], np.int8), [-128, 1]),
        (np.array([[0.5], [-0.25]], np.float32), [8_388_607, -4_194_304]),
        (np.zeros((2, 1), np.float32), [0, 0]),
    ],
)
def test_counts_have_at_most_24_bits(counts, expected):
    found = Recordings.from_segments([counts[:1], counts[1:]], ["a", "b"], rate=100.0)
    whole, scale = to_counts(found)
    assert whole.dtype.kind == "i"
    assert whole.ravel().tolist() == expected
    np.testing.assert_allclose(whole / scale, counts, atol=0.51 / scale)
