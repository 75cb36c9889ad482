"""The simulated arm: muscles, subjects, and what the electrodes see."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.simulation.arm import (
    ACTIVATION,
    ANTAGONIST,
    COHORTS,
    HEALTHY,
    MUSCLES,
    PATIENT,
    STROKE_SYNERGIES,
    UNITS,
    UPPER_ARM,
    draw_subject,
    generator_for,
    place_electrodes,
    tissue_response,
)

NAMES = [muscle.name for muscle in MUSCLES]
AGONISTS = {
    "wrist_internal_rotation": {"pronator_teres"},
    "wrist_extension": {"extensor_carpi_radialis", "extensor_carpi_ulnaris"},
    "wrist_rotation": {"supinator", "biceps"},
    "elbow_flexion": {"biceps", "brachioradialis"},
    "elbow_extension": {"triceps"},
}


@pytest.mark.parametrize("action", AGONISTS)
def test_the_agonists_are_the_most_active(action):
    row = ACTIVATION[PAPER_ACTION_NAMES.index(action)]
    strongest = {NAMES[i] for i in np.argsort(row)[-len(AGONISTS[action]) :]}
    assert strongest == AGONISTS[action]


def test_rest_is_nearly_silent():
    rest = PAPER_ACTION_NAMES.index(REST)
    others = np.delete(ACTIVATION, rest, axis=0)
    assert ACTIVATION.shape == (len(PAPER_ACTION_NAMES), len(MUSCLES))
    assert (ACTIVATION[rest] < 0.5 * others.min(axis=0)).all()
    assert ACTIVATION.min() > 0
    assert ACTIVATION.max() < 1


def test_antagonists_and_synergies_match_the_muscles():
    assert [NAMES[i] for i in ANTAGONIST] == [muscle.antagonist for muscle in MUSCLES]
    assert (np.arange(len(MUSCLES)) != ANTAGONIST).all()
    assert STROKE_SYNERGIES.shape == (2, len(MUSCLES))


def everything(subject):
    return [np.asarray(getattr(subject, field.name)) for field in dataclasses.fields(subject)]


@pytest.mark.parametrize("cohort", COHORTS)
def test_the_same_person_twice(cohort):
    first, again = draw_subject(3, cohort, 2), draw_subject(3, cohort, 2)
    assert all((a == b).all() for a, b in zip(everything(first), everything(again), strict=True))
    assert first.name == f"{cohort}_02"


@pytest.mark.parametrize("other", [(4, HEALTHY, 2), (3, PATIENT, 2), (3, HEALTHY, 1)])
def test_another_person(other):
    first, second = draw_subject(3, HEALTHY, 2), draw_subject(*other)
    assert not np.isclose(first.angle, second.angle).any()
    assert not np.isclose(first.strategy, second.strategy).any()


def test_generators_of_different_purposes_are_independent():
    keys = [("subject", 0), ("session", 0), ("session", 1), ("live", 0), ("live", 1)]
    first = [generator_for(3, HEALTHY, 1, *key).random() for key in keys]
    assert len(set(first)) == len(keys)
    assert first == [generator_for(3, HEALTHY, 1, *key).random() for key in keys]


def test_patients_are_weaker_and_contract_the_antagonists():
    healthy = np.array([draw_subject(0, HEALTHY, n).strategy for n in range(1, 41)])
    patients = np.array([draw_subject(0, PATIENT, n).strategy for n in range(1, 41)])
    assert (patients >= 0).all()
    # Weaker in every action ...
    ratio = patients[:, 1:].sum(axis=2).mean(axis=0) / healthy[:, 1:].sum(axis=2).mean(axis=0)
    assert (ratio > 0.25).all()
    assert (ratio < 0.75).all()

    # ... with the antagonist of the strongest muscle more active beside it.
    def co_contraction(strategy):
        strongest = strategy.argmax(axis=2)
        agonist = np.take_along_axis(strategy, strongest[..., None], axis=2)
        antagonist = np.take_along_axis(strategy, ANTAGONIST[strongest][..., None], axis=2)
        return np.median(antagonist / agonist)

    assert co_contraction(patients[:, 1:]) > 1.5 * co_contraction(healthy[:, 1:])


def test_two_synergies_explain_patients_better_than_healthy_subjects():
    def explained(cohort):
        strategies = np.array([draw_subject(0, cohort, n).strategy[1:] for n in range(1, 41)])
        power = np.linalg.svd(strategies, compute_uv=False) ** 2
        return (power[:, :2].sum(axis=1) / power.sum(axis=1)).mean()

    assert explained(PATIENT) > explained(HEALTHY) + 0.04


def test_every_second_patient_has_a_left_arm():
    assert [draw_subject(0, PATIENT, n).side for n in (1, 2, 3, 4)] == [1, -1, 1, -1]
    assert {draw_subject(0, HEALTHY, n).side for n in range(1, 9)} == {1}


def test_muscles_are_inside_the_arm():
    for number in range(1, 41):
        subject = draw_subject(1, HEALTHY, number)
        assert subject.strategy.shape == (len(PAPER_ACTION_NAMES), len(MUSCLES))
        assert subject.angle.shape == subject.depth.shape == subject.axial.shape
        assert (subject.depth > 3).all()
        assert (subject.depth < subject.radius).all()


@pytest.fixture
def average_subject():
    """The subject of the atlas, without individual differences."""
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


def test_the_electrodes_are_placed_differently_each_time(average_subject, rng):
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


def test_tissue_weakens_a_source_and_removes_high_frequencies():
    distance = np.array([15.0, 20.0, 30.0, 60.0])
    response = tissue_response(distance, np.array([0.0, 50.0, 200.0]))
    np.testing.assert_allclose(response[0], 1.0)
    np.testing.assert_allclose(response[:, 0], [1.0, 0.5625, 0.25, 0.0625])
    assert (np.diff(response, axis=0) < 0).all()
    # Relative to 0 Hz, a farther source loses more of its high frequencies.
    relative = response[:, 2] / response[:, 0]
    assert (np.diff(relative) < 0).all()
