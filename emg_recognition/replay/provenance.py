"""Versions of what computes an evaluation."""

from __future__ import annotations

import importlib.metadata
import platform

from emg_recognition import about

_LIBRARIES = ("numpy", "scipy", "ai-edge-litert", "rosbags")


def versions() -> dict[str, str]:
    """Versions of this package, of Python and of the libraries that decide the result, where known."""
    found = {"emg_recognition": about.version(), "python": platform.python_version()}
    for name in _LIBRARIES:
        # Installed by a system's own packages a library may have no record of its version.
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
