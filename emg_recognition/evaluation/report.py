"""One page that tells what was trained, on what, and how good it is; it needs no other file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from emg_recognition.evaluation.page import render


def render_report(metrics: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Write the report of an experiment as one HTML page.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; ``docs/training.md`` lists it.
    figures : mapping of str to bytes
        PNG images ``learning_curves`` and ``confusion``; they become part of the page.

    Returns
    -------
    str
        The page.
    """
    return render(
        "report.html.j2",
        figures,
        m=metrics,
        cohorts=sorted(metrics["windows_per_cohort"].keys() | metrics["per_cohort"].keys()),
        kept=metrics["members"][metrics["selected"] - 1],
        settings=_settings_text(metrics["settings"]),
    )


def _settings_text(settings: Mapping[str, Any]) -> str:
    """Write the settings as they would stand in a configuration file."""
    plain = json.loads(json.dumps(settings))  # YAML's safe writer knows lists but no tuples
    return yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=100)
