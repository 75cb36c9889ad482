"""Where the files of ``config/`` are: in the source tree, in a ROS workspace or below a Python prefix."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator
from pathlib import Path

from emg_recognition.errors import SettingError


def config_path(name: str) -> Path:
    """Find a configuration file that comes with the package.

    The source tree comes first, then the prefixes of a sourced ROS workspace, then those of
    Python (``pip install .``).

    Parameters
    ----------
    name : str
        The file's name, e.g. ``compact.yaml``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SettingError
        If no place has a file of that name; the message lists the files there are.
    """
    folders = list(_config_folders())
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    known = sorted({path.name for folder in folders for path in folder.glob("*.yaml")})
    if known:
        raise SettingError("configuration file", name, f"no such file; there are {', '.join(known)}")
    raise SettingError("configuration file", name, "config/ is not installed; install the package again")


def _config_folders() -> Iterator[Path]:
    """Yield every folder that may hold the package's configuration, the best first."""
    package = Path(__file__).resolve().parent
    if (package.parent / "package.xml").is_file():
        yield package.parent / "config"
    prefixes = [prefix for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
    prefixes += [str(package.parent), sys.prefix]  # package.parent: pip install --target
    if site.ENABLE_USER_SITE:
        prefixes.append(site.getuserbase())
    for prefix in prefixes:
        yield Path(prefix) / "share" / "emg_recognition" / "config"
