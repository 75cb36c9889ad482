"""The layers: z-score, picture and its matrices, batch normalisation."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.models.layers import (
    FusedBatchNormalization,
    LogEnergies,
    Picture,
    Standardise,
    ring_matrix,
    time_matrix,
)


@pytest.fixture
def batch(rng):
    return (rng.normal(size=(4, 12, 5)) * [1, 2, 3, 40, 0.1] + 7).astype(np.float32)


def standardised(over, x):
    layer = Standardise(over=over)
    layer.build(x.shape)
    return layer, layer(x).numpy()


def test_channel_statistics_come_from_training_and_are_not_trained(batch):
    layer, _ = standardised("channel", batch)
    mean, std = batch.mean(axis=(0, 1)), batch.std(axis=(0, 1))
    layer.set_statistics(mean, std)
    np.testing.assert_allclose(layer(batch).numpy(), (batch - mean) / std, rtol=1e-5, atol=1e-6)
    assert layer.trainable_variables == []
    assert len(layer.variables) == 2


@pytest.mark.parametrize(("over", "axes"), [("window", (1, 2)), ("window_channel", (1,))])
@pytest.mark.parametrize("unit", [1.0, 1e-6])
def test_the_deviation_of_a_window_is_that_of_the_population(batch, over, axes, unit):
    x = (batch * unit).astype(np.float32)
    mean, std = x.mean(axis=axes, keepdims=True), x.std(axis=axes, keepdims=True)
    np.testing.assert_allclose(standardised(over, x)[1], (x - mean) / std, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("over", ["window", "window_channel"])
@pytest.mark.parametrize("level", [0.0, 0.1, 1234.5])
def test_a_flat_window_is_not_amplified(over, level):
    found = standardised(over, np.full((2, 40, 8), level, np.float32))[1]
    assert np.abs(found).max() < 0.1


def test_the_planes_are_signal_absolute_value_and_change(batch):
    picture = Picture(height=0, width=0)(batch - 7).numpy()
    z = batch - 7
    change = np.abs(np.diff(z, axis=1))
    assert picture.shape == (4, 12, 5, 3)
    np.testing.assert_allclose(picture[..., 0], z)
    np.testing.assert_allclose(picture[..., 1], np.abs(z))
    np.testing.assert_allclose(picture[:, 1:, :, 2], change, rtol=1e-5)
    np.testing.assert_allclose(picture[:, 0, :, 2], change[:, 0], rtol=1e-5)


def test_a_small_picture_keeps_the_energy_of_fast_signals():
    fast = np.tile(np.array([1.0, -1.0], np.float32), 20).reshape(1, 40, 1)
    picture = Picture(height=10, width=4)(fast).numpy()
    assert picture.shape == (1, 10, 4, 3)
    np.testing.assert_allclose(picture[..., 0], 0.0, atol=1e-6)  # the signal averages to nothing,
    np.testing.assert_allclose(picture[..., 1], 1.0, rtol=1e-6)  # its absolute value does not,
    np.testing.assert_allclose(picture[..., 2], 2.0, rtol=1e-6)  # nor is its waveform length


def test_the_log_energies_are_logarithms_of_hudgins_features():
    time = np.arange(2000) / 1000.0
    slow, fast = np.sin(2 * np.pi * 20 * time), np.sin(2 * np.pi * 80 * time)
    z = np.stack([slow, 3 * slow, fast], axis=1)[np.newaxis].astype(np.float32)
    found = LogEnergies()(z).numpy()
    assert found.shape == (1, 1, 1, 12)
    square, change, crossings, turns = found.reshape(4, 3)
    np.testing.assert_allclose(square, np.log([0.5 + 1e-3, 4.5 + 1e-3, 0.5 + 1e-3]), atol=2e-3)
    np.testing.assert_allclose(change, np.log(np.abs(np.diff(z[0], axis=0)).mean(axis=0) + 1e-2), rtol=1e-4)
    # Four times as fast: four times as many changes of sign. The strength hardly counts.
    assert np.exp(crossings[2]) / np.exp(crossings[0]) == pytest.approx(4, rel=0.15)
    assert crossings[1] == pytest.approx(crossings[0], abs=0.05)
    assert turns[2] > turns[0] + 1


def test_the_log_energies_of_silence_are_finite():
    found = LogEnergies()(np.zeros((2, 3, 4), np.float32)).numpy()
    np.testing.assert_allclose(found.reshape(2, 4, 4)[:, 0], np.log(1e-3), rtol=1e-5)
    np.testing.assert_allclose(found.reshape(2, 4, 4)[:, 1:], np.log(1e-2), rtol=1e-5)


def test_the_fused_batch_normalisation_equals_that_of_keras(rng):
    x = tf.constant(rng.normal(loc=3.0, scale=2.0, size=(6, 4, 3, 8)), tf.float32)
    weights = [rng.uniform(0.5, 1.5, 8), rng.normal(size=8), rng.normal(size=8), rng.uniform(0.5, 1.5, 8)]
    found = []
    for kind in (keras.layers.BatchNormalization, FusedBatchNormalization):
        layer = kind(momentum=0.9)
        layer.build(x.shape)
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(y**3)
        gradients = tape.gradient(loss, [x, *layer.trainable_variables])
        found.append([y, layer.moving_mean, layer.moving_variance, layer(x, training=False), *gradients])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(np.array(ours), np.array(theirs), rtol=1e-3, atol=1e-3)


def test_a_frozen_batch_normalisation_keeps_its_statistics(rng):
    layer = FusedBatchNormalization()
    layer.build((None, 4, 3, 2))
    layer.trainable = False
    x = rng.normal(loc=5.0, size=(6, 4, 3, 2)).astype(np.float32)
    np.testing.assert_allclose(layer(x, training=True).numpy(), x / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.0)


sizes = st.integers(1, 64)


@given(samples=sizes, rows=sizes)
def test_rows_keep_constants_and_stay_between_samples(samples, rows):
    matrix = time_matrix(samples, rows)
    if samples == rows:
        assert matrix is None
        return
    assert matrix.shape == (rows, samples)
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=1e-5)
    assert matrix.min() >= 0.0


@given(channels=sizes, columns=sizes)
def test_columns_keep_constants_and_stay_between_electrodes(channels, columns):
    matrix = ring_matrix(channels, columns)
    if channels == columns:
        assert matrix is None
        return
    assert matrix.shape == (channels, columns)
    np.testing.assert_allclose(matrix.sum(axis=0), 1.0, rtol=1e-5)
    assert matrix.min() >= 0.0


def test_fewer_rows_average_their_share():
    np.testing.assert_allclose(time_matrix(6, 3) @ np.arange(6.0), [0.5, 2.5, 4.5])
    # 5 samples, 2 rows: the middle sample is halved between them.
    np.testing.assert_allclose(time_matrix(5, 2) @ np.arange(5.0), [(0 + 1 + 1) / 2.5, (1 + 3 + 4) / 2.5])


def test_more_rows_interpolate_and_are_constant_at_the_ends():
    np.testing.assert_allclose(time_matrix(2, 4) @ np.array([0.0, 1.0]), [0.0, 0.25, 0.75, 1.0], rtol=1e-6)


def test_the_last_electrode_is_a_neighbour_of_the_first():
    drawn = np.array([8.0, 0.0, 0.0, 0.0]) @ ring_matrix(4, 8)
    np.testing.assert_allclose(drawn, [6.0, 6.0, 2.0, 0.0, 0.0, 0.0, 0.0, 2.0], rtol=1e-6)


@pytest.mark.parametrize("steps", [1, 3])
def test_rotating_the_armband_rotates_the_picture(rng, steps):
    values = rng.normal(size=5)
    matrix = ring_matrix(5, 15)
    np.testing.assert_allclose(
        np.roll(values, steps) @ matrix, np.roll(values @ matrix, 3 * steps), rtol=1e-5
    )
