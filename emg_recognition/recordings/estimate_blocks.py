"""Estimate messages of a chunk, as arrays."""

from __future__ import annotations

import itertools

import numpy as np

from emg_recognition.recordings.columns import Columns, changes
from emg_recognition.recordings.events import EstimateBlock
from emg_recognition.recordings.runs import Runs
from emg_recognition.recordings.sample_blocks import stamps

NEEDED = ("header.stamp.sec", "header.stamp.nanosec", "first_index", "last_index", "probabilities")
"""Fields without which there are no estimates."""

NEUTRAL = {"status": 0, "model": b""}
"""Fields that older messages may lack, and what then holds."""


def estimate_blocks(columns: Columns, runs: Runs) -> list[EstimateBlock]:
    """Put messages of the same model together.

    Parameters
    ----------
    columns : Columns
        ``ActionEstimate`` messages, at least one.
    runs : Runs
        The runs of the samples so far.

    Returns
    -------
    list of EstimateBlock
        In the order of the messages; a new one begins with another model or number of actions.
    """
    values, counts = columns.sequence("probabilities")
    values = np.ascontiguousarray(values, dtype=np.float32)
    first = columns["first_index"].astype(np.int64)
    last = columns["last_index"].astype(np.int64)
    stamp = stamps(columns)
    status, model = (columns.get(name, neutral) for name, neutral in NEUTRAL.items())
    run = runs.of(last, stamp)
    begins = changes(counts, model)
    begins[0] = True
    places = np.cumsum(counts) - counts
    borders = [*np.flatnonzero(begins).tolist(), len(begins)]
    return [
        EstimateBlock(
            run=run[i:j],
            first_index=first[i:j],
            last_index=last[i:j],
            stamp=stamp[i:j],
            accepted=status[i:j] == 0,
            probabilities=values[places[i] : places[j - 1] + counts[j - 1]].reshape(j - i, -1),
            model=bytes(model[i]).decode(errors="replace"),
        )
        for i, j in itertools.pairwise(borders)
    ]
