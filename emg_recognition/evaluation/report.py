"""One page that tells what was trained, on what, and how good it is; it needs no other file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

_TEMPLATE = Path(__file__).with_name("report.html.j2")


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
    environment = jinja2.Environment(
        # Names of cohorts, subjects and actions come from recordings: they are text, never markup.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=_percent, thousands=_thousands, name=_name, seconds=_seconds)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    images = {
        name: "data:image/png;base64," + base64.b64encode(png).decode() for name, png in figures.items()
    }
    return template.render(
        m=metrics,
        images=images,
        cohorts=sorted(metrics["windows_per_cohort"].keys() | metrics["per_cohort"].keys()),
        kept=metrics["members"][metrics["selected"] - 1],
        settings=_settings_text(metrics["settings"]),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}\u202f%"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


def _name(text: str) -> str:
    return text.replace("_", " ") or "(unnamed)"


def _seconds(duration: float) -> str:
    minutes, seconds = divmod(round(duration), 60)
    return f"{minutes}\u202fmin {seconds:02d}\u202fs" if minutes else f"{duration:.1f}\u202fs"


def _settings_text(settings: Mapping[str, Any]) -> str:
    """Write the settings as they would stand in a configuration file."""
    plain = json.loads(json.dumps(settings))  # YAML's safe writer knows lists but no tuples
    return yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=100)
