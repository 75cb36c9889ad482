"""A training configuration is read completely; what cannot be used is refused with file and name."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import SettingError
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.settings import from_mapping
from emg_recognition.training.configuration import (
    FILES,
    configuration_text,
    experiment_settings,
    rewritten,
)
from emg_recognition.training.settings import (
    SPLITS,
    BundleLiveSettings,
    ExperimentSettings,
    FitSettings,
    SplitSettings,
)


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return path

    return write


def test_an_empty_file_means_the_defaults(config):
    assert experiment_settings(config("")) == experiment_settings(None) == ExperimentSettings()
    assert experiment_settings(config("pipeline:\nnetwork:\nensemble:\n")) == ExperimentSettings()


def test_every_section_is_read(config):
    settings = experiment_settings(
        config(
            "window: 0.25\nstride: 0.1\nbaseline: false\npipeline: {mains: 60, low: 30}\n"
            "network: {features: 32}\ntraining: {epochs: 5, seed: 7}\n"
            "ensemble: {members: 4, minority: left}\n"
            "live: {stride: 0.05, decision: {votes: 5}}\n"
        )
    )
    assert (settings.window, settings.stride, settings.baseline) == (0.25, 0.1, False)
    assert settings.network.features == 32
    assert (settings.training.epochs, settings.training.seed) == (5, 7)
    assert (settings.ensemble.members, settings.ensemble.minority) == (4, "left")
    assert settings.live == BundleLiveSettings(stride=0.05, decision=DecisionSettings(votes=5))
    pipeline = settings.pipeline_for(rate=1000, channels=6, unit="V")
    assert (pipeline.notch, pipeline.low, pipeline.length) == (60, 30, 250)


def test_settings_are_taken_from_a_mapping_and_from_settings(config):
    mapping = {"training": {"epochs": 5}, "network": NetworkSettings(features=32)}
    settings = experiment_settings(mapping)
    assert (settings.training.epochs, settings.network.features) == (5, 32)
    assert experiment_settings(settings) is settings
    with pytest.raises(SettingError, match=r"settings: training\.epochs is 0"):
        experiment_settings({"training": {"epochs": 0}})


@pytest.mark.parametrize("name", FILES)
def test_the_packaged_files_hold_every_setting_with_its_description(repository, name):
    path = repository / "config" / name
    # To update: python -m emg_recognition.training.configuration config
    assert path.read_text() == rewritten(path)


def test_a_written_configuration_is_read_back(config):
    settings = dataclasses.replace(
        ExperimentSettings(),
        actions=("rest", "fist"),
        split=SplitSettings(name="k-fold", folds=3),
        live=BundleLiveSettings(decision=DecisionSettings(votes=7)),
    )
    assert experiment_settings(config(configuration_text(settings))) == settings


def test_a_file_with_names_of_earlier_versions_is_read_and_says_so(config, caplog):
    old = "step: 0.025\nbridge: true\ntraining: {steps: 3, turn: 0.5, gain: 0.2, shift: 0.1}\n"
    new = (
        "stride: 0.025\nwarm_up: true\n"
        "training: {steps_per_epoch: 3, electrode_rotation: 0.5, gain_jitter: 0.2, time_shift: 0.1}\n"
    )
    assert experiment_settings(config(old)) == experiment_settings(config(new))
    assert "mine.yaml: training.steps is called steps_per_epoch now; rename it" in caplog.messages
    assert len(caplog.messages) == 6


def test_the_compact_configuration_is_the_default(repository):
    assert experiment_settings(repository / "config" / "compact.yaml") == ExperimentSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windwo: 0.2", "mine.yaml: windwo is 0.2: no such setting; known are window, stride"),
        (
            "training: {steps: 3, steps_per_epoch: 4}",
            "mine.yaml: training.steps is 3: this setting is called steps_per_epoch",
        ),
        ("training: {epoch: 3}", "mine.yaml: training.epoch is 3: no such setting"),
        ("training: {epochs: 0}", "mine.yaml: training.epochs is 0: use a whole number of at least 1"),
        ("network: 5", "mine.yaml: network is 5"),
        ("ensemble: {member: 3}", "mine.yaml: ensemble.member is 3"),
        ("ensemble: {selection: best}", "ensemble.selection is 'best': use one of minority, overall"),
        ("ensemble: {share: [0.4]}", "ensemble.share is (0.4,): use [first share"),
        ("pipeline: [1]", "mine.yaml: pipeline is"),
        ("pipeline: {rate: 200}", "pipeline.rate is 200: no such setting here"),
        ("pipeline: {lowest: 2}", "pipeline.lowest is 2"),
        ("window: fast", "window is 'fast'"),
        ("stride: 0", "stride is 0: use a number above 0 s"),
        ("stride: .inf", "stride is inf"),
        ("actions: [rest]", "actions is ('rest',): list two or more labels"),
        ("ensemble: {members: 0}", "ensemble.members is 0"),
        ("ensemble: {minority: 3}", "ensemble.minority is 3"),
        ("live: {stride: 5}", "mine.yaml: live.stride is 5"),
        ("live: {decision: {votes: 0}}", "mine.yaml: live.decision.votes is 0"),
        ("split: {name: k-fold, folds: 1}", "mine.yaml: split.folds is 1: use a whole number of at least 2"),
        ("- 1", "write a mapping"),
        ("a: [", "is not a YAML file"),
        ("window: 0.2\nwindow: 0.3", "given twice"),
    ],
)
def test_what_cannot_be_used_is_refused(config, text, message):
    with pytest.raises(SettingError) as caught:
        experiment_settings(config(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingError, match="nowhere"):
        experiment_settings(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("steps_per_epoch", 0),
        ("time_shift", 1.5),
        ("batch_size", 1),
        ("seed", -1),
        ("seed", True),
        ("learning_rate", 0.0),
        ("learning_rate", "4e-3"),
        ("gain_jitter", 1.5),
        ("gain_jitter", -0.1),
        ("electrode_rotation", -0.5),
    ],
)
def test_a_training_setting_that_cannot_be_used_is_named(name, value):
    with pytest.raises(SettingError, match=name):
        FitSettings(**{name: value})


def test_a_stride_is_at_least_one_sample():
    assert ExperimentSettings(stride=0.05).stride_samples(200) == 10
    assert ExperimentSettings(stride=0.001).stride_samples(200) == 1


def test_settings_survive_json():
    settings = dataclasses.replace(ExperimentSettings(), split=SplitSettings(test="3-4"))
    mapping = json.loads(json.dumps(settings.to_mapping()))
    assert mapping["network"]["features"] == 320
    assert experiment_settings(mapping) == settings


@pytest.mark.parametrize("name", [name for name in SPLITS if name != "list"])
def test_a_split_needs_only_its_name(name):
    assert SplitSettings(name=name).name == name


def test_a_split_as_in_a_file():
    settings = from_mapping(SplitSettings, {"name": "session", "train": [1, "2"], "test": "5-9"}, "split")
    assert settings == SplitSettings(name="session", train=(1, "2"), test=("5-9",))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"name": "holdout"}, "name is 'holdout': use one of repetition, session"),
        ({"folds": 3}, "folds is 3: the split repetition uses only train, validation, test"),
        ({"name": "k-fold", "test": (1,)}, r"test is \(1,\): the split k-fold uses only groups, folds"),
        ({"name": "k-fold", "folds": 1}, "folds is 1: use a whole number of at least 2"),
        ({"name": "k-fold", "folds": True}, "folds is True"),
        ({"name": "k-fold", "groups": "action"}, "groups is 'action': use one of subject, session"),
        ({"name": "k-fold", "cohort": ""}, "cohort is ''"),
        ({"name": "random-windows", "seed": -1}, "seed is -1"),
        ({"name": "list"}, "file is None: name the CSV or YAML file"),
        ({"train": ()}, r"train is \(\): use a list of numbers of repetitions"),
        ({"train": ("one",)}, "repetitions is 'one': "),
        ({"train": "3-1"}, "'3-1'"),
        ({"name": "subject", "test": (1.5,)}, r"test is \(1.5,\): use a list of names of subjects"),
    ],
)
def test_a_split_that_cannot_be_used_is_refused(asked, message):
    with pytest.raises(SettingError, match=message):
        SplitSettings(**asked)


def test_settings_need_no_numerical_library():
    code = (
        "import sys; from emg_recognition.training.configuration import experiment_settings;"
        "experiment_settings({'split': {'test': (4,)}});"
        "print(sorted({'numpy', 'scipy', 'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
