"""The samples of a running armband, watched for whether it is turned."""

from __future__ import annotations

import numpy as np

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.bundle import REFERENCE, BundleInfo
from emg_recognition.models.reference import read_reference
from emg_recognition.models.turn_watch import SPACING, TurnWatch
from emg_recognition.msg import EmgSamples
from emg_recognition.settings import from_mapping
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings

#: Time between two looks, in calls of :meth:`Armband.look`, which are a second apart.
_LOOK_EVERY = 10


class Armband:
    """Collects what acquisition publishes, and filters it once a second as the model's windows are filtered.

    Attributes
    ----------
    warning : str
        What is to be done about the armband; empty for nothing, or while nothing is known.
    """

    def __init__(self) -> None:
        self.warning = ""
        self._watch: TurnWatch | None = None
        self._info: BundleInfo | None = None
        self._pipeline: Pipeline | None = None
        self._waiting: list[tuple[int, bool, np.ndarray]] = []  # first index, restart, samples
        self._looks = 0

    def watch(self, info: BundleInfo | None) -> None:
        """Compare with the armbands of another bundle; nothing is compared without one that knows them.

        Raises
        ------
        EmgRecognitionError
            If the bundle cannot be used; it goes on as before.
        """
        watch = None
        if info is not None and REFERENCE in info.files:
            spacing = SPACING * info.length / info.rate
            watch = TurnWatch(read_reference(info), info.orientation, spacing)
        self._info, self._watch, self._pipeline, self.warning = info, watch, None, ""
        self._waiting.clear()

    def add(self, samples: np.ndarray, message: EmgSamples) -> None:
        """Take the samples of a message."""
        info = self._info
        if self._watch is None or info is None:
            return
        if (message.rate, message.channels, message.unit) != (info.rate, info.channels, info.unit):
            return  # preprocessing refuses them, and says so
        if message.restart:
            self._watch.forget()
            self.warning = ""
        self._waiting.append((message.first_index, message.restart, samples))

    def look(self) -> None:
        """Filter what has arrived, and judge the armband from time to time; call it once a second."""
        watch, info = self._watch, self._info
        if watch is None or info is None or not self._waiting:
            return
        if self._pipeline is None:
            settings = from_mapping(PipelineSettings, info.pipeline, f"{info.path}: pipeline")
            self._pipeline = Pipeline(settings, SPACING * info.length, info.sections)
        waiting, self._waiting = _joined(self._waiting), []
        for first_index, restart, samples in waiting:
            try:
                windows = self._pipeline.push(samples, first_index, restart=restart)
            except EmgRecognitionError:
                continue  # an absurd magnitude, which preprocessing reports
            if windows:
                watch.add(np.stack([window.data for window in windows]))
        self._looks += 1
        if self._looks % _LOOK_EVERY == 0:
            self.warning = watch.warning()


def _joined(chunks: list[tuple[int, bool, np.ndarray]]) -> list[tuple[int, bool, np.ndarray]]:
    """Join the chunks that continue each other, because filtering few long ones costs less."""
    pieces: list[tuple[int, bool, list[np.ndarray]]] = []
    end: int | None = None
    for first_index, restart, samples in chunks:
        if restart or first_index != end:
            pieces.append((first_index, restart, []))
        pieces[-1][2].append(samples)
        end = first_index + len(samples)
    return [(first_index, restart, np.concatenate(parts)) for first_index, restart, parts in pieces]
