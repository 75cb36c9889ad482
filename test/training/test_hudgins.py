"""Hudgins' features on waves whose features are known, and LDA on classes that are known."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.training.comparators import hudgins_features, lda_predictions


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


def test_lda_reaches_the_error_of_two_gaussians(rng):
    """Two unit Gaussians two deviations apart overlap by 15.87 %."""
    labels = np.repeat(["rest", "elbow_flexion"], 4000)
    features = rng.normal(size=(8000, 3))
    features[:4000, 1] += 2.0
    order = rng.permutation(8000)
    train, test = order[:4000], order[4000:]
    predicted = lda_predictions(features[train], labels[train], features[test])
    assert set(predicted) == {"rest", "elbow_flexion"}
    assert (predicted == labels[test]).mean() == pytest.approx(0.8413, abs=0.02)
