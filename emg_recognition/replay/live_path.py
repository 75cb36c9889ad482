"""Recorded samples through the path of the live nodes: the same signal path, one window at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emg_recognition.classification import is_accepted
from emg_recognition.errors import SampleError
from emg_recognition.models.bundle import check_compatible
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.replay.armband import ArmbandLog
from emg_recognition.replay.estimates import EstimateLog, Estimates
from emg_recognition.settings import from_mapping
from emg_recognition.signal.pipeline import Pipeline, check_samples
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.signal.stream import StreamIndex


@dataclass(frozen=True, kw_only=True)
class StreamCounters:
    """What a stream of samples contained.

    Attributes
    ----------
    samples : int
        Samples used.
    starts : int
        Starts of the stream, including the first one.
    gaps : int
        Starts because samples were missing.
    missing_samples : int
        Samples skipped at these gaps.
    dropped_by_device : int
        Samples that the device or the driver reports as lost.
    refused_chunks : int
        Chunks with NaN or infinity, which are not used.
    windows : int
        Windows that the signal path makes: the expected estimates.
    settling_windows : int
        Windows left out because they begin too soon after a start.
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
    """Consecutive samples.

    Attributes
    ----------
    run : int
        Number of the run.
    first, last : int
        Index of the first and last sample.
    missing : int
        Samples missing directly before the stretch.
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
        Whether the device reports a new start of the stream.
    dropped : int
        Samples that the device reports as lost before the piece.
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
        Consecutive samples.

    Yields
    ------
    Piece
        The whole block; or its messages one by one if it holds an impossible sample, because the live node
        refuses only the message with that sample.
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
    """Counts the chunks of one device, and the gaps between them, in the order of their arrival.

    Attributes
    ----------
    stretches : list of Stretch
        Stretches of consecutive samples so far.
    """

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self._index = StreamIndex()
        self._run = self._dropped = self._refused = 0

    def add(self, run: int, first_index: int, count: int, *, restart: bool = False, dropped: int = 0) -> None:
        """Count a chunk that was used.

        Parameters
        ----------
        run : int
            Number of its run.
        first_index, count : int
            Its samples.
        restart : bool
            Whether the device reports a new start of the stream.
        dropped : int
            Samples that the device reports as lost before the chunk.
        """
        self._dropped += dropped
        if run != self._run:
            self._index.break_off()
        self._run, missing = run, self._index.missing
        if self._index.add(first_index, count, restart=restart):
            missing = self._index.missing - missing
            # A chunk may be empty: the stretch then ends before it begins.
            self.stretches.append(Stretch(run=run, first=first_index, last=first_index - 1, missing=missing))
        self.stretches[-1].last += count

    def refuse(self, *, dropped: int = 0) -> None:
        """Count a chunk that could not be used; the stream starts again with the next one."""
        self._refused += 1
        self._dropped += dropped
        self._index.break_off()

    def counters(self, *, windows: int, settling_windows: int) -> StreamCounters:
        """Return the counts, together with the windows that the caller has counted."""
        return StreamCounters(
            samples=self._index.samples,
            starts=self._index.starts,
            gaps=self._index.gaps,
            missing_samples=self._index.missing,
            dropped_by_device=self._dropped,
            refused_chunks=self._refused,
            windows=windows,
            settling_windows=settling_windows,
        )


class LivePath:
    """Processes blocks of samples exactly as the nodes ``preprocessing`` and ``classifier`` process messages.

    Parameters
    ----------
    model : ActionModel
        The model; its bundle describes the signal path.
    stride : int
        Samples from one window to the next.
    confidence_threshold : float
        Estimates with a lower confidence are rejected.

    Attributes
    ----------
    stream : StreamLog
        Stretches and gaps of the stream.
    armbands : ArmbandLog
        How the armbands sit.
    refusals : list of str
        Why chunks were refused; only the first few.

    Raises
    ------
    SettingError
        If the bundle's signal path cannot be used.
    """

    def __init__(self, model: ActionModel, stride: int, confidence_threshold: float) -> None:
        info = model.info
        self._model = model
        self._threshold = confidence_threshold
        settings = from_mapping(PipelineSettings, info.pipeline, f"{info.path}: pipeline")
        self._pipeline = Pipeline(settings, stride, info.sections)
        self._log = EstimateLog(info.actions, info.length)
        self._signal: tuple[float, int, str] | None = None
        self.armbands = ArmbandLog(info, stride)
        self.stream = StreamLog()
        self.refusals: list[str] = []

    def take(self, block: SampleBlock) -> None:
        """Take the next samples.

        Parameters
        ----------
        block : SampleBlock
            Consecutive samples.

        Raises
        ------
        BundleError
            If the model was made for another rate, number of channels or unit.
        """
        signal = (block.rate, block.samples.shape[1], block.unit)
        if signal != self._signal:
            rate, channels, unit = signal
            check_compatible(self._model.info, rate=rate, channels=channels, unit=unit)
            self._signal = signal
        for piece in pieces(block):
            self._push(block, piece)

    def estimates(self) -> Estimates:
        """Return the model's estimates so far."""
        return self._log.estimates()

    def counters(self) -> StreamCounters:
        """Return what the stream has contained so far."""
        done = self._pipeline.counters
        return self.stream.counters(windows=done.windows, settling_windows=done.settling_windows)

    def _push(self, block: SampleBlock, piece: Piece) -> None:
        first, samples = block.first_index + piece.begin, block.samples[piece.begin : piece.end]
        try:
            windows = self._pipeline.push(samples, first, restart=piece.restart)
        except SampleError as error:
            self.stream.refuse(dropped=piece.dropped)
            if len(self.refusals) < 3:
                self.refusals.append(str(error))
            return
        self.stream.add(block.run, first, len(samples), restart=piece.restart, dropped=piece.dropped)
        if not windows:
            return
        self.armbands.add(block.run, windows)
        predict = self._model.predict
        probabilities = np.array([predict(window.data) for window in windows])
        index = np.array([window.first_index for window in windows])
        ends = index + (self._model.info.length - 1 - block.first_index)
        self._log.add(
            run=block.run,
            first_index=index,
            stamp=block.stamp + np.rint(ends / block.rate * 1e9).astype(np.int64),
            accepted=is_accepted(probabilities, self._threshold),
            probabilities=probabilities,
        )
