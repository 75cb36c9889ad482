"""The figures of an evaluation as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emg_recognition.control.decision_settings import DecisionSettings
from emg_recognition.evaluation.figures import confusion_figure
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.evaluation.timeline import timeline_figure
from emg_recognition.replay.picture import timeline_of
from emg_recognition.replay.replay import Replay


def draw(replay: Replay, metrics: Mapping[str, Any]) -> dict[str, tuple[bytes, bytes]]:
    """Draw the timeline and, where something was scored, the confusion matrix.

    Parameters
    ----------
    replay : Replay
        What was heard and said.
    metrics : mapping
        Of :func:`emg_recognition.replay.scoring.score`.

    Returns
    -------
    dict of str to (bytes, bytes)
        Name of the figure to its PNG image and PDF page.
    """
    decisions = DecisionSettings(**metrics["decisions"])
    figures = {"timeline": timeline_figure(timeline_of(replay, decisions))}
    if metrics["confusion"] is not None:
        figures["confusion"] = confusion_figure(metrics["confusion"], metrics["model"]["actions"])
    return {name: (png(figure), pdf(figure)) for name, figure in figures.items()}
