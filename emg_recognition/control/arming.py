"""Whether a model suits the exoskeleton and the signal that the bridge is set up for."""

from __future__ import annotations

from typing import NamedTuple

from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.reasons import Doubt, Reason
from emg_recognition.control.signals import Model


class Signal(NamedTuple):
    """A sampling rate (Hz) and a number of channels; 0 for one that is not known."""

    rate: float
    channels: int


ANY_SIGNAL = Signal(0.0, 0)


def mismatch(model: Model, exoskeleton: Exoskeleton, expected: Signal, device: Signal) -> Doubt | None:
    """Return why a model must not move this exoskeleton, or None.

    Parameters
    ----------
    model : Model
        The announced model.
    exoskeleton : Exoskeleton
        What each action does.
    expected : Signal
        What the configuration asks for.
    device : Signal
        What the armband says of itself.
    """
    unknown = exoskeleton.unknown(model.actions)
    if unknown:
        return Doubt(
            Reason.OTHER_ACTIONS,
            f"model {model.model!r} has actions that the exoskeleton's file does not name: "
            f"{', '.join(unknown)}; put each under actions, rest or still",
        )
    if not any(action in exoskeleton.targets() for action in model.actions):
        return Doubt(
            Reason.OTHER_ACTIONS,
            f"no action of model {model.model!r} moves a joint: {', '.join(model.actions)}",
        )
    for source, signal in (("the parameters say", expected), ("the armband has", device)):
        for name, wanted, has in (
            ("rate", signal.rate, model.rate),
            ("channels", signal.channels, model.channels),
        ):
            if wanted and wanted != has:
                return Doubt(
                    Reason.OTHER_SIGNAL,
                    f"model {model.model!r} was made for {name} {has:g}, {source} {wanted:g}",
                )
    return None
