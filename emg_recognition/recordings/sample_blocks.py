"""Sample messages of a chunk, put together to long pieces without a break."""

from __future__ import annotations

import itertools

import numpy as np

from emg_recognition.recordings.columns import Columns, changes, is_constant
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.recordings.runs import Runs

NEEDED = (
    "header.stamp.sec",
    "header.stamp.nanosec",
    "header.frame_id",
    "first_index",
    "rate",
    "channels",
    "data",
)
"""Fields without which there are no samples."""

NEUTRAL = {"unit": b"count", "dropped_before": 0, "restart": 0}
"""Fields that older messages lack, and what then holds."""

_STAMP_JUMP = 50_000_000
"""A stamp so far (ns) from where the rate puts it begins a block of its own: the clock was set."""


def stamps(columns: Columns) -> np.ndarray:
    """Return the header's stamps.

    Parameters
    ----------
    columns : Columns
        Messages with a header.

    Returns
    -------
    numpy.ndarray
        int64, shape (n,), ns.
    """
    # NumPy 1 would keep 32 bits in a product with a single number.
    seconds = columns["header.stamp.sec"].astype(np.int64)
    return seconds * 1_000_000_000 + columns["header.stamp.nanosec"]


def sample_blocks(columns: Columns, runs: Runs) -> tuple[list[SampleBlock], int]:
    """Put messages together wherever one goes on where the other ends.

    Parameters
    ----------
    columns : Columns
        ``EmgSamples`` messages, at least one.
    runs : Runs
        The runs so far; it is told of these samples.

    Returns
    -------
    blocks : list of SampleBlock
        In the order of the messages.
    refused : int
        Messages left out, as the live node does: their data are no whole samples.
    """
    values, counts = columns.sequence("data")
    values = np.ascontiguousarray(values, dtype=np.float32)
    channels = columns["channels"].astype(np.int64)
    divisor = channels[0] if is_constant(channels) else channels  # one number divides faster
    lengths = counts // np.maximum(divisor, 1)
    rate = columns["rate"].astype(np.float64)
    bad = (lengths * divisor != counts) | (divisor == 0) | ~(rate > 0)
    first = columns["first_index"].astype(np.int64)
    stamp = stamps(columns)
    unit, dropped, restart = (columns.get(name, neutral) for name, neutral in NEUTRAL.items())
    ends = first + lengths
    with np.errstate(divide="ignore", invalid="ignore"):  # a rate of 0 is bad, and a border anyway
        due = stamp[:-1] + lengths[:-1] / rate[:-1] * 1e9
    begins = bad | (restart != 0) | changes(channels, rate, unit)
    begins[0] = True
    begins[1:] |= bad[:-1] | (first[1:] != ends[:-1]) | (np.abs(stamp[1:] - due) > _STAMP_JUMP)
    places = np.cumsum(counts) - counts
    frame_id = bytes(columns["header.frame_id"][0]).decode(errors="replace")
    blocks = []
    borders = [*np.flatnonzero(begins).tolist(), len(begins)]
    for i, j in itertools.pairwise(borders):
        if bad[i]:
            continue
        run = runs.add(int(first[i]), int(ends[j - 1] - first[i]), int(stamp[i]), float(rate[i]))
        block = SampleBlock(
            run=run,
            first_index=int(first[i]),
            samples=values[places[i] : places[j - 1] + counts[j - 1]].reshape(-1, channels[i]),
            restart=bool(restart[i]),
            dropped_before=int(dropped[i:j].sum()),
            stamp=int(stamp[i]),
            rate=float(rate[i]),
            unit=bytes(unit[i]).decode(errors="replace"),
            frame_id=frame_id,
            chunks=lengths[i:j],
        )
        blocks.append(block)
    return blocks, int(bad.sum())
