"""Decode messages into columns: one array for each field, without a loop over the messages.

In CDR the position of a field depends only on the counts (string and sequence lengths) before it. A
:class:`Decoder` derives the positions from one message and applies them to all messages with the same counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from rosbags.typesys.store import Typestore

from emg_recognition.bags.batches import Batch, gather
from emg_recognition.bags.layout import Layout, layout_of

#: Layouts that a decoder keeps. Strings of different lengths give different layouts, but few at a time.
_KEPT_LAYOUTS = 16
#: New layouts in a block; no device changes its names with every message, and each costs a pass over all.
_MOST_NEW_LAYOUTS = 500


@dataclass(frozen=True, eq=False)
class _Part:
    """Messages with one layout: their numbers in the batch and their fields."""

    layout: Layout
    rows: np.ndarray
    records: np.ndarray


class Columns:
    """The fields of many messages of one topic.

    ``columns["header.stamp.sec"]`` has one value for each message, in the order of the batch: numbers as
    they are, strings as bytes without the final zero, arrays as rows.

    Attributes
    ----------
    rows : numpy.ndarray
        int64, shape (n,), rising: the numbers of these messages in the batch; damaged messages are missing.
    """

    def __init__(self, batch: Batch, parts: list[_Part]) -> None:
        self._batch = batch
        self._parts = parts
        self._order: np.ndarray | None = None
        rows = [part.rows for part in parts]
        self.rows = rows[0] if len(rows) == 1 else np.concatenate([np.empty(0, np.int64), *rows])
        if len(rows) > 1:
            self._order = np.argsort(self.rows)
            self.rows = self.rows[self._order]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> np.ndarray:
        if self._order is None:
            return self._parts[0].records[name]
        return np.concatenate([part.records[name] for part in self._parts])[self._order]

    def get(self, name: str, neutral: object) -> np.ndarray:
        """Return a field, or `neutral` for each message if the field was not requested."""
        if self._parts and name in (self._parts[0].layout.dtype.names or ()):
            return self[name]
        return np.full(len(self), neutral)

    def sequence(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a field that is a sequence of numbers.

        Returns
        -------
        values : numpy.ndarray
            The numbers of all messages, one message after the other; shape (sum of counts,), C-contiguous.
        counts : numpy.ndarray
            int64, shape (n,): the number of values in each message.
        """
        pieces = [_sequence(self._batch, part, name) for part in self._parts]
        if self._order is None:
            return pieces[0]
        counts = np.concatenate([counts for _, counts in pieces])
        values = np.concatenate([values for values, _ in pieces])
        if len(counts) and (counts == counts[0]).all():
            return values.reshape(len(counts), -1)[self._order].reshape(-1), counts
        each = np.split(values, np.cumsum(counts)[:-1])
        return np.concatenate([each[i] for i in self._order]), counts[self._order]


def is_constant(column: np.ndarray) -> bool:
    """Return whether all entries of a column are equal bit for bit; comparing bytes is fast for strings."""
    data = column.tobytes()
    return data == data[: column.itemsize] * len(column)


def changes(*columns: np.ndarray) -> np.ndarray:
    """Return where an entry of any column differs from the one before it.

    The result is bool, shape (n,), and False for the first entry.
    """
    found = np.zeros(len(columns[0]), bool)
    for column in columns:
        if not is_constant(column):
            found[1:] |= column[1:] != column[:-1]
    return found


class Decoder:
    """Decodes the messages of one topic, and remembers the layouts it has seen.

    Parameters
    ----------
    types : rosbags.typesys.store.Typestore
        Must contain the type.
    type_name : str
        The type of the messages.
    wanted : collection of str
        The fields to decode, named as by :func:`emg_recognition.bags.layout.field_names`.

    Attributes
    ----------
    damaged : int
        Messages so far that could not be decoded and were skipped.
    """

    def __init__(self, types: Typestore, type_name: str, wanted: Collection[str]) -> None:
        self.damaged = 0
        self._types = types
        self._type = type_name
        self._wanted = tuple(wanted)
        self._layouts: list[Layout] = []

    def decode(self, batch: Batch) -> Columns:
        """Return the fields of all messages in a batch that are not damaged."""
        todo = np.arange(len(batch))
        parts: list[_Part] = []
        for layout in self._layouts:
            if len(todo):
                todo = _take(batch, layout, todo, parts)
        new = 0
        while len(todo):
            if new == _MOST_NEW_LAYOUTS:
                self.damaged += len(todo)
                break
            try:
                layout = layout_of(self._types, self._type, self._wanted, batch.message(int(todo[0])))
            except ValueError:
                self.damaged += 1
                todo = todo[1:]
                continue
            new += 1
            left = _take(batch, layout, todo, parts)
            if len(left) == len(todo):  # a truncated last sequence is noticed only here
                self.damaged += 1
                left = todo[1:]
            todo = left
        # Used layouts first: trying a layout that does not fit costs almost as much as one that does.
        used = [part.layout for part in parts]
        self._layouts = (used + [layout for layout in self._layouts if layout not in used])[:_KEPT_LAYOUTS]
        return Columns(batch, parts)


def _take(batch: Batch, layout: Layout, todo: np.ndarray, parts: list[_Part]) -> np.ndarray:
    """Append the messages that have this layout to `parts`; return the other ones."""
    everything = len(todo) == len(batch)
    lengths = batch.lengths if everything else batch.lengths[todo]
    fits = lengths >= layout.dtype.itemsize if layout.tail else lengths == layout.length
    if not fits.all():
        rows, todo = todo[fits], todo[~fits]
    else:
        rows, todo = todo, todo[:0]
    if not len(rows):
        return todo
    whole = len(rows) == len(batch)
    records = gather(batch.data, layout.dtype, batch.starts if whole else batch.starts[rows])
    fits = np.ones(len(rows), bool)
    for name, count in layout.counts:
        fits &= records[name] == count
    if layout.tail is not None:
        room = (batch.lengths if whole else batch.lengths[rows]) - layout.tail.start
        counts = records[f"{layout.tail.name}#"].astype(np.int64)
        fits &= counts * layout.tail.item.itemsize <= np.maximum(room, 0)
    if not fits.all():
        todo = np.sort(np.concatenate([todo, rows[~fits]]))
        rows, records = rows[fits], records[fits]
    if len(rows):
        parts.append(_Part(layout, rows, records))
    return todo


def _sequence(batch: Batch, part: _Part, name: str) -> tuple[np.ndarray, np.ndarray]:
    tail = part.layout.tail
    if tail is None or tail.name != name:
        values = part.records[name]
        return values.reshape(-1), np.full(len(values), values.shape[1])
    counts = part.records[f"{name}#"].astype(np.int64)
    starts = batch.starts[part.rows] + tail.start
    if len(counts) and (counts == counts[0]).all() and counts[0]:
        row = np.dtype((tail.item, (int(counts[0]),)))
        return gather(batch.data, row, starts).reshape(-1), counts
    ends = starts + counts * tail.item.itemsize
    pieces = [batch.data[i:j] for i, j in zip(starts.tolist(), ends.tolist(), strict=True)]
    return np.frombuffer(b"".join(pieces), tail.item), counts
