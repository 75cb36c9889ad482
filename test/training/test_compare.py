"""All methods are tested on the same windows with the same steps; each row shows its own networks."""

from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest

from emg_recognition.actions import ordered
from emg_recognition.errors import SettingError
from emg_recognition.training.api import compare
from emg_recognition.training.batches import Batches
from emg_recognition.training.comparison_runs import plan_run
from emg_recognition.training.jobs import predict_windows
from emg_recognition.training.learning_curve import shortened
from emg_recognition.training.settings import EnsembleSettings, SplitSettings
from emg_recognition.training.split_rules import make_splits
from emg_recognition.training.windows import windows_from_recordings

METHODS = ("ensemble", "weighted", "pretrain", "adapt", "minority", "lda")


def cut(recordings, settings):
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    step = settings.stride_samples(recordings.rate)
    return windows_from_recordings(recordings, pipeline, step, actions=ordered(recordings.actions))


@pytest.fixture(scope="module")
def clinic(study):
    return study({"healthy": 4, "patient": 2}, samples=160)


@pytest.fixture(scope="module")
def two(tiny):
    """An ensemble of two members."""
    return dataclasses.replace(tiny, ensemble=EnsembleSettings(members=2))


@pytest.fixture(scope="module")
def compared(clinic, two, tmp_path_factory):
    """A comparison with one seed: its folder, its result and its events."""
    output = tmp_path_factory.mktemp("compared") / "out"
    events = []
    found = compare(
        clinic,
        output,
        settings=two,
        seeds=(5,),
        methods=METHODS,
        learning_curve=[1],
        on_event=events.append,
    )
    assert (found.result_file, found.report) == (output / "compare.json", output / "report.html")
    return output, found.result, events


def rows_of(result):
    return {row["method"]: row for row in result["methods"]}


def test_the_rows_of_the_comparison(compared):
    output, result, _ = compared
    rows = rows_of(result)
    assert list(rows) == [
        "ensemble-minority",
        "ensemble-overall",
        "ensemble-soft-vote",
        "ensemble-test",
        "weighted",
        "pretrain",
        "adapt",
        "minority",
        "lda",
    ]
    assert [name for name, row in rows.items() if row["leaking"]] == ["ensemble-test"]
    assert [run["seed"] for run in rows["weighted"]["runs"]] == [5]
    assert [run["seed"] for run in rows["lda"]["runs"]] == [None]
    assert result["minority"] == "patient"
    assert set(rows["lda"]["per_subject"]) == {"patient_1", "patient_2"}
    assert json.loads((output / "compare.json").read_text()) == json.loads(json.dumps(result))
    assert (output / "figures" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert "One network, weighted" in (output / "report.html").read_text()


def test_selection_by_the_test_data_is_an_upper_bound(compared):
    rows = rows_of(compared[1])
    for leaking, *honest in zip(
        *(rows[f"ensemble-{name}"]["values"] for name in ("test", "minority", "overall")), strict=True
    ):
        assert leaking >= max(honest)


def test_every_network_makes_the_same_steps(compared):
    steps = {run["steps"] for row in compared[1]["methods"] for run in row["runs"] if run["networks"]}
    assert len(steps) == 1
    assert steps.pop() > 2


def test_a_row_has_the_accuracy_of_its_network(compared, clinic, two):
    output, result, _ = compared
    (split,) = make_splits(clinic, SplitSettings())
    test = split.cut(cut(clinic, two))["test"]
    folder = output / "folds" / "all_seed_5" / "members"

    def accuracy(*names):
        models = [keras.saving.load_model(folder / name / "model.keras", compile=False) for name in names]
        mean = np.mean([predict_windows(model, test) for model in models], axis=0)
        return (mean.argmax(axis=1) == test.action).mean()

    rows = rows_of(result)
    assert rows["weighted"]["runs"][0]["accuracy"] == pytest.approx(accuracy("member_weighted"))
    assert rows["minority"]["runs"][0]["accuracy"] == pytest.approx(accuracy("member_minority"))
    vote = accuracy("member_01", "member_02")
    assert rows["ensemble-soft-vote"]["runs"][0]["accuracy"] == pytest.approx(vote)
    kept = rows["ensemble-minority"]["runs"][0]
    assert kept["accuracy"] == pytest.approx(accuracy(f"member_{kept['selected']:02d}"))


def test_each_patient_is_answered_by_the_majoritys_network_adapted_to_them(compared, clinic, two):
    output, _, _ = compared
    (split,) = make_splits(clinic, SplitSettings())
    test = split.cut(cut(clinic, two))["test"]
    place = output / "folds" / "all_seed_5" / "members" / "member_adapt"
    model = keras.saving.load_model(place / "model.keras", compile=False)
    before, answers = predict_windows(model, test), np.load(place / "test.npy")
    other = test.cohort != "patient"
    np.testing.assert_allclose(answers[other], before[other], rtol=1e-3)
    for patient in ("patient_1", "patient_2"):
        own = test.subject == patient
        assert not np.allclose(answers[own], before[own], rtol=1e-2, atol=0.0)
    one = plan_run(two, cut(clinic, two), split, 5, METHODS, output / "folds").single["adapt"]
    np.testing.assert_allclose(one.answer(model, test), answers, rtol=1e-2)
    np.testing.assert_array_equal(predict_windows(model, test), before)


def test_a_learning_curve_trains_on_fewer_repetitions_of_the_minority(compared, clinic, two):
    output, result, _ = compared
    few, everything = result["learning_curve"]
    assert (few["repetitions"], everything["repetitions"]) == (1, 2)
    assert [row["method"] for row in few["methods"]] == [
        row["method"] for row in result["methods"] if not row["leaking"]
    ]
    assert everything["methods"] == [row for row in result["methods"] if not row["leaking"]]
    (split,) = make_splits(clinic, SplitSettings())
    windows = cut(clinic, two)
    trained = shortened(split, windows.segments, "patient", 1).cut(windows)["train"]
    assert trained.count_by("cohort", "repetition").keys() == {("healthy", 1), ("healthy", 2), ("patient", 1)}
    history = output / "folds" / "all_1_given_seed_5" / "members" / "member_minority" / "history.json"
    assert json.loads(history.read_text())["windows"] == {"patient": trained.count("cohort")["patient"]}
    assert (output / "figures" / "learning_curve.png").exists()


def test_progress_is_reported(compared):
    _, _, events = compared
    kinds = [event["event"] for event in events]
    assert kinds[:2] == ["data", "start"]
    assert events[1]["jobs"] == kinds.count("job") == 2 * (2 + 4)
    assert kinds.count("judged") == 2 * (4 + 4 + 1)
    labels = {event["label"] for event in events if event["event"] == "job"}
    networks = ("member 1/2", "member 2/2", "weighted network", "pretrained network", "majority, adapted")
    networks += ("patient alone",)
    assert labels == {f"seed 5, {given}{name}" for given in ("", "1 given, ") for name in networks}


def test_more_seeds_reuse_finished_networks(compared, clinic, two):
    output, result, _ = compared
    events = []
    again = compare(
        clinic, output, settings=two, seeds=(5, 0), methods=("weighted", "lda"), on_event=events.append
    ).result
    resumed = {event["label"]: event["resumed"] for event in events if event["event"] == "job"}
    assert resumed == {"seed 5, weighted network": True, "seed 0, weighted network": False}
    before, after = rows_of(result)["weighted"], rows_of(again)["weighted"]
    assert after["runs"][0] == before["runs"][0]
    assert [run["seed"] for run in after["runs"]] == [5, 0]
    assert [run["seed"] for run in rows_of(again)["lda"]["runs"]] == [None]
    assert before["deviation"]["accuracy"] is None
    assert after["deviation"]["accuracy"] >= 0


def test_a_folder_with_other_settings_is_refused(compared, clinic, two):
    other = dataclasses.replace(two, stride=0.1)
    with pytest.raises(SettingError, match="other settings"):
        compare(clinic, compared[0], settings=other, seeds=(0,), methods=("lda",))


def test_the_networks_are_planned_as_their_names_say(clinic, tiny, tmp_path):
    windows = cut(clinic, tiny)
    (split,) = make_splits(clinic, SplitSettings())
    one = plan_run(tiny, windows, split, 7, METHODS, tmp_path)
    weighted, alone = one.single["weighted"], one.single["minority"]
    pretrained, adapted = one.single["pretrain"], one.single["adapt"]
    patient = pretrained.train.cohort == "patient"
    assert pretrained.weights[0][patient].sum() == 0 < pretrained.weights[-1][patient].sum()
    assert weighted.train.count("cohort") == split.cut(windows)["train"].count("cohort")
    assert alone.train.count("cohort") == {"patient": len(alone.train)}
    assert alone.weights is None
    everybody = weighted.train.count("cohort")
    assert adapted.train.count("cohort") == {"healthy": everybody["healthy"]}
    drawn = np.bincount(weighted.train.cohort == "patient", weights=weighted.weights)
    assert drawn[0] == pytest.approx(drawn[1])
    seeds = [job.training.seed for job in (*one.members, weighted, pretrained, adapted, alone)]
    assert len(set(seeds)) == len(seeds)
    member = one.members[0]
    batches = Batches(member.train, member.training)
    for job in (weighted, pretrained, adapted, alone):
        found = Batches(job.train, job.training, job.weights)
        assert len(found) == len(batches)
        assert abs(len(found[0][1]) - len(batches[0][1])) <= 1


def test_without_a_minority_one_network_replaces_the_ensemble(study, tiny, tmp_path):
    recordings = study({"healthy": 2})
    with pytest.raises(SettingError, match=r"'minority': no minority .*name a minority or leave it out"):
        compare(recordings, tmp_path / "out", settings=tiny, seeds=(0,), methods=("minority",))
    assert not (tmp_path / "out").exists()
    methods = ("ensemble", "lda")
    result = compare(recordings, tmp_path / "out", settings=tiny, seeds=(0,), methods=methods).result
    assert [row["method"] for row in result["methods"]] == ["network", "lda"]
    assert set(rows_of(result)["network"]["per_subject"]) == {"healthy_1", "healthy_2"}


def test_every_fold_is_a_run(study, tiny, tmp_path):
    folds = dataclasses.replace(tiny, split=SplitSettings(name="k-fold", folds=2))
    recordings = study({"healthy": 4, "patient": 2})
    result = compare(recordings, tmp_path / "out", settings=folds, seeds=(0, 1), methods=("lda",)).result
    (row,) = result["methods"]
    assert [run["fold"] for run in row["runs"]] == ["fold_1", "fold_2"]
    assert set(row["per_subject"]) == {"patient_1", "patient_2"}


def test_folds_that_do_not_all_train_on_the_minority_are_refused(study, tiny, tmp_path):
    alone = dataclasses.replace(tiny, split=SplitSettings(name="leave-one-subject-out"))
    recordings = study({"healthy": 3, "patient": 1})
    with pytest.raises(SettingError, match="subject_patient_1, no minority cohort is named"):
        compare(recordings, tmp_path / "out", settings=alone, seeds=(0,), methods=("lda",))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"methods": ("svm",)}, "'svm': use some of ensemble, weighted"),
        ({"seeds": ()}, r"seeds is \[\]"),
        ({"seeds": (1, 1)}, r"seeds is \[1, 1\]: .*each once"),
        ({"seeds": (-1,)}, r"seeds is \[-1\]"),
        ({"learning_curve": [1, 2]}, r"learning curve is \[1, 2\]: patient trains with 2 repetitions each"),
        ({"learning_curve": [0]}, r"learning curve is \[0\]"),
    ],
)
def test_an_impossible_request_is_refused(clinic, tiny, tmp_path, asked, message):
    with pytest.raises(SettingError, match=message):
        compare(clinic, tmp_path / "out", settings=tiny, **{"seeds": (0,), "methods": ("lda",), **asked})
    assert not (tmp_path / "out").exists()
