"""The path of the live nodes over recorded samples: one signal path, one window at a time."""

from __future__ import annotations

import numpy as np

from emg_recognition.errors import SampleError
from emg_recognition.models.bundle import check_compatible
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.replay.estimates import EstimateLog, Estimates
from emg_recognition.replay.streams import Piece, StreamCounters, StreamLog, pieces
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings


class LivePath:
    """Does to blocks of samples what ``preprocessing`` and ``classifier`` do to messages, to the bit.

    Parameters
    ----------
    model : ActionModel
        The model; the signal path is the one it was trained on.
    step : int
        Samples from one window to the next.
    confidence_threshold : float
        Estimates below it are rejected.

    Attributes
    ----------
    stream : StreamLog
        Where the stream was whole.
    refusals : list of str
        Why chunks were refused, the first few.

    Raises
    ------
    SettingError
        If the bundle's signal path cannot be used.
    """

    def __init__(self, model: ActionModel, step: int, confidence_threshold: float) -> None:
        info = model.info
        self._model = model
        self._threshold = confidence_threshold
        self._pipeline = Pipeline(
            PipelineSettings.from_mapping(info.pipeline, f"{info.path}: pipeline"), step
        )
        self._log = EstimateLog(info.actions, info.length)
        self._signal: tuple[float, int, str] | None = None
        self.stream = StreamLog()
        self.refusals: list[str] = []

    def take(self, block: SampleBlock) -> None:
        """Take the next samples.

        Parameters
        ----------
        block : SampleBlock
            Samples without a break inside.

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
        """Return what the model has said so far."""
        return self._log.estimates()

    def counters(self) -> StreamCounters:
        """Return what was in the stream so far."""
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
        predict = self._model.predict
        probabilities = np.array([predict(window.data) for window in windows])
        index = np.array([window.first_index for window in windows])
        ends = index + (self._model.info.length - 1 - block.first_index)
        self._log.add(
            run=block.run,
            first_index=index,
            stamp=block.stamp + np.rint(ends / block.rate * 1e9).astype(np.int64),
            # In double precision, as the classifier compares.
            accepted=probabilities.max(axis=1).astype(np.float64) >= self._threshold,
            probabilities=probabilities,
        )
