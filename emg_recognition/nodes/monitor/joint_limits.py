"""The limits of the joints, from the file that the bridge runs on."""

from __future__ import annotations

from rcl_interfaces.srv import GetParameters
from rclpy.node import Node
from rclpy.task import Future

from emg_recognition.control.exoskeleton_file import load_exoskeleton
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.monitor.snapshot import STALE
from emg_recognition.resources import config_path


class AskedLimits:
    """Asks the bridge once for its exoskeleton's file, and anew when it has been away.

    Parameters
    ----------
    node : rclpy.node.Node
        Calls the service.

    Attributes
    ----------
    limits : dict of str to (float, float)
        Lower and upper limit of each joint, rad; empty while nobody told, or where the file cannot be read
        on this machine.
    """

    def __init__(self, node: Node) -> None:
        self._client = node.create_client(GetParameters, "command_bridge/get_parameters")
        self._pending: Future | None = None
        self._asked = False
        self.limits: dict[str, tuple[float, float]] = {}

    def look(self, bridge_age: float) -> None:
        """Ask, or take the answer; `bridge_age` is the time since the bridge spoke, s."""
        if bridge_age > STALE:
            self._asked, self._pending = False, None
        elif not self._asked and self._client.service_is_ready():
            self._asked = True
            self._pending = self._client.call_async(GetParameters.Request(names=["exoskeleton"]))
        elif self._pending is not None and self._pending.done():
            self.limits = _read(self._pending.result().values)
            self._pending = None


def _read(values: list) -> dict[str, tuple[float, float]]:
    try:
        path = values[0].string_value or config_path("exoskeleton.yaml")
        joints = load_exoskeleton(path).joints
    except (EmgRecognitionError, IndexError):
        return {}
    return {joint.name: (joint.lower, joint.upper) for joint in joints}
