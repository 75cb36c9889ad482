"""Give the running nodes another model bundle: their parameter ``model``, then their ``reload_model``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from emg_recognition.errors import EmgRecognitionError


class ModelGiver:
    """Calls the nodes of a node's namespace that read a model.

    Preprocessing is not asked: the bundle must be for the windows that it makes already. Nor is the command
    bridge: which model may move joints is for the operator to say.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that calls; make the giver some seconds before it gives, so that it has found the others.
    """

    def __init__(self, node: Node) -> None:
        self._nodes = {
            name: (
                node.create_client(SetParameters, f"{name}/set_parameters"),
                node.create_client(Trigger, f"{name}/reload_model"),
            )
            for name in ("classifier", "signal_quality")
        }

    async def give(self, bundle: Path) -> str:
        """Let the classifier take a bundle over, and signal quality watch for its orientation.

        Parameters
        ----------
        bundle : Path
            Its directory.

        Returns
        -------
        str
            What has happened, in words.

        Raises
        ------
        EmgRecognitionError
            If the classifier refuses it, for example because the bridge is armed.
        """
        path = str(bundle.absolute())
        if not _ready(self._nodes["classifier"]):
            return "no classifier is running"
        await self._reload("classifier", path)
        if _ready(self._nodes["signal_quality"]):
            await self._reload("signal_quality", path)
        return "the classifier has it; a bridge that names a model needs its name before it is armed"

    async def _reload(self, name: str, path: str) -> None:
        put, reload = self._nodes[name]
        await _set(put, name, path)
        answer = await reload.call_async(Trigger.Request())
        if not answer.success:
            raise EmgRecognitionError(f"{name}: {answer.message}; then call its service reload_model")


def _ready(clients: tuple[Any, ...]) -> bool:
    return all(client.service_is_ready() for client in clients)


async def _set(client: Any, name: str, path: str) -> None:
    request = SetParameters.Request(parameters=[Parameter("model", value=path).to_parameter_msg()])
    (result,) = (await client.call_async(request)).results
    if not result.successful:
        raise EmgRecognitionError(f"{name}: {result.reason}")
