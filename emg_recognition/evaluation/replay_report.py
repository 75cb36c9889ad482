"""One page that tells what a model does with a recording, and how well; it needs no other file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emg_recognition.evaluation.page import render


def render_replay_report(metrics: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Write the report of an evaluation as one HTML page.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; ``docs/replay.md`` lists it.
    figures : mapping of str to bytes
        PNG images ``timeline`` and, where something was scored, ``confusion``; they become part of the page.

    Returns
    -------
    str
        The page.
    """
    return render(
        "replay_report.html.j2",
        figures,
        m=metrics,
        scored=metrics["accuracy"] is not None,
        # An archive has no onsets, because its segments have no borders: see the scoring.
        margin=metrics["onset_delay_ms"] is not None,
    )
