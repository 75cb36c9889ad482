"""The version of this package; it stands in ``package.xml`` and nowhere else."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from xml.etree import ElementTree


def version() -> str:
    """Tell the version of the package that is running.

    In a source tree (also through ``colcon build --symlink-install``) ``package.xml`` is asked
    first: what an earlier build has left in the install space may be older.

    Returns
    -------
    str
        The version, e.g. ``"0.1.0"``.
    """
    manifest = Path(__file__).resolve().parent.parent / "package.xml"
    if manifest.is_file():
        return ElementTree.parse(manifest).findtext("version", default="")
    return importlib.metadata.version("emg_recognition")
