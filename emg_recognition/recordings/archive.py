"""Recordings in one compressed NumPy file, without pickle.

========== ========================================================================
key        what it holds
========== ========================================================================
x          samples, shape (samples, channels): whole numbers, or finite floats
start      first sample of each segment in ``x``, shape (segments,)
length     samples of each segment
scale      counts per unit, one number
fs         sampling rate in Hz, one number
subject    who was recorded, a string for each segment
cohort     the group the subject belongs to (e.g. healthy, patient)
session    the session of the subject
label      the action performed
rep        the number of the repetition, whole
unit       optional: ``V``, or ``count`` (also where it is absent)
========== ========================================================================

Other keys (a licence, a note) are left alone.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.arrays import ALL_KEYS, from_arrays
from emg_recognition.recordings.recordings import Recordings


def load_archive(path: str | os.PathLike[str]) -> Recordings:
    """Read an archive.

    Parameters
    ----------
    path : path
        The ``.npz`` file.

    Returns
    -------
    Recordings
        Its segments.

    Raises
    ------
    RecordingError
        If it is not there, is no archive, lacks a key, or holds a value that cannot be used.
    """
    source = os.fspath(path)
    if not Path(source).is_file():
        raise RecordingError(source, "there is no such file", "give the path of an .npz archive")
    try:
        if not zipfile.is_zipfile(source):
            raise zipfile.BadZipFile("not a zip file, or cut off")
        # Opened here, because NumPy does not close a file that turns out to be damaged.
        with open(source, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ALL_KEYS if name in archive}
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise RecordingError(
            source,
            f"it is no readable .npz archive ({' '.join(str(error).split())})",
            "write it with numpy.savez_compressed from arrays of numbers and strings",
        ) from error
    return from_arrays(arrays, source)


def save_archive(path: str | os.PathLike[str], recordings: Recordings) -> None:
    """Write an archive, whole or not at all.

    Parameters
    ----------
    path : path
        The file to write; one that exists is replaced once the new one is complete.
    recordings : Recordings
        What to write; all of ``counts`` is written, also what no segment covers.

    Raises
    ------
    RecordingError
        If the file cannot be written.
    """
    target = Path(path)
    # Beside the target, so that putting it in place is one step of the same file system.
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            np.savez_compressed(
                file,
                x=recordings.counts,
                start=recordings.start,
                length=recordings.length,
                scale=np.float64(recordings.scale),
                fs=np.float64(recordings.rate),
                unit=np.str_(recordings.unit),
                subject=recordings.subject.astype(np.str_),
                cohort=recordings.cohort.astype(np.str_),
                session=recordings.session.astype(np.str_),
                label=recordings.label.astype(np.str_),
                rep=recordings.repetition,
            )
        os.replace(beside, target)
    except OSError as error:
        raise RecordingError(
            str(target),
            f"it cannot be written ({error.strerror or error})",
            "choose a folder that is there and writable",
        ) from error
    finally:
        beside.unlink(missing_ok=True)
