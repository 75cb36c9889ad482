"""Whether the armbands of a labelled recording sit where the model takes them to sit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emg_recognition.models.bundle import REFERENCE, BundleInfo
from emg_recognition.models.log_features import Measures
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.orienting import from_labels
from emg_recognition.models.reference import read_reference
from emg_recognition.models.turn_watch import FAR, away
from emg_recognition.recordings.labels import LabelInterval, window_labels
from emg_recognition.signal.pipeline import Window


class ArmbandLog:
    """Measures some of the windows of a recording, to compare them with the model's people.

    Parameters
    ----------
    info : BundleInfo
        The bundle; one that does not know how its people's armbands sat says nothing.
    stride : int
        Samples from one window to the next.
    """

    def __init__(self, info: BundleInfo, stride: int) -> None:
        self._info = info
        self._reference = read_reference(info) if REFERENCE in info.files else None
        # Windows that do not overlap tell as much as all of them.
        self._apart = stride * -(-info.length // stride)
        self._parts: list[Measures] = []
        self._index: list[tuple[int, int]] = []  # run and first index of each window

    def add(self, run: int, windows: Sequence[Window]) -> None:
        """Take the windows of a run."""
        if self._reference is None:
            return
        chosen = [window for window in windows if window.first_index % self._apart == 0]
        if chosen:
            self._parts.append(Measures(np.stack([one.data for one in chosen]), self._reference.ring))
            self._index += [(run, one.first_index) for one in chosen]

    def problems(self, labels: Sequence[LabelInterval], margin: int) -> list[str]:
        """Return a sentence for each session whose armband is turned by more than an electrode.

        Parameters
        ----------
        labels : sequence of LabelInterval
            What was performed; sessions of fewer than two of the model's actions are not judged.
        margin : int
            Samples at the borders of a label that are left out.
        """
        reference, info = self._reference, self._info
        if reference is None or not self._parts or not labels:
            return []
        run, first = np.array(self._index).T
        interval = window_labels(labels, run, first, first + info.length - 1, margin)
        sits = info.orientation
        taken = Orientation(float(sits.get("turn", 0.0)), bool(sits.get("mirrored", False)))
        numbers = {action: number for number, action in enumerate(info.actions)}
        sessions: dict[tuple[str, str], list[int]] = {}
        for window, place in enumerate(interval.tolist()):
            if place >= 0 and labels[place].action in numbers:
                sessions.setdefault((labels[place].subject, labels[place].session), []).append(window)
        measures, found = Measures.joined(self._parts), []
        for (subject, session), windows in sorted(sessions.items()):
            action = np.array([numbers[labels[interval[window]].action] for window in windows])
            if len(np.unique(action)) < 2:
                continue
            own = measures.select(np.array(windows))
            orientation = from_labels(reference, own, action, subject).orientation
            if orientation.apart(taken, reference.ring) > FAR:
                how = away(orientation, taken, reference.ring, donned=bool(sits))
                found.append(f"{subject or 'the wearer'}, session {session}: {how}: don the armband")
        return found
