"""What is searched suits the recordings, and what is suggested depends on scores alone."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.training.fold import make_fold
from emg_recognition.training.prepare import prepare
from emg_recognition.training.search import BATCH, Search, Space, check_optuna, make_space, with_values
from emg_recognition.training.search_settings import SearchSettings
from emg_recognition.training.settings import ExperimentSettings, SplitSettings
from emg_recognition.training.tune import FoldTrials

pytest.importorskip("optuna", reason="the extra `tune` is not installed")

NOTHING = SearchSettings(**dict.fromkeys(vars(SearchSettings())))


def searching(settings, **values):
    return dataclasses.replace(settings, search=dataclasses.replace(NOTHING, **values))


@pytest.fixture
def prepared(study, tiny, tmp_path):
    """Segments of 0.6 s, in which the filters settle for 0.25 s."""

    def make(settings=tiny, recordings=None):
        recordings = study({"I": 2}) if recordings is None else recordings
        return prepare(settings, recordings, tmp_path / "out", identity={}, cache=None)

    return make


def test_the_configured_value_is_always_searched_and_the_first_one(prepared, tiny):
    space = make_space(searching(tiny, epochs=(8, 4), rows=(0, 20), features=(8,)), prepared())
    assert space.values == {"rows": (10, 20, 0), "epochs": (2, 4, 8)}
    assert space.configured == {"rows": 10, "epochs": 2}
    assert Search(space, trials=9, seed=0).ask()[0] == space.configured


def test_windows_that_do_not_suit_the_recordings_are_left_out_with_the_reason(prepared, tiny):
    asked = (0.1, 0.13, 0.25, 0.4, 0.6)
    space = make_space(searching(tiny, window=asked, stride=(0.1,)), prepared())
    # The longest window begins after 0.25 s of settling, in segments of 0.6 s.
    assert space.values == {"window": (0.1, 0.2, 0.25), "stride": (0.05, 0.1)}
    assert space.left_out[0] == "window 0.13 s is left out: it is no multiple of live.stride, 0.025 s"
    assert space.left_out[1].startswith("window 0.4 s is left out: ")
    assert "average controller delay is '338 ms': at most 300 ms" in space.left_out[2]
    assert len(space.left_out) == 3


def test_a_window_that_only_some_segments_are_long_enough_for_is_left_out(prepared, tiny, study):
    recordings = study({"I": 2})
    length = recordings.length.copy()
    train = np.flatnonzero(recordings.repetition == 1)
    length[train[:2]] = 95
    # A short one that tests is nobody's business here.
    length[np.flatnonzero(recordings.repetition == 4)[0]] = 95
    shorter = dataclasses.replace(recordings, length=length)
    space = make_space(searching(tiny, window=(0.1, 0.25)), prepared(recordings=shorter))
    assert space.values == {"window": (0.1, 0.2)}
    assert space.left_out == ["window 0.25 s is left out: 2 segments are too short for it"]


def test_values_that_the_settings_refuse_are_left_out(prepared, tiny):
    network = dataclasses.replace(tiny.network, architecture="vgg16", picture=(40, 32, 3))
    settings = searching(dataclasses.replace(tiny, network=network), rows=(8, 50), features=(1, 2))
    space = make_space(settings, prepared())
    assert space.values == {"rows": (40, 50)}
    assert space.left_out[0].startswith("rows 8 is left out: picture is (8, 32, 3): vgg16 needs at least 32")


def test_nothing_to_choose_from_is_refused(prepared, tiny):
    with pytest.raises(SettingError, match="search is None: nothing is left to choose from"):
        make_space(searching(tiny, epochs=(2,)), prepared())
    with pytest.raises(SettingError, match=r"search is 'window 0\.4 s is left out"):
        make_space(searching(tiny, window=(0.4,)), prepared())


SPACE = Space(
    configured={"window": 0.2, "epochs": 4},
    values={"window": (0.1, 0.15, 0.2, 0.25), "epochs": (2, 4, 8, 16, 32)},
    left_out=[],
)


def suggested(score, trials=20, seed=0):
    search = Search(SPACE, trials=trials, seed=seed)
    found = []
    while new := search.ask():
        assert len(new) <= BATCH
        found += new
        search.tell([score(values) for values in new])
    return found


def test_the_same_scores_give_the_same_suggestions_and_others_give_others():
    def long(values):
        return values["epochs"] + values["window"]

    def short(values):
        return -long(values)

    assert suggested(long) == suggested(long)
    assert suggested(long)[:BATCH] == suggested(short)[:BATCH]
    assert suggested(long)[BATCH:] != suggested(short)[BATCH:]
    assert suggested(long)[:BATCH] != suggested(long, seed=1)[:BATCH]


def test_the_search_finds_more_than_chance_does():
    places = dict.fromkeys("abcdef", tuple(range(4)))
    space = Space(configured=dict.fromkeys(places, 0), values=places, left_out=[])
    found, drawn = [], []
    for seed in range(8):
        worth = np.random.default_rng(seed).normal(size=(6, 4)).cumsum(axis=1)
        search = Search(space, trials=40, seed=seed)
        scores = []
        while new := search.ask():
            scores += [float(worth[range(6), list(values.values())].sum()) for values in new]
            search.tell(scores[-len(new) :])
        found.append(max(scores))
        chance = np.random.default_rng(seed).integers(4, size=(200, 40, 6))
        drawn.append(worth[np.arange(6), chance].sum(axis=2).max(axis=1).mean())
    assert np.mean(found) > np.mean(drawn) + 0.5


def test_every_combination_is_suggested_once_and_then_the_search_ends():
    found = suggested(lambda values: values["epochs"], trials=1000)
    assert len(found) == 20 == SPACE.size
    assert len({tuple(values.values()) for values in found}) == 20


def test_more_trials_begin_with_the_same_ones():
    def score(values):
        return values["epochs"]

    assert suggested(score, trials=10)[:BATCH] == suggested(score, trials=16)[:BATCH]
    assert suggested(score, trials=16) == suggested(score, trials=20)[:16]


def test_windows_of_every_length_and_stride_are_scored_at_the_same_moments(prepared, tiny):
    settings = searching(tiny, window=(0.1, 0.25), stride=(0.025, 0.1))
    ready = prepared()
    space = make_space(settings, ready)
    (split,) = ready.splits
    fold = make_fold(settings, ready.windows, split, ready.output)
    trials = FoldTrials(settings, ready, fold, space, 9)
    jobs = [
        trials.job({"window": window, "stride": stride})
        for window in (0.1, 0.2, 0.25)
        for stride in (0.025, 0.1)
    ]
    ends = [(job.validation.begin + job.validation.length).tolist() for job in jobs]
    assert all(one == ends[0] for one in ends)
    assert len(ends[0]) > 6
    assert {tuple(job.validation.action) for job in jobs} == {tuple(jobs[0].validation.action)}
    assert {tuple(np.unique(job.validation.repetition)) for job in jobs} == {(3,)}
    assert {tuple(np.unique(job.train.repetition)) for job in jobs} == {(1, 2)}
    assert len({len(job.train) for job in jobs[:2]}) == 2
    assert len({job.place for job in jobs}) == len(jobs)
    # All of a window lies in the usable part of its segment, also with the shorter ones.
    for job in jobs:
        segments = job.validation.segments
        assert np.all(job.validation.begin >= segments.first[job.validation.segment])
        assert np.all(job.validation.begin <= segments.last[job.validation.segment])


def test_a_trial_with_a_minority_is_one_network_on_everybody_scored_on_the_minority(prepared, tiny, study):
    ready = prepared(recordings=study({"healthy": 3, "patient": 1}))
    settings = searching(tiny, epochs=(4,))
    (split,) = ready.splits
    fold = make_fold(settings, ready.windows, split, ready.output)
    trials = FoldTrials(settings, ready, fold, make_space(settings, ready), 2)
    job = trials.job({"epochs": 4})
    assert job.train.count("cohort") == fold.subsets["train"].count("cohort")
    assert (job.minority, job.label, job.training.epochs) == ("patient", "trial 1/2", 4)


def test_values_go_where_they_belong():
    values = {"window": 0.1, "stride": 0.1, "rows": 20, "features": 160, "energies": 0}
    changed = with_values(ExperimentSettings(), {**values, "learning_rate": 0.01, "epochs": 3})
    assert (changed.window, changed.stride, changed.network.picture) == (0.1, 0.1, (20, 0, 3))
    assert (changed.network.features, changed.network.energies) == (160, 0)
    assert (changed.training.learning_rate, changed.training.epochs) == (0.01, 3)
    assert with_values(ExperimentSettings(), {}) == ExperimentSettings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", (), r"epochs is \(\): list whole numbers above 0, each once, or null"),
        ("epochs", (4, 4.0), "list whole numbers"),
        ("epochs", (4, 4), "each once"),
        ("epochs", (0,), "above 0"),
        ("epochs", 4, "use a list"),
        ("energies", (-1,), "of at least 0"),
        ("window", (0.1, "0.2"), "list numbers above 0"),
        ("window", (True,), "list numbers above 0"),
    ],
)
def test_a_list_that_cannot_be_searched_is_named(name, value, message):
    with pytest.raises(SettingError, match=message):
        SearchSettings(**{name: value})
    assert SearchSettings(energies=(0,)).energies == (0,)


def test_without_optuna_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(EmgRecognitionError, match=r"pip install 'emg_recognition\[tune\]'"):
        check_optuna()


def test_folds_are_searched_apart(study, tiny, tmp_path):
    split = SplitSettings(name="k-fold", groups="repetition", folds=2)
    settings = searching(dataclasses.replace(tiny, split=split), window=(0.1,))
    ready = prepare(settings, study({"I": 2}, repetitions=6), tmp_path / "out", identity={}, cache=None)
    jobs = []
    for one in ready.splits:
        fold = make_fold(settings, ready.windows, one, ready.output)
        trials = FoldTrials(settings, ready, fold, make_space(settings, ready), 2)
        jobs.append(trials.job({"window": 0.1}))
        seen = {*jobs[-1].train.segment.tolist(), *jobs[-1].validation.segment.tolist()}
        assert seen.isdisjoint(one.test.tolist())
    assert jobs[0].place.parent != jobs[1].place.parent
    assert jobs[0].label.endswith("trial 1/2")
