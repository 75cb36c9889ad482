"""What each split puts into its subsets, and that no repetition is ever in two of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emg_recognition.errors import EmgRecognitionError, RecordingError, SettingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.training.settings import SUBSETS, SplitSettings
from emg_recognition.training.split import split_fingerprint
from emg_recognition.training.split_rules import make_splits
from emg_recognition.training.windows import windows_from_recordings

ACTIONS = ("elbow_flexion", "rest")


def split_of(recordings, **settings):
    (split,) = make_splits(recordings, SplitSettings(**settings))
    return split


def values_of(split):
    return tuple(split.values[subset] for subset in SUBSETS)


def make(rows, samples=2):
    """Recordings of rows (subject, cohort, session, action, repetition) of a few samples each."""
    subject, cohort, session, label, repetition = zip(*rows, strict=True)
    rng = np.random.default_rng(0)
    return from_arrays(
        {
            "x": rng.integers(-9, 10, (samples * len(rows), 2), dtype=np.int16),
            "start": np.arange(len(rows)) * samples,
            "length": np.full(len(rows), samples),
            "scale": 1.0,
            "fs": 200.0,
            "subject": np.array(subject),
            "cohort": np.array(cohort),
            "session": np.array(session),
            "label": np.array(label),
            "rep": np.array(repetition),
        },
        "a study.npz",
    )


@pytest.fixture(scope="module")
def clinic():
    """Five healthy people and two patients, two to four sessions, three repetitions of two actions."""
    people = {"h1": 3, "h2": 2, "h3": 4, "h4": 3, "h10": 3, "p1": 3, "p2": 2}
    return make(
        [
            (subject, "patient" if subject[0] == "p" else "healthy", str(session), action, repetition)
            for subject, sessions in people.items()
            for session in range(8, 8 + sessions)
            for action in ACTIONS
            for repetition in (1, 2, 3)
        ]
    )


def test_by_default_the_last_repetition_tests_and_the_one_before_validates(study):
    split = split_of(study({"healthy": 2}))
    assert values_of(split) == ((1, 2), (3,), (4,))
    assert (split.name, split.rule, split.leaking) == ("", "by repetition", False)


def test_by_default_an_incomplete_last_repetition_does_not_test_alone(study):
    recordings = study({"healthy": 2}, repetitions=5)
    only_rest_has_five = (recordings.repetition < 5) | (recordings.label == "rest")
    assert values_of(split_of(recordings.select(only_rest_has_five))) == ((1, 2), (3,), (4, 5))


def test_by_default_every_cohort_validates_and_tests(study):
    recordings = study({"healthy": 2, "patient": 1}, repetitions=5)
    patients_have_four = (recordings.repetition < 5) | (recordings.cohort == "healthy")
    assert values_of(split_of(recordings.select(patients_have_four))) == ((1, 2), (3,), (4, 5))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"train": (1, 2, 3), "test": (4,)}, ((1, 2), (3,), (4,))),
        ({"train": "1-3", "test": 4}, ((1, 2), (3,), (4,))),
        ({"train": ("1-2", "3"), "test": ("4",)}, ((1, 2), (3,), (4,))),
        ({"train": (1, 2)}, ((1,), (2,), (3, 4))),
        ({"test": (1,)}, ((2, 3), (4,), (1,))),
        ({"train": (2, 3, 4), "validation": (2,), "test": (1,)}, ((3, 4), (2,), (1,))),
        ({"train": (3, 4), "validation": (2,)}, ((3, 4), (2,), (1,))),
        ({"validation": (1,), "test": (2, 3)}, ((4,), (1,), (2, 3))),
    ],
)
def test_named_repetitions_and_what_follows_from_them(study, asked, expected):
    assert values_of(split_of(study({"healthy": 1}), **asked)) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"test": (7,)},
            r"test repetitions is \(7,\): a study.npz has no repetition 7; there are 1, 2, 3, 4",
        ),
        ({"train": (1, 2, 3), "test": (3, 4)}, r"\[3\] also train or validate"),
        ({"validation": (4,), "test": (4,)}, r"\[4\] also train or validate"),
        ({"train": (1,), "test": (4,)}, r"one repetition \(1\) cannot both train and validate; add another"),
        ({"train": (1, 2, 3, 4)}, "no segment is left to test; a study.npz has the repetitions 1, 2, 3, 4"),
        ({"name": "subject"}, r"split.test is None: name the subjects .* \['healthy_1'\]"),
        ({"name": "session"}, r"no subject of a study.npz has two sessions"),
        (
            {"name": "cohort", "test": ("ill",)},
            r"test cohorts is \('ill',\): a study.npz has no cohort ill; there are healthy",
        ),
        ({"name": "subject", "test": "9a"}, r"test subjects is \('9a',\): a study.npz has no subject 9a"),
        (
            {"name": "subject", "test": "9-10"},
            r"test subjects is \('9', '10'\): a study.npz has no subject 9;",
        ),
        ({"name": "k-fold", "folds": 2}, "only 1 subjects"),
        ({"name": "k-fold", "cohort": "ill"}, "'ill': a study.npz has the cohorts healthy"),
        ({"name": "leave-one-subject-out"}, "split subject_healthy_1 is .*: no segment is left to train"),
    ],
)
def test_an_impossible_split_is_refused(study, asked, message):
    with pytest.raises(SettingError, match=message):
        make_splits(study({"healthy": 1}), SplitSettings(**asked))


def test_an_action_without_training_is_refused(study):
    recordings = study({"healthy": 1})
    late_rest = (recordings.repetition > 2) | (recordings.label != "rest")
    with pytest.raises(SettingError, match="'rest'"):
        split_of(recordings.select(late_rest), train=(1, 2, 3), test=(4,))


def test_the_fingerprint_changes_with_the_subsets(clinic):
    def fingerprint(**settings):
        return split_fingerprint(make_splits(clinic, SplitSettings(**settings)))

    assert fingerprint() == fingerprint(test=(3,))
    others = [{"test": (2,)}, {"validation": (1,), "test": (3,)}, {"name": "random-windows"}]
    others += [{"name": "random-windows", "seed": 1}, {"name": "k-fold"}, {"name": "k-fold", "seed": 1}]
    found = {fingerprint(**settings) for settings in ({}, *others)}
    assert len(found) == 1 + len(others)


def test_empty_recordings_are_refused(clinic):
    with pytest.raises(RecordingError, match="no segment"):
        make_splits(clinic.select([]), SplitSettings())


def test_the_last_session_of_each_subject_tests(clinic):
    split = split_of(clinic, name="session")
    last = ("h1/10", "h2/9", "h3/11", "h4/10", "h10/10", "p1/10", "p2/9")
    assert split.values["test"] == last
    assert split.rule == "by session; repetition 3 of the training segments validates"
    assert set(clinic.repetition[split.validation]) == {3}
    assert set(clinic.repetition[split.train]) == {1, 2}


def test_sessions_by_name_and_range(clinic):
    split = split_of(clinic, name="session", train="8-9", test=("11",), validation="10")
    assert values_of(split) == (("8", "9"), ("10",), ("11",))
    assert set(clinic.repetition[split.train]) == {1, 2, 3}


def test_subjects_that_test(clinic):
    split = split_of(clinic, name="subject", test=("h10", "p2"))
    assert split.values["test"] == ("h10", "p2")
    assert split.values["train"] == ("h1", "h2", "h3", "h4", "p1")


def test_a_cohort_that_tests_and_one_that_trains(clinic):
    split = split_of(clinic, name="cohort", train=("healthy",))
    assert values_of(split) == (("healthy",), ("healthy",), ("patient",))


def test_every_subject_of_a_cohort_is_left_out_once(clinic):
    splits = make_splits(clinic, SplitSettings(name="leave-one-subject-out", cohort="patient"))
    assert [split.name for split in splits] == ["subject_p1", "subject_p2"]
    for split, subject, other in zip(splits, ("p1", "p2"), ("p2", "p1"), strict=True):
        assert set(clinic.subject[split.test]) == {subject}
        trained = {*clinic.subject[split.train], *clinic.subject[split.validation]}
        assert trained == {"h1", "h2", "h3", "h4", "h10", other}


def test_the_names_of_folds_are_names_of_folders():
    names = ("../a b", "../a/b", "c")
    rows = [(name, "", "1", action, r) for name in names for action in ACTIONS for r in (1, 2)]
    found = [split.name for split in make_splits(make(rows), SplitSettings(name="leave-one-subject-out"))]
    assert found == ["subject_.._a_b", "subject_.._a_b_2", "subject_c"]


def test_sessions_of_a_subject_are_spread_over_the_folds(clinic):
    splits = make_splits(clinic, SplitSettings(name="k-fold", groups="session", folds=2))
    for split in splits:
        assert set(clinic.subject[split.test]) == set(clinic.subject)


@pytest.mark.parametrize(
    "settings",
    [
        SplitSettings(name="k-fold", folds=2, cohort="O"),
        SplitSettings(name="k-fold", groups="repetition", folds=2, cohort="O"),
        SplitSettings(name="leave-one-subject-out", cohort="O"),
    ],
    ids=lambda settings: f"{settings.name}-{settings.groups}",
)
def test_a_tested_group_does_not_train_in_another_cohort(settings):
    """Cohorts may be positions of the armband, with the same people in each."""
    rows = [
        (subject, cohort, f"{cohort}1", action, repetition)
        for subject in ("a", "b", "c")
        for cohort in ("N", "O")
        for action in ACTIONS
        for repetition in (1, 2, 3, 4)
    ]
    recordings = make(rows)
    column = recordings.repetition if settings.groups == "repetition" else recordings.subject
    for split in make_splits(recordings, settings):
        assert set(recordings.cohort[split.test]) == {"O"}
        assert set(recordings.cohort[split.train]) == {"N", "O"}
        assert set(column[split.test]).isdisjoint(column[split.train])


def test_the_seed_decides_the_folds(clinic):
    def dealt(seed):
        settings = SplitSettings(name="k-fold", folds=2, seed=seed)
        return [split.values["test"] for split in make_splits(clinic, settings)]

    assert dealt(0) == dealt(0)
    assert len({str(dealt(seed)) for seed in range(8)}) > 1


def test_random_windows_share_every_action_and_say_that_they_leak(study, tiny):
    recordings = study({"healthy": 3, "patient": 1})
    split = split_of(recordings, name="random-windows", seed=3)
    assert split.leaking
    assert "leaking" in split.rule
    pipeline = tiny.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = windows_from_recordings(recordings, pipeline, 1)
    cut = split.cut(windows)
    places = [set(subset.begin.tolist()) for subset in cut.values()]
    assert all(one.isdisjoint(other) for one, other in combinations(places, 2))
    assert set.union(*places) == set(windows.begin.tolist())
    for group, number in windows.count_by("cohort", "action").items():
        assert abs(cut["test"].count_by("cohort", "action")[group] - number / 5) < 2
        assert abs(cut["validation"].count_by("cohort", "action")[group] - number / 10) < 1
    # It leaks: many segments are in two subsets.
    assert len(set(cut["train"].segment) & set(cut["test"].segment)) > len(recordings) / 2
    assert (split.cut(windows)["test"].begin == cut["test"].begin).all()


def test_windows_follow_the_segments(study, tiny):
    recordings = study({"healthy": 2})
    shuffled = recordings.select(np.random.default_rng(0).permutation(len(recordings)))
    split = split_of(shuffled)
    pipeline = tiny.pipeline_for(rate=shuffled.rate, channels=shuffled.channels, unit=shuffled.unit)
    windows = windows_from_recordings(shuffled, pipeline, 10)
    cut = split.cut(windows)
    assert {subset: set(cut[subset].repetition) for subset in SUBSETS} == {
        "train": {1, 2},
        "validation": {3},
        "test": {4},
    }
    assert sum(map(len, cut.values())) == len(windows)


names = {
    "repetition": st.integers(1, 4),
    "session": st.sampled_from(("1", "2", "10")),
    "subject": st.sampled_from(("h1", "h2", "h3", "p1", "p2")),
    "cohort": st.sampled_from(("healthy", "patient")),
}
cohorts = st.sampled_from((None, "healthy", "patient"))


def by_values(name):
    values = st.none() | st.sets(names[name], min_size=1).map(lambda chosen: tuple(sorted(chosen)))
    return st.fixed_dictionaries({"name": st.just(name), **dict.fromkeys(SUBSETS, values)})


asked = st.one_of(
    *(by_values(name) for name in names),
    st.fixed_dictionaries({"name": st.just("leave-one-subject-out"), "cohort": cohorts}),
    st.fixed_dictionaries(
        {
            "name": st.just("k-fold"),
            "groups": st.sampled_from(("subject", "session", "repetition")),
            "folds": st.integers(2, 5),
            "cohort": cohorts,
            "seed": st.integers(0, 9),
        }
    ),
)

FULL = make(
    [
        (subject, "patient" if subject[0] == "p" else "healthy", session, action, repetition)
        for subject in ("h1", "h2", "h3", "p1", "p2")
        for session in ("1", "2", "10")
        for action in ACTIONS
        for repetition in range(1, 5)
    ]
)


@given(asked, st.sets(st.integers(0, len(FULL) - 1), max_size=60))
def test_no_repetition_is_in_two_subsets(asked, holes):
    """A split may be refused, but only with an error of the package, and it never leaks."""
    recordings = FULL.select([i for i in range(len(FULL)) if i not in holes])
    try:
        splits = make_splits(recordings, SplitSettings(**asked))
    except EmgRecognitionError:
        return
    tested = []
    for split in splits:
        chosen = [getattr(split, subset) for subset in SUBSETS]
        assert all(len(subset) for subset in chosen)
        keys = [
            {
                (recordings.subject[i], recordings.session[i], recordings.label[i], recordings.repetition[i])
                for i in subset
            }
            for subset in chosen
        ]
        assert all(one.isdisjoint(other) for one, other in combinations(keys, 2))
        assert set(recordings.label[split.train]) == set(recordings.actions)
        assert not split.leaking
        groups = group_of(recordings, asked)
        assert set(groups[split.test]).isdisjoint(groups[np.concatenate(chosen[:2])])
        tested += split.test.tolist()
    assert len(tested) == len(set(tested))
    if len(splits) > 1:
        of_cohort = recordings.cohort == asked["cohort"] if asked["cohort"] else recordings.cohort != ""
        assert sorted(tested) == np.flatnonzero(of_cohort).tolist()
        assert len({split.name for split in splits}) == len(splits)


def group_of(recordings, asked):
    """Return the labels that must not both train and test."""
    column = asked.get("groups", "subject" if asked["name"] == "leave-one-subject-out" else asked["name"])
    if column == "session" and not any(asked.get(subset) for subset in SUBSETS):
        return np.array([f"{a} {b}" for a, b in zip(recordings.subject, recordings.session, strict=True)])
    return getattr(recordings, column)


@example([4, 1], [1, 1, 1], 2, 0)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=16),
    st.lists(st.integers(1, 4), min_size=2, max_size=8),
    st.integers(2, 4),
    st.integers(0, 5),
)
def test_folds_have_equal_shares_of_each_cohort(healthy, patients, folds, seed):
    """They differ by no more than the largest subject, because large subjects are dealt first."""
    rows = [
        (f"{cohort[0]}{number}", cohort, str(session), action, repetition)
        for cohort, people in (("healthy", healthy), ("patient", patients))
        for number, sessions in enumerate(people)
        for session in range(sessions)
        for action in ACTIONS
        for repetition in (1, 2)
    ]
    recordings = make(rows, samples=1)
    try:
        splits = make_splits(recordings, SplitSettings(name="k-fold", folds=folds, seed=seed))
    except SettingError:
        return
    for cohort, people in (("healthy", healthy), ("patient", patients)):
        held = [np.count_nonzero(recordings.cohort[split.test] == cohort) for split in splits]
        assert max(held) - min(held) <= 4 * max(people)


CSV = """subject,repetition,subset
healthy_1,1,train
healthy_1,2,train
healthy_1,3,validation
healthy_1,4,
,4,test
"""


@pytest.fixture
def split(study, tmp_path):
    recordings = study({"healthy": 2, "patient": 1})

    def make(text, name="split.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        (found,) = make_splits(recordings, SplitSettings(name="list", file=str(path)))
        return found, recordings

    return make


def subsets_of(found, recordings):
    return {
        subset: {
            (recordings.subject[i], int(recordings.repetition[i])) for i in getattr(found, subset).tolist()
        }
        for subset in SUBSETS
    }


def test_a_list_in_a_csv_file(split):
    found, recordings = split(CSV.replace("healthy_1,4,\n", ""))
    assert subsets_of(found, recordings) == {
        "train": {("healthy_1", 1), ("healthy_1", 2)},
        "validation": {("healthy_1", 3)},
        "test": {("healthy_1", 4), ("healthy_2", 4), ("patient_1", 4)},
    }
    assert found.rule == "as split.csv lists"
    assert found.values["test"] == ("healthy_1/4", "healthy_2/4", "patient_1/4")


def test_a_list_in_a_yaml_file_with_validation_held_back(split):
    text = "- {subject: healthy_1, subset: train}\n- {subject: patient_1, session: 1, subset: test}\n"
    found, recordings = split(text, "split.yaml")
    assert subsets_of(found, recordings) == {
        "train": {("healthy_1", number) for number in (1, 2, 3)},
        "validation": {("healthy_1", 4)},
        "test": {("patient_1", number) for number in (1, 2, 3, 4)},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CSV, "split.csv: row 4 is .*: give it a subset: train, validation, test"),
        ("subject,subset\nbob,test\n", "row 1 is .*'bob'.*: it matches no segment of a study.npz"),
        ("subject,subset\n,test\n", "row 1 .*matches no segment"),
        ("who,subset\nbob,test\n", "row 1 .*no such column; known are subject, session, repetition, subset"),
        ("subject,subset\nhealthy_1,test,3\n", "row 1 .*no such column"),
        (
            "subject,repetition,subset\nhealthy_1,,train\n,1,test\n",
            "row 2 .*an earlier row lists some of it for train",
        ),
        ("subject,subset\nhealthy_1,train\n", r"no segment is left to test"),
        ("subject,side\nhealthy_1,train\n", "row 1 .*the column side is called subset"),
        ("subject,subset\n", "split.file is .*write rows with subject, session, repetition and subset"),
    ],
)
def test_a_wrong_row_is_named(split, text, message):
    with pytest.raises(SettingError, match=message):
        split(text)


@pytest.mark.parametrize("text", ["subject: healthy_1", "- healthy_1", "[", "[]", "\x00"])
def test_a_file_without_a_list_is_refused(split, text):
    with pytest.raises(SettingError, match=r"split.file"):
        split(text, "split.yaml")


def test_a_missing_file_is_refused(study):
    with pytest.raises(SettingError, match=r"nowhere.csv.*cannot be read"):
        make_splits(study({"healthy": 1}), SplitSettings(name="list", file="nowhere.csv"))
