"""The data of the demo: a simulated study, or an archive of recordings, with its split."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.recordings.counts import to_counts
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.simulation.settings import StudySettings
from emg_recognition.simulation.study import simulate_stream, simulate_study

#: The simulated cohort that is too small to train alone.
PATIENTS = "patient"

TURN = 2.0
"""How far the simulated patient turns the armband in the session that is played, electrodes."""

#: How long a gesture of a donning is held, and what is left out of it because nobody moves at once, s.
_GESTURE, _REACTION = 5.0, 0.5


def simulated_session(
    settings: StudySettings, *, turn: float = TURN, hold: float = 2.5, rounds: int = 2
) -> Recordings:
    """Simulate one stream in which a patient performs every action, with rest in between.

    Parameters
    ----------
    settings : StudySettings
        The study that the model was trained on; its first patient wears the armband in a new session.
    turn : float
        How far they have turned it, electrodes.
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
    return _perform(settings, turn, script)


def simulated_donning(settings: StudySettings, gestures: Sequence[str], *, turn: float = TURN) -> Recordings:
    """Simulate what the same patient performs before that session to don the armband.

    Parameters
    ----------
    settings : StudySettings
        As for :func:`simulated_session`.
    gestures : sequence of str
        What is performed after rest.
    turn : float
        How far they have turned the armband, electrodes.

    Returns
    -------
    Recordings
        One segment for each gesture, and one of rest.
    """
    found = _perform(settings, turn, [(action, _REACTION + _GESTURE) for action in (REST, *gestures)])
    late = round(_REACTION * found.rate)
    return dataclasses.replace(found, start=found.start + late, length=found.length - late)


def _perform(settings: StudySettings, turn: float, script: list[tuple[str, float]]) -> Recordings:
    # The same session seed: the electrodes stay where they are.
    arrays = simulate_stream(
        settings, subject_number=1, cohort=PATIENTS, session_seed=1, script=script, turn=turn
    )
    return from_arrays(arrays, "a simulated patient in a new session")


def recorded_session(recordings: Recordings, repetitions: tuple[int, ...], seconds: float) -> Recordings:
    """Choose test repetitions of at most `seconds`, spread evenly over subjects and sessions.

    Whole sessions are taken, so that every action occurs about equally often.

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
    # As many sessions as fit, evenly spaced; at least one, shortened to the time.
    typical = np.median([recordings.length[members].sum() for members in by_session.values()])
    number = max(1, min(len(sessions), int(budget // typical)))
    spaced = np.linspace(0, len(sessions) - 1, number).round().astype(int)
    playlist = [i for place in spaced for i in by_session[sessions[place]]]
    ends = np.cumsum(recordings.length[playlist])
    playlist = [i for i, end in zip(playlist, ends, strict=True) if end <= budget] or playlist[:1]
    chosen = recordings.select(playlist)
    counts, scale = to_counts(chosen)
    start = np.cumsum(chosen.length) - chosen.length
    return dataclasses.replace(chosen, counts=counts, start=start, scale=scale)


#: Recorded test repetitions are played live for at most this long, s.
LIVE_SECONDS = 90.0


@dataclass(frozen=True)
class Study:
    """What the demo trains on, and what it plays.

    Attributes
    ----------
    source : str
        ``simulated study``, or the archive's path.
    archive : Path
        The recordings to train on.
    live : Path
        The recordings that the armband plays.
    train, test : str
        Repetitions as on the command line, e.g. ``1,2,3``.
    minority : str or None
        The cohort that is too small to train alone.
    subject : str or None
        The only subject used; None for all.
    breaks : bool
        Whether the armband marks a break between the segments that it plays; true for recordings.
    turned : StudySettings or None
        The study whose patient dons a turned armband before they play; None: nothing is donned.
    """

    source: str
    archive: Path
    live: Path
    train: str
    test: str
    minority: str | None
    subject: str | None
    breaks: bool
    turned: StudySettings | None = None


def simulated(output: Path) -> Study:
    """Simulate a study and a live session, and write both.

    Parameters
    ----------
    output : Path
        Folder for the archives.
    """
    settings = StudySettings()
    archive, live = output / "study.npz", output / "live.npz"
    recordings = from_arrays(simulate_study(settings), "simulated study")
    save_archive(archive, recordings)
    save_archive(live, simulated_session(settings))
    train, test = split_repetitions(recordings)
    return Study(
        source="simulated study",
        archive=archive,
        live=live,
        train=_text(train),
        test=_text(test),
        minority=PATIENTS,
        subject=None,
        breaks=False,
        turned=settings,
    )


def recorded(archive: Path, output: Path, minority: str | None) -> Study:
    """Choose from an archive what to train on and what to play, and write what is played.

    Without a minority cohort only the first subject is used.

    Parameters
    ----------
    archive : Path
        Recordings of any kind.
    output : Path
        Folder for the archive that is played.
    minority : str or None
        The cohort that is too small to train alone.

    Raises
    ------
    RecordingError, SettingError
        If they cannot be read, or has no test repetition or no such cohort.
    """
    recordings = open_recordings(archive)
    subject = None
    if minority is None:
        subject = str(recordings.subject[0])
        played = recordings.select(recordings.subject == subject)
    elif minority not in recordings.cohorts:
        raise SettingError(
            "--minority", minority, f"name a cohort of {archive}: {', '.join(recordings.cohorts)}"
        )
    else:
        played = recordings.select(recordings.cohort == minority)
    train, test = split_repetitions(played)
    live = output / "live.npz"
    save_archive(live, recorded_session(played, test, LIVE_SECONDS))
    return Study(str(archive), archive, live, _text(train), _text(test), minority, subject, breaks=True)


def split_repetitions(recordings: Recordings) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return training and test repetitions: the last one that every action has is the test.

    Raises
    ------
    RecordingError
        If there are fewer than three such repetitions: training, validation and test need one each.
    """
    of_action = [set(recordings.repetition[recordings.label == action]) for action in recordings.actions]
    shared = sorted(int(repetition) for repetition in set.intersection(*of_action))
    if len(shared) < 3:
        raise RecordingError(
            recordings.source,
            f"its actions share the repetitions {shared}",
            "training, validation and test need one repetition each: record three or more of every action",
        )
    return tuple(shared[:-1]), (shared[-1],)


def _text(repetitions: tuple[int, ...]) -> str:
    return ",".join(str(repetition) for repetition in repetitions)
