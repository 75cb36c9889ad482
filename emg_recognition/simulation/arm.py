"""The simulated arm: its muscles, how subjects differ, and what electrodes see of the muscles.

Muscle positions come from an anatomy atlas, rounded: an angle around the limb, a depth below the skin
and a distance from the elbow. The activations are the agonists of each action, with the co-activation
that keeps the other joints still (the wrist extensors hold the wrist when the elbow moves, the biceps
helps to supinate). They are fractions of a maximal voluntary contraction (MVC) at the light to medium
effort of a recording session.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES

HEALTHY = "healthy"
PATIENT = "patient"
COHORTS: tuple[str, ...] = (HEALTHY, PATIENT)

UNITS = 2
"""Groups of motor units in a muscle; each has its own position and its own noise."""

UPPER_ARM = 2
"""The last two channels are single electrodes over biceps and triceps; the others surround the forearm."""

_STREAMS = {"subject": 0, "session": 1, "live": 2, "turn": 3, "side": 4}
_RING_AXIAL = 60.0  # distance of the electrodes around the forearm from the elbow, mm
_UPPER_AXIAL = -110.0  # and of those on the upper arm, mm
_REFERENCE = 15.0  # distance at which tissue does not weaken a source, mm
_DECAY = 2.0  # power of the distance
_TISSUE = 3000.0  # of the low-pass of the tissue, mm/s


@dataclass(frozen=True)
class Muscle:
    """One muscle of the right arm with the palm turned up.

    Attributes
    ----------
    name : str
        Its anatomical name.
    angle : float
        Position around the limb in degrees: 0 at the front, positive towards the thumb.
    depth : float
        Depth of the middle of its belly below the skin, mm.
    axial : float
        Distance of the middle of its belly from the elbow, mm; negative on the upper arm.
    antagonist : str
        The muscle that pulls the other way; a patient contracts both.
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
"""Mean activation, fraction of MVC, shape (actions, muscles); rows as in ``PAPER_ACTION_NAMES``."""

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


@dataclass(frozen=True, eq=False)
class Subject:
    """One wearer: anatomy and habits that are the same in every session.

    Attributes
    ----------
    cohort : str
        ``healthy`` or ``patient``.
    number : int
        1-based number within the cohort.
    side : int
        1 for a right arm, -1 for a left one, whose muscles are mirrored.
    radius : float
        Radius of the limb, mm.
    angle, depth, axial : numpy.ndarray
        Position of each group of motor units, shape (muscles * UNITS,), degrees, mm and mm.
    strategy : numpy.ndarray
        Mean activation for each action, fraction of MVC, shape (actions, muscles).
    strength : numpy.ndarray
        Signal of each muscle at full activation, relative to the average muscle, shape (muscles,).
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
    """Return the random generator for one subject and purpose.

    The arguments form a path (``SeedSequence.spawn_key``), so that a subject depends neither on the number of
    other subjects nor on what was simulated before.

    Parameters
    ----------
    seed : int
        The study's seed.
    cohort : str
        One of `COHORTS`.
    number : int
        1-based number within the cohort.
    purpose : str
        ``subject``, ``session`` (of the study), ``live``, ``turn`` (of the armband) or ``side`` (of the arm).
    index : int
        Number of the session, or seed of a live session.

    Returns
    -------
    numpy.random.Generator
        A new generator; the same arguments always give the same numbers.
    """
    key = (COHORTS.index(cohort), number, _STREAMS[purpose], index)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def draw_subject(seed: int, cohort: str, number: int, *, left: float = 0.0) -> Subject:
    """Draw one subject.

    Parameters
    ----------
    seed : int
        The study's seed.
    cohort : str
        One of `COHORTS`.
    number : int
        1-based number within the cohort. Every second patient is paralysed on the left side.
    left : float
        Probability that a healthy subject's left arm is recorded.

    Returns
    -------
    Subject
        The same person for the same arguments.
    """
    rng = generator_for(seed, cohort, number, "subject")
    muscles = len(MUSCLES)

    def scatter(deviation: float, *shape: int) -> np.ndarray:
        return np.exp(deviation * rng.standard_normal(shape))

    def positions(values: list[float], between: float, within: float) -> np.ndarray:
        centre = np.array(values) + between * rng.standard_normal(muscles)
        return np.repeat(centre, UNITS) + within * rng.standard_normal(muscles * UNITS)

    angle = positions([m.angle for m in MUSCLES], 7.0, 8.0)
    axial = positions([m.axial for m in MUSCLES], 6.0, 8.0)
    depth = np.repeat([m.depth for m in MUSCLES], UNITS) * scatter(0.12) * scatter(0.10, muscles * UNITS)
    strategy = ACTIVATION * scatter(0.38, *ACTIVATION.shape)
    steadiness = float(scatter(0.15))
    if cohort == PATIENT:
        strategy = _after_stroke(strategy, rng)
        steadiness *= 1.1
    if cohort == PATIENT:
        is_left = number % 2 == 0
    else:
        is_left = generator_for(seed, cohort, number, "side").random() < left
    return Subject(
        cohort=cohort,
        number=number,
        side=-1 if is_left else 1,
        radius=float(42.0 * scatter(0.08)),
        angle=angle,
        depth=depth,
        axial=axial,
        strategy=strategy,
        strength=scatter(0.25, muscles),
        steadiness=steadiness,
    )


def _after_stroke(strategy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Weaken the muscles, merge the actions into two synergies, and add the antagonists.

    Parameters
    ----------
    strategy : numpy.ndarray
        Activations of the subject if healthy, shape (actions, muscles).
    rng : numpy.random.Generator
        The subject's generator.

    Returns
    -------
    numpy.ndarray
        Shape (actions, muscles). Rest, the first row, has a raised tone instead of the weakness.

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


@dataclass(frozen=True, eq=False)
class Placement:
    """The electrodes of one session.

    Attributes
    ----------
    distance : numpy.ndarray
        From each electrode to each group of motor units, mm, shape (channels, units).
    gain : numpy.ndarray
        Gain of skin and amplifier, shape (channels,), 1 on average.
    """

    distance: np.ndarray
    gain: np.ndarray


def place_electrodes(
    subject: Subject, channels: int, rng: np.random.Generator, turn: float = 0.0
) -> Placement:
    """Place the electrodes, slightly rotated and shifted in every session.

    Parameters
    ----------
    subject : Subject
        The wearer.
    channels : int
        Number of electrodes, at least 4; see `UPPER_ARM`.
    rng : numpy.random.Generator
        The session's generator.
    turn : float
        How far the armband around the forearm is turned, in electrodes.

    Returns
    -------
    Placement
        Rotated by 3 degrees and shifted by 3 mm (standard deviations); gains differ by 8 %.
    """
    ring = channels - UPPER_ARM
    angle = np.concatenate([360.0 * (np.arange(ring) + turn) / ring, np.array([0.0, 180.0])])
    axial = np.repeat((_RING_AXIAL, _UPPER_AXIAL), (ring, UPPER_ARM))
    site = np.repeat((0, 1), (ring, UPPER_ARM))
    angle = angle + rng.normal(0.0, 3.0, 2)[site]
    axial = axial + rng.normal(0.0, 3.0, 2)[site]
    electrode = _on_cylinder(angle, subject.radius, axial)
    unit = _on_cylinder(subject.side * subject.angle, subject.radius - subject.depth, subject.axial)
    distance = np.linalg.norm(electrode[:, None, :] - unit[None, :, :], axis=2)
    return Placement(distance=distance, gain=np.exp(rng.normal(0.0, 0.08, channels)))


def tissue_response(distance: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Return the share of a source that arrives at an electrode, for each frequency.

    Parameters
    ----------
    distance : numpy.ndarray
        Electrode to source, mm, shape (units,).
    frequency : numpy.ndarray
        Hz, shape (frequencies,).

    Returns
    -------
    numpy.ndarray
        Shape (units, frequencies); 1 at the reference distance of 15 mm.

    Notes
    -----
    For a pair of electrodes: a power of the distance (Roeleveld et al., Acta Physiol Scand 161, 1997),
    here 2, and a low-pass that grows with the distance (Lindström & Magnusson, Proc IEEE 65, 1977), here
    in its simplest form ``exp(-f * (d - 15 mm) / (3 m/s))``.
    """
    beyond = distance[:, None] - _REFERENCE
    return (_REFERENCE / distance[:, None]) ** _DECAY * np.exp(-frequency * (beyond / _TISSUE))


def _on_cylinder(angle: np.ndarray, radius: np.ndarray | float, axial: np.ndarray) -> np.ndarray:
    """Return Cartesian positions (n, 3), mm, from degrees, mm and mm."""
    radians = np.deg2rad(angle)
    return np.stack([radius * np.cos(radians), radius * np.sin(radians), axial], axis=1)
