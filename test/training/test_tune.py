"""A small but complete search: what decides it, what it writes, what it keeps."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

from emg_recognition.errors import SettingError
from emg_recognition.models.bundle import read_bundle
from emg_recognition.training.api import train, tune
from emg_recognition.training.configuration import experiment_settings
from emg_recognition.training.search_settings import SearchSettings
from emg_recognition.training.settings import SplitSettings

pytest.importorskip("optuna", reason="the extra `tune` is not installed")
# Processes that each load TensorFlow, perhaps on a busy machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def settings(tiny):
    nothing = dict.fromkeys(vars(SearchSettings()))
    search = SearchSettings(**{**nothing, "window": (0.15,), "epochs": (1, 3), "learning_rate": (5e-3,)})
    return dataclasses.replace(tiny, search=search, baseline=False)


@pytest.fixture(scope="module")
def recordings(study):
    return study({"I": 2})


@pytest.fixture(scope="module")
def tuned(recordings, settings, tmp_path_factory):
    """A search in this process: its folder, the result and the events."""
    output, events = tmp_path_factory.mktemp("tune") / "output", []
    return output, tune(recordings, output, settings=settings, trials=4, on_event=events.append), events


def history(tuning):
    """What the trials were and what came of them, without the times."""
    return [
        # In one process TensorFlow may use more threads, and the last digits of a loss differ.
        {**trial, "seconds": None, "loss": pytest.approx(trial["loss"], rel=1e-3)}
        for fold in tuning.result["folds"]
        for trial in fold["trials"]
    ]


def test_it_writes_what_a_training_writes_and_how_the_settings_were_found(tuned):
    output, tuning, _ = tuned
    files = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    assert {"metrics.json", "report.html", "bundle/model.yaml", "members/member_01/model.keras"} <= files
    assert {"tuning.json", "tuning.html", "chosen.yaml", "figures/tuning_history.png"} <= files
    assert not [name for name in files if name.startswith("trials/") and name.endswith(".keras")]
    assert json.loads(tuning.result_file.read_text()) == json.loads(json.dumps(tuning.result))
    page = tuning.report.read_text()
    (fold,) = tuning.result["folds"]
    assert f"{100 * fold['score']:.1f}" in page
    assert "learning rate" in page


def test_the_reference_names_every_key(tuned, repository):
    page = (repository / "docs" / "reference" / "metrics-json.md").read_text()
    section = page.partition("(tuning)=")[2].partition("\n(")[0]
    named = set(re.findall(r"`(\w+)`", section))
    (fold,) = tuned[1].result["folds"]
    assert {*tuned[1].result, *fold, *fold["trials"][0]} <= named


def test_the_best_trial_is_chosen_and_the_first_one_is_the_configuration(tuned, settings):
    _, tuning, _ = tuned
    (fold,) = tuning.result["folds"]
    trials = fold["trials"]
    assert trials[0]["values"] == {"window": 0.2, "learning_rate": 2e-2, "epochs": 2}
    assert trials[0]["score"] == fold["configured_score"]
    assert len({tuple(trial["values"].values()) for trial in trials}) == 4
    best = max(trials, key=lambda trial: (trial["score"], trial["score_all"], -trial["loss"]))
    assert (fold["chosen"], fold["score"]) == (best["values"], best["score"])
    chosen = tuning.training.metrics["settings"]
    assert chosen["window"] == best["values"]["window"]
    assert chosen["training"]["epochs"] == best["values"]["epochs"]
    assert read_bundle(tuning.training.bundle).pipeline["window"] == best["values"]["window"]
    assert fold["test_accuracy"] == tuning.training.metrics["test_accuracy"]


def test_neither_the_test_recordings_nor_the_number_of_processes_change_a_trial(
    tuned, recordings, settings, tmp_path
):
    counts = recordings.counts.copy()
    for segment in np.flatnonzero(recordings.repetition == 4).tolist():
        begin = recordings.start[segment]
        counts[begin : begin + recordings.length[segment]] = 0
    other = dataclasses.replace(recordings, counts=counts)
    again = tune(other, tmp_path / "out", settings=settings, trials=4, workers=2)
    found = [{**trial, "seconds": None} for trial in again.result["folds"][0]["trials"]]
    assert found == history(tuned[1])
    assert again.training.metrics["test_accuracy"] != tuned[1].training.metrics["test_accuracy"]


def test_the_chosen_settings_train_to_the_same_network(tuned, recordings, tmp_path):
    output, tuning, _ = tuned
    result = train(recordings, tmp_path / "out", settings=output / "chosen.yaml")
    ours, theirs = result.metrics, tuning.training.metrics
    assert ours["settings"] == theirs["settings"]
    for name in ("test_loss", "train_loss", "test_accuracy"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-3)


def test_events_number_all_networks(tuned):
    _, _, events = tuned
    jobs = [event for event in events if event["event"] == "job"]
    assert sorted(event["job"] for event in jobs) == [1, 2, 3, 4, 5]
    assert {event["jobs"] for event in jobs} == {5}
    assert jobs[0]["label"] == "trial 1/4, as configured"
    done = [event["done"] for event in events if "done" in event]
    assert done == sorted(done)
    assert done[-1] == 1.0
    json.dumps(events, allow_nan=False)


def test_an_interrupted_search_keeps_its_trials(recordings, settings, tmp_path):
    def stop(event):
        if event["event"] == "job" and event["job"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(recordings, tmp_path, settings=settings, trials=3, on_event=stop)
    assert len(list((tmp_path / "trials" / "all").glob("trial_*/history.json"))) == 2
    assert not (tmp_path / "bundle").exists()
    with pytest.raises(SettingError, match="another output folder"):
        train(recordings, tmp_path, settings=settings)
    narrower = dataclasses.replace(settings, search=dataclasses.replace(settings.search, window=None))
    with pytest.raises(SettingError, match="it holds an experiment with other tuning"):
        tune(recordings, tmp_path, settings=narrower)


def test_more_trials_find_the_finished_ones_and_replace_members_of_other_settings(
    tuned, recordings, settings, tmp_path
):
    output, tuning, _ = tuned
    shutil.copytree(output, tmp_path / "out")
    chosen = tmp_path / "out" / "chosen.yaml"
    chosen.write_text(chosen.read_text() + "# of other settings\n")
    events = []
    more = tune(recordings, tmp_path / "out", settings=settings, trials=5, on_event=events.append)
    assert [event["resumed"] for event in events if event["event"] == "job"] == [True] * 4 + [False] * 2
    assert more.result["folds"][0]["trials"][:4] == tuning.result["folds"][0]["trials"]
    assert "of other settings" not in chosen.read_text()


def test_each_fold_has_its_own_search(study, settings, tmp_path):
    split = SplitSettings(name="k-fold", groups="repetition", folds=2)
    settings = dataclasses.replace(settings, split=split)
    tuning = tune(study({"I": 1}, repetitions=6), tmp_path, settings=settings, trials=2)
    assert tuning.training.bundle is None
    folds = tuning.result["folds"]
    assert [len(fold["trials"]) for fold in folds] == [2, 2]
    for fold in folds:
        folder = tmp_path / "folds" / fold["name"]
        chosen = experiment_settings(folder / "chosen.yaml")
        assert (chosen.window, chosen.training.epochs) == (fold["chosen"]["window"], fold["chosen"]["epochs"])
        assert (folder / "bundle" / "model.tflite").exists()
        assert fold["name"] in tuning.report.read_text()
    for name, found in tuning.result["chosen"].items():
        assert sum(one["folds"] for one in found) == 2, name


def test_what_cannot_be_searched_is_refused_and_nothing_is_written(recordings, settings, tmp_path):
    with pytest.raises(SettingError, match="trials is 0: use at least one"):
        tune(recordings, tmp_path / "out", settings=settings, trials=0)
    by_test = dataclasses.replace(settings, ensemble=dataclasses.replace(settings.ensemble, selection="test"))
    with pytest.raises(SettingError, match=r"ensemble\.selection is 'test': the test would choose too"):
        tune(recordings, tmp_path / "out", settings=by_test)
    leaking = dataclasses.replace(settings, split=SplitSettings(name="random-windows"))
    with pytest.raises(SettingError, match="split is 'random-windows': windows of one repetition"):
        tune(recordings, tmp_path / "out", settings=leaking)
    assert not (tmp_path / "out").exists()
