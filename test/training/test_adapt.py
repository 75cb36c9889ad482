"""A model of two wearers is adapted to a third, whose electrodes are in the opposite order."""

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
from emg_recognition.training.adapt import enough_steps, fine_tune
from emg_recognition.training.api import adapt
from emg_recognition.training.fit import fit_network
from emg_recognition.training.settings import ADAPT_SETTINGS
from emg_recognition.training.windows import windows_from_recordings

SETTINGS = dataclasses.replace(ADAPT_SETTINGS, steps_per_epoch=50, batch_size=32, learning_rate=1e-2)
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
    """One wearer, with the channels in reverse order and a different scale."""
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


def test_one_repetition_adapts_the_model_to_the_wearer(adapted, wearer):
    result, steps = adapted
    assert result.before["test_accuracy"] < 0.6
    assert result.after["test_accuracy"] > 0.9
    assert result.after["test_loss"] < result.before["test_loss"]
    assert result.missing == ()
    assert set(result.windows) == set(ACTIONS)
    assert steps == [(step, 50) for step in range(1, 51)]


def test_the_new_bundle_names_its_parent_and_its_data(adapted, parent):
    info = adapted[0].info
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
    assert adapted[0].bundle == info.path


def test_a_parent_without_live_settings_gives_a_bundle_with_the_defaults(adapted, parent):
    assert parent.live == {}
    live = adapted[0].info.live
    assert (live["stride"], live["confidence_threshold"], live["decision"]["votes"]) == (0.025, 0.5, 3)


def test_the_statistics_in_network_and_description_are_those_of_the_wearer(adapted, wearer, others):
    info = adapted[0].info
    learned = windows_from_recordings(wearer.select(wearer.repetition == 1), others[1], 10, actions=ACTIONS)
    expected = window_statistics(learned.batches())
    for name in ("mean", "std", "rms"):
        assert info.statistics[name] == pytest.approx(expected[name])
    standardise = keras.saving.load_model(info.path / "model.keras").get_layer("z_score")
    np.testing.assert_allclose(standardise.mean, expected["mean"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(standardise.std, expected["std"], rtol=1e-5)
    assert ActionModel(info).activation(learned.windows[0]) > 0


def test_the_same_seed_gives_the_same_weights(adapted, parent, wearer, others):
    learned = windows_from_recordings(wearer.select(wearer.repetition == 1), others[1], 10, actions=ACTIONS)
    again = keras.saving.load_model(parent.path / "model.keras", compile=False)
    fine_tune(again, learned, SETTINGS)
    first = keras.saving.load_model(adapted[0].info.path / "model.keras", compile=False)
    for ours, theirs in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_action_that_was_not_performed_is_named_and_keeps_its_weights(parent, wearer, tmp_path):
    without = wearer.select(wearer.label != "rest")
    settings = dataclasses.replace(SETTINGS, steps_per_epoch=10)
    result = adapt(parent.path, without, tmp_path / "new", repetitions=[1, 2], settings=settings)
    assert result.missing == ("rest",)
    assert set(result.windows) == {"elbow_flexion", "wrist_extension"}
    assert (result.before, result.after, result.metrics) == (None, None, {})
    old, new = (
        keras.saving.load_model(path / "model.keras").get_layer("classes").kernel.numpy()
        for path in (parent.path, result.bundle)
    )
    np.testing.assert_array_equal(old[..., 0], new[..., 0])
    assert (old[..., 1:] != new[..., 1:]).all()


def test_every_member_of_a_soft_vote_is_fine_tuned(parent_network, wearer, others):
    learned = windows_from_recordings(wearer, others[1], 10, actions=ACTIONS)
    members = [keras.models.clone_model(parent_network) for _ in range(2)]
    for member in members:
        member.set_weights(parent_network.get_weights())
    vote = soft_vote(members)
    before = vote(learned.windows).numpy().argmax(axis=1)
    steps = []
    fine_tune(vote, learned, SETTINGS, on_step=lambda step, of: steps.append((step, of)))
    assert steps[-1] == (100, 100)
    after = vote(learned.windows).numpy().argmax(axis=1)
    assert np.mean(before == learned.action) < 0.6 < 0.9 < np.mean(after == learned.action)
    first, second = (member.get_layer("z_score").std.numpy() for member in members)
    np.testing.assert_array_equal(first, second)
    assert (first != parent_network.get_layer("z_score").std.numpy()).all()


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        ({"rate": 500.0}, {}, r"its rate is 200.0 Hz, the signals' rate is 500.0 Hz"),
        ({"unit": "V"}, {}, r"its unit is count, the signals' unit is V"),
        ({"counts": np.zeros((10, 4))}, {}, r"its channels is 3, the signals' channels is 4"),
        ({"label": "grasp"}, {}, r"actions is \('grasp',\).*knows rest, elbow_flexion"),
        ({"label": "rest"}, {}, r"repetitions is \(1,\): they only give windows of rest"),
        ({"subject": "two"}, {}, r"subject is \('patient_1', 'two'\)"),
        ({}, {"repetitions": [7]}, r"repetitions is \(7,\): .* has no repetition 7; there are 1, 2, 3, 4"),
        ({}, {"repetitions": []}, r"repetitions is \(\)"),
        (
            {},
            {"test_repetitions": [1, 2]},
            r"test repetitions is \(1, 2\): the model learns from 1",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_refused(parent, wearer, tmp_path, change, asked, message):
    changed = dict(change)
    if "label" in changed:
        changed["label"] = np.full(len(wearer), changed["label"])
    if "subject" in changed:
        changed["subject"] = np.where(np.arange(len(wearer)) < 3, changed["subject"], wearer.subject)
    recordings = dataclasses.replace(wearer, **changed)
    with pytest.raises(EmgRecognitionError, match=message) as caught:
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


def test_a_parent_that_cannot_be_used_is_refused_before_the_work(parent, parent_network, wearer, tmp_path):
    damaged = write_bundle(
        tmp_path / "damaged",
        keras_model=to_keras_file(parent_network),
        tflite=b"no network",
        actions=ACTIONS,
        pipeline=dict(parent.pipeline),
        fingerprint=parent.fingerprint,
        statistics=parent.statistics,
        provenance={},
        metrics={},
    )
    steps = []
    with pytest.raises(EmgRecognitionError, match=r"LiteRT cannot load model\.tflite") as caught:
        adapt(
            damaged.path,
            wearer,
            tmp_path / "new",
            repetitions=[1],
            settings=SETTINGS,
            on_step=lambda step, of: steps.append(step),
        )
    assert "\n" not in str(caught.value)
    assert not steps
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("place", [".", "deeper/new", ".."])
def test_a_place_over_the_parent_is_refused(parent, wearer, place):
    before = digests(parent.path)
    with pytest.raises(EmgRecognitionError, match="place of the parent"):
        adapt(parent.path, wearer, parent.path / place, repetitions=[1], settings=SETTINGS)
    assert digests(parent.path) == before


@pytest.mark.parametrize(("windows", "steps"), [(1, 150), (600, 150), (601, 151), (4660, 1165)])
def test_more_windows_get_more_steps_unless_the_settings_say_how_many(windows, steps):
    found = enough_steps(ADAPT_SETTINGS, windows)
    assert (found.epochs, found.steps_per_epoch) == (1, steps)
    assert enough_steps(SETTINGS, windows) == SETTINGS
