"""An exoskeleton that knows every action of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from emg_recognition.resources import config_path


def exoskeleton_for(actions: Sequence[str], folder: Path) -> str:
    """Let actions that the packaged ``exoskeleton.yaml`` does not know move nothing.

    The bridge refuses a model with an action of which nobody has said what it moves. The demo moves
    simulated joints only, and so may say it for any recordings.

    Parameters
    ----------
    actions : sequence of str
        The model's actions.
    folder : Path
        Where to write ``exoskeleton.yaml``, if that is needed.

    Returns
    -------
    str
        The parameter ``exoskeleton`` of bridge and simulated exoskeleton: the file's path, or empty for
        the packaged one.
    """
    document = yaml.safe_load(config_path("exoskeleton.yaml").read_text(encoding="utf-8"))
    known = {*document["actions"], *document["rest"], *document["still"]}
    unknown = [action for action in actions if action not in known]
    if not unknown:
        return ""
    document["still"] += unknown
    path = folder / "exoskeleton.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)
