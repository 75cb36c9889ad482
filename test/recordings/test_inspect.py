"""The inspection of recordings: their contents, what looks wrong, and what makes training impossible."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.inspect import inspect
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.recordings import Recordings

RATE = 500.0


@pytest.fixture
def study(rng):
    """Return a function that makes three repetitions of three actions by two subjects, with changes."""

    def make(change=lambda samples, columns: None, *, seconds=1.6, rate=RATE):
        samples, columns = [], {name: [] for name in ("labels", "subjects", "cohorts", "repetitions")}
        for subject in ("anna", "bert"):
            for action in ("fist", "point", "rest"):
                for repetition in (1, 2, 3):
                    samples.append(rng.normal(0, 300, (round(seconds * RATE), 3)).round())
                    for name, value in zip(columns, (action, subject, "c", repetition), strict=True):
                        columns[name].append(value)
        change(samples, columns)
        return Recordings.from_segments(samples, columns.pop("labels"), sessions="1", rate=rate, **columns)

    return make


def test_good_recordings_have_no_warning(study):
    found = inspect(study())
    assert (found.segments, found.channels, found.rate, found.unit) == (18, 3, RATE, "count")
    assert (found.subjects, found.cohorts, found.actions) == (
        ("anna", "bert"),
        ("c",),
        ("fist", "point", "rest"),
    )
    assert found.sessions == (("anna", "1"), ("bert", "1"))
    assert (found.repetitions, found.table) == ((1, 2, 3), ((2, 2, 2),) * 3)
    assert found.lengths == (1.6, 1.6, 1.6)
    assert found.duration == pytest.approx(28.8)
    assert found.warnings == found.errors == found.problems == ()
    found.check_trainable()
    assert found.lines() == [
        "segments    18, 28.8 s in all, each 1.60 to 1.60 s (median 1.60 s)",
        "signal      3 channels at 500 Hz in count",
        "subjects    2: anna, bert",
        "cohorts     1: c",
        "sessions    2: anna/1, bert/1",
        "actions     3: fist, point, rest",
        "",
        "segments of each action in each repetition",
        "repetition    1-3",
        "fist            2",
        "point           2",
        "rest            2",
        "",
    ]
    assert found.summary() == found.lines()[:6]


@pytest.mark.parametrize(
    ("ring", "channels", "said"),
    [
        (None, 8, "electrodes  taken for a ring of 8; say ring: 0 if placed on muscles"),
        (6, 8, "electrodes  a ring of 6"),
        (0, 8, "electrodes  placed on muscles, no ring"),
        (None, 3, None),
    ],
)
def test_what_is_taken_for_a_ring_is_said(ring, channels, said):
    samples = [np.random.default_rng(n).normal(size=(800, channels)) for n in range(4)]
    labels = ["fist", "rest"] * 2
    found = Recordings.from_segments(samples, labels, repetitions=[1, 1, 2, 2], rate=500.0, unit="V")
    lines = inspect(dataclasses.replace(found, ring=ring)).lines()
    assert [line for line in lines if line.startswith("electrodes")] == ([said] if said else [])


def copied(samples, columns):
    samples[8] = samples[1]


def constant(samples, columns):
    for i in (2, 5):
        samples[i][:, 1] = 7


def clipped(samples, columns):
    samples[4] = np.clip(samples[4], -200, 200)


def spelled(samples, columns):
    columns["labels"][0] = "Fist "


def in_two_cohorts(samples, columns):
    columns["cohorts"][0] = "d"


def without_a_repetition(samples, columns):
    for column in (samples, *columns.values()):
        del column[2]


def without_an_action(samples, columns):
    for column in (samples, *columns.values()):
        del column[9:12]


def with_short_segments(samples, columns):
    for i in (0, 9):
        samples[i] = samples[i][:150]


def with_more_rest(samples, columns):
    samples.append(samples[-1][::-1].copy())
    for name, column in columns.items():
        column.append(4 if name == "repetitions" else column[-1])


@pytest.mark.parametrize(
    ("change", "warnings"),
    [
        (
            copied,
            [
                "the same data twice, in 1 of 18 segments, for example segment 1 (fist, repetition 2, "
                "subject anna, session 1) and segment 8 (rest, repetition 3, subject anna, session 1)"
            ],
        ),
        (constant, ["some channels are constant in some of the 18 segments", "channel 2 (2)"]),
        (clipped, ["some channels are clipped in some of the 18 segments", "channel 1 (1), channel 2 (1)"]),
        (
            spelled,
            [
                "these labels differ only in case, spaces or hyphens: 'Fist ', 'fist'",
                "Fist  2, 3",
                "subject bert has no segment of Fist ",
            ],
        ),
        (in_two_cohorts, ["some subjects are in more than one cohort: anna in c, d"]),
        (
            without_a_repetition,
            ["some actions lack repetitions that most others have: subject anna, session 1: fist 3"],
        ),
        (without_an_action, ["subject bert has no segment of fist"]),
        (
            with_short_segments,
            [
                "2 of 18 segments give no window: they are shorter than 0.45 s",
                "too few windows to judge an accuracy, fewer than 20: fist has 0 in repetition 1",
            ],
        ),
        (with_more_rest, []),
    ],
)
def test_what_looks_wrong_is_a_warning(study, change, warnings):
    found = inspect(study(change))
    assert found.errors == ()
    text = "\n".join(found.warnings)
    assert all(warning in text for warning in warnings), text
    if not warnings:
        assert text == ""


def test_long_segments_are_looked_through_in_pieces(rng):
    samples = [rng.normal(0, 50, (100_000, 2)).astype(np.float32) for _ in range(4)]
    samples[1][70_000:, 1] = np.clip(samples[1][70_000:, 1], -20, None)  # later than the first piece
    samples[2][:, 0] = samples[3][:, 0] = 3
    samples[3] = samples[2].copy()
    found = inspect(Recordings.from_segments(samples, ["a", "b", "a", "b"], rate=RATE))
    shown = " ".join(found.warnings)
    assert "the same data twice, in 1 of 4 segments, for example segment 2" in shown
    assert (
        "some channels are constant in some of the 4 segments, perhaps not connected: channel 1 (2)" in shown
    )
    assert "clipped" not in shown  # the first piece goes further down
    samples[1][:, 1] = np.clip(samples[1][:, 1], -20, None)
    found = inspect(Recordings.from_segments(samples, ["a", "b", "a", "b"], rate=RATE))
    share = round(100 * float((samples[1][:, 1] == -20).mean()))
    assert f"up to {share} % of the samples: channel 2 (1)" in " ".join(found.warnings)


def test_a_rate_that_the_durations_contradict(study):
    fast, slow = inspect(study(rate=5000.0)), inspect(study(rate=50.0, seconds=7.0))
    assert "at 5000 Hz half of the segments are shorter than 0.16 s" in fast.warnings[0]
    assert fast.errors == (
        "only 0 of its 3 actions have segments of 0.45 s or more; record longer segments, "
        "or correct the rate",
    )
    assert "at 50 Hz half of the segments are longer than" in slow.warnings[0]


def test_a_rate_without_filters_is_an_error(study):
    (error,) = inspect(study(rate=30.0)).errors
    assert "no filters suit a rate of 30 Hz" in error


def test_one_action_cannot_be_trained(rng):
    found = inspect(Recordings.from_segments([rng.normal(size=(900, 2))], ["fist"], rate=RATE))
    assert found.errors == ("it has one action, fist; record at least two actions, for example rest as well",)
    with pytest.raises(RecordingError, match=r"from arrays: it has one action, fist; record at least two"):
        found.check_trainable()
    assert any(line.startswith("error: it has one action") for line in found.summary())


def test_an_empty_selection_is_refused(study):
    with pytest.raises(RecordingError, match="no segment is left; select other subjects or actions"):
        inspect(study().select([]))


def test_segments_that_share_samples(rng):
    arrays = {
        "x": rng.normal(size=(3000, 2)),
        "start": np.array([0, 1400, 1000]),
        "length": np.array([1000, 1000, 900]),
        "scale": 1.0,
        "fs": RATE,
        **{name: np.array(["a", "a", "a"]) for name in ("subject", "cohort", "session")},
        "label": np.array(["fist", "rest", "rest"]),
        "rep": np.array([1, 1, 2]),
    }
    (warning,) = [text for text in inspect(from_arrays(arrays, "here")).warnings if "overlap" in text]
    assert warning.startswith("overlap with the segment before, in 1 of 3 segments, for example segment 1")


def test_lines_fit_into_80_columns_and_name_every_file(study, tmp_path):
    def many(samples, columns):
        columns["repetitions"] = [10_000_000 * (i + 1) for i in range(len(samples))]
        columns["subjects"] = [f"a subject with the long name {i}" for i in range(len(samples))]

    path = tmp_path / "study.npz"
    study(many).save(path)
    (tmp_path / "fist.csv").write_text("a,b,c\n" + "1,2,3\n4,-5,6\n" * 400)
    for i in range(30):
        (tmp_path / f"fist_{i}.txt").write_text("")
    description = tmp_path / "study.yaml"
    description.write_text("files: (?P<label>.*)[.]csv\ncolumns: {samples: [a, b, c]}\nrate: 500\n")
    found = inspect(open_recordings([path, description], cache=tmp_path / "cache"))
    lines = found.lines()
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
    text = " ".join(" ".join(lines).split())
    assert f"archive {path}, 1 file read" in text
    assert f"text files {description}, 1 file read, 31 not read" in text
    assert "not read: fist_0.txt (does not match)" in text
    assert "and 11 more files not read" in text
    heads = [line.split()[1:] for line in lines if line.startswith("repetition ")]
    assert len(heads) > 1
    assert [int(name) for head in heads for name in head] == sorted(found.repetitions)
    assert "fist_0.txt" not in "\n".join(found.summary())
