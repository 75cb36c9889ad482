"""Where ``config/`` and ``msg/`` are: in the source tree, in a ROS workspace or below a Python prefix."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import site
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

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
    folders = list(_folders("config"))
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    known = sorted({path.name for folder in folders for path in folder.glob("*.yaml")})
    if known:
        raise SettingError("configuration file", name, f"no such file; there are {', '.join(known)}")
    raise SettingError("configuration file", name, "config/ is not installed; install the package again")


def message_definitions() -> dict[str, str]:
    """Read the definitions of the package's own messages.

    Returns
    -------
    dict of str to str
        Type, e.g. ``emg_recognition/msg/EmgSamples`` -> the text of its ``.msg`` file.

    Raises
    ------
    SettingError
        If no place has any.
    """
    for folder in _folders("msg"):
        texts = {
            f"emg_recognition/msg/{path.stem}": path.read_text(encoding="utf-8")
            for path in sorted(folder.glob("*.msg"))
        }
        if texts:
            return texts
    raise SettingError("message definitions", "msg/", "they are not installed; install the package again")


def _folders(name: str) -> Iterator[Path]:
    """Yield every place that may hold a folder of the package's files, the best first."""
    package = Path(__file__).resolve().parent
    if (package.parent / "package.xml").is_file():
        yield package.parent / name
    prefixes = [prefix for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
    prefixes += [str(package.parent), sys.prefix]  # package.parent: pip install --target
    if site.ENABLE_USER_SITE:
        prefixes.append(site.getuserbase())
    for prefix in prefixes:
        yield Path(prefix) / "share" / "emg_recognition" / name


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


def versions(*libraries: str) -> dict[str, str]:
    """Return the versions of this package, of Python and of the named libraries, where known.

    Parameters
    ----------
    *libraries : str
        Names of distributions, e.g. ``"numpy"``.
    """
    found = {"emg_recognition": version(), "python": platform.python_version()}
    for name in libraries:
        # A library from a distribution's own packages may have no record of its version.
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
