"""Estimates of many windows as columns, compact enough for hours of recording."""

from __future__ import annotations

import io
import os
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import RecordingError
from emg_recognition.files import write_file
from emg_recognition.recordings.npz import read_arrays

FILE_FORMAT = "emg_recognition estimates 1"


@dataclass(frozen=True, eq=False, kw_only=True)
class Estimates:
    """A model's estimates of many windows, in the order in which they were made.

    A window is identified by its run (how often acquisition was restarted before) and the index of its
    first sample.

    Attributes
    ----------
    actions : tuple of str
        The actions, in the order of the probabilities.
    length : int
        Samples in a window.
    run, first_index : numpy.ndarray
        int64, shape (n,).
    stamp : numpy.ndarray
        ROS time of the window's last sample in ns, int64, shape (n,).
    accepted : numpy.ndarray
        bool, shape (n,): the confidence reached the threshold.
    probabilities : numpy.ndarray
        float32, shape (n, actions).
    """

    actions: tuple[str, ...]
    length: int
    run: np.ndarray
    first_index: np.ndarray
    stamp: np.ndarray
    accepted: np.ndarray
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.run)

    @property
    def last_index(self) -> np.ndarray:
        """Index of each window's last sample, int64, shape (n,)."""
        return self.first_index + (self.length - 1)

    @property
    def key(self) -> np.ndarray:
        """Run and first index as one number that sorts by both, int64, shape (n,)."""
        return window_key(self.run, self.first_index)

    @property
    def action(self) -> np.ndarray:
        """Index of the most probable action, also of rejected estimates, int64, shape (n,)."""
        return self.probabilities.argmax(axis=1) if len(self) else np.zeros(0, np.int64)

    @property
    def confidence(self) -> np.ndarray:
        """The largest probability of each window, float32, shape (n,)."""
        return self.probabilities.max(axis=1) if len(self) else np.zeros(0, np.float32)

    def to_bytes(self) -> bytes:
        """Return the content of an ``.npz`` file without pickle; :meth:`load` reads it."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            format=np.str_(FILE_FORMAT),
            actions=np.array(self.actions, dtype=np.str_),
            length=np.int64(self.length),
            run=self.run,
            first_index=self.first_index,
            stamp=self.stamp,
            accepted=self.accepted,
            probabilities=self.probabilities,
        )
        return file.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an ``.npz`` file completely or not at all.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        write_file(Path(path), self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Estimates:
        """Read a file that :meth:`save` wrote.

        Raises
        ------
        RecordingError
            If the file is missing, damaged or of another kind.
        """
        try:
            columns = ("run", "first_index", "stamp", "accepted", "probabilities")
            found = read_arrays(path, ("format", "actions", "length", *columns))
            if str(found["format"]) != FILE_FORMAT:
                raise ValueError(f"its format is {str(found['format'])!r}")
            return cls(
                actions=tuple(found["actions"].tolist()),
                length=int(found["length"]),
                **{name: found[name] for name in columns},
            )
        except (OSError, KeyError, ValueError, AttributeError, TypeError) as error:
            raise RecordingError(
                os.fspath(path),
                f"it holds no estimates ({error})",
                "give an estimates.npz that evaluate wrote",
            ) from error


def window_key(run: ArrayLike, index: ArrayLike) -> np.ndarray:
    """Combine run and sample index into one int64 that sorts by both."""
    # A run has fewer than 2^47 samples: four thousand years at 1 kHz.
    return (np.asarray(run, np.int64) << 47) + np.asarray(index, np.int64)


class EstimateLog:
    """Collects estimates in a few growing arrays, about 40 bytes for each window.

    Parameters
    ----------
    actions : tuple of str
        The actions, in the order of the probabilities.
    length : int
        Samples in a window.
    """

    def __init__(self, actions: tuple[str, ...], length: int) -> None:
        self._actions, self._length = actions, length
        self._columns = {"run": array("q"), "first_index": array("q"), "stamp": array("q")}
        self._accepted, self._probabilities = bytearray(), bytearray()

    def __len__(self) -> int:
        return len(self._accepted)

    def add(
        self,
        *,
        run: ArrayLike,
        first_index: ArrayLike,
        stamp: ArrayLike,
        accepted: ArrayLike,
        probabilities: ArrayLike,
    ) -> None:
        """Add one estimate (numbers and a vector) or n estimates (arrays of n rows; `run` may be one number).

        Raises
        ------
        ValueError
            If the shapes do not match.
        """
        shares = np.atleast_2d(np.asarray(probabilities, np.float32))
        rows = len(shares)
        if shares.shape[1] != len(self._actions):
            raise ValueError(f"{shares.shape[1]} probabilities for {len(self._actions)} actions")
        values = {"run": run, "first_index": first_index, "stamp": stamp}
        columns = {name: np.broadcast_to(np.asarray(value, np.int64), rows) for name, value in values.items()}
        kept = np.broadcast_to(np.asarray(accepted, np.bool_), rows)
        for name, column in columns.items():
            self._columns[name].frombytes(column.tobytes())
        self._accepted += kept.tobytes()
        self._probabilities += shares.tobytes()

    def estimates(self) -> Estimates:
        """Return a copy of what has been collected so far."""
        shares = np.frombuffer(bytes(self._probabilities), np.float32)
        return Estimates(
            actions=self._actions,
            length=self._length,
            accepted=np.frombuffer(bytes(self._accepted), np.bool_),
            probabilities=shares.reshape(-1, len(self._actions)),
            **{name: np.array(column, dtype=np.int64) for name, column in self._columns.items()},
        )


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two sets of estimates agree, window by window.

    Attributes
    ----------
    compared : int
        Windows in both.
    same_action : float or None
        Share of these with the same most probable action, by name; ``None`` without a common window.
    identical_probabilities : float or None
        Share of these with all probabilities equal to the last bit; ``None`` also where the actions differ.
    largest_difference : float or None
        Of any probability; ``None`` as for `identical_probabilities`.
    missing, extra : int
        Windows of the first set only, and of the second set only.
    """

    compared: int
    same_action: float | None
    identical_probabilities: float | None
    largest_difference: float | None
    missing: int
    extra: int


def compare(one: Estimates, other: Estimates) -> Agreement:
    """Compare estimates of the same signals window by window.

    Parameters
    ----------
    one, other : Estimates
        Of a window that occurs more than once, the first estimate counts.

    Returns
    -------
    Agreement
        Of `one` and `other`.
    """
    here, there = common_windows(one, other)
    same = identical = largest = None
    if len(here):
        names, other_names = np.array(one.actions), np.array(other.actions)
        same = float(np.mean(names[one.action[here]] == other_names[other.action[there]]))
    if len(here) and one.actions == other.actions:
        ours, theirs = one.probabilities[here], other.probabilities[there]
        identical = float(np.mean((ours == theirs).all(axis=1)))
        # In double precision, or the difference itself would be rounded.
        largest = float(np.abs(ours.astype(np.float64) - theirs).max())
    return Agreement(
        compared=len(here),
        same_action=same,
        identical_probabilities=identical,
        largest_difference=largest,
        missing=len(_first_occurrences(one)[0]) - len(here),
        extra=len(_first_occurrences(other)[0]) - len(here),
    )


def common_windows(one: Estimates, other: Estimates) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions in each set of the windows that are in both, int64, shape (common,) each."""
    ours, here = _first_occurrences(one)
    theirs, there = _first_occurrences(other)
    _, at, by = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
    return here[at], there[by]


def _first_occurrences(estimates: Estimates) -> tuple[np.ndarray, np.ndarray]:
    """Return each window's key once, sorted, and the position where it occurs first."""
    return np.unique(estimates.key, return_index=True)
