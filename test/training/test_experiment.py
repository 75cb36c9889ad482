"""A small but complete training: what it writes, what it keeps, what it refuses."""

from __future__ import annotations

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.runtime import ActionModel
from emg_recognition.training.api import train
from emg_recognition.training.comparators import fit_lda
from emg_recognition.training.settings import EnsembleSettings, SplitSettings
from emg_recognition.training.windows import windows_from_recordings


@pytest.fixture(scope="module")
def finished(study, tiny, tmp_path_factory):
    """A training of three members, and its events."""
    recordings = study({"healthy": 5, "patient": 1})
    output = tmp_path_factory.mktemp("experiment") / "output"
    events = []
    result = train(recordings, output, settings=tiny, on_event=events.append)
    return recordings, output, result, events


def test_it_writes_bundle_members_metrics_and_report(finished):
    _, output, result, _ = finished
    files = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    members = {
        f"members/member_0{k}/{name}"
        for k in (1, 2, 3)
        for name in ("model.keras", "history.json", "test.npy")
    }
    bundle = {f"bundle/model.{kind}" for kind in ("yaml", "tflite", "keras")}
    assert {"experiment.json", "metrics.json", "report.html", *members, *bundle} <= files
    drawn = {name for name in files if name.startswith("figures/")}
    assert {"figures/learning_curves.png", "figures/confusion.png", "figures/confusion.pdf"} <= drawn
    assert len(files) == 3 + len(members) + len(bundle) + len(drawn)
    assert result.bundle == output / "bundle"
    assert json.loads(result.metrics_file.read_text()) == json.loads(json.dumps(result.metrics))
    assert "patient" in result.report.read_text()


def test_every_member_sees_the_whole_minority_and_a_part_of_the_majority(finished):
    _, _, result, _ = finished
    metrics = result.metrics
    # 120 samples: windows begin at 50, 60, 70 and 80; three actions, two training repetitions.
    assert metrics["windows_per_cohort"] == {"healthy": 5 * 3 * 2 * 4, "patient": 3 * 2 * 4}
    assert [member["windows"] for member in metrics["members"]] == [{"healthy": 40, "patient": 24}] * 3
    assert metrics["windows"]["test"] == {"healthy": 60, "patient": 12}
    assert metrics["split"]["values"] == {"train": [1, 2], "validation": [3], "test": [4]}
    assert not metrics["split"]["leaking"]
    of_rest = [row["windows"] for row in metrics["window_table"] if row["action"] == "rest"]
    # One patient and five others: validation, test, training.
    assert sorted(of_rest) == [4, 4, 8, 20, 20, 40]


def test_the_bundle_holds_the_member_that_is_best_on_the_minority(finished):
    _, output, result, _ = finished
    scores = [member["val_balanced_accuracy"] for member in result.metrics["members"]]
    assert scores == [member["val_per_cohort"]["patient"] for member in result.metrics["members"]]
    assert scores[result.metrics["selected"] - 1] == max(scores)
    kept = output / "members" / f"member_0{result.metrics['selected']}" / "model.keras"
    assert (output / "bundle" / "model.keras").read_bytes() == kept.read_bytes()


def test_the_bundle_reaches_the_accuracy_in_the_metrics(finished, tiny):
    recordings, output, result, _ = finished
    model = ActionModel.load(output / "bundle")
    assert model.info.actions == ("rest", "wrist_extension", "elbow_flexion")
    pipeline = tiny.pipeline_for(rate=200.0, channels=3, unit="count")
    assert model.info.fingerprint == pipeline.fingerprint()
    test = windows_from_recordings(
        recordings.select(recordings.repetition == 4), pipeline, 10, actions=model.info.actions
    )
    right = [int(model.predict(w).argmax()) == a for w, a in zip(test.windows, test.action, strict=True)]
    assert np.mean(right) == result.metrics["test_accuracy"]
    # Amplitude alone tells these actions apart; chance is a third.
    assert result.metrics["test_accuracy"] > 0.6
    assert read_bundle(output / "bundle").metrics["test_accuracy"] == result.metrics["test_accuracy"]


def test_the_bundle_says_how_to_use_it_live(finished):
    _, output, _, _ = finished
    assert read_bundle(output / "bundle").live == {
        "stride": 0.025,
        "confidence_threshold": 0.5,
        "decision": dataclasses.asdict(DecisionSettings()),
    }


def test_the_baseline_is_lda_on_the_same_windows(finished, tiny):
    recordings, _, result, _ = finished
    pipeline = tiny.pipeline_for(rate=200.0, channels=3, unit="count")
    windows = windows_from_recordings(recordings, pipeline, 10, actions=result.metrics["actions"])
    train, test = windows.select(windows.repetition < 3), windows.select(windows.repetition == 4)
    correct = fit_lda(train)(test).argmax(axis=1) == test.action
    assert result.metrics["baseline"]["accuracy"] == correct.mean() > 0.9


def test_the_statistics_are_those_of_the_windows_of_the_kept_member(finished):
    _, output, result, _ = finished
    history = output / "members" / f"member_0{result.metrics['selected']}" / "history.json"
    statistics = read_bundle(output / "bundle").statistics
    assert statistics == json.loads(history.read_text())["statistics"]
    # Flexion drives channel 0 (a third of the windows), both movements drive channel 1 a little.
    assert 100 < statistics["std"][0] < 400
    assert statistics["std"][1] < 100


def test_the_events_are_complete_and_in_order(finished):
    _, output, result, events = finished
    one_member = ["epoch", "epoch", "job"]
    assert [event["event"] for event in events] == ["data", "start", *one_member * 3, "selected", "done"]
    assert [event["job"] for event in events if event["event"] == "epoch"] == [1, 1, 2, 2, 3, 3]
    epoch = events[2]
    assert epoch.keys() >= {"jobs", "label", "epochs", "loss", "accuracy", "val_accuracy", "seconds"}
    assert events[-1]["path"] == str(output / "bundle")
    assert events[-1]["test_accuracy"] == result.metrics["test_accuracy"]
    json.dumps(events, allow_nan=False)


def test_an_interrupted_training_continues_to_the_same_result(finished, tiny, tmp_path):
    recordings, output, result, _ = finished
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(output / "experiment.json", again)
    for name in ("member_01", "member_03"):
        shutil.copytree(output / "members" / name, again / "members" / name)
    stamp = (again / "members" / "member_01" / "model.keras").stat().st_mtime_ns
    events = []
    repeated = train(recordings, again, settings=tiny, on_event=events.append)
    resumed = {event["job"]: event["resumed"] for event in events if event["event"] == "job"}
    assert resumed == {1: True, 2: False, 3: True}
    assert (again / "members" / "member_01" / "model.keras").stat().st_mtime_ns == stamp
    for name in ("selected", "confusion", "test_loss", "per_subject"):
        assert repeated.metrics[name] == result.metrics[name]


def test_a_figure_that_cannot_be_drawn_costs_no_model(finished, tiny, tmp_path, monkeypatch):
    # Distributions bring old releases of Matplotlib; the members have been trained by then.
    recordings, output, result, _ = finished
    shutil.copy(output / "experiment.json", tmp_path)
    shutil.copytree(output / "members", tmp_path / "members")

    def fail(*arguments):
        raise TypeError("an unexpected keyword argument")

    monkeypatch.setattr("emg_recognition.training.results.experiment_figures", fail)
    with pytest.raises(TypeError, match="keyword"):
        train(recordings, tmp_path, settings=tiny)
    assert read_bundle(tmp_path / "bundle").files == read_bundle(result.bundle).files
    assert json.loads((tmp_path / "metrics.json").read_text())["selected"] == result.metrics["selected"]


def test_a_stopped_training_keeps_finished_members_and_writes_no_bundle(study, tiny, tmp_path):
    def stop(event):
        if event["event"] == "epoch" and event["job"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(study({"healthy": 5, "patient": 1}), tmp_path / "out", settings=tiny, on_event=stop)
    assert [path.name for path in (tmp_path / "out" / "members").iterdir()] == ["member_01"]
    assert not (tmp_path / "out" / "bundle").exists()
    assert not (tmp_path / "out" / "metrics.json").exists()


def test_without_a_minority_one_member_is_trained_on_everything(study, tiny, tmp_path):
    events = []
    split = SplitSettings(train=(1, 2, 3), test=(4,))
    settings = dataclasses.replace(tiny, split=split)
    result = train(study({"I": 1, "N": 1}), tmp_path, settings=settings, on_event=events.append)
    assert "one member is trained on all the data" in events[1]["message"]
    assert events[1]["jobs"] == 1
    (member,) = result.metrics["members"]
    assert member["windows"] == result.metrics["windows_per_cohort"]
    assert result.metrics["minority"] is None
    assert member["val_balanced_accuracy"] == member["val_balanced_accuracy_all"]
    *_, warning = result.metrics["warnings"]
    assert warning.startswith("too few test windows to judge an accuracy, fewer than 20: rest has 8, ")
    assert [event["message"] for event in events if event["event"] == "warning"] == [warning]
    assert events[0]["event"] == "data"
    assert any("I_1" in line for line in events[0]["lines"])


def test_without_a_minority_the_members_of_a_soft_vote_are_trained_on_everything(study, tiny, tmp_path):
    ensemble = dataclasses.replace(tiny.ensemble, members=2, selection="soft-vote")
    training = dataclasses.replace(tiny.training, epochs=1)
    settings = dataclasses.replace(tiny, ensemble=ensemble, training=training)
    result = train(study({"I": 1}), tmp_path, settings=settings)
    first, second = result.metrics["members"]
    assert first["windows"] == second["windows"] == result.metrics["windows_per_cohort"]
    assert first["val_loss"] != second["val_loss"]  # from seeds of their own
    assert result.metrics["selected"] is None
    assert "2 members are each trained on all the data" in result.metrics["minority_choice"]
    assert "stratified parts" not in result.report.read_text(encoding="utf-8")
    vote = keras.saving.load_model(result.bundle / "model.keras", compile=False)
    windows = np.random.default_rng(0).normal(0, 100, (4, *vote.input_shape[1:])).astype(np.float32)
    members = [
        keras.saving.load_model(tmp_path / "members" / f"member_0{k}" / "model.keras", compile=False)(windows)
        for k in (1, 2)
    ]
    np.testing.assert_allclose(vote(windows), np.mean(members, axis=0), atol=1e-6)


def test_an_impossible_training_is_refused_before_anything_is_written(study, tiny, tmp_path):
    recordings = study({"healthy": 3, "left": 1})
    unknown = dataclasses.replace(tiny, ensemble=EnsembleSettings(minority="right"))
    with pytest.raises(SettingError, match=r"'right': no such cohort.*healthy.*left"):
        train(recordings, tmp_path / "out", settings=unknown)
    named = dataclasses.replace(tiny, ensemble=EnsembleSettings(minority="left"))
    without = recordings.select((recordings.cohort != "left") | (recordings.repetition != 3))
    third = dataclasses.replace(named, split=SplitSettings(validation=(3,), test=(4,)))
    with pytest.raises(SettingError, match=r"validation subset has no window of the minority cohort left"):
        train(without, tmp_path / "out", settings=third)
    many = dataclasses.replace(tiny, ensemble=EnsembleSettings(members=500, minority="left"))
    with pytest.raises(SettingError, match=r"members is 500: the majority has only 72 training windows"):
        train(recordings, tmp_path / "out", settings=many)
    with pytest.raises(RecordingError, match="it has one action, rest; record at least two"):
        train(recordings.select(recordings.label == "rest"), tmp_path / "out", settings=tiny)
    short = dataclasses.replace(recordings, length=np.where(recordings.label == "rest", 80, 120))
    with pytest.raises(SettingError, match=r"its training segments of 'rest' give no window"):
        train(short, tmp_path / "out", settings=named)
    assert not (tmp_path / "out").exists()


def with_selection(settings, name):
    return dataclasses.replace(settings, ensemble=dataclasses.replace(settings.ensemble, selection=name))


def test_a_soft_vote_is_one_network_of_all_members(finished, tiny, tmp_path):
    recordings, output, _, _ = finished
    (tmp_path / "out").mkdir()
    shutil.copytree(output / "members", tmp_path / "out" / "members")
    settings = with_selection(tiny, "soft-vote")
    marker = json.loads((output / "experiment.json").read_text())
    marker["settings"] = json.loads(json.dumps(settings.to_mapping()))
    (tmp_path / "out" / "experiment.json").write_text(json.dumps(marker))
    result = train(recordings, tmp_path / "out", settings=settings)
    assert result.metrics["selected"] is None
    members = [
        keras.saving.load_model(output / "members" / f"member_0{k}" / "model.keras", compile=False)
        for k in (1, 2, 3)
    ]
    model = ActionModel.load(result.bundle)
    window = np.random.default_rng(0).normal(0, 100, (model.info.length, 3)).astype(np.float32)
    mean = np.mean([member(window[np.newaxis]).numpy()[0] for member in members], axis=0)
    np.testing.assert_allclose(model.predict(window), mean, atol=1e-5)
    assert "vote" in result.report.read_text()


def test_the_split_and_selection_of_the_paper_are_labelled_as_leaking(study, tiny, tmp_path):
    settings = dataclasses.replace(with_selection(tiny, "test"), split=SplitSettings(name="random-windows"))
    result = train(study({"healthy": 5, "patient": 1}), tmp_path, settings=settings)
    metrics = result.metrics
    assert metrics["split"]["leaking"]
    assert metrics["selection"]["leaking"]
    accuracies = [member["test_accuracy"] for member in metrics["members"]]
    assert accuracies[metrics["selected"] - 1] == max(accuracies)
    assert "leaking" in result.report.read_text().lower()
    assert read_bundle(result.bundle).provenance["split"]["leaking"]


def test_leave_one_subject_out_writes_a_folder_for_each_fold(study, tiny, tmp_path):
    settings = dataclasses.replace(tiny, split=SplitSettings(name="leave-one-subject-out"))
    recordings = study({"healthy": 2})
    events = []
    result = train(recordings, tmp_path, settings=settings, on_event=events.append)
    assert result.bundle is None
    assert events[1]["jobs"] == 2
    names = [fold["name"] for fold in result.metrics["folds"]]
    assert len(names) == 2
    for name, subject in zip(names, ("healthy_1", "healthy_2"), strict=True):
        fold = tmp_path / "folds" / name
        metrics = json.loads((fold / "metrics.json").read_text())
        assert list(metrics["per_subject"]) == [subject]
        assert (fold / "report.html").exists()
        assert f"folds/{name}/report.html" in result.report.read_text()
        read_bundle(fold / "bundle")
    of_folds = [fold["metrics"]["test_accuracy"] for fold in result.metrics["folds"]]
    assert np.isclose(result.metrics["test_accuracy"], np.mean(of_folds))  # folds of one size
    again = []
    train(recordings, tmp_path, settings=settings, on_event=again.append)
    assert [event["resumed"] for event in again if event["event"] == "job"] == [True] * 2
