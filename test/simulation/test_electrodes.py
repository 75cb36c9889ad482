"""An electrode sees the muscle below it best, and a left arm in mirrored order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.simulation.arm import (
    HEALTHY,
    MUSCLES,
    UNITS,
    UPPER_ARM,
    draw_subject,
    place_electrodes,
    tissue_response,
)


@pytest.fixture
def average_subject():
    """The subject of the atlas, without anybody's differences."""
    places = {
        name: np.repeat([getattr(muscle, name) for muscle in MUSCLES], UNITS)
        for name in ("angle", "depth", "axial")
    }
    return dataclasses.replace(draw_subject(0, HEALTHY, 1), radius=42.0, **places)


def nearest(placement, name):
    unit = [muscle.name for muscle in MUSCLES].index(name) * UNITS
    return int(placement.distance[:, unit].argmin())


@pytest.mark.parametrize(
    ("muscle", "right", "left"),
    [
        ("pronator_teres", 0, 0),
        ("brachioradialis", 1, 5),
        ("supinator", 2, 4),
        ("extensor_carpi_ulnaris", 3, 3),
        ("flexor_carpi_radialis", 5, 1),
        ("biceps", 6, 6),
        ("triceps", 7, 7),
    ],
)
def test_the_nearest_electrode(average_subject, rng, muscle, right, left):
    assert nearest(place_electrodes(average_subject, 8, rng), muscle) == right
    mirrored = dataclasses.replace(average_subject, side=-1)
    assert nearest(place_electrodes(mirrored, 8, rng), muscle) == left


def test_the_electrodes_never_sit_twice_in_the_same_place(average_subject, rng):
    distances = np.array([place_electrodes(average_subject, 8, rng).distance for _ in range(200)])
    spread = distances.std(axis=0)
    assert (spread > 0.1).all()
    assert (spread < 5.0).all()


@pytest.mark.parametrize("channels", [4, 6, 16])
def test_any_number_of_channels(average_subject, rng, channels):
    placement = place_electrodes(average_subject, channels, rng)
    assert placement.distance.shape == (channels, len(MUSCLES) * UNITS)
    assert placement.gain.shape == (channels,)
    # The last two are on the upper arm, far from the muscles of the forearm.
    forearm = placement.distance[:, UNITS * 2 :]
    assert forearm[-UPPER_ARM:].min() > 100.0
    assert forearm[:-UPPER_ARM].max() < 100.0


def test_tissue_weakens_with_distance_and_blurs():
    distance = np.array([15.0, 20.0, 30.0, 60.0])
    response = tissue_response(distance, np.array([0.0, 50.0, 200.0]))
    np.testing.assert_allclose(response[0], 1.0)
    np.testing.assert_allclose(response[:, 0], [1.0, 0.5625, 0.25, 0.0625])
    assert (np.diff(response, axis=0) < 0).all()
    # Relative to 0 Hz, the farther source loses more of its high frequencies.
    relative = response[:, 2] / response[:, 0]
    assert (np.diff(relative) < 0).all()
