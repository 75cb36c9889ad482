"""Lifecycle nodes that bring themselves up, or leave that to a manager."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes.parameters import Parameter

AUTOSTART = Parameter("autostart", True, "configure and activate at start; false leaves it to a manager")


class ManagedNode(LifecycleNode):
    """A lifecycle node whose transitions refuse with one error line.

    With ``autostart`` a refused transition ends the process; under a manager it is logged and the node
    stays in its state, so that the manager can mend the cause and try again.
    """

    failure: EmgRecognitionError | None = None
    finished = False

    def bring_up(self) -> None:
        """Configure and activate.

        Raises
        ------
        EmgRecognitionError
            What a transition refused with.
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
            if not self.get_parameter(AUTOSTART.name).value:
                self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS
