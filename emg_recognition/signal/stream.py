"""What happens in a stream of chunks: where it starts, what is missing, its last second and its rate."""

from __future__ import annotations

from collections import deque

import numpy as np

#: Time between the points that the rate is measured from, and the span that they cover, s.
_POINT_EVERY, _POINTS_SPAN = 0.5, 30.0
#: The preview removes the mean of this much time, which acts as a high-pass, s.
_PREVIEW_MEAN = 0.1


class StreamIndex:
    """Follow the sample index of a stream to see where it starts and what is missing.

    Attributes
    ----------
    samples : int
        Samples so far.
    starts : int
        Starts of the stream, including the first.
    gaps : int
        Starts after the first that were not requested: lost samples, an index that went back, or
        samples that could not be used.
    missing : int
        Samples skipped at those gaps.
    next_index : int or None
        Index of the sample that would continue the stream; None before the first chunk.
    """

    def __init__(self) -> None:
        self.samples = self.starts = self.gaps = self.missing = 0
        self.next_index: int | None = None
        self._broken = False

    def add(self, first_index: int, count: int, *, restart: bool = False) -> bool:
        """Take the next chunk.

        Parameters
        ----------
        first_index : int
            Index of its first sample.
        count : int
            Its samples; may be 0.
        restart : bool
            Whether the source says that the stream restarts here.

        Returns
        -------
        bool
            Whether the stream starts with this chunk, because it was requested or because the chunk
            does not continue the previous one.
        """
        starts = restart or self._broken or first_index != self.next_index
        if starts:
            if self.next_index is not None and not restart:
                self.gaps += 1
                self.missing += max(0, first_index - self.next_index)
            self.starts += 1
            self._broken = False
        self.next_index = first_index + count
        self.samples += count
        return starts

    def break_off(self) -> None:
        """Make the next chunk start the stream, whatever its index."""
        self._broken = True


class RateMeter:
    """Measure the rate of a stream from sample indices and times over the last 30 s.

    Lost samples do no harm, because the index counts them.

    Parameters
    ----------
    after : float
        Time that must have been seen before a rate is given, s. Over a shorter time, jitter of the
        times would look like a wrong rate: 50 ms in 10 s are 0.5 %.
    """

    def __init__(self, after: float = 10.0) -> None:
        self._after = after
        self._points: deque[tuple[int, float]] = deque()
        self._last = (0, 0.0)

    def restart(self) -> None:
        """Forget everything, because index and time did not advance together."""
        self._points.clear()

    def add(self, index: int, time: float) -> None:
        """Take the index and time (s) of a sample; a clock that goes back restarts the measurement."""
        if self._points and time < self._points[-1][1]:
            self._points.clear()
        self._last = index, time
        if not self._points or time - self._points[-1][1] >= _POINT_EVERY:
            self._points.append(self._last)
            while time - self._points[0][1] > _POINTS_SPAN:
                self._points.popleft()

    @property
    def rate(self) -> float | None:
        """The rate in Hz; None while too little time has been seen."""
        if not self._points:
            return None
        (first, begin), (last, end) = self._points[0], self._last
        return (last - first) / (end - begin) if end - begin >= self._after else None


class RecentSamples:
    """Keep the chunks of the last second.

    Parameters
    ----------
    rate : float
        Sampling rate, Hz.
    """

    def __init__(self, rate: float) -> None:
        self._length = max(1, round(rate))
        self._rate = rate
        self._chunks: deque[tuple[int, int, np.ndarray]] = deque()  # piece, first index, samples
        self._piece = 0
        self._index = StreamIndex()

    def push(self, samples: np.ndarray, first_index: int, *, restart: bool = False) -> int:
        """Add a chunk.

        Parameters
        ----------
        samples : numpy.ndarray
            Raw samples, shape (n, channels).
        first_index : int
            Index of the first one.
        restart : bool
            Whether the stream restarts with this chunk.

        Returns
        -------
        int
            Samples missing before the chunk, according to its index.
        """
        end, missing = self._index.next_index, self._index.missing
        if self._index.add(first_index, len(samples), restart=restart):
            self._piece += 1
            if end is not None and first_index < end:
                self._chunks.clear()
        self._chunks.append((self._piece, first_index, samples))
        begin = first_index + len(samples) - self._length
        while self._chunks and self._chunks[0][1] + len(self._chunks[0][2]) <= begin:
            self._chunks.popleft()
        return self._index.missing - missing

    def break_off(self) -> None:
        """Make the next chunk start a new piece, whatever its index."""
        self._index.break_off()

    def last_second(self) -> np.ndarray:
        """Return the longest piece without a gap in the last second; of two equally long ones, the newer.

        Returns
        -------
        numpy.ndarray
            Shape (n, channels) with at most one second of samples; (0, 0) before the first chunk.
        """
        if self._index.next_index is None:
            return np.empty((0, 0), dtype=np.float32)
        begin = self._index.next_index - self._length
        pieces: dict[int, list[np.ndarray]] = {}
        for piece, first_index, samples in self._chunks:
            pieces.setdefault(piece, []).append(samples[max(0, begin - first_index) :])
        longest = max(pieces, key=lambda piece: (sum(map(len, pieces[piece])), piece))
        return np.concatenate(pieces[longest])

    def preview(self, seconds: float) -> np.ndarray | None:
        """Return the RMS of the newest samples, after removing the mean of the last 0.1 s.

        Parameters
        ----------
        seconds : float
            How much of the newest signal counts, s.

        Returns
        -------
        numpy.ndarray or None
            Shape (channels,), in the samples' unit; None while the newest piece is shorter than 0.1 s.
        """
        wanted = max(2, round(_PREVIEW_MEAN * self._rate))
        newest: list[np.ndarray] = []
        found = 0
        for piece, _, samples in reversed(self._chunks):
            if piece != self._piece or found >= wanted:
                break
            newest.append(samples)
            found += len(samples)
        if found < wanted:
            return None
        rows = np.concatenate(newest[::-1])[-wanted:].astype(np.float64)
        rows -= rows.mean(axis=0)
        return np.sqrt(np.mean(rows[-max(1, round(seconds * self._rate)) :] ** 2, axis=0))
