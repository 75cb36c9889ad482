"""Notice in use, without labels, that an armband sits elsewhere than its model takes it to sit."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from emg_recognition.models.orientation import Measures, Orientation, Reference, distances

FAR = 1.0
"""An armband that is turned by more than this is to be donned, electrodes."""

SHORTEST = 120.0
"""Less signal than this (s) says nothing: people have to have performed all they do."""

#: Older signal than this is forgotten, s.
_LONGEST = 240.0
MISFIT = 2.0
"""The signal has to fit this many times better elsewhere than within FAR of where it should be."""


class TurnWatch:
    """Estimates from the distribution of strength over the electrodes how far an armband is turned.

    Parameters
    ----------
    reference : Reference
        What the armbands of the model's people recorded.
    sits : mapping
        How the model takes the armband to sit: ``orientation`` of its bundle, empty if nobody has donned it.
    seconds : float
        Length of a window, s.
    """

    def __init__(self, reference: Reference, sits: Mapping[str, Any], seconds: float) -> None:
        self._reference = reference
        self._subject = str(sits.get("subject", ""))
        self._donned = bool(sits)
        self._taken = Orientation(float(sits.get("turn", 0.0)), bool(sits.get("mirrored", False)))
        self._seconds = seconds
        self._parts: deque[Measures] = deque()
        self._windows = 0

    def add(self, windows: np.ndarray) -> None:
        """Take windows that do not overlap.

        Parameters
        ----------
        windows : numpy.ndarray
            Filtered samples, shape (n, length, channels).
        """
        if not len(windows):
            return
        self._parts.append(Measures(windows, self._reference.ring, strength_only=True))
        self._windows += len(windows)
        while self.seconds - len(self._parts[0]) * self._seconds >= _LONGEST:
            self._windows -= len(self._parts.popleft())

    def forget(self) -> None:
        """Forget everything, because the armband may have been taken off."""
        self._parts.clear()
        self._windows = 0

    @property
    def seconds(self) -> float:
        """Length of the signal that is known, s."""
        return self._windows * self._seconds

    def misfit(self) -> tuple[float, Orientation]:
        """Return how many times worse the signal fits where it should be than at its best place, and that."""
        reference = self._reference
        found = distances(reference, Measures.joined(self._parts), self._subject)
        best = max(found, key=lambda one: one.score)
        near = max(one.score for one in found if one.orientation.apart(self._taken, reference.ring) <= FAR)
        return near / best.score, best.orientation

    def warning(self) -> str:
        """Return what is to be done about the armband; empty for nothing, or if too little is known."""
        if self.seconds < SHORTEST:
            return ""
        misfit, best = self.misfit()
        if misfit < MISFIT:
            return ""
        return f"{away(best, self._taken, self._reference.ring, donned=self._donned)}: don the armband"


def away(found: Orientation, taken: Orientation, ring: int, *, donned: bool) -> str:
    """Say how an armband sits, compared with how its model takes it to sit.

    Parameters
    ----------
    found, taken : Orientation
        How it sits, and how the model takes it to sit.
    ring : int
        Electrodes in the ring.
    donned : bool
        Whether the model has been donned.
    """
    than = "since it was donned" if donned else "compared with the people that the model knows"
    if found.mirrored != taken.mirrored:
        return f"the armband sits mirrored {than}"
    return f"the armband sits {found.turned(taken, ring)} {than}"
