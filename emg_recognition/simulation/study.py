"""The simulated study: labelled recordings of a healthy and a patient cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import SettingError
from emg_recognition.simulation.arm import COHORTS, HEALTHY, UPPER_ARM, draw_subject, generator_for
from emg_recognition.simulation.session import COUNTS_PER_VOLT, record
from emg_recognition.simulation.settings import StudySettings

_TRANSITION = 0.6  # from the cue to the start of the part that is kept, s


def simulate_study(settings: StudySettings) -> dict[str, np.ndarray]:
    """Simulate the study.

    Parameters
    ----------
    settings : StudySettings
        Its size and seed.

    Returns
    -------
    dict of str to numpy.ndarray
        In the layout of an archive: ``x`` (samples, channels) int16; ``start length subject cohort session
        label rep`` (segments,); ``scale`` (counts per volt), ``fs`` (Hz), ``unit`` ("V") and ``ring`` (the
        electrodes around the forearm). Segment i is ``x[start[i]:start[i] + length[i]] / scale``.
    """
    hold = round(settings.hold * settings.rate)
    script = [(a, _TRANSITION + settings.hold) for a in PAPER_ACTION_NAMES] * settings.repetitions
    blocks: list[np.ndarray] = []
    rows: list[tuple[str, str, str, str, int]] = []
    for cohort in COHORTS:
        for number in range(1, (settings.healthy if cohort == HEALTHY else settings.patients) + 1):
            subject = draw_subject(settings.seed, cohort, number, left=settings.left)
            turned = generator_for(settings.seed, cohort, number, "turn")
            turns = turned.uniform(-settings.turn, settings.turn, settings.sessions)
            for session in range(1, settings.sessions + 1):
                rng = generator_for(settings.seed, cohort, number, "session", session)
                counts, border = record(
                    subject,
                    script,
                    rate=settings.rate,
                    channels=settings.channels,
                    mains=settings.mains,
                    rng=rng,
                    turn=float(turns[session - 1]),
                )
                for entry, (action, _) in enumerate(script):
                    blocks.append(counts[border[entry + 1] - hold : border[entry + 1]].copy())
                    repetition = entry // len(PAPER_ACTION_NAMES) + 1
                    rows.append((subject.name, cohort, f"session_{session}", action, repetition))
    return archive(np.concatenate(blocks), np.full(len(rows), hold), rows, settings.rate)


def archive(
    counts: np.ndarray, length: np.ndarray, rows: list[tuple[str, str, str, str, int]], rate: float
) -> dict[str, np.ndarray]:
    """Put contiguous segments into the layout of an archive.

    Parameters
    ----------
    counts : numpy.ndarray
        int16, shape (samples, channels), one segment after the other.
    length : numpy.ndarray
        Samples of each segment, shape (segments,).
    rows : list of tuple
        Subject, cohort, session, label and repetition of each segment.
    rate : float
        Hz.

    Returns
    -------
    dict of str to numpy.ndarray
        As for `simulate_study`.
    """
    length = np.asarray(length, dtype=np.int64)
    subject, cohort, session, label, repetition = zip(*rows, strict=True)
    return {
        "x": counts,
        "start": np.cumsum(length) - length,
        "length": length,
        "scale": np.array(COUNTS_PER_VOLT),
        "fs": np.array(float(rate)),
        "unit": np.array("V"),
        "ring": np.array(counts.shape[1] - UPPER_ARM),
        "subject": np.array(subject),
        "cohort": np.array(cohort),
        "session": np.array(session),
        "label": np.array(label),
        "rep": np.array(repetition, dtype=np.int16),
    }


def simulate_stream(
    settings: StudySettings,
    *,
    subject_number: int,
    cohort: str,
    session_seed: int,
    script: Sequence[tuple[str, float]],
    turn: float = 0.0,
) -> dict[str, np.ndarray]:
    """Let a subject of the study perform a script in a new session without breaks.

    Parameters
    ----------
    settings : StudySettings
        The study that the subject belongs to.
    subject_number : int
        1-based number within the cohort.
    cohort : str
        ``healthy`` or ``patient``.
    session_seed : int
        Decides what differs between sessions. No value gives a session of the study.
    script : sequence of (str, float)
        Action and seconds of each entry.
    turn : float
        How far the armband is turned, in electrodes.

    Returns
    -------
    dict of str to numpy.ndarray
        In the layout of `simulate_study`, one segment for each entry, each starting where the previous one
        ended. A segment starts when its action is asked for; 250 ms later 90 % of the change is complete.
        ``rep`` counts the occurrences of the action.

    Raises
    ------
    SettingError
        For an unknown cohort, subject or action, a negative seed, an empty script or an entry shorter
        than one sample.
    """
    if cohort not in COHORTS:
        raise SettingError("cohort", cohort, f"use {' or '.join(COHORTS)}")
    known = settings.healthy if cohort == HEALTHY else settings.patients
    if not 1 <= subject_number <= known:
        raise SettingError(
            "subject_number", subject_number, f"use a number from 1 to {known}, the {cohort} subjects"
        )
    if session_seed < 0:
        raise SettingError("session_seed", session_seed, "use 0 or more")
    if not script:
        raise SettingError("script", script, "give at least one action and its seconds")
    for action, seconds in script:
        if action not in PAPER_ACTION_NAMES:
            raise SettingError("script", action, f"use one of {', '.join(PAPER_ACTION_NAMES)}")
        if not 1.0 <= seconds * settings.rate < np.inf:
            raise SettingError(
                "script", seconds, "give each action at least the time of one sample, in seconds"
            )
    subject = draw_subject(settings.seed, cohort, subject_number, left=settings.left)
    counts, border = record(
        subject,
        script,
        rate=settings.rate,
        channels=settings.channels,
        mains=settings.mains,
        rng=generator_for(settings.seed, cohort, subject_number, "live", session_seed),
        turn=turn,
    )
    times: Counter[str] = Counter()
    rows = []
    for action, _ in script:
        times[action] += 1
        rows.append((subject.name, cohort, f"live_{session_seed}", action, times[action]))
    return archive(counts, np.diff(border), rows, settings.rate)
