"""The settings of the simulated study; importable without NumPy."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.settings import check, setting


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """What the study records: 16 healthy subjects and 2 patients are the paper's 8 : 1.

    The electrodes are put on again for each session; the last two sit over biceps and triceps, the others
    around the forearm. The movement towards an action is not part of the recording.
    """

    seed: int = setting(7, "decides every subject and every sample", low=0, high=2**63)
    healthy: int = setting(16, "number of healthy subjects", low=1, high=99)
    patients: int = setting(2, "number of patients", low=1, high=99)
    sessions: int = setting(2, "sessions of each subject", low=1, high=99)
    repetitions: int = setting(4, "repetitions of each action in a session", low=1, high=99)
    hold: float = setting(2.0, "how long an action is held", unit="s", low=0.5, high=60.0)
    rate: float = setting(1000.0, "sampling rate", unit="Hz", low=200.0, high=10_000.0)
    channels: int = setting(8, "number of electrodes", low=4, high=64)
    turn: float = setting(
        0.0, "largest random turn of the armband in a session", unit="electrodes", low=0.0, high=64.0
    )
    left: float = setting(0.0, "share of the healthy subjects whose left arm is recorded", low=0.0, high=1.0)
    mains: float = setting(50.0, "mains frequency", unit="Hz", low=1.0, high=95.0)

    def __post_init__(self) -> None:
        check(self)
