"""A turned, mirrored or weaker armband is found again, and the matrix undoes it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.errors import BundleError
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.class_prior import learn_prior
from emg_recognition.models.head import Head
from emg_recognition.models.log_features import Measures, descriptor
from emg_recognition.models.orientation import Orientation, candidates
from emg_recognition.models.orienting import from_labels, from_use
from emg_recognition.models.reference import read_reference

from ..ring_arm import RING, apart, population, stranger


@pytest.fixture(scope="module")
def reference():
    reference = population()[1].reference
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 6)), np.arange(40) % 4, np.arange(40) // 20
    prior = learn_prior([rows], 4)
    head = Head(4, np.zeros(5), rng.normal(size=(5, 2)), prior, rng.normal(size=(5, 4)), np.ones(4))
    return replace(reference, heads=(head,))


@pytest.mark.parametrize(("turn", "mirrored"), [(0.0, False), (3.0, False), (7.0, True), (0.0, True)])
def test_a_whole_turn_exchanges_the_electrodes(turn, mirrored):
    window = np.arange(10.0)[np.newaxis]
    seen = (window @ Orientation(turn, mirrored, 2.0).matrix(10, RING))[0]
    for electrode in range(RING):
        source = (turn - electrode if mirrored else turn + electrode) % RING
        assert seen[electrode] == 2.0 * source
    assert seen[8:].tolist() == [16.0, 18.0]  # the others are not in the ring


def test_a_half_turn_keeps_the_strength_of_independent_electrodes(rng):
    window = rng.normal(size=(20_000, RING))
    seen = window @ Orientation(2.5).matrix(RING, RING)
    np.testing.assert_allclose(seen.std(axis=0), 1.0, atol=0.03)
    np.testing.assert_allclose(seen[:, 1], (window[:, 3] + window[:, 4]) / np.sqrt(2), rtol=1e-6)


@given(which=st.integers(0, 4 * RING - 1), gain=st.floats(0.2, 5.0))
def test_features_of_a_turned_armband_follow_without_its_samples(which, gain):
    turn, mirrored = candidates(RING)[which]
    windows = np.random.default_rng(which).normal(size=(5, 40, 10)) * np.arange(1, 11)
    turned = windows @ Orientation(turn, mirrored).matrix(10, RING).astype(np.float64)
    found = Measures(windows, RING).seen(turn, mirrored)
    np.testing.assert_allclose(found, Measures(turned, RING).seen(0.0, False), atol=1e-3)
    louder = Measures(gain * windows, RING).seen(turn, mirrored)
    np.testing.assert_allclose(louder[:, :2] - found[:, :2], np.log(gain), atol=1e-3)


def test_every_half_turn_is_tried_both_ways():
    assert len(candidates(6)) == len(set(candidates(6))) == 24
    assert max(turn for turn, _ in candidates(6)) == 5.5


def test_a_reference_survives_its_file(reference, bundle):
    info = with_reference(read_bundle(bundle), reference.to_bytes())
    again = read_reference(info)
    assert (again.ring, again.subjects.tolist()) == (RING, reference.subjects.tolist())
    np.testing.assert_allclose(again.means, reference.means, rtol=1e-6)
    np.testing.assert_allclose(again.precision, reference.precision, rtol=1e-6)
    rows = np.ones((3, 9))
    for one, other in zip(again.heads[0].from_use(rows), reference.heads[0].from_use(rows), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_a_reference_that_does_not_fit_is_refused(reference, bundle):
    info = read_bundle(bundle)
    for content, message in (
        (b"something else", "cannot be used"),
        (replace(reference, ring=20).to_bytes(), "a ring of 20"),
        (replace(reference, profile=np.full(44, np.nan)).to_bytes(), "profile is not of shape"),
        (replace(reference, sync=np.array([0, 9])).to_bytes(), "sync gestures"),
    ):
        with pytest.raises(BundleError, match=message):
            read_reference(with_reference(info, content))
    with pytest.raises(BundleError, match="is not of shape"):
        read_reference(replace(with_reference(info, reference.to_bytes()), actions=("rest", "fist")))


def with_reference(info, content):
    """Add a reference of four actions and eight channels to a bundle."""
    (info.path / "reference.npz").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return replace(info, channels=RING, files={**info.files, "reference.npz": digest})


@pytest.mark.parametrize(("turn", "mirrored"), [(0.0, False), (2.0, False), (5.5, False), (3.0, True)])
def test_a_stranger_is_turned_back_by_two_gestures_and_by_use(reference, turn, mirrored):
    measures, action = stranger(reference, turn, mirrored, gain=0.5)
    two = np.isin(action, reference.sync)
    for found in (
        from_labels(reference, measures.select(two), action[two]),
        from_use(reference, measures),
    ):
        assert apart(found.orientation, turn, mirrored) <= 0.5
        assert found.orientation.gain == pytest.approx(2.0, rel=0.35)


def test_exchanged_labels_fit_worse(reference):
    measures, action = stranger(reference, 1.0, False)
    right = from_labels(reference, measures, action)
    wrong = from_labels(reference, measures, np.where(action == 1, 2, np.where(action == 2, 1, action)))
    assert right.score > wrong.score + 0.4


def test_somebody_known_is_compared_with_their_own_arm(reference):
    """A person whose use looks unlike the population's, and whose descriptor is remembered."""
    turn, odd = 6.0, (0, 3)
    measures, _ = stranger(reference, turn, False, actions=odd)
    profile = descriptor(measures.seen(turn, False))
    how = Orientation(turn)
    remembered = reference.seen("odd", how, profile)
    later, _ = stranger(reference, 3.0, False, actions=odd, seed=9)
    found = from_use(remembered, later, "odd").orientation
    assert apart(found, 3.0, False) <= 0.5
    assert remembered.known("odd") is not None
    assert remembered.known("nobody") is None
    assert remembered.seen("odd", how).subjects.tolist().count("odd") == 1


def test_a_known_arm_stays_on_its_side(reference):
    measures, action = stranger(reference, 2.0, True)
    remembered = reference.seen("left", Orientation(0.0, False))
    assert not from_labels(remembered, measures, action, "left").orientation.mirrored
    assert not from_use(remembered, measures, "left").orientation.mirrored


@pytest.mark.parametrize(
    ("orientation", "text"),
    [
        (Orientation(), "not turned"),
        (Orientation(1.5), "turned by 1.5 electrodes towards lower electrode numbers"),
        (Orientation(7.0), "turned by 1 electrode towards higher electrode numbers"),
        (Orientation(2.0, True, 0.5), "mirrored: electrode 1 sits where the model has electrode 3"),
    ],
)
def test_the_turn_in_words(orientation, text):
    assert orientation.describe(RING).startswith(text)
    strength = "2 times as strong" if orientation.gain == 0.5 else "signal as strong"
    assert strength in orientation.describe(RING)
