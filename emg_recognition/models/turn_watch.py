"""Notice in use, without labels, that an armband sits elsewhere than its model takes it to sit."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from emg_recognition.models.log_features import Measures, contrast, log_rms
from emg_recognition.models.orientation import Orientation, candidates
from emg_recognition.models.reference import Reference

FAR = 1.0
"""An armband that is turned by more than this is to be donned, electrodes."""

SHORTEST = 60.0
"""Less signal than this (s) says nothing: people have to have performed some of what they do."""

SPACING = 3
"""One window in this many is looked at, which tells as much as all that do not overlap."""

MISFIT = 0.5
"""The signal has to fit this much better elsewhere than within FAR of where it should be, nats a window."""

#: Older signal than this is forgotten, s.
_LONGEST = 120.0
#: Signal of less contrast says nothing.
_CONTRAST = 0.8


class TurnWatch:
    """Compares windows, whatever is performed, with those of a population under every turn.

    Parameters
    ----------
    reference : Reference
        What the armbands of the model's people recorded.
    sits : mapping
        How the model takes the armband to sit: ``orientation`` of its bundle, empty if nobody has donned it.
    spacing : float
        From the beginning of a window to that of the next, s.
    """

    def __init__(self, reference: Reference, sits: Mapping[str, Any], spacing: float) -> None:
        self._reference = reference
        self._donned = bool(sits)
        self._taken = Orientation(float(sits.get("turn", 0.0)), bool(sits.get("mirrored", False)))
        self._spacing = spacing
        self._parts: deque[Measures] = deque()
        self._windows = 0

    def add(self, windows: np.ndarray) -> None:
        """Take the next windows.

        Parameters
        ----------
        windows : numpy.ndarray
            Filtered samples, shape (n, length, channels).
        """
        if not len(windows):
            return
        self._parts.append(Measures(windows, self._reference.ring))
        self._windows += len(windows)
        while self.seconds - len(self._parts[0]) * self._spacing >= _LONGEST:
            self._windows -= len(self._parts.popleft())

    def forget(self) -> None:
        """Forget everything, because the armband may have been taken off."""
        self._parts.clear()
        self._windows = 0

    @property
    def seconds(self) -> float:
        """Length of the signal that is known, s."""
        return self._windows * self._spacing

    def misfit(self) -> tuple[float, Orientation]:
        """Return how much worse the signal fits where it should be than at its best place, and that place."""
        reference, measures = self._reference, Measures.joined(self._parts)
        best = near = -np.inf
        place = self._taken
        for turn, mirrored in candidates(reference.ring):
            seen, tried = measures.seen(turn, mirrored), Orientation(turn, mirrored)
            fit = reference.log_likelihood(seen, float(log_rms(seen).mean()))
            if fit > best:
                best, place = fit, tried
            if tried.apart(self._taken, reference.ring) <= FAR:
                near = max(near, fit)
        return best - near, place

    def warning(self) -> str:
        """Return what is to be done about the armband; empty for nothing, or if too little is known."""
        if self.seconds < SHORTEST or contrast(Measures.joined(self._parts)) < _CONTRAST:
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
