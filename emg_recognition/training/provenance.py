"""Where a result comes from: fingerprint of the data, versions of what computed it."""

from __future__ import annotations

import hashlib
import platform

import keras
import numpy as np
import tensorflow as tf

from emg_recognition import about
from emg_recognition.recordings.mapped import release
from emg_recognition.recordings.recordings import Recordings


def data_fingerprint(recordings: Recordings) -> str:
    """SHA-256 over all that training reads of the recordings: samples, scale, rate, unit and labels.

    It does not depend on the file's name, its compression, or the type the counts are stored in.

    Parameters
    ----------
    recordings : Recordings
        The segments that are used.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.sha256()
    digest.update(
        f"{recordings.scale!r} {recordings.rate!r} {recordings.unit} {recordings.channels}".encode()
    )
    columns = (
        recordings.subject,
        recordings.cohort,
        recordings.session,
        recordings.label,
        recordings.repetition,
    )
    labels = zip(*(column.tolist() for column in columns), strict=True)
    segments = zip(recordings.start.tolist(), recordings.length.tolist(), labels, strict=True)
    for begin, length, label in segments:
        digest.update(f"\n{length} {label!r}\n".encode())
        digest.update(np.ascontiguousarray(recordings.counts[begin : begin + length], dtype="<f8").tobytes())
        release(recordings.counts)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of this package and of what computes its results."""
    return {
        "emg_recognition": about.version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
