"""Everything that the bridge relies on, and why it must not be relied on now."""

from __future__ import annotations

from collections.abc import Sequence

from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.feedback import JointFeedback
from emg_recognition.control.inputs import (
    ANY_SIGNAL,
    Instant,
    Model,
    RosClockWatch,
    SignalWatch,
    StopInput,
    mismatch,
)
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.states import Doubt, Reason

MAX_FOLLOWING_ERROR = 0.2
"""Largest distance (rad) of a measured position from its command; beyond it the joint is blocked or loose."""


class Watch:
    """Signals, joints, clocks, stop input, model and cable, each judged at a moment.

    Parameters
    ----------
    exoskeleton : Exoskeleton
        Joints and actions.
    settings : BridgeSettings
        Times, and the signal that a model must suit.

    Attributes
    ----------
    signal : SignalWatch
        Of the estimates.
    feedback : JointFeedback
        Of the joints.
    stop_input : StopInput
        The switch in a person's hand.
    model : Model or None
        The announced one.
    device : Signal
        What the armband says of itself.
    output_problem : str or None
        What is wrong with the way to the exoskeleton.
    """

    def __init__(self, exoskeleton: Exoskeleton, settings: BridgeSettings) -> None:
        self._exoskeleton = exoskeleton
        self._expected = settings.expected
        self._stale_after = settings.stale_after
        self._clock = RosClockWatch(settings.stale_after)
        self._ticked: float | None = None
        self.signal = SignalWatch(settings.stale_after)
        self.feedback = JointFeedback(exoskeleton.joints, settings.stale_after)
        self.stop_input = StopInput()
        self.model: Model | None = None
        self.device = ANY_SIGNAL
        self.output_problem: str | None = None

    def tick(self, now: Instant) -> Doubt | None:
        """Let time pass; return what only this tick can tell: ROS time jumped, the bridge was held up."""
        jump = self._clock.tick(now)
        last, self._ticked = self._ticked, now.steady
        if last is None or now.steady - last <= self._stale_after:
            return jump
        # What the stop input said meanwhile may have waited in a queue since it fell silent.
        self.stop_input.distrust()
        gap = f"the bridge itself did not run for {(now.steady - last) * 1000:.0f} ms"
        return jump or Doubt(Reason.BRIDGE_LATE, gap)

    def doubt(self, now: Instant) -> Doubt | None:
        """Return why motion must not begin or go on now, or None."""
        return (
            self.stop_input.doubt(now.steady)
            or self._clock.doubt(now)
            or self.signal.doubt(now)
            or self.feedback.doubt(now)
        )

    def refusal(self, now: Instant) -> Doubt | None:
        """Return why arming must be refused now, or None."""
        if self.output_problem is not None:
            return Doubt(Reason.OUTPUT_FAILED, self.output_problem)
        if self.model is None:
            return Doubt(Reason.NO_MODEL, "no model announced yet: start the classifier")
        refusal = mismatch(self.model, self._exoskeleton, self._expected, self.device) or self.doubt(now)
        if refusal is None and not self.stop_input.confirmed:
            return Doubt(Reason.STOP_INPUT_SILENT, "the stop input has only just begun to speak; try again")
        if refusal is None and self.signal.step == 0:
            # Their distance decides the controller delay.
            return Doubt(Reason.SIGNAL_STALE, "only one usable estimate seen yet; try again")
        return refusal

    def following_error(self, commanded: Sequence[float]) -> Doubt | None:
        """Return which joint is not where its commands (rad) should have brought it, or None."""
        for joint, position, measured in zip(
            self._exoskeleton.joints, commanded, self.feedback.positions(), strict=True
        ):
            error = abs(position - measured)
            # Written so that a course that is not finite fails it.
            if not error <= MAX_FOLLOWING_ERROR:
                return Doubt(
                    Reason.NOT_FOLLOWING,
                    f"joint {joint.name} is {error:.2f} rad away from its command: blocked or loose",
                )
        return None
