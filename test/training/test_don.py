"""A stranger dons a turned armband: two gestures, or a time of use, and the model knows how it sits."""

from __future__ import annotations

import dataclasses
import hashlib

import keras
import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.reference import read_reference
from emg_recognition.models.runtime import ActionModel
from emg_recognition.models.wearer_network import without_orientation
from emg_recognition.settings import from_mapping
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training.fold import predict
from emg_recognition.training.settings import SplitSettings
from emg_recognition.training.wearer import trained_with
from emg_recognition.training.windows import windows_from_recordings

from ..ring_arm import ACTIONS, POPULATION, RING, apart, recordings

STRAIGHT, TURNED, MIRRORED = (0.0, False, 1.0), (2.5, False, 0.5), (5.0, True, 1.0)


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    people = {f"p{number}": how for number, how in enumerate([STRAIGHT, *POPULATION])}
    split = SplitSettings(name="subject", test=("p0",), validation=("p1",))
    settings = dataclasses.replace(
        tiny,
        split=split,
        baseline=False,
        training=dataclasses.replace(tiny.training, epochs=6, steps_per_epoch=40),
    )
    return emg.train(recordings(people), tmp_path_factory.mktemp("trained") / "out", settings=settings)


@pytest.fixture(scope="module")
def parent(trained):
    return read_bundle(trained.bundle)


@pytest.fixture(scope="module")
def windows_of(parent):
    pipeline = from_mapping(PipelineSettings, parent.pipeline, "pipeline")
    return lambda found: windows_from_recordings(found, pipeline, 10, actions=parent.actions)


@pytest.fixture
def sync(parent):
    reference = read_reference(parent)
    return [*(parent.actions[number] for number in reference.sync), "rest"]


def stranger(how, name="anna"):
    """One repetition to don with, and others to test on."""
    everything = recordings({name: how}, repetitions=3, seed=50)
    first = everything.repetition == 1
    return everything.select(first), everything.select(~first)


def only(found, labels):
    return found.select(np.isin(found.label, labels))


@pytest.mark.parametrize("how", [TURNED, MIRRORED])
def test_two_gestures_bring_a_stranger_up_to_the_aligned_model(
    parent, trained, windows_of, sync, tmp_path, how
):
    first, others = stranger(how)
    before = digests(parent.path)
    found = emg.don(parent.path, only(first, sync), tmp_path / "anna")
    assert digests(parent.path) == before
    assert apart(found.orientation, *how[:2]) <= 0.5
    test = windows_of(others)

    def accuracy(info):
        return np.mean(predict(ActionModel(info), test).argmax(axis=1) == test.action)

    assert accuracy(parent) < 0.7
    assert accuracy(found.info) > trained.metrics["test_accuracy"] - 0.05
    assert not found.known
    assert found.info.orientation["subject"] == "anna"
    assert found.info.provenance["parent"]["model_id"] == parent.model_id


def test_use_without_labels_does_it_too(parent, windows_of, tmp_path):
    _, others = stranger(TURNED)
    found = emg.don(parent.path, others, tmp_path / "anna", unlabelled=True)
    assert apart(found.orientation, *TURNED[:2]) <= 0.5
    again = emg.don(found.bundle, stranger(STRAIGHT)[1], tmp_path / "again", unlabelled=True)
    assert again.known
    assert not again.info.provenance["seen"]  # by the network
    assert not trained_with(again.info, read_reference(again.info), "anna")
    assert trained_with(again.info, read_reference(again.info), "p2")
    assert again.describe().endswith("anna was here before")
    assert apart(again.orientation, 0.0, False) <= 0.5  # not added to the earlier turn


def test_the_folded_network_equals_the_matrix_in_front_of_it(parent, windows_of, sync, tmp_path, rng):
    first, others = stranger(TURNED)
    found = emg.don(parent.path, only(first, sync), tmp_path / "anna")
    matrix = Orientation(**{k: found.info.orientation[k] for k in ("turn", "mirrored", "gain")}).matrix(
        RING, RING
    )
    windows = windows_of(others).windows[::7]
    kept = keras.saving.load_model(found.bundle / "model.keras", compile=False)
    network, own = without_orientation(kept)
    np.testing.assert_array_equal(own, matrix)
    plain, donned = ActionModel(parent), ActionModel(found.info)
    for window in windows:
        expected = network((window @ matrix)[np.newaxis]).numpy()[0]
        np.testing.assert_allclose(donned.predict(window), expected, atol=1e-6)
        np.testing.assert_allclose(kept(window[np.newaxis]).numpy()[0], expected, atol=1e-6)
        activation = plain.activation(window) * found.orientation.gain
        assert donned.activation(window) == pytest.approx(activation, rel=1e-5)


def test_a_repetition_adapts_the_turned_model(parent, windows_of, tmp_path):
    everything = recordings({"anna": MIRRORED}, repetitions=2, seed=50)
    settings = {"steps_per_epoch": 20, "batch_size": 16}
    found = emg.adapt(
        parent.path, everything, tmp_path / "anna", repetitions=[1], test_repetitions=[2], settings=settings
    )
    assert (
        apart(Orientation(found.info.orientation["turn"], found.info.orientation["mirrored"]), 5.0, True)
        <= 0.5
    )
    assert found.before["test_accuracy"] < 0.7 < 0.9 < found.after["test_accuracy"]
    assert not found.known
    again = emg.adapt(found.bundle, everything, tmp_path / "again", repetitions=[2], settings=settings)
    assert again.known
    assert again.describe().startswith("mirrored")
    assert again.describe().endswith("anna was here before")


def test_an_adapted_model_keeps_the_last_layer_that_it_learned(parent, tmp_path):
    wearers = {"anna": MIRRORED, "ben": TURNED}
    settings = {"steps_per_epoch": 20, "batch_size": 16}
    everybody = recordings(wearers, repetitions=3, seed=50)
    shares = []
    each = emg.adapt_each(
        parent.path,
        everybody,
        tmp_path / "wearers",
        repetitions=[1],
        settings=settings,
        workers=1,
        on_step=lambda done, everything: shares.append(done / everything),
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    for name, found in each.items():
        own = everybody.select((everybody.subject == name) & (everybody.repetition > 1))
        again = emg.don(found.bundle, own, tmp_path / name)
        assert again.known
        assert apart(again.orientation, *wearers[name][:2]) <= 0.5
        learned, kept = (last_layer(one.bundle) for one in (found, again))
        np.testing.assert_array_equal(learned, kept)
        assert not np.allclose(last_layer(emg.don(parent.path, own, tmp_path / "new").bundle), kept)


def last_layer(bundle):
    network, _ = without_orientation(keras.saving.load_model(bundle / "model.keras", compile=False))
    return network.get_layer("wearer").kernel.numpy()


def test_what_cannot_be_donned_writes_nothing(parent, sync, tmp_path):
    first, _ = stranger(TURNED)
    two = [name for name in sync if name != "rest"]
    exchanged = {two[0]: two[1], two[1]: two[0]}
    swapped = dataclasses.replace(first, label=np.array([exchanged.get(name, name) for name in first.label]))
    counts = first.counts.copy()
    for begin in first.start[first.label == two[0]]:
        counts[begin : begin + first.length[0]] = 0
    quiet = dataclasses.replace(first, counts=counts)
    dead = first.counts.copy()
    dead[:, 2] = 0
    cases = [
        (
            dataclasses.replace(first, counts=first.counts[:, :6], ring=6),
            "its channels is 8, .* channels is 6",
        ),
        (dataclasses.replace(first, rate=100.0), "its rate is 200.0 Hz"),
        (dataclasses.replace(first, ring=0), "its ring is 0 of 8 electrodes, the model's is 8; correct"),
        (dataclasses.replace(first, counts=dead), "channel 3 recorded next to nothing; look"),
        (only(swapped, sync), f"{two[0]} and {two[1]} look as if they were exchanged"),
        (only(quiet, sync), f"{two[0]} was not performed"),
        (only(first, [two[0], "rest"]), f"it holds windows of {two[0]}.*record {two[0]} and {two[1]}"),
        (dataclasses.replace(first, label=np.full(len(first), "wave")), "wave"),
        (dataclasses.replace(first, subject=np.array(["a", *first.subject[1:]])), "choose one subject"),
    ]
    for found, message in cases:
        with pytest.raises(EmgRecognitionError, match=message) as caught:
            emg.don(parent.path, found, tmp_path / "anna")
        assert len(str(caught.value).splitlines()) == 1
        assert not (tmp_path / "anna").exists()
    with pytest.raises(EmgRecognitionError, match=r"it holds 6\.4 s.*25 s"):
        emg.don(parent.path, first, tmp_path / "anna", unlabelled=True)
    at_rest = only(recordings({"anna": TURNED}, repetitions=8, seed=50), ["rest"])
    with pytest.raises(EmgRecognitionError, match="its strength hardly changes, as at rest"):
        emg.don(parent.path, at_rest, tmp_path / "anna", unlabelled=True)
    assert not (tmp_path / "anna").exists()


def test_a_bundle_without_a_reference_cannot_be_donned(tiny, tmp_path):
    people = {"a": STRAIGHT, "b": STRAIGHT}
    result = emg.train(recordings(people, repetitions=3), tmp_path / "out", settings=tiny)
    assert result.metrics["orientation"] is None  # known people: nothing is turned
    assert "reference.npz" not in read_bundle(result.bundle).files
    with pytest.raises(EmgRecognitionError, match="--orientation align"):
        emg.don(result.bundle, stranger(TURNED)[0], tmp_path / "anna")


def test_known_people_are_aligned_on_request(tiny, tmp_path):
    people = {**dict.fromkeys("abdefg", STRAIGHT), "c": (3.0, False, 1.0)}
    settings = dataclasses.replace(tiny, orientation="align", baseline=False)
    result = emg.train(recordings(people, repetitions=3), tmp_path / "out", settings=settings)
    sessions = {one["subject"]: one["turn"] for one in result.metrics["orientation"]["sessions"]}
    assert apart(Orientation(sessions["c"] - sessions["a"]), 3.0, False) <= 0.5
    assert set(result.metrics["orientation"]["sync"]) < set(ACTIONS)


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_earlier_sessions_and_others_are_rehearsed(parent, tmp_path):
    def in_session(name, session, how, seed=50):
        found = recordings({name: how}, repetitions=2, seed=seed)
        return dataclasses.replace(found, session=np.full(len(found), session))

    today, monday = in_session("anna", "today", MIRRORED), in_session("anna", "monday", TURNED)
    others = in_session("ben", "1", STRAIGHT, seed=60)
    settings = {"steps_per_epoch": 20, "batch_size": 16}
    found = emg.adapt(
        parent.path,
        today,
        tmp_path / "anna",
        repetitions=[1],
        test_repetitions=[2],
        history=monday,
        others=others,
        settings=settings,
    )
    assert min(found.info.provenance["rehearsed"].values()) > 20
    assert found.after["test_accuracy"] > 0.9
    # Of today's signal: monday's was half as strong.
    alone = emg.adapt(parent.path, today, tmp_path / "alone", repetitions=[1], settings=settings)
    assert found.info.statistics["rms"] == pytest.approx(alone.info.statistics["rms"])
    with pytest.raises(EmgRecognitionError, match=r"history.*'repetition': 2.*to be tested on"):
        emg.adapt(parent.path, today, tmp_path / "no", repetitions=[1], test_repetitions=[2], history=today)
    assert not (tmp_path / "no").exists()
