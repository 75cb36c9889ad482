"""What the armband plays while the graph runs."""

from __future__ import annotations

import dataclasses

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.recordings.arrays import from_arrays
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.simulation.study import StudySettings
from emg_recognition.simulation.wearer import simulate_stream

#: The wire carries 24-bit counts.
_FULL_SCALE = 2**23 - 1


def simulated_session(settings: StudySettings, *, hold: float = 2.5, rounds: int = 2) -> Recordings:
    """Return one stream in which a patient performs every action, with rest between.

    Parameters
    ----------
    settings : StudySettings
        The study that the model was trained on; its first patient wears the armband, in a new session.
    hold : float
        How long each action is held, s.
    rounds : int
        How often each action is performed.

    Returns
    -------
    Recordings
        Contiguous segments, one for each action or rest.
    """
    script: list[tuple[str, float]] = [(REST, hold)]
    for _ in range(rounds):
        for action in PAPER_ACTION_NAMES:
            if action != REST:
                script += [(action, hold), (REST, hold / 2)]
    arrays = simulate_stream(settings, subject_number=1, cohort="patient", session_seed=1, script=script)
    return from_arrays(arrays, "a simulated patient in a new session")


def recorded_session(recordings: Recordings, repetitions: tuple[int, ...], seconds: float) -> Recordings:
    """Return test repetitions of at most `seconds`, spread evenly over subjects and sessions.

    Whole sessions are taken, so that every action is performed about equally often.

    Parameters
    ----------
    recordings : Recordings
        Recordings to choose from.
    repetitions : tuple of int
        The test repetitions.
    seconds : float
        The longest that may be played, s.

    Returns
    -------
    Recordings
        The segments chosen, with whole-number counts as the serial protocol carries them.
    """
    by_session: dict[tuple[str, ...], list[int]] = {}
    for i in np.flatnonzero(np.isin(recordings.repetition, repetitions)).tolist():
        key = tuple(str(part[i]) for part in (recordings.subject, recordings.cohort, recordings.session))
        by_session.setdefault(key, []).append(i)
    sessions = sorted(by_session)
    budget = seconds * recordings.rate
    # As many sessions as fit, evenly spaced; at least one, cut where the time is over.
    typical = np.median([recordings.length[members].sum() for members in by_session.values()])
    number = max(1, min(len(sessions), int(budget // typical)))
    spaced = np.linspace(0, len(sessions) - 1, number).round().astype(int)
    playlist = [i for place in spaced for i in by_session[sessions[place]]]
    ends = np.cumsum(recordings.length[playlist])
    playlist = [i for i, end in zip(playlist, ends, strict=True) if end <= budget] or playlist[:1]
    return _whole_counts(recordings.select(playlist))


def _whole_counts(recordings: Recordings) -> Recordings:
    """Return recordings with only the samples in use, as whole numbers of at most 24 bits."""
    pieces = [
        recordings.counts[begin : begin + length]
        for begin, length in zip(recordings.start, recordings.length, strict=True)
    ]
    counts = np.concatenate(pieces)
    scale = recordings.scale
    largest = float(np.abs(counts.astype(np.float64)).max())
    if counts.dtype.kind == "f" or largest > _FULL_SCALE:
        finer = _FULL_SCALE / largest if largest > 0 else 1.0
        counts = np.round(counts.astype(np.float64) * finer).astype(np.int32)
        scale *= finer
    ends = np.cumsum(recordings.length)
    return dataclasses.replace(recordings, counts=counts, start=ends - recordings.length, scale=scale)
