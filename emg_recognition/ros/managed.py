"""A lifecycle node whose refused transitions say why."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.ros.runner import LONGEST_ERROR
from emg_recognition.text import printable, printable_lines


class ManagedNode(LifecycleNode):
    """A lifecycle node whose transitions refuse with one error line.

    With ``autostart`` a refused transition ends the process; under a manager it is logged and the node
    keeps its state, so that the manager can try again.
    """

    failure: EmgRecognitionError | None = None
    finished = False

    def __init__(self, name: str) -> None:
        super().__init__(name)
        for service in self.services:
            if service.srv_type is ChangeState:
                service.callback = self._refusing(service.callback)

    def _refusing(self, change: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """Return rclpy's callback, except that a transition out of turn is refused.

        rclpy would raise and not answer, and its C library logs foreign labels as they are.
        """

        def answer(request: ChangeState.Request, response: ChangeState.Response) -> ChangeState.Response:
            asked, machine = request.transition, self._state_machine
            for number, label, *_ in machine.available_transitions:
                if asked.label == label if asked.label else asked.id == number:
                    return change(request, response)
            wanted, (_, state) = printable(asked.label or asked.id), machine.current_state
            self.get_logger().warning(f"transition {wanted} is not possible while {state}: refused")
            response.success = False
            return response

        return answer

    def bring_up(self) -> None:
        """Configure and activate.

        Raises
        ------
        EmgRecognitionError
            The reason why a transition was refused.
        """
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() != TransitionCallbackReturn.SUCCESS:
                raise self._refusal or EmgRecognitionError(f"{self.get_name()} could not be brought up")

    _refusal: EmgRecognitionError | None = None

    def attempt(self, transition: Callable[[], None]) -> TransitionCallbackReturn:
        """Run the work of a transition; turn an expected error into a refusal."""
        self._refusal = None
        try:
            transition()
        except EmgRecognitionError as error:
            self._refusal = error
            # bring_up() raises it, and the runner logs it once.
            if not self.get_parameter("autostart").value:
                self.get_logger().error(printable_lines(error, LONGEST_ERROR))
            return TransitionCallbackReturn.FAILURE
        except Exception:
            # rclpy would say nothing about it.
            self.get_logger().error(f"a transition failed unexpectedly:\n{traceback.format_exc()}")
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS
