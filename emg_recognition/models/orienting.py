"""Find how an armband sits, by comparing windows of its wearer with a population's. Only NumPy is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emg_recognition.models.log_features import Measures, descriptor, features, log_rms
from emg_recognition.models.orientation import Orientation, candidates
from emg_recognition.models.reference import Reference

# A wearer's own earlier turn: how much farther away each electrode of difference makes another one.
_FAR = 0.15
# Beside the fit of labels or windows, nats a window: the evidence of a gesture's mean, and how common it is
# that an armband sits so. Chosen on repetitions 2 to 4 of 38 people, for all actions and for two.
_EVIDENCE, _COMMON = 0.03, 0.1


@dataclass(frozen=True, eq=False)
class Found:
    """An orientation that was estimated.

    Attributes
    ----------
    orientation : Orientation
        The likeliest one.
    score : float
        How likely it is: what was compared. With labels, that of other labels for the same windows can be
        compared with it.
    """

    orientation: Orientation
    score: float


def from_labels(
    reference: Reference, measures: Measures, action: NDArray[np.int64], subject: str = ""
) -> Found:
    """Find the orientation under which the labels of some windows are likeliest.

    Parameters
    ----------
    reference : Reference
        The population.
    measures : Measures
        Windows of the wearer.
    action : numpy.ndarray
        Index of the action of each window, shape (n,).
    subject : str
        Who it is. The arm of a person who was seen before is taken to be the same one.

    Returns
    -------
    Found
        The likeliest orientation of :func:`candidates`; every action counts the same.
    """
    place = reference.known(subject)
    performed = np.unique(action).tolist()
    given = reference.prior.given(performed)
    found = []
    for (turn, mirrored), common in zip(candidates(reference.ring), reference.common, strict=True):
        if place is not None and mirrored != reference.mirrored[place]:
            continue
        seen = measures.seen(turn, mirrored)
        level = reference.labelled_level(seen, action)
        gain = float(np.exp(reference.level - level))
        fit = reference.fit(seen, level, action)
        rows = features(seen, level)
        evidence = given.log_evidence(np.stack([rows[action == one].mean(axis=0) for one in performed]))
        likely = fit + _EVIDENCE * evidence / len(performed) + _COMMON * common
        found.append(Found(Orientation(turn, mirrored, gain), likely))
    return max(found, key=lambda one: one.score)


def from_use(reference: Reference, measures: Measures, subject: str = "") -> Found:
    """Find the orientation under which unlabelled windows look most like the population's.

    Parameters
    ----------
    reference : Reference
        The population.
    measures : Measures
        Windows of the wearer, of as many actions as occur in use; 25 s suffice.
    subject : str
        Who it is. Somebody who was seen before is compared with their own earlier descriptor, and an earlier
        turn is preferred.

    Returns
    -------
    Found
        The orientation of :func:`candidates` under which the windows are likeliest, whatever was performed;
        for somebody who was seen before, that at the least Mahalanobis distance.
    """
    place = reference.known(subject)
    found = []
    for (turn, mirrored), common in zip(candidates(reference.ring), reference.common, strict=True):
        if place is not None and mirrored != reference.mirrored[place]:
            continue
        seen = measures.seen(turn, mirrored)
        level = float(log_rms(seen).mean())
        if place is None:
            score = reference.log_likelihood(seen, level) + _COMMON * common
        else:
            away = descriptor(seen) - reference.profiles[place]
            around = abs(turn - reference.turns[place]) % reference.ring
            farther = 1.0 + _FAR * min(around, reference.ring - around)
            score = -farther * float(away @ reference.precision @ away)
        gain = float(np.exp(reference.level - level))
        found.append(Found(Orientation(turn, mirrored, gain), score))
    return max(found, key=lambda one: one.score)
