"""How the joints really moved: the trace that the simulated exoskeleton writes at every update."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

#: Slower than this a joint stands, rad/s.
STILL = 0.01
#: The acceleration is that over this time, s: a command counts one update earlier or later.
WINDOW = 0.04


class Trace:
    """The motion of all joints since one start of the exoskeleton.

    Parameters
    ----------
    path : Path
        The file that the exoskeleton writes: steady time (s), positions (rad), velocities (rad/s).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        self._rest = b""
        self._rows: list[list[float]] = []

    def read(self) -> None:
        """Take what has been written since; nothing more after the end."""
        if self._file.closed:
            return
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        self._rows += [[float(value) for value in line.split(b",")] for line in lines]

    def forget(self, before: float) -> None:
        """Drop what is older than a moment (s)."""
        self._rows = [row for row in self._rows if row[0] >= before]

    def close(self) -> None:
        """Take the rest and close the file."""
        self.read()
        self._file.close()

    @property
    def newest(self) -> list[float]:
        """The newest row; empty before the first."""
        return self._rows[-1] if self._rows else []

    def between(self, begin: float, end: float) -> Motion:
        """Return the motion between two moments (s)."""
        rows = [row for row in self._rows if begin <= row[0] <= end]
        return Motion(np.array(rows) if rows else np.empty((0, 3)))


class Motion:
    """A stretch of motion.

    Parameters
    ----------
    rows : array, shape (updates, 1 + 2 · joints)
        Steady time (s), positions (rad), velocities (rad/s).
    """

    def __init__(self, rows: npt.NDArray[np.float64]) -> None:
        self.rows = rows
        joints = (rows.shape[1] - 1) // 2
        self._time, self._velocities = rows[:, 0], rows[:, 1 + joints :]
        self._speed = np.abs(self._velocities).max(axis=1) if len(rows) else np.empty(0)

    @property
    def fastest(self) -> float:
        """The greatest speed of a joint, rad/s."""
        return float(self._speed.max(initial=0.0))

    @property
    def hardest(self) -> float:
        """The greatest acceleration of a joint over :data:`WINDOW`, rad/s²."""
        if len(self._time) < 2:
            return 0.0
        step = max(round(WINDOW / float(np.median(np.diff(self._time)))), 1)
        if len(self._time) <= step:
            return 0.0
        change = np.abs(self._velocities[step:] - self._velocities[:-step]).max(axis=1)
        return float((change / (self._time[step:] - self._time[:-step])).max())

    @property
    def last_moved(self) -> float:
        """The last moment (s) at which a joint moved; -inf if none did."""
        moving = self._time[self._speed > STILL]
        return float(moving[-1]) if len(moving) else -np.inf
