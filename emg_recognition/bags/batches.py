"""Messages as they lie in a bag: many in one buffer, so that none has to be touched alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np


class Problems(list[str]):
    """Plain sentences in the order in which they turned up; a bag may be read more than once."""

    def tell(self, problem: str) -> None:
        """Add a problem unless it is known.

        Parameters
        ----------
        problem : str
            One sentence.
        """
        if problem not in self:
            self.append(problem)


def gather(data: bytes, dtype: np.dtype, starts: np.ndarray) -> np.ndarray:
    """Copy a record from each of the places given.

    Parameters
    ----------
    data : bytes
        The buffer.
    dtype : numpy.dtype
        The record; ``dtype.itemsize`` bytes are copied from each place.
    starts : numpy.ndarray
        int64, shape (n,): where each record begins; all of it must lie in `data`.

    Returns
    -------
    numpy.ndarray
        Of `dtype`, shape (n,), C-contiguous.

    Raises
    ------
    IndexError
        If a record would end behind the buffer.
    """
    places = len(data) - dtype.itemsize + 1
    if not len(starts):
        return np.empty(0, dtype)
    if places < 1:
        raise IndexError(f"records of {dtype.itemsize} bytes in a buffer of {len(data)}")
    # One overlapping record for each byte of the buffer. As plain bytes they are copied in one go;
    # as a structure NumPy would copy field by field.
    everywhere: np.ndarray = np.ndarray((places,), f"V{dtype.itemsize}", data, strides=(1,))
    return everywhere[starts].view(dtype)


@dataclass(frozen=True)
class Topic:
    """A topic of a bag.

    Attributes
    ----------
    name : str
        For example ``/emg/samples``.
    type : str
        For example ``emg_recognition/msg/EmgSamples``.
    encoding : str
        Of its definition: ``ros2msg``, ``ros2idl``, or empty where the bag does not carry it.
    definition : str
        The text of the definition with all types in it.
    """

    name: str
    type: str
    encoding: str = field(default="", repr=False)
    definition: str = field(default="", repr=False)


@dataclass(frozen=True, eq=False)
class Batch:
    """Messages of one topic, in the order of the file.

    Attributes
    ----------
    topic : Topic
        Their topic.
    times : numpy.ndarray
        int64, shape (n,): when each was received, ns.
    data : bytes
        The buffer that holds them, among others.
    starts, lengths : numpy.ndarray
        int64, shape (n,): where each lies in `data`, bytes, the 4 bytes of CDR encapsulation included.
    """

    topic: Topic
    times: np.ndarray
    data: bytes
    starts: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def message(self, i: int) -> bytes:
        """Return message `i`."""
        start = int(self.starts[i])
        return self.data[start : start + int(self.lengths[i])]

    @property
    def messages(self) -> list[bytes]:
        """Every message."""
        return [self.message(i) for i in range(len(self))]


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive messages of a file: some seconds.

    Attributes
    ----------
    data : bytes
        The buffer that holds them.
    topics : sequence of Topic
        The topics of the file.
    topic : numpy.ndarray
        int16, shape (n,): the place of each message's topic in `topics`; -1 for one that nobody asked for.
    times, starts, lengths : numpy.ndarray
        int64, shape (n,), as in :class:`Batch`.
    """

    data: bytes
    topics: Sequence[Topic]
    topic: np.ndarray
    times: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    def batches(self) -> Iterator[Batch]:
        """Yield the messages topic by topic; topics without a message are left out."""
        order = np.argsort(self.topic, kind="stable")
        borders = np.searchsorted(self.topic[order], np.arange(len(self.topics) + 1)).tolist()
        times, starts, lengths = self.times[order], self.starts[order], self.lengths[order]
        for topic, i, j in zip(self.topics, borders, borders[1:], strict=False):
            if i < j:
                yield Batch(topic, times[i:j], self.data, starts[i:j], lengths[i:j])

    def messages(self) -> Iterator[tuple[Topic, int, bytes]]:
        """Yield topic, time (ns) and bytes of each message, in the order of the file."""
        rows = np.flatnonzero(self.topic >= 0)
        columns = (self.topic[rows], self.times[rows], self.starts[rows], self.lengths[rows])
        for number, time, start, length in zip(*(column.tolist() for column in columns), strict=True):
            yield self.topics[number], time, self.data[start : start + length]


def block_of(
    topics: Sequence[Topic], numbers: Sequence[int], times: Sequence[int], messages: Sequence[bytes]
) -> Block:
    """Put single messages into a block.

    Parameters
    ----------
    topics : sequence of Topic
        The topics of the file.
    numbers : sequence of int
        The place of each message's topic in `topics`.
    times : sequence of int
        When each was received, ns.
    messages : sequence of bytes
        The messages.

    Returns
    -------
    Block
        All of them, in that order.
    """
    lengths = np.fromiter(map(len, messages), dtype=np.int64, count=len(messages))
    return Block(
        data=b"".join(messages),
        topics=topics,
        topic=np.array(numbers, dtype=np.int16),
        times=np.array(times, dtype=np.int64),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
    )
