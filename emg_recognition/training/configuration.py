"""Read training configurations, and write them as commented YAML.

``python -m emg_recognition.training.configuration config`` rewrites the packaged files after a description,
a default or a range has changed; their values and their first comment lines stay.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import SettingError
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.settings import from_mapping
from emg_recognition.training.search_settings import SearchSettings
from emg_recognition.training.settings import (
    BundleLiveSettings,
    EnsembleSettings,
    ExperimentSettings,
    FitSettings,
    SplitSettings,
)
from emg_recognition.yaml_files import load_yaml, yaml_lines

FILES = ("compact.yaml", "paper.yaml")
_FIRST = ("window", "stride", "warm_up")
_LAST = ("orientation", "actions", "rest", "baseline")


_SECTIONS = {
    "network": NetworkSettings,
    "training": FitSettings,
    "ensemble": EnsembleSettings,
    "split": SplitSettings,
    "live": BundleLiveSettings,
    "search": SearchSettings,
}


def experiment_settings(
    settings: ExperimentSettings | Mapping[str, Any] | str | os.PathLike[str] | None,
) -> ExperimentSettings:
    """Return the settings of a training, however they are given.

    Parameters
    ----------
    settings : ExperimentSettings, mapping, path or None
        A mapping or a YAML file has sections as in ``config/compact.yaml``; what it leaves out has its
        default. A file may use names of earlier versions. ``None``: all defaults.

    Returns
    -------
    ExperimentSettings
        The settings.

    Raises
    ------
    SettingError
        If a file cannot be read, or a key or value cannot be used; the message names the file.
    """
    if settings is None:
        return ExperimentSettings()
    if isinstance(settings, ExperimentSettings):
        return settings
    if isinstance(settings, Mapping):
        return _from_document(settings, "settings")
    where = Path(settings).name
    document = _with_new_names(
        ExperimentSettings, load_yaml(settings, "training configuration"), f"{where}: "
    )
    if isinstance(document, Mapping):
        sections = {
            name: _with_new_names(section, document[name], f"{where}: {name}.")
            for name, section in _SECTIONS.items()
            if name in document
        }
        document = {**document, **sections}
    return _from_document(document, where)


def _with_new_names(section: type[Any], values: Any, place: str) -> Any:
    """Replace names of earlier versions: a file that worked still works, and the log says what changed."""
    if not isinstance(values, Mapping):
        return values
    renamed: Mapping[str, str] = getattr(section, "RENAMED", {})
    old = {name for name in values if name in renamed and renamed[name] not in values}
    for name in sorted(old):
        logging.getLogger(__name__).warning("%s%s is called %s now; rename it", place, name, renamed[name])
    return {renamed[name] if name in old else name: value for name, value in values.items()}


def _from_document(document: Any, where: str) -> ExperimentSettings:
    if document is not None and not isinstance(document, Mapping):
        raise SettingError(where, document, "write a mapping of names to values")
    values = dict(document or {})
    for name, section in _SECTIONS.items():
        if name in values:
            values[name] = _section(section, values[name], f"{where}: {name}")
    pipeline = values.get("pipeline") or {}
    if not isinstance(pipeline, Mapping):
        raise SettingError(f"{where}: pipeline", pipeline, "write a mapping of names to values here")
    return from_mapping(ExperimentSettings, {**values, "pipeline": dict(pipeline)}, f"{where}:")


def _section(section: type[Any], values: Any, where: str) -> Any:
    if isinstance(values, section):
        return values
    if section is BundleLiveSettings and isinstance(values, Mapping) and "decision" in values:
        decision = _section(DecisionSettings, values["decision"], f"{where}.decision")
        values = {**values, "decision": decision}
    return from_mapping(section, values, where)


def configuration_text(settings: ExperimentSettings) -> str:
    """Return every setting with its value and its description, and of ``pipeline`` what is set.

    Parameters
    ----------
    settings : ExperimentSettings
        The values.

    Returns
    -------
    str
        YAML that :func:`experiment_settings` reads.
    """
    whole = {line.split(":")[0]: line for line in yaml_lines(ExperimentSettings, values=vars(settings))}
    lines = [whole[name] for name in _FIRST]
    if settings.pipeline:
        given = yaml.safe_dump({"pipeline": dict(settings.pipeline)}, sort_keys=False)
        lines += ["", *given.splitlines()]
    for name in ("network", "training", "ensemble", "split"):
        section = getattr(settings, name)
        lines += ["", f"{name}:"]
        for line in yaml_lines(type(section), indent=2, values=vars(section)):
            lines += _rows(line) if "[[" in line else [line]
    lines += ["", "live:", *yaml_lines(BundleLiveSettings, indent=2, values=vars(settings.live))]
    lines += ["  decision:", *yaml_lines(DecisionSettings, indent=4, values=vars(settings.live.decision))]
    lines += ["", "search:", *yaml_lines(SearchSettings, indent=2, values=vars(settings.search))]
    return "\n".join([*lines, "", *(whole[name] for name in _LAST)]) + "\n"


def _rows(line: str) -> list[str]:
    """Write a list of lists with one row on each line."""
    key, _, rest = line.partition(": [[")
    values, _, comment = rest.partition("]]")
    return [f"{key + ':':<36}{comment.strip()}", *(f"    - [{row}]" for row in values.split("], ["))]


def rewritten(path: Path) -> str:
    """Return what a configuration file should contain: its first comment lines and all its settings."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    header = [line for line in lines if line.startswith("#")]
    return "".join(header) + configuration_text(experiment_settings(path))


if __name__ == "__main__":
    for name in FILES:
        file = Path(sys.argv[1]) / name
        file.write_text(rewritten(file), encoding="utf-8")
