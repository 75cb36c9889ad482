"""Of the states that the command bridge publishes at its rate, those that differ from the one before."""

from __future__ import annotations

import numpy as np

from emg_recognition.recordings.columns import Columns, changes
from emg_recognition.recordings.events import StateBlock
from emg_recognition.recordings.sample_blocks import stamps

NEEDED = ("header.stamp.sec", "header.stamp.nanosec", "state")
"""Fields without which there are no states."""

NEUTRAL = {"action": b""}
"""Fields that older messages may lack, and what then holds."""


class StateChanges:
    """Remembers the last state from one chunk to the next."""

    def __init__(self) -> None:
        self._last: tuple[int, bytes] | None = None

    def take(self, columns: Columns) -> StateBlock | None:
        """Look through messages.

        Parameters
        ----------
        columns : Columns
            ``BridgeState`` messages, at least one.

        Returns
        -------
        StateBlock or None
            The changes; None if there is none.
        """
        state = columns["state"]
        action = columns.get("action", NEUTRAL["action"])
        changed = changes(state, action)
        changed[0] = (int(state[0]), bytes(action[0])) != self._last
        self._last = (int(state[-1]), bytes(action[-1]))
        if not changed.any():
            return None
        return StateBlock(
            stamp=stamps(columns)[changed],
            state=state[changed],
            action=np.char.decode(action[changed], errors="replace"),
        )
