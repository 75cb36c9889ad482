"""The data of the demo: a simulated study, or an archive of recordings, with its split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emg_recognition.demo.live import recorded_session, simulated_session
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.archive import load_archive, save_archive
from emg_recognition.recordings.arrays import from_arrays
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.simulation.study import StudySettings, simulate_study

#: Recorded test repetitions are played live for at most this long, s.
LIVE_SECONDS = 90.0
#: The simulated cohort that is too small to train alone.
PATIENTS = "patient"


@dataclass(frozen=True)
class Study:
    """What the demo trains on and what it plays.

    Attributes
    ----------
    source : str
        ``simulated study``, or the archive.
    archive : Path
        The recordings to train on.
    live : Path
        The recordings that the armband plays.
    train, test : str
        Repetitions, as the command line writes them.
    minority : str or None
        The cohort that is too small to train alone.
    subject : str or None
        The only subject used; None for all.
    breaks : bool
        The armband marks a break between the segments it plays.
    """

    source: str
    archive: Path
    live: Path
    train: str
    test: str
    minority: str | None
    subject: str | None
    breaks: bool


def simulated(output: Path) -> Study:
    """Simulate a study and a live session, and write both.

    Parameters
    ----------
    output : Path
        Directory for the archives.
    """
    settings = StudySettings()
    archive, live = output / "study.npz", output / "live.npz"
    recordings = from_arrays(simulate_study(settings), "simulated study")
    save_archive(archive, recordings)
    save_archive(live, simulated_session(settings))
    train, test = split_repetitions(recordings)
    return Study("simulated study", archive, live, _text(train), _text(test), PATIENTS, None, breaks=False)


def recorded(archive: Path, output: Path, minority: str | None) -> Study:
    """Choose from an archive what to train on and what to play, and write the latter.

    Without a minority cohort one subject is used, with one all subjects of the archive.

    Parameters
    ----------
    archive : Path
        Recordings.
    output : Path
        Directory for the live archive.
    minority : str or None
        The cohort that is too small to train alone.

    Raises
    ------
    RecordingError, SettingError
        When the archive cannot be read, has no test repetition or no such cohort.
    """
    recordings = load_archive(archive)
    subject = None
    if minority is None:
        subject = str(recordings.subject[0])
        played = recordings.select(recordings.subject == subject)
    elif minority not in recordings.cohorts:
        raise SettingError(
            "minority", minority, f"name a cohort of {archive}: {', '.join(recordings.cohorts)}"
        )
    else:
        played = recordings.select(recordings.cohort == minority)
    train, test = split_repetitions(played)
    live = output / "live.npz"
    save_archive(live, recorded_session(played, test, LIVE_SECONDS))
    return Study(str(archive), archive, live, _text(train), _text(test), minority, subject, breaks=True)


def split_repetitions(recordings: Recordings) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return training and test repetitions: the test is the last that every action has.

    Raises
    ------
    RecordingError
        When there are fewer than three such repetitions: training, validation and test need one each.
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
