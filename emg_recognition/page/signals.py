"""The live signals in the browser: a canvas that gets what is new, twenty times a second."""

from __future__ import annotations

import numpy as np
from nicegui import ui

from emg_recognition.page.band import short_names
from emg_recognition.page.state import PageState
from emg_recognition.page.trace import COLUMNS

PERIOD = 0.05
"""Time between two pictures, s."""

_SECONDS = 5
#: One step of the numbers that are sent, and what it is in the unit that is written, by unit of the device.
_STEPS = {"V": (1e-7, 0.1, "µV"), "count": (1.0, 1.0, "counts")}
#: Characters of a name beside its lane.
_LONGEST = 6
#: How fast the middle of a lane follows the signal: a share of the way for each picture.
_FOLLOW = 0.05


class Signals(ui.element, component="signals.js"):
    """A canvas with a lane for each channel.

    Parameters
    ----------
    state : PageState
        Where the signals are.
    """

    def __init__(self, state: PageState) -> None:
        super().__init__()
        self._props |= {"label": "live signals of all channels", "seconds": _SECONDS, "columns": COLUMNS}
        self._state = state
        self._seen = state.trace.count
        self._middle = np.zeros(0)
        ui.timer(PERIOD, self._push)

    def _push(self) -> None:
        columns, self._seen = self._state.trace.since(self._seen)
        samples = self._state.snapshot.samples
        if not len(columns) or samples is None or len(samples.channels) != columns.shape[2]:
            return
        step, shown, unit = _STEPS[samples.unit]
        middle = columns.mean(axis=(0, 1))
        if self._middle.shape != middle.shape:
            self._middle = middle
        self._middle += _FOLLOW * (middle - self._middle)
        # A minimum and a maximum of each channel, in turn.
        steps = np.rint((columns - self._middle) / step).astype(int)
        names = short_names([channel.name for channel in samples.channels], _LONGEST)
        self._props["title"] = ", ".join(channel.name for channel in samples.channels)
        flat = steps.transpose(0, 2, 1).reshape(len(steps), -1)
        self.run_method("push", names, flat.tolist(), shown, unit)
