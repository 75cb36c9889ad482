"""Evaluate a model on a recording, as the nodes on the robot would run it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emg_recognition.classification import decision_settings
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.open import is_bag, open_recordings
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.replay.estimates import Estimates
from emg_recognition.replay.offline import replay_archive, replay_bag
from emg_recognition.replay.output import refuse_foreign, write_results
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scores import ReplayScores
from emg_recognition.replay.scoring import score


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """The result of :func:`emg_recognition.evaluate`.

    Attributes
    ----------
    metrics : ReplayScores
        The scores; ``metrics.to_json()`` is the content of ``metrics.json``.
    replay : Replay
        Signals, labels and estimates on one time axis.
    report : Path or None
        The report; ``None`` if no output folder was given.
    """

    metrics: ReplayScores
    replay: Replay
    report: Path | None

    @property
    def estimates(self) -> Estimates:
        """The model's estimate of every window."""
        return self.replay.estimates

    def __repr__(self) -> str:
        accuracy = self.metrics.balanced_accuracy
        scored = "no labels" if accuracy is None else f"balanced accuracy {100 * accuracy:.1f} %"
        return f"<Evaluation of {self.metrics.source}: {self.metrics.windows.estimated} windows, {scored}>"


def evaluate(
    model: str | os.PathLike[str] | ActionModel,
    recording: str | os.PathLike[str] | Recordings,
    output: str | os.PathLike[str] | None = None,
    *,
    namespace: str | None = None,
    stride: float | None = None,
    confidence_threshold: float | None = None,
    decisions: DecisionSettings | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Evaluation:
    """Run a model over a recording through signal path, network and vote of the live nodes, and score it.

    Parameters
    ----------
    model : path or ActionModel
        The directory of a model bundle, or a loaded one.
    recording : path or Recordings
        A bag, whatever else :func:`~emg_recognition.open_recordings` opens, or recordings in memory. A bag is
        one stream; of everything else each segment is a stream of its own.
    output : path, optional
        Folder for ``report.html``, ``metrics.json``, ``estimates.npz`` and the figures; an earlier evaluation
        in it is replaced.
    namespace : str, optional
        The armband or stream to take, where there are several.
    stride : float, optional
        Time from one window to the next, s; by default that of the estimates in the bag or else the bundle's,
        and 0.05 s for archives and recordings.
    confidence_threshold : float, optional
        Estimates with a lower confidence are rejected; by default the bundle's threshold.
    decisions : DecisionSettings, optional
        How estimates become decisions; by default as the bundle says.
    on_progress : callable, optional
        Called with the share of the recording that has been processed, 0 to 1.

    Returns
    -------
    Evaluation
        Scores, estimates and the path of the report.

    Raises
    ------
    BundleError
        If the bundle cannot be used, or was made for other signals.
    RecordingError
        If the recording cannot be read or holds no samples.
    SettingError
        If the output folder holds something else or cannot be written.
    """
    folder = None if output is None else Path(output)
    if folder is not None:
        refuse_foreign(folder)
    loaded = model if isinstance(model, ActionModel) else ActionModel.load(Path(model))
    if isinstance(recording, Recordings) or not is_bag(recording):
        recordings = recording
        if not isinstance(recordings, Recordings):
            recordings = open_recordings(recordings, namespace=namespace)
        replay = replay_archive(
            recordings,
            loaded,
            stride=stride,
            confidence_threshold=confidence_threshold,
            on_progress=on_progress,
        )
    else:
        replay = replay_bag(
            recording,
            loaded,
            namespace=namespace,
            stride=stride,
            confidence_threshold=confidence_threshold,
            on_progress=on_progress,
        )
    scores = score(replay, decisions=decisions or decision_settings(loaded.info))
    report = None if folder is None else write_results(folder, replay, scores)
    return Evaluation(metrics=scores, replay=replay, report=report)
