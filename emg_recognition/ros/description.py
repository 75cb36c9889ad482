"""The robot's own URDF, as ``robot_state_publisher`` publishes it."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from rclpy.node import Node
from std_msgs.msg import String

from emg_recognition.control.exoskeleton import ROBOT_DESCRIPTION, Exoskeleton, load_exoskeleton
from emg_recognition.errors import SettingError
from emg_recognition.resources import config_path
from emg_recognition.ros import qos
from emg_recognition.ros.polling import PolledTopic

#: How long to wait for the URDF, s.
_PATIENCE = 10.0
#: How long to look for a second publisher once the first has sent it, s.
_LOOK = 0.5


def exoskeleton_of(node: Node, path: str) -> Exoskeleton:
    """Read the exoskeleton's file for a node, with limits from the topic ``robot_description`` if it says so.

    Parameters
    ----------
    node : rclpy.node.Node
        The node, while it is made.
    path : str
        The YAML file; empty: the packaged one.

    Returns
    -------
    Exoskeleton
        The joints and actions.

    Raises
    ------
    SettingError
        As :func:`~emg_recognition.control.exoskeleton.load_exoskeleton`; also if no URDF arrives within 10 s,
        or if different ones do: nobody could say which limits hold.
    """
    file = Path(path) if path else config_path("exoskeleton.yaml")
    return load_exoskeleton(file, partial(_robot_description, node))


def _robot_description(node: Node) -> str:
    topic = PolledTopic(node, String, ROBOT_DESCRIPTION, qos.LATCHED_OF_SEVERAL)
    name = node.resolve_topic_name(ROBOT_DESCRIPTION)
    node.get_logger().info(f"waiting for the robot's URDF on {name}")
    found: set[str] = set()
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        new = {message.data for message, _ in topic.take()}
        if new and not found:
            deadline = time.monotonic() + _LOOK
        found |= new
        time.sleep(0.02)
    topic.close()
    if not found:
        raise SettingError(
            "urdf", ROBOT_DESCRIPTION, f"no URDF arrived on {name}; start robot_state_publisher"
        )
    if len(found) > 1:
        raise SettingError(
            "urdf", ROBOT_DESCRIPTION, f"{len(found)} different URDFs arrived on {name}; keep one"
        )
    return found.pop()
