"""Labelled EMG segments that share one array of samples."""

from __future__ import annotations

import dataclasses
import mmap
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import SettingError
from emg_recognition.tasks import is_for_other_machines

if TYPE_CHECKING:
    from emg_recognition.signal.settings import PipelineSettings

# Four digits: a typing error such as 1-1000000000 must not fill the memory.
_PART = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
FEWEST_IN_RING = 6
"""Electrodes below which a half of one is too coarse a step for a turn."""
# Recordings that do not say so have a ring if they have no more channels than armbands have.
_MOST_IN_RING = 16
#: Columns with one entry for each segment.
PER_SEGMENT = ("start", "length", "subject", "cohort", "session", "label", "repetition")


def parse_repetitions(text: str) -> tuple[int, ...]:
    """Read repetitions written as numbers and ranges.

    Parameters
    ----------
    text : str
        For example ``1-3``, ``1,3`` or ``1-3,5``.

    Returns
    -------
    tuple of int
        The repetitions, sorted, without duplicates.

    Raises
    ------
    SettingError
        If `text` is anything else.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise SettingError("repetitions", text, "write numbers and rising ranges, such as 1-3,5")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def turnable(ring: int | None, channels: int) -> int:
    """Return how many of the channels, the first ones, can be turned; 0 for none.

    Parameters
    ----------
    ring : int or None
        How many are in a ring, as the recordings say; ``None``: they do not.
    channels : int
        How many channels there are.
    """
    if ring is None:
        ring = channels if channels <= _MOST_IN_RING else 0
    return ring if ring >= FEWEST_IN_RING else 0


@dataclass(frozen=True)
class Source:
    """A path that recordings were read from.

    Attributes
    ----------
    path : str
        The archive, the bag or the description of text files.
    kind : str
        ``archive``, ``bag``, ``text file`` or ``text files``.
    files : tuple of str
        The files that were read; those of a description are relative to its folder.
    skipped : tuple of (str, str)
        Name and reason for each file in the folder of a description that was not read.
    """

    path: str
    kind: str
    files: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Recordings:
    """Labelled segments from one kind of device: one rate, one channel count, one unit.

    Use :func:`emg_recognition.open_recordings` to read them from files and
    :meth:`from_segments` to make them from NumPy arrays.

    Attributes
    ----------
    counts : numpy.ndarray
        Samples as the amplifier delivered them, shape (samples, channels).
    start, length : numpy.ndarray
        int64, shape (segments,): segment i is ``counts[start[i] : start[i] + length[i]]``.
    scale : float
        Counts per unit.
    rate : float
        Sampling rate, Hz.
    unit : str
        ``"V"``, or ``"count"`` if the scale of the device is unknown.
    subject, cohort, session, label : numpy.ndarray
        str, shape (segments,).
    repetition : numpy.ndarray
        int64, shape (segments,).
    source : str
        Where the segments come from, for messages and reports.
    problems : tuple of str
        What is missing or damaged there, one sentence each.
    sources : tuple of Source
        The paths that were read; empty for recordings made in memory.
    ring : int or None
        How many of the channels, the first ones, are electrodes in a ring around the limb, so that they can
        be turned; 0 for electrodes that are placed on muscles. ``None``: it is not said.
    """

    counts: np.ndarray
    start: np.ndarray
    length: np.ndarray
    scale: float
    rate: float
    unit: str
    subject: np.ndarray
    cohort: np.ndarray
    session: np.ndarray
    label: np.ndarray
    repetition: np.ndarray
    source: str
    problems: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    ring: int | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: for this machine, the path of a mapped file instead of its samples."""
        state = dict(vars(self))
        # A view of the file, or a part of it, has the mapped array as its base.
        if isinstance(getattr(self.counts, "base", None), mmap.mmap) and not is_for_other_machines():
            state["counts"] = getattr(self.counts, "filename", None) or self.counts
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if not isinstance(state["counts"], np.ndarray):
            from emg_recognition.recordings.cache import open_mapped

            state = {**state, "counts": open_mapped(state["counts"])}
        vars(self).update(state)

    @classmethod
    def from_segments(
        cls,
        arrays: Iterable[ArrayLike],
        labels: Sequence[str],
        *,
        subjects: str | Sequence[str] | None = None,
        sessions: str | Sequence[str] | None = None,
        cohorts: str | Sequence[str] | None = None,
        repetitions: Sequence[int] | None = None,
        rate: float,
        unit: str = "count",
    ) -> Recordings:
        """Make recordings from NumPy arrays, one for each performed action.

        Parameters
        ----------
        arrays : iterable of array_like
            Raw samples of each segment, shape (samples, channels), in `unit`. Each segment is one action
            without a gap.
        labels : sequence of str
            The action of each segment.
        subjects, sessions, cohorts : str or sequence of str, optional
            One name for all segments, or one for each. Empty by default.
        repetitions : sequence of int, optional
            The number of each repetition. By default the segments of an action are counted from 1 for each
            subject and session.
        rate : float
            Sampling rate, Hz.
        unit : str
            ``"V"`` or ``"count"``.

        Returns
        -------
        Recordings
            The segments in this order.

        Raises
        ------
        RecordingError
            If an array has the wrong shape or type or holds NaN or infinity, or if the number of entries
            differs from the number of arrays.
        SettingError
            If `rate` or `unit` cannot be used.
        """
        # Imported here because these modules build on this one.
        from emg_recognition.recordings.segments import from_segments

        return from_segments(
            arrays,
            labels,
            subjects=subjects,
            sessions=sessions,
            cohorts=cohorts,
            repetitions=repetitions,
            rate=rate,
            unit=unit,
        )

    def __len__(self) -> int:
        return len(self.start)

    def __repr__(self) -> str:
        numbers = (
            (len(self), "segment"),
            (len(self.subjects), "subject"),
            (len(self.sessions), "session"),
            (len(self.actions), "action"),
        )
        counted = ", ".join(f"{number} {name}{'s' * (number != 1)}" for number, name in numbers)
        return (
            f"Recordings({self.source}: {counted} ({', '.join(self.actions)}), {self.channels} channels "
            f"at {self.rate:g} Hz in {self.unit}, {self.duration:.1f} s)"
        )

    @property
    def channels(self) -> int:
        """Number of electrodes."""
        return int(self.counts.shape[1])

    @property
    def duration(self) -> float:
        """Length of all segments together, s."""
        return float(self.length.sum()) / self.rate

    @property
    def actions(self) -> tuple[str, ...]:
        """The labels, sorted, without duplicates."""
        return tuple(np.unique(self.label).tolist())

    @property
    def cohorts(self) -> tuple[str, ...]:
        """The cohorts, sorted, without duplicates."""
        return tuple(np.unique(self.cohort).tolist())

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects, sorted, without duplicates."""
        return tuple(np.unique(self.subject).tolist())

    @property
    def sessions(self) -> tuple[tuple[str, str], ...]:
        """The sessions as (subject, session), sorted, without duplicates."""
        return tuple(sorted(set(zip(self.subject.tolist(), self.session.tolist(), strict=True))))

    def segment(self, i: int) -> np.ndarray:
        """Return the samples of segment `i` in the unit of the recording.

        The arithmetic is that of a live device, so recorded and live samples are equal bit for bit.

        Parameters
        ----------
        i : int
            Number of the segment.

        Returns
        -------
        numpy.ndarray
            float32, shape (length, channels).
        """
        return (self.raw_segment(i).astype(np.float64) / self.scale).astype(np.float32)

    def raw_segment(self, i: int) -> np.ndarray:
        """Return the samples of segment `i` as they are stored, a view of shape (length, channels)."""
        begin = int(self.start[i])
        return self.counts[begin : begin + int(self.length[i])]

    def select(self, which: ArrayLike) -> Recordings:
        """Return some of the segments; the samples are shared, not copied.

        Parameters
        ----------
        which : array_like
            A boolean mask with an entry for each segment, or segment numbers.

        Returns
        -------
        Recordings
            The chosen segments, in the order given.

        Raises
        ------
        IndexError
            If the mask has another length or a segment does not exist.
        """
        chosen = np.asarray(which)
        if chosen.size == 0 and chosen.dtype != bool:
            chosen = chosen.astype(np.int64)  # NumPy reads an empty list as floats
        return dataclasses.replace(self, **{name: getattr(self, name)[chosen] for name in PER_SEGMENT})

    def without(self, names: Sequence[str]) -> Recordings:
        """Leave out segments by name; :func:`emg_recognition.inspect` names those that look wrong.

        Parameters
        ----------
        names : sequence of str
            Each ``SUBJECT/SESSION/ACTION/REPETITION``, or the first of these: ``anna`` (everything),
            ``anna/2`` (a session), ``anna/2/fist`` or ``anna/2/fist/3``. ``-`` stands for an empty name, and
            ``*`` for any: ``anna/2/*/3`` is a whole repetition.

        Returns
        -------
        Recordings
            The other segments; `problems` says what was left out. The samples are shared, not copied.

        Raises
        ------
        SettingError
            If a name means no segment, or no segment would be left.
        """
        # Imported here because that module builds on this one.
        from emg_recognition.recordings.left_out import without

        return without(self, names)

    def windows(
        self,
        *,
        window: float | None = None,
        stride: float | None = None,
        actions: Sequence[str] | None = None,
        pipeline: PipelineSettings | None = None,
        groups: Literal["subject", "session", "repetition"] = "subject",
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Filter the segments and cut them into windows for scikit-learn.

        Windows, filters and settling are those of training and of the live nodes: windows that begin
        while the filters settle are left out.

        Parameters
        ----------
        window : float, optional
            Length of a window, s; 0.2 s by default, or the length that `pipeline` has.
        stride : float, optional
            Time from one window to the next, s; 0.05 s by default.
        actions : sequence of str, optional
            The actions to use; all by default.
        pipeline : PipelineSettings, optional
            The signal path; by default the one suited to the rate, with a notch at 50 Hz.
        groups : str
            What must not be in training and test data at the same time: ``subject``, ``session`` (of a
            subject) or ``repetition`` (of a session).

        Returns
        -------
        X : numpy.ndarray
            float32, shape (windows, samples, channels): filtered windows in the unit of the recording.
        y : numpy.ndarray
            str, shape (windows,): the action of each window.
        groups : numpy.ndarray
            str, shape (windows,): the group of each window, for example for
            ``sklearn.model_selection.GroupKFold``.

        Raises
        ------
        RecordingError
            If no window is left, or `pipeline` is for another rate, channel count or unit.
        SettingError
            If a setting cannot be used.
        """
        # Imported here because it needs SciPy, which reading recordings does not.
        from emg_recognition.recordings.windows import cut_windows

        return cut_windows(
            self, window=window, stride=stride, actions=actions, pipeline=pipeline, groups=groups
        )

    def save(self, path: str | os.PathLike[str]) -> float:
        """Write a file that :func:`emg_recognition.open_recordings` reads.

        Parameters
        ----------
        path : path
            An archive (``.npz``), or one session as EDF+ (``.edf``, 16 bits) or BDF+ (``.bdf``, 24 bits); an
            existing file is replaced.

        Returns
        -------
        float
            The step, in the unit, to which the samples were rounded: 0 for an archive, and for whole numbers
            that fit into EDF as they are.

        Raises
        ------
        RecordingError
            If the file cannot be written, or EDF cannot hold these segments.
        """
        if os.fspath(path).lower().endswith((".edf", ".bdf")):
            from emg_recognition.recordings.export import save_edf

            return save_edf(path, self)
        from emg_recognition.recordings.archive import save_archive

        save_archive(path, self)
        return 0.0
