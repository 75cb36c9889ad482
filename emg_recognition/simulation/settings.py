"""The settings of the simulated study; importable without NumPy."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.settings import check, setting


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """What the study records.

    Attributes
    ----------
    seed : int
        Decides every subject and every sample.
    healthy, patients : int
        Number of subjects of each cohort; 16 : 2 is the paper's 8 : 1.
    sessions : int
        Sessions of each subject; the electrodes are put on again for each.
    repetitions : int
        Repetitions of each action in a session.
    hold : float
        How long an action is held, s; the movement towards it is not part of the recording.
    rate : float
        Sampling rate, Hz.
    channels : int
        Electrodes: the last two over biceps and triceps, the others around the forearm.
    mains : float
        Frequency of the mains hum, Hz.

    Raises
    ------
    SettingError
        For a value that cannot be simulated.
    """

    seed: int = setting(7, "decides every subject and every sample", low=0, high=2**63)
    healthy: int = setting(16, "number of healthy subjects", low=1, high=99)
    patients: int = setting(2, "number of patients", low=1, high=99)
    sessions: int = setting(2, "sessions of each subject", low=1, high=99)
    repetitions: int = setting(4, "repetitions of each action in a session", low=1, high=99)
    hold: float = setting(2.0, "how long an action is held", unit="s", low=0.5, high=60.0)
    rate: float = setting(1000.0, "sampling rate", unit="Hz", low=200.0, high=10_000.0)
    channels: int = setting(8, "number of electrodes", low=4, high=64)
    mains: float = setting(50.0, "mains frequency", unit="Hz", low=1.0, high=95.0)

    def __post_init__(self) -> None:
        check(self)
