"""Chunks that arrived together, made into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emg_recognition.devices.stream import SampleChunk


def join_chunks(chunks: Sequence[SampleChunk]) -> list[SampleChunk]:
    """Join chunks where one goes on from the other.

    Parameters
    ----------
    chunks : sequence of SampleChunk
        In order.

    Returns
    -------
    list of SampleChunk
        A new one begins at each loss and each restart. The time of a joined chunk is that of its
        first sample.
    """
    groups: list[list[SampleChunk]] = []
    for chunk in chunks:
        if groups and not chunk.restart and not chunk.dropped_before:
            groups[-1].append(chunk)
        else:
            groups.append([chunk])
    return [
        group[0] if len(group) == 1 else replace(group[0], samples=np.concatenate([c.samples for c in group]))
        for group in groups
    ]
