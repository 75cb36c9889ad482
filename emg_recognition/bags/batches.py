"""Many messages in one buffer: the form in which all readers return them.

A bag is read in blocks of some seconds. Their messages stay in the buffer they were read into; arrays give
the position, the length and the topic of each, so that no Python code runs for a single message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np


class Problems(list[str]):
    """What is missing or damaged in a bag: sentences, each only once even if the bag is read again."""

    def add(self, problem: str) -> None:
        """Add a problem unless it is already in the list."""
        if problem not in self:
            self.append(problem)


def gather(data: bytes, dtype: np.dtype, starts: np.ndarray) -> np.ndarray:
    """Copy equally long records out of a buffer.

    Parameters
    ----------
    data : bytes
        The buffer.
    dtype : numpy.dtype
        The type of a record.
    starts : numpy.ndarray
        int64, shape (n,): where each record begins, in bytes; all records must lie within `data`.

    Returns
    -------
    numpy.ndarray
        Of `dtype`, shape (n,), C-contiguous.

    Raises
    ------
    IndexError
        If a record would end after the buffer.
    """
    positions = len(data) - dtype.itemsize + 1
    if not len(starts):
        return np.empty(0, dtype)
    if positions < 1:
        raise IndexError(f"records of {dtype.itemsize} bytes in a buffer of {len(data)}")
    # A view with one overlapping record at each byte of the buffer. Records of plain bytes are copied at
    # once; NumPy would copy a structure field by field.
    overlapping: np.ndarray = np.ndarray((positions,), f"V{dtype.itemsize}", data, strides=(1,))
    return overlapping[starts].view(dtype)


@dataclass(frozen=True)
class Topic:
    """A topic of a bag.

    Attributes
    ----------
    name : str
        For example ``/joint_states``.
    type : str
        For example ``sensor_msgs/msg/JointState``.
    encoding : str
        Encoding of the definition: ``ros2msg``, ``ros2idl``, or empty if the bag does not hold a definition.
    definition : str
        The definition of the type and of all types in it.
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
        The topic of all messages.
    times : numpy.ndarray
        int64, shape (n,): when each message was received, ns.
    data : bytes
        The buffer that holds the messages, and others.
    starts, lengths : numpy.ndarray
        int64, shape (n,): position and length of each message in `data`, in bytes, including the 4 bytes of
        the CDR encapsulation.
    """

    topic: Topic
    times: np.ndarray
    data: bytes
    starts: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def message(self, i: int) -> bytes:
        """Return message `i` as bytes."""
        start = int(self.starts[i])
        return self.data[start : start + int(self.lengths[i])]

    @property
    def messages(self) -> list[bytes]:
        """All messages as bytes."""
        return [self.message(i) for i in range(len(self))]


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive messages of a file, usually some seconds.

    Attributes
    ----------
    data : bytes
        The buffer that holds the messages.
    topics : sequence of Topic
        The topics of the file.
    topic : numpy.ndarray
        int16, shape (n,): index of the topic of each message in `topics`; -1 for a topic that was not
        requested.
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
        """Yield the requested messages topic by topic; topics without a message are skipped."""
        order = np.argsort(self.topic, kind="stable")
        borders = np.searchsorted(self.topic[order], np.arange(len(self.topics) + 1)).tolist()
        times, starts, lengths = self.times[order], self.starts[order], self.lengths[order]
        for topic, i, j in zip(self.topics, borders, borders[1:], strict=False):
            if i < j:
                yield Batch(topic, times[i:j], self.data, starts[i:j], lengths[i:j])

    def messages(self) -> Iterator[tuple[Topic, int, bytes]]:
        """Yield topic, time (ns) and bytes of each requested message, in the order of the file."""
        rows = np.flatnonzero(self.topic >= 0)
        columns = (self.topic[rows], self.times[rows], self.starts[rows], self.lengths[rows])
        for number, time, start, length in zip(*(column.tolist() for column in columns), strict=True):
            yield self.topics[number], time, self.data[start : start + length]


class Storage(Protocol):
    """A file of a bag, or a compressed bag, as the reader uses it.

    Attributes
    ----------
    topics : list of Topic
        The topics with CDR messages.
    fraction_read : float
        Share that :meth:`blocks` has read, 0 to 1.
    """

    topics: list[Topic]

    @property
    def fraction_read(self) -> float: ...  # noqa: D102

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics; problems are complete after the last block."""

    def close(self) -> None:
        """Close the file."""


def block_of(
    topics: Sequence[Topic], numbers: Sequence[int], times: Sequence[int], messages: Sequence[bytes]
) -> Block:
    """Make a block from single messages, their times (ns) and the indices of their topics in `topics`."""
    lengths = np.fromiter(map(len, messages), dtype=np.int64, count=len(messages))
    return Block(
        data=b"".join(messages),
        topics=topics,
        topic=np.array(numbers, dtype=np.int16),
        times=np.array(times, dtype=np.int64),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
    )
