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
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.arrays import ALL_KEYS, from_arrays
from emg_recognition.recordings.mapped import open_mapped
from emg_recognition.recordings.recordings import Recordings

# Bytes unpacked at once.
_PIECE = 1 << 20


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
    return _read(os.fspath(path), None)


def unpack_archive(path: str | os.PathLike[str], counts: Path) -> Recordings:
    """Read an archive whose samples need not fit into memory.

    Parameters
    ----------
    path : path
        The ``.npz`` file.
    counts : Path
        The ``.npy`` file to write the samples to.

    Returns
    -------
    Recordings
        Its segments, the samples mapped from `counts`.

    Raises
    ------
    RecordingError
        As for :func:`load_archive`.
    OSError
        If the archive cannot be read or `counts` cannot be written.
    """
    return _read(os.fspath(path), counts)


def _read(source: str, counts: Path | None) -> Recordings:
    if not Path(source).is_file():
        raise RecordingError(source, "there is no such file", "give the path of an .npz archive")
    try:
        if not zipfile.is_zipfile(source):
            raise zipfile.BadZipFile("not a zip file, or cut off")
        # Opened here, because NumPy does not close a file that turns out to be damaged.
        with open(source, "rb") as file, np.load(file, allow_pickle=False) as archive:
            there = {name for name in ALL_KEYS if name in archive}
            if counts is not None and "x" in there:
                _unpack_member(file, "x.npy", counts)
            unpacked = {} if counts is None or "x" not in there else {"x": open_mapped(counts)}
            arrays = {name: archive[name] for name in there - set(unpacked)} | unpacked
    except OSError as error:
        if counts is not None:
            raise  # perhaps the disk is full, which is not the archive's fault
        raise _unreadable(source, error) from error
    except (ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(source, error) from error
    return from_arrays(arrays, source)


def _unreadable(source: str, error: Exception) -> RecordingError:
    return RecordingError(
        source,
        f"it is no readable .npz archive ({' '.join(str(error).split())})",
        "write it with numpy.savez_compressed from arrays of numbers and strings",
    )


def _unpack_member(file: BinaryIO, name: str, place: Path) -> None:
    """Copy a member of a zip file, a piece at a time; zipfile checks its CRC at the end."""
    with zipfile.ZipFile(file) as archive, archive.open(name) as member, open(place, "wb") as unpacked:
        shutil.copyfileobj(member, unpacked, _PIECE)


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
