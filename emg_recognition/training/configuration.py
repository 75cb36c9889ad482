"""Write a training configuration as commented YAML.

``python -m emg_recognition.training.configuration config`` rewrites the packaged files after a description,
a default or a range has changed; their values and their first comment lines stay.
"""

from __future__ import annotations

import sys
from pathlib import Path

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.settings import yaml_lines
from emg_recognition.training.settings import BundleLiveSettings, ExperimentSettings, experiment_settings

FILES = ("compact.yaml", "paper.yaml")
_FIRST = ("window", "stride", "warm_up")
_LAST = ("actions", "rest", "baseline")


def configuration_text(settings: ExperimentSettings) -> str:
    """Return every setting with its value and its description; a section ``pipeline`` is left out.

    Parameters
    ----------
    settings : ExperimentSettings
        The values.

    Returns
    -------
    str
        YAML that :func:`~emg_recognition.training.settings.experiment_settings` reads.
    """
    whole = {line.split(":")[0]: line for line in yaml_lines(ExperimentSettings, values=vars(settings))}
    lines = [whole[name] for name in _FIRST]
    for name in ("network", "training", "ensemble", "split"):
        section = getattr(settings, name)
        lines += ["", f"{name}:"]
        for line in yaml_lines(type(section), indent=2, values=vars(section)):
            lines += _rows(line) if "[[" in line else [line]
    lines += ["", "live:", *yaml_lines(BundleLiveSettings, indent=2, values=vars(settings.live))]
    lines += ["  decision:", *yaml_lines(DecisionSettings, indent=4, values=vars(settings.live.decision))]
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
