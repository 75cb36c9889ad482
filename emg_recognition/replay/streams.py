"""Follow sample chunks: where the stream is whole, where it starts anew, what is missing.

The same count as in :class:`emg_recognition.signal.pipeline.Pipeline`, without its filters, so that a
listener on the live topics counts as replay does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emg_recognition.errors import SampleError
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.signal.samples import check_samples


@dataclass(frozen=True, kw_only=True)
class StreamCounters:
    """What was in the stream.

    Attributes
    ----------
    samples : int
        Samples used.
    starts : int
        Starts of the stream, the first one included.
    gaps : int
        Starts after the first that nobody asked for.
    missing_samples : int
        Samples skipped at those gaps.
    dropped_by_device : int
        Samples that the device or the driver says it lost.
    refused_chunks : int
        Chunks with NaN or infinity, not used.
    windows : int
        Windows that the signal path gives: the estimates expected.
    settling_windows : int
        Windows withheld because they began too soon after a start.
    """

    samples: int = 0
    starts: int = 0
    gaps: int = 0
    missing_samples: int = 0
    dropped_by_device: int = 0
    refused_chunks: int = 0
    windows: int = 0
    settling_windows: int = 0


@dataclass(kw_only=True)
class Stretch:
    """Samples without a break.

    Attributes
    ----------
    run : int
        Number of the run.
    first, last : int
        Index of the first and last sample.
    missing : int
        Samples missing just before it.
    """

    run: int
    first: int
    last: int
    missing: int = 0


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Samples of a block that are used, or refused, together.

    Attributes
    ----------
    begin, end : int
        Its rows of the block.
    restart : bool
        The device says that the stream starts anew with it.
    dropped : int
        Samples that the device says it lost before it.
    """

    begin: int
    end: int
    restart: bool
    dropped: int


def pieces(block: SampleBlock) -> Iterator[Piece]:
    """Cut a block where preprocessing may treat its messages differently.

    Parameters
    ----------
    block : SampleBlock
        Samples without a break inside.

    Yields
    ------
    Piece
        The whole block; its messages one by one if it holds a sample that no electrode delivers, for live
        only the message with that sample is lost.
    """
    try:
        check_samples(block.samples, block.samples.shape[1], block.first_index)
    except SampleError:
        counts = block.chunks.tolist()
    else:
        counts = [len(block.samples)]
    begin, restart, dropped = 0, block.restart, block.dropped_before
    for count in counts:
        yield Piece(begin=begin, end=begin + count, restart=restart, dropped=dropped)
        begin, restart, dropped = begin + count, False, 0


class StreamLog:
    """Follows the chunks of one device in the order of their arrival.

    Attributes
    ----------
    stretches : list of Stretch
        Unbroken stretches so far.
    """

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self._samples = self._starts = self._gaps = self._missing = self._dropped = self._refused = 0
        self._expected: tuple[int, int] | None = None
        self._broken = False

    def add(self, run: int, first_index: int, count: int, *, restart: bool = False, dropped: int = 0) -> None:
        """Take note of a chunk that was used.

        Parameters
        ----------
        run : int
            Number of its run.
        first_index, count : int
            Its samples.
        restart : bool
            The device says that the stream starts anew.
        dropped : int
            Samples that the device says it lost before the chunk.
        """
        self._dropped += dropped
        if restart or self._broken or self._expected != (run, first_index):
            missing = 0
            if self._expected is not None and not restart:
                self._gaps += 1
                missing = max(0, first_index - self._expected[1])
            self._missing += missing
            self._starts += 1
            self._broken = False
            # A chunk may be empty: the stretch then ends before it begins.
            self.stretches.append(Stretch(run=run, first=first_index, last=first_index - 1, missing=missing))
        self.stretches[-1].last += count
        self._samples += count
        self._expected = (run, first_index + count)

    def refuse(self, *, dropped: int = 0) -> None:
        """Take note of a chunk that could not be used; the next one starts the stream anew."""
        self._refused += 1
        self._dropped += dropped
        self._broken = True

    def counters(self, *, windows: int, settling_windows: int) -> StreamCounters:
        """Return what was counted, with the windows that the caller has counted."""
        return StreamCounters(
            samples=self._samples,
            starts=self._starts,
            gaps=self._gaps,
            missing_samples=self._missing,
            dropped_by_device=self._dropped,
            refused_chunks=self._refused,
            windows=windows,
            settling_windows=settling_windows,
        )
