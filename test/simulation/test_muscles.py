"""Each action is carried by the muscles that an anatomy book names for it."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.simulation.arm import ACTIVATION, ANTAGONIST, MUSCLES, STROKE_SYNERGIES

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


def test_antagonists_and_synergies_fit_the_muscles():
    assert [NAMES[i] for i in ANTAGONIST] == [muscle.antagonist for muscle in MUSCLES]
    assert (np.arange(len(MUSCLES)) != ANTAGONIST).all()
    assert STROKE_SYNERGIES.shape == (2, len(MUSCLES))
