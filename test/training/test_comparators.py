"""Weights by which groups count alike, and classical methods that give probabilities."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.errors import SettingError
from emg_recognition.training.comparators import (
    balanced_weights,
    check_bagging,
    features,
    fit_bagging,
    fit_lda,
    hudgins_features,
    lda_predictions,
)
from emg_recognition.training.windows import from_windows

groups = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(("healthy", "patient", ""))), min_size=1)


@given(groups)
def test_each_action_of_each_cohort_weighs_alike(pairs):
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
    """Windows of three actions; the patients' electrodes are swapped, and there are few of them."""

    def make(healthy, patients):
        cohort = np.repeat(["healthy", "patient"], [healthy, patients])
        action = rng.integers(0, 3, healthy + patients)
        scale = np.array([STRENGTH[c][a] for c, a in zip(cohort, action, strict=True)], np.float32)
        windows = rng.normal(size=(len(action), 40, 2)) * scale[:, None, :]
        return from_windows(windows, action, ("rest", "flexion", "extension"), cohort=cohort)

    return make


def test_features_come_in_the_order_of_the_windows(both):
    windows = both(5000, 10)
    np.testing.assert_array_equal(features(windows), hudgins_features(windows.windows))


def test_lda_gives_the_probabilities_of_its_decisions(both):
    train, test = both(300, 0), both(200, 0)
    found = fit_lda(train)(test)
    assert found.shape == (200, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    decided = lda_predictions(features(train), train.action, features(test))
    np.testing.assert_array_equal(found.argmax(axis=1), decided)
    assert (decided == test.action).mean() > 0.9


def test_an_action_that_was_not_trained_has_no_probability(both):
    train = both(300, 0)
    train = train.select(train.action != 1)
    found = fit_lda(train)(both(50, 0))
    assert (found[:, 1] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_bagging_hears_the_rare_cohort(both):
    """The cohorts contradict each other: who sees ten times as many of the one answers for that one."""
    pytest.importorskip("imblearn", reason="the extra `compare` is not installed")
    train, test = both(900, 90), both(0, 400)
    found = fit_bagging(train, seed=1)(test)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(found, fit_bagging(train, seed=1)(test))
    assert (found != fit_bagging(train, seed=2)(test)).any()
    right = found.argmax(axis=1) == test.action
    of_the_many = fit_lda(train)(test).argmax(axis=1) == test.action
    moved = test.action > 0
    assert right[~moved].mean() > 0.9
    assert of_the_many[moved].mean() < 0.1
    assert right[moved].mean() > 0.2


def test_without_imbalanced_learn_the_remedy_is_said(monkeypatch):
    plain = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("imblearn"):
            raise ModuleNotFoundError(name)
        return plain(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingError, match="'balanced-bagging': install the extra `compare`"):
        check_bagging()
