"""A model of two wearers meets a third whose electrodes sit the other way round."""

from __future__ import annotations

import dataclasses
import hashlib

import keras
import numpy as np
import pytest

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.bundle_writer import write_bundle
from emg_recognition.models.export import soft_vote, to_keras_file, to_tflite
from emg_recognition.models.runtime import ActionModel
from emg_recognition.models.statistics import window_statistics
from emg_recognition.settings import from_mapping
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training.adapt import ADAPT_SETTINGS, adapt, fine_tune
from emg_recognition.training.fit import FitSettings, fit_network
from emg_recognition.training.windows import windows_from_recordings

SETTINGS = dataclasses.replace(ADAPT_SETTINGS, steps=80, batch_size=32, learning_rate=1e-2)
ACTIONS = ("rest", "elbow_flexion", "wrist_extension")


@pytest.fixture(scope="module")
def others(study, tiny):
    """Windows that the parent is trained on, and its signal path."""
    recordings = study({"healthy": 2})
    pipeline = tiny.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    return windows_from_recordings(recordings, pipeline, 10, actions=ACTIONS), pipeline


@pytest.fixture(scope="module")
def parent_network(others, tiny):
    fitted = dataclasses.replace(tiny.training, epochs=8)
    return fit_network(tiny.network, fitted, others[0], None).model


@pytest.fixture(scope="module")
def parent(others, parent_network, tmp_path_factory):
    windows, pipeline = others
    return write_bundle(
        tmp_path_factory.mktemp("parent") / "bundle",
        keras_model=to_keras_file(parent_network),
        tflite=to_tflite(parent_network),
        actions=ACTIONS,
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        statistics=window_statistics(windows.batches()),
        provenance={"source": "others"},
        metrics={"test_accuracy": 1.0},
    )


@pytest.fixture(scope="module")
def wearer(study):
    """One wearer, the channels in reverse order and half as strong."""
    recordings = study({"patient": 1}, seed=9)
    return dataclasses.replace(recordings, counts=recordings.counts[:, ::-1], scale=2.0)


@pytest.fixture(scope="module")
def adapted(parent, wearer, tmp_path_factory):
    output = tmp_path_factory.mktemp("adapted") / "bundle"
    before = digests(parent.path)
    steps = []
    result = adapt(
        parent.path,
        wearer,
        output,
        repetitions=[1],
        test_repetitions=[2, 3, 4],
        settings=SETTINGS,
        on_step=lambda step, of: steps.append((step, of)),
    )
    assert digests(parent.path) == before  # the parent is only read
    return result, steps


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_one_repetition_makes_the_model_the_wearer_s(adapted, wearer):
    result, steps = adapted
    assert result.before["test_accuracy"] < 0.6
    assert result.after["test_accuracy"] > 0.9
    assert result.after["test_loss"] < result.before["test_loss"]
    assert result.missing == ()
    assert set(result.windows) == set(ACTIONS)
    assert steps == [(step, 80) for step in range(1, 81)]


def test_the_new_bundle_says_where_it_comes_from(adapted, parent):
    info = adapted[0].bundle
    assert info.provenance["parent"] == {
        "model_id": parent.model_id,
        "sha256": hashlib.sha256((parent.path / "model.tflite").read_bytes()).hexdigest(),
    }
    assert info.provenance["subject"] == "patient_1"
    assert info.provenance["repetitions"] == [1]
    assert info.provenance["windows"] == adapted[0].windows
    assert info.provenance["settings"]["adapt"]["seed"] == 0
    assert len(info.provenance["data"]["sha256"]) == 64
    assert info.metrics["test_accuracy"] == adapted[0].after["test_accuracy"]
    assert info.metrics["parent"] == adapted[0].before
    assert info.metrics["test_repetitions"] == [2, 3, 4]
    assert (info.actions, info.fingerprint) == (parent.actions, parent.fingerprint)
    assert info.model_id != parent.model_id


def test_the_statistics_are_the_wearer_s_inside_and_in_the_description(adapted, wearer, others):
    info = adapted[0].bundle
    learnt = windows_from_recordings(wearer.select(wearer.repetition == 1), others[1], 10, actions=ACTIONS)
    expected = window_statistics(learnt.batches())
    for name in ("mean", "std", "rms"):
        assert info.statistics[name] == pytest.approx(expected[name])
    standardise = keras.saving.load_model(info.path / "model.keras").get_layer("z_score")
    np.testing.assert_allclose(standardise.mean, expected["mean"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(standardise.std, expected["std"], rtol=1e-5)
    assert ActionModel(info).activation(learnt.windows[0]) > 0


def test_the_same_seed_gives_the_same_weights(adapted, parent, wearer, others):
    learnt = windows_from_recordings(wearer.select(wearer.repetition == 1), others[1], 10, actions=ACTIONS)
    again = keras.saving.load_model(parent.path / "model.keras", compile=False)
    fine_tune(again, learnt, SETTINGS)
    first = keras.saving.load_model(adapted[0].bundle.path / "model.keras", compile=False)
    for ours, theirs in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_action_that_was_not_performed_is_said_and_keeps_its_weights(parent, wearer, tmp_path):
    without = wearer.select(wearer.label != "rest")
    result = adapt(parent.path, without, tmp_path / "new", repetitions=[1, 2], settings=SETTINGS)
    assert result.missing == ("rest",)
    assert set(result.windows) == {"elbow_flexion", "wrist_extension"}
    assert (result.before, result.after, result.bundle.metrics) == (None, None, {})
    old, new = (
        keras.saving.load_model(path / "model.keras").get_layer("classes").kernel.numpy()
        for path in (parent.path, result.bundle.path)
    )
    np.testing.assert_array_equal(old[..., 0], new[..., 0])
    assert (old[..., 1:] != new[..., 1:]).all()


def test_each_member_of_a_soft_vote_learns(parent_network, wearer, others):
    learnt = windows_from_recordings(wearer, others[1], 10, actions=ACTIONS)
    members = [keras.models.clone_model(parent_network) for _ in range(2)]
    for member in members:
        member.set_weights(parent_network.get_weights())
    vote = soft_vote(members)
    before = vote(learnt.windows).numpy().argmax(axis=1)
    steps = []
    fine_tune(vote, learnt, SETTINGS, on_step=lambda step, of: steps.append((step, of)))
    assert steps[-1] == (160, 160)
    after = vote(learnt.windows).numpy().argmax(axis=1)
    assert np.mean(before == learnt.action) < 0.6 < 0.9 < np.mean(after == learnt.action)
    first, second = (member.get_layer("z_score").std.numpy() for member in members)
    np.testing.assert_array_equal(first, second)
    assert (first != parent_network.get_layer("z_score").std.numpy()).all()


@pytest.mark.parametrize(
    ("change", "asked", "told"),
    [
        ({"rate": 500.0}, {}, r"its rate is 200.0 Hz, the signals' rate is 500.0 Hz"),
        ({"unit": "V"}, {}, r"its unit is count, the signals' unit is V"),
        ({"counts": np.zeros((10, 4))}, {}, r"its channels is 3, the signals' channels is 4"),
        ({"label": "grasp"}, {}, r"actions is \('grasp',\).*knows rest, elbow_flexion"),
        ({"label": "rest"}, {}, r"repetitions is \(1,\).*rest alone"),
        ({"subject": "two"}, {}, r"subject is \('patient_1', 'two'\)"),
        ({}, {"repetitions": [7]}, r"repetitions is \(7,\).*repetitions \[1, 2, 3, 4\]"),
        ({}, {"repetitions": []}, r"repetitions is \(\)"),
        ({}, {"test_repetitions": [1, 2]}, r"test repetitions is \(1, 2\): \[1\] are learnt from"),
    ],
)
def test_what_does_not_belong_together_is_refused(parent, wearer, tmp_path, change, asked, told):
    changed = dict(change)
    if "label" in changed:
        changed["label"] = np.full(len(wearer), changed["label"])
    if "subject" in changed:
        changed["subject"] = np.where(np.arange(len(wearer)) < 3, changed["subject"], wearer.subject)
    recordings = dataclasses.replace(wearer, **changed)
    with pytest.raises(EmgRecognitionError, match=told) as caught:
        adapt(parent.path, recordings, tmp_path / "new", **{"repetitions": [1], **asked}, settings=SETTINGS)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_a_bundle_of_another_signal_path_is_refused(parent, parent_network, wearer, tmp_path):
    pipeline = from_mapping(PipelineSettings, {**parent.pipeline, "low": 30.0}, "a test")
    other = write_bundle(
        tmp_path / "other",
        keras_model=to_keras_file(parent_network),
        tflite=to_tflite(parent_network),
        actions=ACTIONS,
        pipeline=pipeline.to_mapping(),
        fingerprint=parent.fingerprint,  # made by another version of the pipeline
        statistics=parent.statistics,
        provenance={},
        metrics={},
    )
    with pytest.raises(EmgRecognitionError, match=r"its pipeline is .* the signals' pipeline is"):
        adapt(other.path, wearer, tmp_path / "new", repetitions=[1], settings=SETTINGS)


@pytest.mark.parametrize("place", [".", "deeper/new", ".."])
def test_the_parent_s_place_is_refused(parent, wearer, place):
    before = digests(parent.path)
    with pytest.raises(EmgRecognitionError, match="place of the parent"):
        adapt(parent.path, wearer, parent.path / place, repetitions=[1], settings=SETTINGS)
    assert digests(parent.path) == before


def test_the_defaults_are_a_few_hundred_steps():
    assert isinstance(ADAPT_SETTINGS, FitSettings)
    assert ADAPT_SETTINGS.steps is not None
    assert 100 <= ADAPT_SETTINGS.epochs * ADAPT_SETTINGS.steps <= 1000
