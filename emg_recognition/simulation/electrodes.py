"""From muscles to electrodes: where the electrodes sit in a session and what they see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emg_recognition.simulation.subjects import Subject

UPPER_ARM = 2
"""The last two channels are single electrodes over biceps and triceps; the others ring the forearm."""

_RING_AXIAL = 60.0
_UPPER_AXIAL = -110.0
_REFERENCE = 15.0
_DECAY = 2.0
_TISSUE = 3000.0


@dataclass(frozen=True, eq=False)
class Placement:
    """The electrodes of one session.

    Attributes
    ----------
    distance : numpy.ndarray
        From each electrode to each group of motor units, mm, shape (channels, units).
    gain : numpy.ndarray
        Skin and amplifier, shape (channels,), 1 on average.
    """

    distance: np.ndarray
    gain: np.ndarray


def place_electrodes(subject: Subject, channels: int, rng: np.random.Generator) -> Placement:
    """Put the electrodes on, a little turned and shifted every time.

    Parameters
    ----------
    subject : Subject
        The wearer.
    channels : int
        Number of electrodes, at least 4; see `UPPER_ARM`.
    rng : numpy.random.Generator
        The session's generator.

    Returns
    -------
    Placement
        Turned by 3 degrees and shifted by 3 mm (standard deviations); gains differ by 8 %.
    """
    ring = channels - UPPER_ARM
    angle = np.concatenate([360.0 * np.arange(ring) / ring, np.array([0.0, 180.0])])
    axial = np.repeat((_RING_AXIAL, _UPPER_AXIAL), (ring, UPPER_ARM))
    site = np.repeat((0, 1), (ring, UPPER_ARM))
    angle = angle + rng.normal(0.0, 3.0, 2)[site]
    axial = axial + rng.normal(0.0, 3.0, 2)[site]
    electrode = _on_cylinder(angle, subject.radius, axial)
    unit = _on_cylinder(subject.side * subject.angle, subject.radius - subject.depth, subject.axial)
    distance = np.linalg.norm(electrode[:, None, :] - unit[None, :, :], axis=2)
    return Placement(distance=distance, gain=np.exp(rng.normal(0.0, 0.08, channels)))


def tissue_response(distance: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Return how much of a source arrives at an electrode, for each frequency.

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
    A power of the distance (Roeleveld et al., Acta Physiol Scand 161, 1997), here 2, for a pair of
    electrodes; and a low-pass that grows with it (Lindström & Magnusson, Proc IEEE 65, 1977), here
    its simplest form ``exp(-f * (d - 15 mm) / (3 m/s))``.
    """
    beyond = distance[:, None] - _REFERENCE
    return (_REFERENCE / distance[:, None]) ** _DECAY * np.exp(-frequency * (beyond / _TISSUE))


def _on_cylinder(angle: np.ndarray, radius: np.ndarray | float, axial: np.ndarray) -> np.ndarray:
    """Cartesian places (n, 3), mm, from degrees, mm and mm."""
    radians = np.deg2rad(angle)
    return np.stack([radius * np.cos(radians), radius * np.sin(radians), axial], axis=1)
