"""Hudgins' features of known waves, weights against imbalance, and the classical methods."""

from __future__ import annotations

import builtins
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from emg_recognition.errors import SettingError
from emg_recognition.training.comparators import (
    balanced_weights,
    check_bagging,
    features,
    fit_bagging,
    fit_lda,
    hudgins_features,
)
from emg_recognition.training.windows import from_windows


def test_features_counted_by_hand():
    saw = np.array([1.0, -1.0, 2.0, -2.0, 3.0], dtype=np.float32)
    ramp = np.array([-2.0, -1.0, 1.0, 2.0, 4.0], dtype=np.float32)
    features = hudgins_features(np.stack([saw, ramp], axis=1)[None])
    assert features.dtype == np.float32
    #                                   MAV       ZC    SSC   WL
    np.testing.assert_allclose(features, [[1.8, 2.0, 4, 1, 3, 0, 14.0, 6.0]])


def test_a_sine_crosses_zero_twice_a_period():
    time = np.arange(1000) / 1000.0
    windows = np.stack([np.sin(2 * np.pi * f * time + 0.3) for f in (10.0, 40.0)], axis=1)[None]
    mav, zc, ssc, wl = hudgins_features(windows).reshape(4, 2)
    np.testing.assert_allclose(mav, 2 / np.pi, rtol=1e-3)
    np.testing.assert_array_equal(zc, [20, 80])
    np.testing.assert_array_equal(ssc, [20, 80])
    np.testing.assert_allclose(wl, [40, 160], rtol=0.01)


def test_against_plain_loops(rng):
    windows = rng.normal(size=(3, 50, 2)).astype(np.float32)
    features = hudgins_features(windows)
    assert features.shape == (3, 8)
    for n in range(3):
        for c in range(2):
            x = windows[n, :, c].astype(float)
            zc = sum(x[i] * x[i + 1] < 0 for i in range(49))
            ssc = sum((x[i] - x[i - 1]) * (x[i + 1] - x[i]) < 0 for i in range(1, 49))
            wl = sum(abs(x[i + 1] - x[i]) for i in range(49))
            wanted = [np.abs(x).mean(), zc, ssc, wl]
            np.testing.assert_allclose(features[n, c::2], wanted, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_amplitudes_scale_and_counts_do_not(rng, scale):
    windows = rng.normal(size=(4, 60, 3)).astype(np.float32)
    plain, scaled = hudgins_features(windows), hudgins_features(windows * np.float32(scale))
    np.testing.assert_allclose(scaled[:, :3], scale * plain[:, :3], rtol=1e-5)
    np.testing.assert_array_equal(scaled[:, 3:9], plain[:, 3:9])
    np.testing.assert_allclose(scaled[:, 9:], scale * plain[:, 9:], rtol=1e-5)


groups = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(("healthy", "patient", ""))), min_size=1)


@given(groups)
def test_every_action_of_every_cohort_has_the_same_weight(pairs):
    action, cohort = (np.array(column) for column in zip(*pairs, strict=True))
    weights = balanced_weights(action, cohort)
    assert weights.mean() == pytest.approx(1)
    sums = dict.fromkeys(pairs, 0.0)
    for pair, weight in zip(pairs, weights, strict=True):
        sums[pair] += weight
    assert list(sums.values()) == pytest.approx([len(pairs) / len(sums)] * len(sums))


STRENGTH = {"healthy": ((1, 1), (4, 1), (1, 4)), "patient": ((1, 1), (1, 4), (4, 1))}


@pytest.fixture
def both(rng):
    """Make windows of three actions; the electrodes of the patients, who are few, are swapped."""

    def make(healthy, patients):
        cohort = np.repeat(["healthy", "patient"], [healthy, patients])
        action = rng.integers(0, 3, healthy + patients)
        scale = np.array([STRENGTH[c][a] for c, a in zip(cohort, action, strict=True)], np.float32)
        windows = rng.normal(size=(len(action), 40, 2)) * scale[:, None, :]
        return from_windows(windows, action, ("rest", "flexion", "extension"), cohort=cohort)

    return make


def test_features_are_in_the_order_of_the_windows(both):
    windows = both(5000, 10)
    np.testing.assert_array_equal(features(windows), hudgins_features(windows.windows))


def test_lda_decides_as_scikit_learn_does(both):
    train, test = both(300, 0), both(200, 0)
    found = fit_lda(train)(test)
    assert found.shape == (200, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    plain = LinearDiscriminantAnalysis().fit(features(train), train.action).predict(features(test))
    np.testing.assert_array_equal(found.argmax(axis=1), plain)
    assert (plain == test.action).mean() > 0.9


def test_a_flat_channel_does_not_disturb_lda(both):
    train, test = both(300, 0), both(200, 0)
    flat = [
        from_windows(np.pad(w.windows, ((0, 0), (0, 0), (0, 1))), w.action, w.actions) for w in (train, test)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit_lda(flat[0])(flat[1])
    np.testing.assert_allclose(found, fit_lda(train)(test), atol=1e-4)


def test_an_action_that_was_not_trained_has_no_probability(both):
    train = both(300, 0)
    train = train.select(train.action != 1)
    found = fit_lda(train)(both(50, 0))
    assert (found[:, 1] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_bagging_learns_from_the_rare_cohort(both):
    """The cohorts contradict each other: LDA, which sees ten times as many healthy windows, follows those."""
    pytest.importorskip("imblearn", reason="the extra `compare` is not installed")
    train, test = both(900, 90), both(0, 400)
    found = fit_bagging(train, seed=1)(test)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(found, fit_bagging(train, seed=1)(test))
    assert (found != fit_bagging(train, seed=2)(test)).any()
    right = found.argmax(axis=1) == test.action
    by_lda = fit_lda(train)(test).argmax(axis=1) == test.action
    moved = test.action > 0
    assert right[~moved].mean() > 0.9
    assert by_lda[moved].mean() < 0.1
    assert right[moved].mean() > 0.2


def test_without_imbalanced_learn_the_error_says_what_to_install(monkeypatch):
    plain = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("imblearn"):
            raise ModuleNotFoundError(name)
        return plain(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingError, match="'balanced-bagging': install it with pip install"):
        check_bagging()
