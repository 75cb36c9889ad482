"""The start of a training and of a comparison: choose, inspect, split and cut the recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.actions import ordered
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.inspect import inspect
from emg_recognition.recordings.inspection import Inspection
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.resources import LIBRARIES, versions
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training.output import claim, data_fingerprint, refuse_foreign
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.split import Split, split_fingerprint
from emg_recognition.training.split_rules import make_splits
from emg_recognition.training.windows import WindowSet, place_windows, windows_from_recordings


@dataclass(frozen=True, eq=False, kw_only=True)
class Prepared:
    """Recordings ready for training; nothing has been written yet.

    Attributes
    ----------
    recordings : Recordings
        The segments with the labels that are learned.
    inspection : Inspection
        What they hold.
    splits : list of Split
        One, or the folds.
    pipeline : PipelineSettings
        The signal path.
    windows : WindowSet
        All windows of the recordings.
    output : Path
        The folder for the results.
    identity : dict
        What decides the result: settings, subsets, data and versions.
    facts : dict
        `identity`, the source, the time, and warnings about the recordings.
    """

    recordings: Recordings
    inspection: Inspection
    splits: list[Split]
    pipeline: PipelineSettings
    windows: WindowSet
    output: Path
    identity: dict[str, Any]
    facts: dict[str, Any]

    def claim_output(self) -> None:
        """Claim the output folder; see :func:`~emg_recognition.training.output.claim`."""
        claim(self.output, self.identity)

    def event(self) -> dict[str, Any]:
        """Return the first event of a training: what the recordings hold."""
        return {
            "event": "data",
            "lines": self.inspection.summary(),
            "warnings": list(self.inspection.warnings),
        }


def prepare(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    identity: Mapping[str, Any],
    cache: Path | None,
) -> Prepared:
    """Prepare recordings, and refuse what cannot be trained before anything is written.

    Parameters
    ----------
    settings : ExperimentSettings
        Actions, split, signal path and windows.
    recordings : Recordings
        Labelled segments.
    output : Path
        Folder for the results.
    identity : mapping
        What else decides the result, for example the settings.
    cache : Path or None
        Folder for the filtered signal; ``None`` keeps it in memory.

    Returns
    -------
    Prepared
        The prepared recordings.

    Raises
    ------
    EmgRecognitionError
        If the recordings have fewer than two actions or cannot be split, or if the output folder holds
        something else.
    """
    if not len(recordings):
        raise RecordingError(recordings.source, "there is no segment to train on", "give labelled recordings")
    chosen = choose_actions(recordings, settings.actions)
    inspection = inspect(chosen)
    if len(chosen.actions) < 2:
        inspection.check_trainable()
    splits = make_splits(chosen, settings.split)
    pipeline = settings.pipeline_for(rate=chosen.rate, channels=chosen.channels, unit=chosen.unit)
    decides = {
        **identity,
        "subsets": {"sha256": split_fingerprint(splits)},
        "data": {"sha256": data_fingerprint(chosen)},
        "versions": versions(*LIBRARIES),
    }
    refuse_foreign(output, decides)
    windows = windows_from_recordings(
        chosen,
        pipeline,
        settings.stride_samples(chosen.rate),
        actions=ordered(chosen.actions),
        warm_up=settings.warm_up,
        cache=cache,
    )
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Prepared(
        recordings=chosen,
        inspection=inspection,
        splits=splits,
        pipeline=pipeline,
        windows=windows,
        output=output,
        identity=decides,
        facts={
            "source": Path(chosen.source).name,
            "created": created,
            "warnings": list(inspection.warnings),
            **decides,
        },
    )


def windows_for(settings: ExperimentSettings, prepared: Prepared) -> WindowSet:
    """Cut the same filtered signal into windows of another length or stride.

    Parameters
    ----------
    settings : ExperimentSettings
        The settings that were prepared, but for `window` and `stride`.
    prepared : Prepared
        The prepared recordings.

    Raises
    ------
    EmgRecognitionError
        If the window does not suit the rate, or no segment is long enough.
    """
    recordings = prepared.recordings
    placed = place_windows(
        recordings,
        settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit),
        settings.stride_samples(recordings.rate),
        actions=prepared.windows.actions,
        warm_up=settings.warm_up,
    )
    return replace(placed, signal=prepared.windows.signal)


def choose_actions(recordings: Recordings, actions: Sequence[str] | None) -> Recordings:
    """Leave out the segments whose label is not among `actions`; ``None`` keeps all.

    Raises
    ------
    SettingError
        If no segment has one of the labels.
    """
    if actions is None:
        return recordings
    for name in actions:
        if name not in recordings.actions:
            known = ", ".join(recordings.actions)
            raise SettingError("actions", name, f"{recordings.source} has the labels {known}")
    return recordings.select(np.isin(recordings.label, actions))
