"""What a live stream leaves behind: its last second without a gap, and its measured rate."""

from __future__ import annotations

from collections import deque

import numpy as np

#: Distance of the points that the rate is measured between, and how far back they reach, s.
_POINT_EVERY, _POINTS_REACH = 0.5, 30.0
#: Over less, the jitter of stamps would show as a wrong rate, s.
_RATE_AFTER = 10.0
#: The preview takes off the mean of this time: a high-pass of a sort, s.
_PREVIEW_MEAN = 0.1


class RecentSamples:
    """The chunks of the last second.

    Parameters
    ----------
    rate : float
        Hz.
    """

    def __init__(self, rate: float) -> None:
        self._length = max(1, round(rate))
        self._rate = rate
        self._chunks: deque[tuple[int, int, np.ndarray]] = deque()  # piece, first index, samples
        self._piece = 0
        self._end: int | None = None

    def push(self, samples: np.ndarray, first_index: int, *, restart: bool = False) -> int:
        """Add a chunk.

        Parameters
        ----------
        samples : numpy.ndarray
            Raw samples, shape (n, channels).
        first_index : int
            Index of the first of them.
        restart : bool
            The stream starts anew with this chunk.

        Returns
        -------
        int
            Samples that are missing before the chunk, by its index.
        """
        missing = 0
        if restart or first_index != self._end:
            self._piece += 1
            if self._end is not None:
                missing = max(0, first_index - self._end)
                if first_index < self._end:
                    self._chunks.clear()
        self._end = first_index + len(samples)
        self._chunks.append((self._piece, first_index, samples))
        while self._chunks and self._chunks[0][1] + len(self._chunks[0][2]) <= self._end - self._length:
            self._chunks.popleft()
        return missing

    def break_off(self) -> None:
        """Let the next chunk start a piece of its own, whatever its index."""
        self._piece += 1

    def last_second(self) -> np.ndarray:
        """Return the longest piece without a gap in the last second, the newest of two.

        Returns
        -------
        numpy.ndarray
            Shape (n, channels), n at most a second's; (0, 0) before the first chunk.
        """
        if self._end is None:
            return np.empty((0, 0), dtype=np.float32)
        begin = self._end - self._length
        pieces: dict[int, list[np.ndarray]] = {}
        for piece, first_index, samples in self._chunks:
            pieces.setdefault(piece, []).append(samples[max(0, begin - first_index) :])
        longest = max(pieces, key=lambda piece: (sum(map(len, pieces[piece])), piece))
        return np.concatenate(pieces[longest])

    def preview(self, seconds: float) -> np.ndarray | None:
        """Return the RMS of the newest samples, the mean of the last 0.1 s taken off.

        Parameters
        ----------
        seconds : float
            How much of the newest counts.

        Returns
        -------
        numpy.ndarray or None
            Shape (channels,), in the samples' unit; None where the newest piece is shorter than 0.1 s.
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


class RateMeter:
    """The rate of a stream by its indices and stamps, lost samples included."""

    def __init__(self) -> None:
        self._points: deque[tuple[int, int]] = deque()

    def restart(self) -> None:
        """Forget what was before: nobody knows how long the stream stood still."""
        self._points.clear()

    def add(self, index: int, stamp: int) -> None:
        """Take a sample's index and its stamp, ns."""
        if self._points and stamp < self._points[-1][1] + _POINT_EVERY * 1e9:
            # A clock that went back is a new time scale.
            if stamp < self._points[-1][1]:
                self.restart()
            return
        self._points.append((index, stamp))
        while stamp - self._points[0][1] > _POINTS_REACH * 1e9:
            self._points.popleft()

    @property
    def rate(self) -> float:
        """Samples a second over the last 10 to 30 s, Hz; 0 until 10 s are known."""
        if not self._points:
            return 0.0
        (first, begin), (last, end) = self._points[0], self._points[-1]
        return (last - first) / (end - begin) * 1e9 if end - begin >= _RATE_AFTER * 1e9 else 0.0
