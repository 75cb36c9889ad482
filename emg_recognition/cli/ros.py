"""The verbs that are a node underneath: where its launcher is, or that ROS 2 is missing."""

from __future__ import annotations

import os

from emg_recognition.errors import SettingError


def node_launcher(name: str) -> str:
    """Return the launcher of a node, as ``ros2 run`` would find it.

    Parameters
    ----------
    name : str
        Its executable, e.g. ``recorder_node``.

    Raises
    ------
    SettingError
        If no ROS 2 is sourced, or the package is not in it.
    """
    from emg_recognition.processes import find_executable

    if not os.environ.get("AMENT_PREFIX_PATH"):
        raise SettingError(
            "AMENT_PREFIX_PATH",
            os.environ.get("AMENT_PREFIX_PATH"),
            "no ROS 2 is sourced here: source install/setup.bash of the workspace first",
        )
    return str(find_executable(name))
