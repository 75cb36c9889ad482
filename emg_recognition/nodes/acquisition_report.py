"""What acquisition says about itself in ``/diagnostics``."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.nodes import diagnostics

#: Beyond this share of the nominal rate the measured one is worth a warning.
RATE_TOLERANCE = 0.01


@dataclass(frozen=True)
class AcquisitionState:
    """What the node knows of its device.

    Attributes
    ----------
    active : bool
        Whether the node is.
    silence : float
        Time since the last sample, s.
    silent_after : float
        After so long it is worth a word, s.
    fault : str
        Why no samples come; empty while they do.
    attempts : int
        How often the device was opened again since.
    next_attempt_in : float
        Time until that happens again, s.
    lost, reconnections : int
        Samples; how often the device came back.
    rate : float
        What the device says, Hz.
    measured_rate : float or None
        What is true, Hz; None until it can be told.
    """

    active: bool
    silence: float
    silent_after: float
    fault: str
    attempts: int
    next_attempt_in: float
    lost: int
    reconnections: int
    rate: float
    measured_rate: float | None


def judge(state: AcquisitionState) -> tuple[bytes, str]:
    """Return level and message of a state."""
    if not state.active:
        return diagnostics.STALE, "not active"
    if state.fault:
        if state.next_attempt_in > 0:
            attempt = f"attempt {state.attempts + 1} in {state.next_attempt_in:.1f} s"
        else:
            attempt = f"attempt {state.attempts} is under way"
        return diagnostics.ERROR, f"{state.fault}; {attempt}"
    if state.silence > state.silent_after:
        return diagnostics.STALE, f"no samples for {state.silence:.1f} s"
    warnings = []
    if state.lost:
        warnings.append(f"{state.lost} samples lost since the start")
    if state.reconnections:
        warnings.append(f"reconnected {state.reconnections} times")
    if (
        state.measured_rate is not None
        and abs(state.measured_rate - state.rate) > RATE_TOLERANCE * state.rate
    ):
        warnings.append(f"{state.measured_rate:.1f} samples a second come, the device says {state.rate:g}")
    if warnings:
        return diagnostics.WARN, "; ".join(warnings)
    return diagnostics.OK, "receiving"
