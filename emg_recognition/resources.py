"""What comes with the package: configuration files, message definitions and its version."""

from __future__ import annotations

import contextlib
import os
import platform
import site
import sys
from collections.abc import Iterator
from pathlib import Path

from emg_recognition.errors import SettingError

#: The libraries whose versions decide the bits of a training.
LIBRARIES = ("numpy", "tensorflow", "tensorflow-cpu", "keras")


def config_path(name: str) -> Path:
    """Find a configuration file that comes with the package.

    It is searched for in the source tree, in the prefixes of a sourced ROS workspace and in those of
    Python (``pip install .``), in this order.

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
        If there is no such file; the message lists the files that exist.
    """
    folders = list(_folders("config"))
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    known = sorted({path.name for folder in folders for path in folder.glob("*.yaml")})
    if known:
        raise SettingError("configuration file", name, f"no such file; choose one of {', '.join(known)}")
    raise SettingError(
        "configuration file", name, "the folder config/ is not installed; install the package again"
    )


def message_definitions() -> dict[str, str]:
    """Read the definitions of the package's own messages.

    Returns
    -------
    dict of str to str
        The text of each ``.msg`` file by its type, e.g. ``emg_recognition/msg/EmgSamples``.

    Raises
    ------
    SettingError
        If they are not installed.
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
    """Yield every place that may hold a folder of the package's files, in order of preference."""
    package = Path(__file__).resolve().parent
    if (package.parent / "package.xml").is_file():
        yield package.parent / name
    prefixes = [prefix for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
    prefixes += [str(package.parent), sys.prefix]  # package.parent: pip install --target
    if site.ENABLE_USER_SITE:
        prefixes.append(site.getuserbase())
    for prefix in prefixes:
        yield Path(prefix) / "share" / "emg_recognition" / name


def shell_command(text: str) -> str:
    """Return a command as the user can type it in another terminal of this kind.

    ``tools/environment run`` enters the environment for one command only and says so in
    ``EMG_RECOGNITION_PREFIX``; after ``source install/setup.bash`` the command needs nothing before it.

    Parameters
    ----------
    text : str
        The command, e.g. ``emg-recognition arm``.
    """
    prefix = os.environ.get("EMG_RECOGNITION_PREFIX")
    return f"{prefix} {text}" if prefix else text


def version() -> str:
    """Return the version of the running package.

    In a source tree (also after ``colcon build --symlink-install``) it comes from ``package.xml``: the
    metadata that an earlier build left in the install space may be older.

    Returns
    -------
    str
        The version, e.g. ``"0.2.0"``.
    """
    manifest = Path(__file__).resolve().parent.parent / "package.xml"
    if manifest.is_file():
        from xml.etree import ElementTree

        return ElementTree.parse(manifest).findtext("version", default="")
    import importlib.metadata  # imported here, it is slow

    return importlib.metadata.version("emg_recognition")


def versions(*libraries: str) -> dict[str, str]:
    """Return the versions of this package, of Python and of the named libraries, where known.

    Parameters
    ----------
    *libraries : str
        Names of distributions, e.g. ``"numpy"``.
    """
    import importlib.metadata

    found = {"emg_recognition": version(), "python": platform.python_version()}
    for name in libraries:
        # A library from a distribution's own packages may have no record of its version.
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def this_machine() -> dict[str, str]:
    """Return the names of this ``machine`` and of its ``processor``."""
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return {"machine": platform.node(), "processor": processor}


def free_memory() -> int:
    """Return the memory that can be taken without swapping, bytes."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        (line,) = [line for line in lines if line.startswith("MemAvailable:")]
        return int(line.split()[1]) << 10
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 4 << 30  # not known
