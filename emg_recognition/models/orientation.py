"""How an armband sits: turned around the arm, mirrored on the other arm, with a signal stronger or weaker.

All of it is one matrix (channels x channels) in front of the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """How one armband sits, compared with a population's.

    Attributes
    ----------
    turn : float
        Electrode ``i`` of the population is where electrode ``i + turn`` of this armband is; with
        `mirrored`, ``turn - i``. Whole or half electrodes, around the ring.
    mirrored : bool
        Whether the electrodes are counted the other way around the arm.
    gain : float
        Factor that makes the signal as strong as the population's.
    """

    turn: float = 0.0
    mirrored: bool = False
    gain: float = 1.0

    def matrix(self, channels: int, ring: int) -> NDArray[np.float32]:
        """Return what windows (length, channels) are multiplied with from the right.

        Parameters
        ----------
        channels : int
            Channels of a window.
        ring : int
            How many of them, the first ones, are a ring; the others are not turned.

        Returns
        -------
        numpy.ndarray
            float32, shape (channels, channels). Between two electrodes, both are added as if they were
            independent, so that the strength stays the same.
        """
        near, half = sources(self.turn, self.mirrored, ring)
        matrix = np.zeros((channels, channels))
        matrix[near, np.arange(ring)] = 1.0
        if half:
            matrix[(near + 1) % ring, np.arange(ring)] = 1.0
            matrix[:, :ring] /= np.sqrt(2.0)
        others = np.arange(ring, channels)
        matrix[others, others] = 1.0
        return (self.gain * matrix).astype(np.float32)

    def describe(self, ring: int) -> str:
        """Return in words, for a wearer, how the armband sits and how strong its signal is."""
        if self.mirrored:
            text = f"mirrored: electrode 1 sits where the model has electrode {self.turn % ring + 1:g}"
        else:
            text = self.turned(Orientation(), ring)
        strength = f"{1 / self.gain:.2g}"
        times = "" if strength == "1" else f"{strength} times "
        return f"{text}; signal {times}as strong as the model's people"

    def turned(self, other: Orientation, ring: int) -> str:
        """Return in words how far the armband is turned against how it sat, mirrored alike.

        Turned by one towards higher numbers, electrode 1 sits where electrode 2 was. No recording tells
        whether the numbers rise towards the thumb or towards the little finger, so no text does.
        """
        moved = self.moved(other, ring)
        if moved == 0:
            return "not turned"
        electrodes = "electrode" if abs(moved) == 1 else "electrodes"
        way = "higher" if moved > 0 else "lower"
        return f"turned by {abs(moved):g} {electrodes} towards {way} electrode numbers"

    def moved(self, other: Orientation, ring: int) -> float:
        """Return by how many electrodes it has been turned towards higher numbers; mirrored alike."""
        return ring / 2 - (self.turn - other.turn + ring / 2) % ring

    def apart(self, other: Orientation, ring: int) -> float:
        """Return the electrodes between two orientations; infinite if only one is mirrored."""
        around = abs(self.turn - other.turn) % ring
        return min(around, ring - around) if self.mirrored == other.mirrored else np.inf


def candidates(ring: int) -> list[tuple[float, bool]]:
    """Return every (turn, mirrored) that is tried: half electrodes, both ways around."""
    return [(half / 2, mirrored) for mirrored in (False, True) for half in range(2 * ring)]


def sources(turn: float, mirrored: bool, ring: int) -> tuple[NDArray[np.intp], bool]:
    """Return the first electrode that each one's signal comes from, and whether the next one is added."""
    whole = int(np.floor(turn))
    electrodes = np.arange(ring)
    return (whole - electrodes if mirrored else whole + electrodes) % ring, turn != whole
