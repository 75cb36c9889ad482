"""Correct the paths of the machine that built the ROS wheels, after they were installed.

The CMake targets that the wheels export name the include folders of Python and NumPy as they
were on the build machine; CMake stops at a folder that does not exist. This writes the folders
of this environment into the files instead. Run it with the environment's own Python; a second
run finds nothing to do.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path

import numpy as np

FOREIGN_NUMPY = re.compile(r"/opt/python/[^;\"]*/site-packages/numpy/_?core/include")
FOREIGN_PYTHON = re.compile(r"/opt/python/[^;\"]*/include/python[0-9.]+")


def patch(prefix: Path) -> int:
    """Correct all files below ``<prefix>/share``.

    Parameters
    ----------
    prefix : Path
        The environment that holds the wheels.

    Returns
    -------
    int
        Number of files changed.
    """
    python_include = sysconfig.get_path("include").replace("\\", "/")
    numpy_include = np.get_include().replace("\\", "/")
    changed = 0
    for path in (prefix / "share").rglob("*.cmake"):
        before = path.read_text(encoding="utf-8")
        after = FOREIGN_NUMPY.sub(lambda _: numpy_include, before)
        after = FOREIGN_PYTHON.sub(lambda _: python_include, after)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed += 1
    return changed


if __name__ == "__main__":
    sys.stdout.write(f"{patch(Path(sys.prefix))} files corrected\n")
