"""Everything that the bridge relies on: whether motion may begin or go on now, and why not."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.feedback import JointFeedback
from emg_recognition.control.inputs import RELATIVE, Instant, RosClockWatch, SignalWatch, Sources, StopInput
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.states import Reason, Violation
from emg_recognition.types import Model


class Signal(NamedTuple):
    """A sampling rate (Hz) and a number of channels; 0 where it is not known."""

    rate: float
    channels: int


ANY_SIGNAL = Signal(0.0, 0)


def mismatch(
    model: Model, exoskeleton: Exoskeleton, settings: BridgeSettings, device: Signal
) -> Violation | None:
    """Return why a model must not move this exoskeleton, or None.

    Parameters
    ----------
    model : Model
        The announced model.
    exoskeleton : Exoskeleton
        What each action does.
    settings : BridgeSettings
        Which model is expected.
    device : Signal
        What the armband says about itself.
    """
    if settings.model_sha256 and model.sha256 != settings.model_sha256:
        return Violation(
            Reason.OTHER_MODEL,
            f"the classifier runs the model with SHA-256 {model.sha256 or '(unknown)'}, the bundle given to "
            f"this bridge has {settings.model_sha256}; give both the same bundle",
        )
    unknown = exoskeleton.unknown(model.actions)
    if unknown:
        return Violation(
            Reason.OTHER_ACTIONS,
            f"model {model.model!r} has actions that the exoskeleton's file does not name: "
            f"{', '.join(unknown)}; put each under actions, rest or no_motion",
        )
    if not any(action in exoskeleton.targets() for action in model.actions):
        return Violation(
            Reason.OTHER_ACTIONS,
            f"no action of model {model.model!r} moves a joint: {', '.join(model.actions)}",
        )
    for source, signal in (
        ("the parameters say", Signal(settings.rate, settings.channels)),
        ("the armband has", device),
    ):
        for name, wanted, found in (
            ("rate", signal.rate, model.rate),
            ("channels", signal.channels, model.channels),
        ):
            if wanted and wanted != found:
                return Violation(
                    Reason.OTHER_SIGNAL,
                    f"model {model.model!r} was made for {name} {found:g}, {source} {wanted:g}",
                )
    return None


class Watch:
    """Watches signals, joints, clocks, stop input, model and cable.

    Parameters
    ----------
    exoskeleton : Exoskeleton
        Joints and actions.
    settings : BridgeSettings
        Times, and the model that is expected.
    sources : Sources
        Names of topics, for people.

    Attributes
    ----------
    signal : SignalWatch
        The estimates.
    feedback : JointFeedback
        The joints.
    stop_input : StopInput
        The switch in a person's hand.
    model : Model or None
        The announced model.
    device : Signal
        What the armband says about itself.
    output_problem : str or None
        What is wrong with the connection to the exoskeleton.
    command_publishers : int
        How many publish on the topic of the bridge's commands, the bridge included.
    """

    def __init__(
        self, exoskeleton: Exoskeleton, settings: BridgeSettings, sources: Sources = RELATIVE
    ) -> None:
        self._exoskeleton = exoskeleton
        self._settings = settings
        self._sources = sources
        self._clock = RosClockWatch(settings.stale_after)
        self._ticked: float | None = None
        self._held_up = 0.0
        self.signal = SignalWatch(settings.stale_after, sources.estimates)
        self.feedback = JointFeedback(exoskeleton.joints, settings.stale_after, sources.joint_states)
        self.stop_input = StopInput(sources.stop_input)
        self.model: Model | None = None
        self.device = ANY_SIGNAL
        self.output_problem: str | None = None
        self.command_publishers = 1

    def expect(self, model_sha256: str) -> None:
        """Let only this model be armed; any, if the text is empty."""
        self._settings = dataclasses.replace(self._settings, model_sha256=model_sha256)

    def tick(self, now: Instant) -> Violation | None:
        """Let time pass; return what only this tick shows: a jump of ROS time, or a pause of the bridge."""
        jump = self._clock.tick(now)
        last, self._ticked = self._ticked, now.steady
        self._held_up = 0.0 if last is None else max(now.steady - last - self._settings.period, 0.0)
        if last is None or now.steady - last <= self._settings.stale_after:
            return jump
        # Messages of the stop input may have waited in a queue since it fell silent.
        self.stop_input.distrust()
        pause = f"the bridge itself did not run for {(now.steady - last) * 1000:.0f} ms"
        return jump or Violation(Reason.BRIDGE_LATE, pause)

    def violation(self, now: Instant) -> Violation | None:
        """Return why motion must not begin or go on now, or None."""
        return (
            self.stop_input.violation(now.steady)
            or self._rival()
            or self._clock.violation(now)
            or self.signal.violation(now)
            or self.feedback.violation(now)
            or self.feedback.pause(now.steady, self._held_up)
        )

    def refusal(self, now: Instant) -> Violation | None:
        """Return why arming must be refused now, or None."""
        if self.output_problem is not None:
            return Violation(Reason.OUTPUT_FAILED, self.output_problem)
        if self.model is None:
            return Violation(
                Reason.NO_MODEL, f"no model announced on {self._sources.model} yet: start the classifier"
            )
        refusal = mismatch(self.model, self._exoskeleton, self._settings, self.device) or self.violation(now)
        refusal = refusal or self.feedback.restless(now.steady)
        if refusal is None and not self.stop_input.confirmed:
            return Violation(Reason.STOP_INPUT_SILENT, "only one message of the stop input so far; try again")
        if refusal is None and self.signal.stride == 0:
            # The controller delay depends on the stride.
            return Violation(Reason.SIGNAL_STALE, "only one usable estimate seen yet; try again")
        return refusal

    def _rival(self) -> Violation | None:
        """Return whether others may command the joints too, or None."""
        if self.command_publishers <= 1:
            return None
        return Violation(
            Reason.COMMANDS_SEVERAL,
            f"{self.command_publishers} publishers on {self._sources.commands}, only the bridge may command; "
            "a killed one disappears after 20 s",
        )
