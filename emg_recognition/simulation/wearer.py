"""The simulated wearer for live play: one continuous stream of a subject of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import SettingError
from emg_recognition.simulation.session import record
from emg_recognition.simulation.study import StudySettings, archive
from emg_recognition.simulation.subjects import COHORTS, HEALTHY, draw_subject, generator_for


def simulate_stream(
    settings: StudySettings,
    *,
    subject_number: int,
    cohort: str,
    session_seed: int,
    script: Sequence[tuple[str, float]],
) -> dict[str, np.ndarray]:
    """Let a subject of the study perform a script in a new session, without a break.

    Parameters
    ----------
    settings : StudySettings
        The study that the subject belongs to.
    subject_number : int
        1-based number within the cohort.
    cohort : str
        ``healthy`` or ``patient``.
    session_seed : int
        Decides what differs between sessions; no value gives a session of the study.
    script : sequence of (str, float)
        Action and seconds of each entry.

    Returns
    -------
    dict of str to numpy.ndarray
        The layout of `simulate_study`, one segment an entry, each beginning where the last one ended.
        A segment begins when its action is asked for; 250 ms later the muscles have done 90 % of the
        change. ``rep`` counts the occurrences of the action.

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
        raise SettingError("subject_number", subject_number, f"use 1 to {known}, the {cohort} subjects")
    if session_seed < 0:
        raise SettingError("session_seed", session_seed, "use 0 or more")
    if not script:
        raise SettingError("script", script, "give at least one action and its seconds")
    for action, seconds in script:
        if action not in PAPER_ACTION_NAMES:
            raise SettingError("script", action, f"use one of {', '.join(PAPER_ACTION_NAMES)}")
        if not 1.0 <= seconds * settings.rate < np.inf:
            raise SettingError("script", seconds, "give each action at least one sample's time in seconds")
    subject = draw_subject(settings.seed, cohort, subject_number)
    counts, border = record(
        subject,
        script,
        rate=settings.rate,
        channels=settings.channels,
        mains=settings.mains,
        rng=generator_for(settings.seed, cohort, subject_number, "live", session_seed),
    )
    times: Counter[str] = Counter()
    rows = []
    for action, _ in script:
        times[action] += 1
        rows.append((subject.name, cohort, f"live_{session_seed}", action, times[action]))
    return archive(counts, np.diff(border), rows, settings.rate)
