"""The muscles of the simulated arm, and how strongly each action uses them.

The places are those of an anatomy atlas, rounded: an angle around the limb, a depth below the
skin and a distance from the elbow. The activations are the agonists of each action with the
co-activation that keeps the other joints still (the wrist extensors hold the wrist when the elbow
moves, the biceps helps to supinate); they are fractions of a maximal voluntary contraction (MVC)
at the light to medium effort of a recording session.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES


@dataclass(frozen=True)
class Muscle:
    """One muscle of the right arm, the palm turned up.

    Attributes
    ----------
    name : str
        Its anatomical name.
    angle : float
        Place around the limb in degrees: 0 at the front, positive towards the thumb's side.
    depth : float
        Depth of the belly's middle below the skin, mm.
    axial : float
        Distance of the belly's middle from the elbow, mm; negative on the upper arm.
    antagonist : str
        The muscle that pulls the other way; a patient contracts it as well.
    """

    name: str
    angle: float
    depth: float
    axial: float
    antagonist: str


MUSCLES: tuple[Muscle, ...] = (
    Muscle("biceps", 0.0, 14.0, -110.0, "triceps"),
    Muscle("triceps", 180.0, 15.0, -110.0, "biceps"),
    Muscle("brachioradialis", 60.0, 11.0, 50.0, "triceps"),
    Muscle("pronator_teres", 0.0, 15.0, 50.0, "supinator"),
    Muscle("supinator", 120.0, 22.0, 50.0, "pronator_teres"),
    Muscle("extensor_carpi_radialis", 95.0, 11.0, 65.0, "flexor_carpi_radialis"),
    Muscle("extensor_carpi_ulnaris", 190.0, 12.0, 70.0, "flexor_carpi_radialis"),
    Muscle("flexor_carpi_radialis", -50.0, 13.0, 65.0, "extensor_carpi_radialis"),
)

_TABLE = {
    #                            BIC   TRI   BR    PT    SUP   ECR   ECU   FCR
    "rest": (0.010, 0.010, 0.010, 0.010, 0.010, 0.012, 0.012, 0.010),
    "wrist_internal_rotation": (0.03, 0.05, 0.08, 0.30, 0.05, 0.07, 0.07, 0.12),
    "wrist_extension": (0.03, 0.04, 0.07, 0.07, 0.08, 0.28, 0.26, 0.09),
    "wrist_rotation": (0.16, 0.06, 0.08, 0.05, 0.30, 0.10, 0.08, 0.05),
    "elbow_flexion": (0.28, 0.07, 0.24, 0.10, 0.09, 0.09, 0.05, 0.08),
    "elbow_extension": (0.05, 0.28, 0.05, 0.06, 0.05, 0.08, 0.10, 0.06),
}

ACTIVATION: np.ndarray = np.array([_TABLE[action] for action in PAPER_ACTION_NAMES])
"""Mean activation, fraction of MVC, shape (actions, muscles), rows as in ``PAPER_ACTION_NAMES``."""

ANTAGONIST: np.ndarray = np.array(
    [[m.name for m in MUSCLES].index(muscle.antagonist) for muscle in MUSCLES], dtype=np.intp
)
"""Index of each muscle's antagonist, shape (muscles,)."""

STROKE_SYNERGIES: np.ndarray = np.array(
    [
        #  BIC  TRI  BR   PT   SUP  ECR  ECU  FCR
        [0.50, 0.05, 0.40, 0.15, 0.45, 0.10, 0.10, 0.50],
        [0.05, 0.60, 0.10, 0.50, 0.05, 0.25, 0.30, 0.35],
    ]
)
"""Flexor and extensor synergy after a stroke, relative weights, shape (2, muscles).

Elbow flexion comes with supination and wrist flexion, elbow extension with pronation
(Brunnstrom, *Movement Therapy in Hemiplegia*, 1970; Dewald et al., Brain 118, 1995).
"""
