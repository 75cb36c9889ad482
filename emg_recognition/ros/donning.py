"""A donning in a running graph: its gestures are in the bag, and the nodes get the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.guided.donning import Donned, Donning
from emg_recognition.ros.giving import ModelGiver
from emg_recognition.ros.recording import ON_DISK

#: The running nodes have this long to take the bundle over, s.
_PATIENCE = 10.0


class LiveDonning:
    """Follows a donning from its last gesture until the running nodes have the bundle.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that asks for the gestures.
    donning : Donning
        The donning.
    bag : Path
        The bag that is being recorded.

    Attributes
    ----------
    session : GuidedSession
        Asks for the gestures.
    label : str
        Session of the donning's labels.
    doing : str
        What is going on after the last gesture; empty while gestures are asked for.
    donned : Donned or None
        What was found.
    text : str
        The same and what the running nodes said, in words.
    """

    def __init__(self, node: Node, donning: Donning, bag: Path) -> None:
        donning.prepare(bag)
        self._node = node
        self._donning = donning
        self.session = donning.session
        self.label = donning.label
        self._giver = ModelGiver(node)
        self._ended: float | None = None
        self._giving: Any = None
        self._given = ""
        self._seconds = 0.0
        self.doing = ""
        self.donned: Donned | None = None

    def advance(self, now: float) -> bool:
        """Go on; call it often.

        Parameters
        ----------
        now : float
            Steady time, s.

        Returns
        -------
        bool
            Whether everything is done.

        Raises
        ------
        EmgRecognitionError
            If the wearer cannot be donned; nothing has been written then.
        """
        if self._donning.failed:
            self._donning.result()  # raises
        if not self._donning.performed:
            return False
        if self._ended is None:
            self._ended = now
            self.doing = "finding how the armband sits"
        if self.donned is None:
            if now - self._ended >= ON_DISK:
                self._donning.ask()
                self._found(self._donning.result(), now)
            return False
        return bool(self._giving.done()) or now - self._ended - self._seconds > _PATIENCE

    @property
    def text(self) -> str:
        """How the armband sits, where the bundle is, and who has it."""
        assert self.donned is not None
        given = self._given or "the classifier has not answered: call its service reload_model"
        return (
            f"{self.donned.text}; {self.donned.bundle}, {self._seconds:.1f} s after the last gesture; {given}"
        )

    def close(self) -> None:
        """End what is not done."""
        self._donning.close()

    def _found(self, donned: Donned | None, now: float) -> None:
        if donned is None:
            return
        assert self._ended is not None
        self.donned, self._seconds = donned, now - self._ended
        self.doing = "the running nodes take the bundle over"
        executor = self._node.executor
        assert executor is not None
        self._giving = executor.create_task(self._give, donned.bundle)

    async def _give(self, bundle: Path) -> None:
        try:
            self._given = await self._giver.give(bundle)
        except EmgRecognitionError as error:
            self._given = str(error)
