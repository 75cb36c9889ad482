"""Which segments train, validate and test.

An honest split keeps each repetition of an action on one side only: windows of one repetition resemble
each other so much that a model which has seen some of them is praised for remembering the rest.
Validation comes from the training segments or beside them; the test segments are not looked at before a
model has been chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training.settings import SplitSettings
from emg_recognition.training.split import SIDES, RandomWindows, Split, distinct
from emg_recognition.training.split_rules import k_fold, leave_one_subject_out, split_by_list, split_by_values


def make_splits(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Split recordings by the rule that is asked for.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        Name of the rule and what it heeds.

    Returns
    -------
    list of Split
        One, or the folds.

    Raises
    ------
    RecordingError
        Without a segment.
    SettingError
        If the recordings cannot be split so.
    """
    if not len(recordings):
        raise RecordingError(recordings.source, "there is no segment to split", "give labelled recordings")
    if settings.name == "leave-one-subject-out":
        return leave_one_subject_out(recordings, settings)
    if settings.name == "k-fold":
        return k_fold(recordings, settings)
    if settings.name == "list":
        assert settings.file is not None
        return [split_by_list(recordings, settings.file)]
    if settings.name == "random-windows":
        return [_random_windows(recordings, settings.seed)]
    return [split_by_values(recordings, settings)]


def split_fingerprint(splits: Sequence[Split]) -> str:
    """SHA-256 over what stands where, so that an edited list of segments is another experiment.

    Parameters
    ----------
    splits : sequence of Split
        The folds.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.sha256()
    for split in splits:
        digest.update(f"{split.name}\n{split.rule}\n".encode())
        for side in SIDES:
            digest.update(f"{side} {getattr(split, side).tolist()}\n".encode())
    return digest.hexdigest()


def _random_windows(recordings: Recordings, seed: int) -> Split:
    everything = np.arange(len(recordings))
    values = dict.fromkeys(SIDES, distinct(recordings.repetition))
    rule = f"random windows, seed {seed} (leaking: windows of one repetition train and test)"
    return RandomWindows("", rule, everything, everything, everything, values, seed=seed)
