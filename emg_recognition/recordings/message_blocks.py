"""Turn decoded messages of a bag into events: many messages become one block."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from emg_recognition.bags.columns import Columns, changes, is_constant
from emg_recognition.recordings.events import (
    EstimateBlock,
    InfoEvent,
    LabelEvent,
    SampleBlock,
    StateBlock,
)
from emg_recognition.recordings.sample_clock import Runs
from emg_recognition.text import printable
from emg_recognition.types import LAST_INDEX, MOST_CHANNELS, RATES, Model

#: Fields without which samples cannot be read.
SAMPLES_NEEDED = (
    "header.stamp.sec",
    "header.stamp.nanosec",
    "header.frame_id",
    "first_index",
    "rate",
    "channels",
    "data",
)
#: Fields that older versions of the messages lack, with the value to use instead.
SAMPLES_DEFAULTS = {"unit": b"count", "dropped_before": 0, "restart": 0}
ESTIMATES_NEEDED = (
    "header.stamp.sec",
    "header.stamp.nanosec",
    "first_index",
    "last_index",
    "probabilities",
)
ESTIMATES_DEFAULTS = {"status": 0, "activation": np.float32(np.nan), "model": b""}
STATES_NEEDED = ("header.stamp.sec", "header.stamp.nanosec", "state")
STATES_DEFAULTS = {"action": b""}
LABEL_NEEDED = ("header.stamp.sec", "header.stamp.nanosec", "event", "action")

_LABEL_EVENTS = {0: "start", 1: "end", 2: "discard"}
#: A stamp this far (ns) from the one expected from the rate begins a new block: the clock was set.
_STAMP_JUMP = 50_000_000


def stamps(columns: Columns) -> np.ndarray:
    """Return the stamps of the headers: int64, shape (n,), ns."""
    # NumPy 1 would compute a product with a Python integer in 32 bits.
    seconds = columns["header.stamp.sec"].astype(np.int64)
    return seconds * 1_000_000_000 + columns["header.stamp.nanosec"]


def sample_blocks(columns: Columns, runs: Runs) -> tuple[list[SampleBlock], int]:
    """Join consecutive ``EmgSamples`` messages as long as each one continues the one before.

    Parameters
    ----------
    columns : Columns
        At least one message.
    runs : Runs
        The runs so far; these samples are added.

    Returns
    -------
    blocks : list of SampleBlock
        In the order of the messages.
    refused : int
        Messages that were skipped because their data is not a whole number of samples, as the live node does.
    """
    values, counts = columns.sequence("data")
    values = np.ascontiguousarray(values, dtype=np.float32)
    channels = columns["channels"].astype(np.int64)
    divisor = channels[0] if is_constant(channels) else channels  # a single divisor is faster
    lengths = counts // np.maximum(divisor, 1)
    rate = columns["rate"].astype(np.float64)
    # As in the live path, what no device sends is refused.
    bad = (lengths * divisor != counts) | (divisor == 0) | (divisor > MOST_CHANNELS)
    bad |= ~((rate >= RATES[0]) & (rate <= RATES[1]))
    bad |= columns["first_index"].astype(np.uint64) > LAST_INDEX
    first = np.where(bad, 0, columns["first_index"].astype(np.int64))
    stamp = stamps(columns)
    unit, dropped, restart = (columns.get(name, neutral) for name, neutral in SAMPLES_DEFAULTS.items())
    ends = first + lengths
    with np.errstate(divide="ignore", invalid="ignore"):  # rate 0: such a message is bad and ends a block
        due = stamp[:-1] + lengths[:-1] / rate[:-1] * 1e9
    begins = bad | (restart != 0) | changes(channels, rate, unit)
    begins[0] = True
    begins[1:] |= bad[:-1] | (first[1:] != ends[:-1]) | (np.abs(stamp[1:] - due) > _STAMP_JUMP)
    offsets = np.cumsum(counts) - counts
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
            samples=values[offsets[i] : offsets[j - 1] + counts[j - 1]].reshape(-1, channels[i]),
            restart=bool(restart[i]),
            dropped_before=int(dropped[i:j].sum()),
            stamp=int(stamp[i]),
            rate=float(rate[i]),
            unit=bytes(unit[i]).decode(errors="replace"),
            frame_id=frame_id,
            chunks=lengths[i:j],
            span=int(stamp[j - 1] - stamp[i]),
        )
        blocks.append(block)
    return blocks, int(bad.sum())


def estimate_blocks(columns: Columns, runs: Runs) -> list[EstimateBlock]:
    """Join consecutive ``ActionEstimate`` messages of the same model and number of actions.

    At least one message is needed; `runs` are the runs of the samples so far.
    """
    values, counts = columns.sequence("probabilities")
    values = np.ascontiguousarray(values, dtype=np.float32)
    first = columns["first_index"].astype(np.int64)
    last = columns["last_index"].astype(np.int64)
    stamp = stamps(columns)
    status, activation, model = (columns.get(name, neutral) for name, neutral in ESTIMATES_DEFAULTS.items())
    run = runs.of(last, stamp)
    begins = changes(counts, model)
    begins[0] = True
    offsets = np.cumsum(counts) - counts
    borders = [*np.flatnonzero(begins).tolist(), len(begins)]
    return [
        EstimateBlock(
            run=run[i:j],
            first_index=first[i:j],
            last_index=last[i:j],
            stamp=stamp[i:j],
            accepted=status[i:j] == 0,
            activation=activation[i:j],
            probabilities=values[offsets[i] : offsets[j - 1] + counts[j - 1]].reshape(j - i, -1),
            model=bytes(model[i]).decode(errors="replace"),
        )
        for i, j in itertools.pairwise(borders)
    ]


class StateChanges:
    """Finds changes of the state; remembers the last state from one chunk to the next."""

    def __init__(self) -> None:
        self._last: tuple[int, bytes] | None = None

    def take(self, columns: Columns) -> StateBlock | None:
        """Return the changes in the ``BridgeState`` messages of a chunk (at least one), or None."""
        state = columns["state"]
        action = columns.get("action", STATES_DEFAULTS["action"])
        changed = changes(state, action)
        changed[0] = (int(state[0]), bytes(action[0])) != self._last
        self._last = (int(state[-1]), bytes(action[-1]))
        if not changed.any():
            return None
        return StateBlock(
            stamp=stamps(columns)[changed],
            state=state[changed],
            action=np.char.decode(action[changed], errors="replace"),
        )


def _stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def label_event(message: Any, runs: Runs) -> LabelEvent | None:
    """Read an ``ActionLabel``, which may lack newer fields; None for an unknown event."""
    if message.event not in _LABEL_EVENTS:
        return None
    stamp = _stamp(message)
    index = int(getattr(message, "index", 0)) if getattr(message, "has_index", False) else None
    run = runs.number
    if index is not None:
        run = int(runs.of(np.array([index]), np.array([stamp]))[0])
    return LabelEvent(
        event=_LABEL_EVENTS[message.event],
        action=printable(message.action),
        repetition=int(getattr(message, "repetition", 0)),
        session=printable(getattr(message, "session", "")),
        subject=printable(getattr(message, "subject", "")),
        cohort=printable(getattr(message, "cohort", "")),
        index=index,
        stamp=stamp,
        run=run,
    )


def info_event(message: Any) -> InfoEvent:
    """Read an ``EmgInfo``; missing fields are empty or 0."""
    return InfoEvent(
        stamp=_stamp(message),
        frame_id=message.header.frame_id,
        device=getattr(message, "device", ""),
        serial_number=getattr(message, "serial_number", ""),
        channels=int(getattr(message, "channels", 0)),
        channel_names=tuple(getattr(message, "channel_names", ())),
        muscle_sites=tuple(getattr(message, "muscle_sites", ())),
        gain=float(getattr(message, "gain", 0.0)),
        rate=float(getattr(message, "rate", 0.0)),
        unit=getattr(message, "unit", "count"),
    )


def model_of(message: Any) -> Model:
    """Read a ``ModelInfo``; missing fields are empty or 0."""
    return Model(
        model=getattr(message, "model", ""),
        sha256=getattr(message, "sha256", ""),
        actions=tuple(getattr(message, "actions", ())),
        rate=float(getattr(message, "rate", 0.0)),
        channels=int(getattr(message, "channels", 0)),
        length=int(getattr(message, "length", 0)),
        unit=getattr(message, "unit", "count"),
        pipeline=getattr(message, "pipeline", ""),
    )
