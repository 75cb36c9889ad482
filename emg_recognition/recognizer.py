"""Recognition from samples to decisions: what the nodes, replay and Python programs have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from emg_recognition.classification import decision_settings, estimate_window, live_settings
from emg_recognition.control.decision import Decider, DecisionSettings
from emg_recognition.errors import SampleError
from emg_recognition.models.bundle import check_compatible
from emg_recognition.models.runtime import ActionModel
from emg_recognition.settings import from_mapping
from emg_recognition.signal.pipeline import Pipeline, PipelineCounters
from emg_recognition.signal.settings import PipelineSettings, stride_samples
from emg_recognition.types import Estimate, LiveSettings, Model


class Chunk(Protocol):
    """Consecutive samples that know their place; :class:`emg_recognition.SampleChunk` is one."""

    @property
    def first_index(self) -> int:
        """Index of the first sample."""

    @property
    def samples(self) -> np.ndarray:
        """Samples, shape (samples, channels)."""

    @property
    def time(self) -> float:
        """When the first sample was taken, s."""

    @property
    def restart(self) -> bool:
        """Whether the signal does not continue the previous chunk's."""

    @property
    def rate(self) -> float:
        """Sampling rate, Hz."""

    @property
    def unit(self) -> str:
        """Unit of the samples."""


class Recognizer:
    """Recognise actions in a stream of samples, exactly as the nodes on the robot do.

    Window, filters, stride, threshold and votes come from the bundle.

    Parameters
    ----------
    model : ActionModel
        A loaded model bundle.
    live : LiveSettings, optional
        Stride and confidence threshold, instead of the bundle's.
    decision : DecisionSettings, optional
        Votes and dwell, instead of the bundle's.

    Raises
    ------
    SettingError
        If the settings in the bundle cannot be used.

    Examples
    --------
    >>> recognizer = Recognizer.load("bundle")                # doctest: +SKIP
    >>> for estimate in recognizer.push(samples):             # doctest: +SKIP
    ...     print(estimate.time, estimate.action, estimate.decision)
    """

    def __init__(
        self,
        model: ActionModel,
        *,
        live: LiveSettings | None = None,
        decision: DecisionSettings | None = None,
    ) -> None:
        info = model.info
        self._model = model
        self._live = live or live_settings(info)
        self._rate = info.rate
        settings = from_mapping(PipelineSettings, info.pipeline, f"{info.path}: pipeline")
        self._pipeline = Pipeline(settings, stride_samples(self._live.stride, info.rate), info.sections)
        self._decider = Decider(decision or decision_settings(info))
        self._signal: tuple[float, str] | None = None
        self._next_index = 0

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        live: LiveSettings | None = None,
        decision: DecisionSettings | None = None,
    ) -> Recognizer:
        """Load a model bundle.

        Parameters
        ----------
        path : str or Path
            The directory that training wrote.
        live, decision : optional
            See :class:`Recognizer`.

        Returns
        -------
        Recognizer
            Ready for the first samples.

        Raises
        ------
        BundleError
            If the bundle is missing, damaged or of an unknown schema.
        """
        return cls(ActionModel.load(path), live=live, decision=decision)

    @property
    def model(self) -> Model:
        """The model: its actions, and the rate, channels and unit that it needs."""
        return self._model.info.model

    @property
    def counters(self) -> PipelineCounters:
        """Samples, windows and gaps so far."""
        return self._pipeline.counters

    def reset(self) -> None:
        """Start again as if no sample had come."""
        self._pipeline = Pipeline(self._pipeline.settings, self._pipeline.stride)
        self._decider.clear()
        self._signal, self._next_index = None, 0

    def push(self, samples: np.ndarray | Sequence[Sequence[float]] | Chunk) -> list[Estimate]:
        """Take the next samples.

        Parameters
        ----------
        samples : Chunk or array_like
            A chunk from a source such as :class:`emg_recognition.SerialArmband`, which carries index,
            time, gaps and restarts; or a plain array, shape (samples, channels), in the bundle's unit,
            that continues the previous one without a gap.

        Returns
        -------
        list of Estimate
            One for each window that these samples complete, in order; often empty. The first windows
            after a start or a gap are left out until the filters have settled.

        Raises
        ------
        SampleError
            For samples of another shape or that are not finite. The samples are not used, and the next
            ones count as a new start.
        BundleError
            If the chunk's rate, channels or unit differ from the model's.
        """
        if hasattr(samples, "first_index"):
            return self._push_chunk(samples)  # type: ignore[arg-type]
        array = np.asarray(samples, dtype=np.float32)
        if array.ndim != 2:
            raise SampleError(
                f"samples have the shape {array.shape}", "push an array of shape (samples, channels)"
            )
        return self._push(array, self._next_index, origin=(0, 0.0), restart=False)

    def _push_chunk(self, chunk: Chunk) -> list[Estimate]:
        signal = (chunk.rate, chunk.unit)
        if signal != self._signal:
            check_compatible(self._model.info, rate=chunk.rate, unit=chunk.unit)
            self._signal = signal
        origin = (chunk.first_index, chunk.time)
        return self._push(chunk.samples, chunk.first_index, origin=origin, restart=chunk.restart)

    def _push(
        self, samples: np.ndarray, first: int, *, origin: tuple[int, float], restart: bool
    ) -> list[Estimate]:
        starts = self._pipeline.counters.starts
        self._next_index = first + len(samples)
        windows = self._pipeline.push(samples, first, restart=restart)
        if self._pipeline.counters.starts > starts:
            self._decider.clear()
        estimates = []
        for window in windows:
            estimate = estimate_window(
                self._model,
                window.data,
                first_index=window.first_index,
                time=origin[1] + (window.last_index - origin[0]) / self._rate,
                confidence_threshold=self._live.confidence_threshold,
            )
            self._decider.add(
                estimate.action, estimate.confidence, estimate.activation, estimate.accepted, estimate.time
            )
            decided = self._decider.decide(estimate.time)
            estimates.append(dataclasses.replace(estimate, decision=decided.action, speed=decided.speed))
        return estimates
