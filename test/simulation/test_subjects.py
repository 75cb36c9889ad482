"""A subject is the same person wherever the seed and the number are the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.simulation.arm import (
    ANTAGONIST,
    COHORTS,
    HEALTHY,
    MUSCLES,
    PATIENT,
    draw_subject,
    generator_for,
)


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


def test_two_synergies_explain_more_of_what_patients_do():
    def explained(cohort):
        strategies = np.array([draw_subject(0, cohort, n).strategy[1:] for n in range(1, 41)])
        power = np.linalg.svd(strategies, compute_uv=False) ** 2
        return (power[:, :2].sum(axis=1) / power.sum(axis=1)).mean()

    assert explained(PATIENT) > explained(HEALTHY) + 0.04


def test_every_second_patient_has_a_left_arm():
    assert [draw_subject(0, PATIENT, n).side for n in (1, 2, 3, 4)] == [1, -1, 1, -1]
    assert {draw_subject(0, HEALTHY, n).side for n in range(1, 9)} == {1}


def test_shapes_and_places_inside_the_arm():
    for number in range(1, 41):
        subject = draw_subject(1, HEALTHY, number)
        assert subject.strategy.shape == (len(PAPER_ACTION_NAMES), len(MUSCLES))
        assert subject.angle.shape == subject.depth.shape == subject.axial.shape
        assert (subject.depth > 3).all()
        assert (subject.depth < subject.radius).all()
