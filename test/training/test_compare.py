"""Every method on the same windows with the same steps, each row what its own networks answer."""

from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest

from emg_recognition.actions import ordered
from emg_recognition.errors import SettingError
from emg_recognition.training.batches import Batches
from emg_recognition.training.compare import make_round, run_comparison
from emg_recognition.training.jobs import predict_windows
from emg_recognition.training.settings import EnsembleSettings, SplitSettings
from emg_recognition.training.splits import make_splits
from emg_recognition.training.windows import windows_from_recordings

METHODS = ("ensemble", "weighted", "minority", "lda")


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
    """A comparison with one seed: its folder, its result and the events on the way."""
    output = tmp_path_factory.mktemp("compared") / "out"
    events = []
    result = run_comparison(two, clinic, output, seeds=(5,), methods=METHODS, on_event=events.append)
    return output, result, events


def rows_of(result):
    return {row["method"]: row for row in result["methods"]}


def test_what_is_compared(compared):
    output, result, _ = compared
    rows = rows_of(result)
    assert list(rows) == [
        "ensemble-minority",
        "ensemble-overall",
        "ensemble-soft-vote",
        "ensemble-test",
        "weighted",
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


def test_selection_by_the_test_is_the_most_a_member_reaches(compared):
    rows = rows_of(compared[1])
    for leaking, *honest in zip(
        *(rows[f"ensemble-{name}"]["values"] for name in ("test", "minority", "overall")), strict=True
    ):
        assert leaking >= max(honest)


def test_every_network_makes_the_same_steps(compared):
    steps = {run["steps"] for row in compared[1]["methods"] for run in row["runs"] if run["networks"]}
    assert len(steps) == 1
    assert steps.pop() > 2


def test_a_row_says_what_its_network_answers(compared, clinic, two):
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


def test_progress_is_told(compared):
    _, _, events = compared
    kinds = [event["event"] for event in events]
    assert kinds[0] == "start"
    assert events[0]["jobs"] == kinds.count("job") == 2 + 2
    assert kinds.count("judged") == 4 + 2 + 1
    labels = {event["label"] for event in events if event["event"] == "job"}
    assert labels == {
        f"seed 5, {n}" for n in ("member 1/2", "member 2/2", "weighted network", "patient alone")
    }


def test_more_seeds_go_on_with_what_is_there(compared, clinic, two):
    output, result, _ = compared
    events = []
    again = run_comparison(
        two, clinic, output, seeds=(5, 0), methods=("weighted", "lda"), on_event=events.append
    )
    resumed = {event["label"]: event["resumed"] for event in events if event["event"] == "job"}
    assert resumed == {"seed 5, weighted network": True, "seed 0, weighted network": False}
    before, after = rows_of(result)["weighted"], rows_of(again)["weighted"]
    assert after["runs"][0] == before["runs"][0]
    assert [run["seed"] for run in after["runs"]] == [5, 0]
    assert [run["seed"] for run in rows_of(again)["lda"]["runs"]] == [None]
    assert before["deviation"]["accuracy"] is None
    assert after["deviation"]["accuracy"] >= 0


def test_a_folder_of_other_settings_is_left_alone(compared, clinic, two):
    other = dataclasses.replace(two, step=0.1)
    with pytest.raises(SettingError, match="other settings"):
        run_comparison(other, clinic, compared[0], seeds=(0,), methods=("lda",))


def test_the_networks_are_what_they_are_called(clinic, tiny, tmp_path):
    windows = cut(clinic, tiny)
    (split,) = make_splits(clinic, SplitSettings())
    one = make_round(tiny, windows, split, 7, METHODS, tmp_path)
    weighted, alone = one.alone["weighted"], one.alone["minority"]
    assert weighted.train.count("cohort") == split.cut(windows)["train"].count("cohort")
    assert alone.train.count("cohort") == {"patient": len(alone.train)}
    assert alone.weights is None
    drawn = np.bincount(weighted.train.cohort == "patient", weights=weighted.weights)
    assert drawn[0] == pytest.approx(drawn[1])
    seeds = [job.training.seed for job in (*one.members, weighted, alone)]
    assert len(set(seeds)) == len(seeds)
    member = one.members[0]
    batches = Batches(member.train, member.training)
    for job in (weighted, alone):
        found = Batches(job.train, job.training, job.weights)
        assert len(found) == len(batches)
        assert abs(len(found[0][1]) - len(batches[0][1])) <= 1


def test_without_a_minority_one_network_stands_for_the_ensemble(study, tiny, tmp_path):
    recordings = study({"healthy": 2})
    with pytest.raises(SettingError, match=r"'minority': no minority .*name a minority or leave it out"):
        run_comparison(tiny, recordings, tmp_path / "out", seeds=(0,), methods=("minority",))
    assert not (tmp_path / "out").exists()
    result = run_comparison(tiny, recordings, tmp_path / "out", seeds=(0,), methods=("ensemble", "lda"))
    assert [row["method"] for row in result["methods"]] == ["network", "lda"]
    assert set(rows_of(result)["network"]["per_subject"]) == {"healthy_1", "healthy_2"}


def test_each_fold_is_a_run(study, tiny, tmp_path):
    folds = dataclasses.replace(tiny, split=SplitSettings(name="k-fold", folds=2))
    recordings = study({"healthy": 4, "patient": 2})
    result = run_comparison(folds, recordings, tmp_path / "out", seeds=(0, 1), methods=("lda",))
    (row,) = result["methods"]
    assert [run["fold"] for run in row["runs"]] == ["fold_1", "fold_2"]
    assert set(row["per_subject"]) == {"patient_1", "patient_2"}


def test_folds_that_do_not_all_train_on_the_minority_are_refused(study, tiny, tmp_path):
    alone = dataclasses.replace(tiny, split=SplitSettings(name="leave-one-subject-out"))
    with pytest.raises(SettingError, match="subject_patient_1 no minority cohort is named"):
        run_comparison(
            alone, study({"healthy": 3, "patient": 1}), tmp_path / "out", seeds=(0,), methods=("lda",)
        )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"methods": ("svm",)}, "'svm': choose from ensemble, weighted"),
        ({"seeds": ()}, r"seeds is \[\]"),
        ({"seeds": (1, 1)}, r"seeds is \[1, 1\]: .*each once"),
        ({"seeds": (-1,)}, r"seeds is \[-1\]"),
    ],
)
def test_what_cannot_be_is_refused(clinic, tiny, tmp_path, asked, told):
    with pytest.raises(SettingError, match=told):
        run_comparison(tiny, clinic, tmp_path / "out", **{"seeds": (0,), "methods": ("lda",), **asked})
    assert not (tmp_path / "out").exists()
