"""Who wears the electrodes: one subject drawn from the seed, the same in the study and live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emg_recognition.simulation.muscles import ACTIVATION, ANTAGONIST, MUSCLES, STROKE_SYNERGIES

HEALTHY = "healthy"
PATIENT = "patient"
COHORTS: tuple[str, ...] = (HEALTHY, PATIENT)

UNITS = 2
"""Groups of motor units a muscle is made of; each has its own place and its own noise."""

_STREAMS = {"subject": 0, "session": 1, "live": 2}


@dataclass(frozen=True, eq=False)
class Subject:
    """One wearer: anatomy and habits that stay the same from session to session.

    Attributes
    ----------
    cohort : str
        ``healthy`` or ``patient``.
    number : int
        1-based number within the cohort.
    side : int
        1 for a right arm, -1 for a left one, whose muscles lie in mirrored order.
    radius : float
        Radius of the limb, mm.
    angle, depth, axial : numpy.ndarray
        Place of each group of motor units, shape (muscles * UNITS,), degrees, mm and mm.
    strategy : numpy.ndarray
        Mean activation for each action, fraction of MVC, shape (actions, muscles).
    strength : numpy.ndarray
        Signal of each muscle at full activation relative to the average one, shape (muscles,).
    steadiness : float
        Factor on every fluctuation; 1 for the average healthy subject.
    """

    cohort: str
    number: int
    side: int
    radius: float
    angle: np.ndarray
    depth: np.ndarray
    axial: np.ndarray
    strategy: np.ndarray
    strength: np.ndarray
    steadiness: float

    @property
    def name(self) -> str:
        """The subject's name in the archive."""
        return f"{self.cohort}_{self.number:02d}"


def generator_for(seed: int, cohort: str, number: int, purpose: str, index: int = 0) -> np.random.Generator:
    """Return the random generator of one subject and purpose.

    The numbers are a path (``SeedSequence.spawn_key``), so that a subject does not depend on how
    many others there are, nor on what was simulated before.

    Parameters
    ----------
    seed : int
        The study's seed.
    cohort : str
        One of `COHORTS`.
    number : int
        1-based number within the cohort.
    purpose : str
        ``subject``, ``session`` (of the study) or ``live``.
    index : int
        Number of the session, or the seed of a live one.

    Returns
    -------
    numpy.random.Generator
        A fresh generator; the same arguments always give the same numbers.
    """
    key = (COHORTS.index(cohort), number, _STREAMS[purpose], index)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def draw_subject(seed: int, cohort: str, number: int) -> Subject:
    """Draw one subject.

    Parameters
    ----------
    seed : int
        The study's seed.
    cohort : str
        One of `COHORTS`.
    number : int
        1-based number within the cohort. Every second patient is paralysed on the left side.

    Returns
    -------
    Subject
        The same person for the same arguments.
    """
    rng = generator_for(seed, cohort, number, "subject")
    muscles = len(MUSCLES)

    def scatter(deviation: float, *shape: int) -> np.ndarray:
        return np.exp(deviation * rng.standard_normal(shape))

    def places(values: list[float], between: float, within: float) -> np.ndarray:
        centre = np.array(values) + between * rng.standard_normal(muscles)
        return np.repeat(centre, UNITS) + within * rng.standard_normal(muscles * UNITS)

    angle = places([m.angle for m in MUSCLES], 7.0, 8.0)
    axial = places([m.axial for m in MUSCLES], 6.0, 8.0)
    depth = np.repeat([m.depth for m in MUSCLES], UNITS) * scatter(0.12) * scatter(0.10, muscles * UNITS)
    strategy = ACTIVATION * scatter(0.38, *ACTIVATION.shape)
    steadiness = float(scatter(0.15))
    if cohort == PATIENT:
        strategy = _after_stroke(strategy, rng)
        steadiness *= 1.1
    return Subject(
        cohort=cohort,
        number=number,
        side=-1 if cohort == PATIENT and number % 2 == 0 else 1,
        radius=float(42.0 * scatter(0.08)),
        angle=angle,
        depth=depth,
        axial=axial,
        strategy=strategy,
        strength=scatter(0.25, muscles),
        steadiness=steadiness,
    )


def _after_stroke(strategy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Weaken the muscles, merge the actions into the two synergies, add the antagonists.

    Parameters
    ----------
    strategy : numpy.ndarray
        What the subject would do if healthy, shape (actions, muscles).
    rng : numpy.random.Generator
        The subject's generator.

    Returns
    -------
    numpy.ndarray
        Shape (actions, muscles). Rest, the first row, keeps a raised tone instead of the weakness.

    Notes
    -----
    Merged synergies: Cheung et al., PNAS 109, 2012. Co-contraction and weakness: Kamper & Rymer,
    Muscle & Nerve 24, 2001.
    """
    weakness, merging, antagonist = rng.uniform((0.30, 0.15, 0.20), (0.45, 0.30, 0.35))
    unit = STROKE_SYNERGIES / np.linalg.norm(STROKE_SYNERGIES, axis=1, keepdims=True)
    own = strategy[1:]
    pulled = np.maximum(own @ unit.T, 0.0) @ unit
    pulled *= np.linalg.norm(own, axis=1, keepdims=True) / np.linalg.norm(pulled, axis=1, keepdims=True)
    mixed = (1.0 - merging) * own + merging * pulled
    impaired = strategy.copy()
    impaired[1:] = weakness * (mixed + antagonist * mixed[:, ANTAGONIST])
    impaired[0] *= rng.uniform(0.8, 1.5)
    return impaired
