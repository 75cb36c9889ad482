from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.models.layers import ring_matrix, time_matrix

sizes = st.integers(1, 64)


@given(samples=sizes, rows=sizes)
def test_time_keeps_constants_and_stays_between_samples(samples, rows):
    matrix = time_matrix(samples, rows)
    if samples == rows:
        assert matrix is None
        return
    assert matrix.shape == (rows, samples)
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=1e-5)
    assert matrix.min() >= 0.0


@given(channels=sizes, columns=sizes)
def test_the_ring_keeps_constants_and_stays_between_electrodes(channels, columns):
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


def test_more_rows_interpolate_and_hold_the_ends():
    np.testing.assert_allclose(time_matrix(2, 4) @ np.array([0.0, 1.0]), [0.0, 0.25, 0.75, 1.0], rtol=1e-6)


def test_the_last_electrode_is_the_first_ones_neighbour():
    drawn = np.array([8.0, 0.0, 0.0, 0.0]) @ ring_matrix(4, 8)
    np.testing.assert_allclose(drawn, [6.0, 6.0, 2.0, 0.0, 0.0, 0.0, 0.0, 2.0], rtol=1e-6)


@pytest.mark.parametrize("turn", [1, 3])
def test_turning_the_armband_turns_the_picture(rng, turn):
    values = rng.normal(size=5)
    matrix = ring_matrix(5, 15)
    np.testing.assert_allclose(np.roll(values, turn) @ matrix, np.roll(values @ matrix, 3 * turn), rtol=1e-5)
