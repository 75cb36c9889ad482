"""A configuration is read as a whole; what is not known is refused with file and name."""

from __future__ import annotations

import json

import pytest
import yaml

from emg_recognition.errors import SettingError
from emg_recognition.training.settings import ExperimentSettings, load_settings


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return path

    return write


def test_an_empty_file_means_the_defaults(config):
    assert load_settings(config("")) == ExperimentSettings()
    assert load_settings(config("pipeline:\nnetwork:\nensemble:\n")) == ExperimentSettings()


def test_every_section_is_read(config):
    settings = load_settings(
        config(
            "window: 0.25\nstep: 0.1\npipeline: {mains: 60, low: 30}\nnetwork: {features: 32}\n"
            "training: {epochs: 5, seed: 7}\nensemble: {members: 4, minority: left}\n"
        )
    )
    assert (settings.window, settings.step, settings.network.features) == (0.25, 0.1, 32)
    assert (settings.training.epochs, settings.training.seed) == (5, 7)
    assert (settings.ensemble.members, settings.ensemble.minority) == (4, "left")
    pipeline = settings.pipeline_for(rate=1000, channels=6, unit="V")
    assert (pipeline.notch, pipeline.low, pipeline.length) == (60, 30, 250)


@pytest.mark.parametrize("name", ["compact.yaml", "paper.yaml"])
def test_the_packaged_configurations_are_readable_and_complete(repository, name):
    text = (repository / "config" / name).read_text()
    settings = load_settings(repository / "config" / name)
    assert settings.ensemble.members == 8
    assert settings.to_mapping().keys() == {*yaml.safe_load(text), "pipeline"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("windwo: 0.2", "mine.yaml: settings.windwo is 0.2"),
        ("training: {epoch: 3}", "mine.yaml: training.epoch is 3: no such setting"),
        ("network: 5", "mine.yaml: network is 5"),
        ("ensemble: {member: 3}", "mine.yaml: ensemble.member is 3"),
        ("pipeline: [1]", "mine.yaml: pipeline is"),
        ("pipeline: {rate: 200}", "pipeline.rate is 200: no such setting here"),
        ("pipeline: {lowest: 2}", "pipeline.lowest is 2"),
        ("window: fast", "window is 'fast'"),
        ("step: 0", "step is 0"),
        ("step: .inf", "step is inf"),
        ("ensemble: {members: 0}", "ensemble.members is 0"),
        ("ensemble: {minority: 3}", "ensemble.minority is 3"),
        ("- 1", "write a mapping"),
        ("a: [", "no YAML"),
    ],
)
def test_what_is_not_known_is_refused(config, text, told):
    with pytest.raises(SettingError) as caught:
        load_settings(config(text))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SettingError, match="nowhere"):
        load_settings(tmp_path / "nowhere.yaml")


def test_the_step_is_a_sample_at_least():
    assert ExperimentSettings(step=0.05).stride_samples(200) == 10
    assert ExperimentSettings(step=0.001).stride_samples(200) == 1


def test_settings_survive_json():
    mapping = json.loads(json.dumps(ExperimentSettings().to_mapping()))
    assert mapping["network"]["features"] == 320
