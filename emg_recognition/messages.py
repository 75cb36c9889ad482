"""What a message from another program must be like, before anything is made of it.

Whatever is on the network may have our names and types and still hold nonsense: a publisher under
development, an old bag, a second robot. Each check raises a :class:`MessageError` that names value and
remedy, fit for a log. The checks read attributes only, so that they serve messages of ROS and of bags alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from emg_recognition.errors import MessageError
from emg_recognition.signal.settings import LARGEST_SAMPLE
from emg_recognition.text import printable
from emg_recognition.types import (
    ESTIMATE_RANGES,
    LAST_INDEX,
    MOST_CHANNELS,
    RATES,
    UNITS,
    Estimate,
    Model,
    impossible_number,
)

MOST_ACTIONS = 256
"""Most actions of a model."""

LONGEST_NAME = 100
"""Longest name (characters) of an action, a model, a channel and the like."""

#: Of type float32.
_LARGEST_FLOAT = (2 - 2**-23) * 2.0**127
_LONGEST_PIPELINE = 1000
_LONGEST_ADVICE = 1000
#: A session of 1000 rounds of long holds is shorter than this, s.
_LONGEST_TIME = 1e9
#: Ages in ``BridgeState`` are -1 before the first message.
_NEVER = -1.0


def check_samples(message: Any) -> None:
    """Check a chunk of samples (``EmgSamples``).

    Raises
    ------
    MessageError
        For a rate, number of channels, unit, index or amount of data that no device has, and for samples that
        are not finite or of an absurd magnitude.
    """
    _rate(message.rate)
    columns = _count("channels", message.channels, MOST_CHANNELS)
    _choice("unit", message.unit, UNITS)
    size = len(message.data)
    if size % columns:
        raise _error("data", f"{size} values for {columns} channels", "send whole samples")
    _index("first_index", message.first_index, size // columns)
    _index("dropped_before", message.dropped_before)
    _finite(message.data, columns, message.first_index, LARGEST_SAMPLE)


def check_window(message: Any) -> None:
    """Check a window (``EmgWindow``).

    Raises
    ------
    MessageError
        For a rate, shape or index that no window has, and for samples that are not finite.
    """
    _rate(message.rate)
    columns = _count("channels", message.channels, MOST_CHANNELS)
    rows = _count("length", message.length, 2**16 - 1)
    if len(message.data) != rows * columns:
        found = f"{len(message.data)} values for {rows} samples of {columns} channels"
        raise _error("data", found, "send length times channels values")
    _index("first_index", message.first_index, rows)
    _index("sequence", message.sequence)
    _text("pipeline", message.pipeline, _LONGEST_PIPELINE)
    _finite(message.data, columns, message.first_index)


def check_info(message: Any) -> None:
    """Check what a device says about itself (``EmgInfo``); 0 and an empty unit mean that it is not known.

    Raises
    ------
    MessageError
        For a rate, number of channels, unit or gain that no device has, and for names that are too many or
        not readable.
    """
    if message.rate:
        _rate(message.rate)
    channels = _at_most("channels", message.channels, MOST_CHANNELS)
    _choice("unit", message.unit, ("", *UNITS))
    _text("device", message.device)
    _text("serial_number", message.serial_number)
    for field in ("channel_names", "muscle_sites"):
        names = getattr(message, field)
        if channels and len(names) not in (0, channels):
            raise _error(field, f"{len(names)} for {channels} channels", "name every channel, or none")
        _texts(field, names, MOST_CHANNELS)
    _number("gain", message.gain, 0.0, math.inf)


def check_model(message: Any) -> None:
    """Check the announcement of a model (``ModelInfo``); 0 and empty texts mean that it is not known.

    Raises
    ------
    MessageError
        For a rate, shape or unit that no model has, and for actions that are missing, given twice, too many
        or not readable.
    """
    if message.rate:
        _rate(message.rate)
    _at_most("channels", message.channels, MOST_CHANNELS)
    _choice("unit", message.unit, ("", *UNITS))
    _text("model", message.model, LONGEST_NAME)
    _text("sha256", message.sha256, LONGEST_NAME)
    _text("pipeline", message.pipeline, _LONGEST_PIPELINE)
    actions = list(message.actions)
    _texts("actions", actions, MOST_ACTIONS)
    if not all(actions) or not 0 < len(set(actions)) == len(actions):
        raise _error("actions", ", ".join(actions) or "empty", "give each action a name of its own")


def read_model(message: Any) -> Model:
    """Return the model that a checked ``ModelInfo`` announces."""
    return Model(
        model=message.model,
        sha256=message.sha256,
        actions=tuple(message.actions),
        rate=message.rate,
        channels=message.channels,
        length=message.length,
        unit=message.unit,
        pipeline=message.pipeline,
    )


def check_estimate(message: Any) -> None:
    """Check an estimate (``ActionEstimate``).

    Raises
    ------
    MessageError
        For numbers that are not finite or out of range, and for names that are not readable.
    """
    _at_most("status", message.status, 1)
    _index("first_index", message.first_index)
    _index("last_index", message.last_index)
    _text("action", message.action, LONGEST_NAME)
    _text("model", message.model, LONGEST_NAME)
    if len(message.probabilities) > MOST_ACTIONS:
        raise _error("probabilities", f"{len(message.probabilities)} values", f"send at most {MOST_ACTIONS}")
    impossible = impossible_number(message)
    if impossible is not None:
        _number(*impossible, *ESTIMATE_RANGES[impossible[0]])
    _number("inference_time", message.inference_time, 0.0, math.inf)


def check_decision(message: Any) -> None:
    """Check a decision (``ActionDecision``).

    Raises
    ------
    MessageError
        For numbers that are not finite or out of range, and for names that are not readable.
    """
    _index("first_index", message.first_index)
    _index("last_index", message.last_index)
    _text("action", message.action, LONGEST_NAME)
    _text("model", message.model, LONGEST_NAME)
    _number("speed", message.speed, 0.0, 1.0)
    _number("confidence", message.confidence, 0.0, 1.0)
    _number("activation", message.activation, 0.0, math.inf)


def check_session(message: Any) -> None:
    """Check what a guided session says (``SessionState``).

    Raises
    ------
    MessageError
        For times that are not finite or out of range, and for texts that are too long or not readable.
    """
    for field in ("elapsed", "length", "remaining", "hold", "reaction"):
        _number(field, getattr(message, field), 0.0, _LONGEST_TIME)
    for field in ("phase", "action", "following", "subject", "cohort", "session"):
        _text(field, getattr(message, field), LONGEST_NAME)
    for field in ("text", "note", "signal", "bag"):
        _text(field, getattr(message, field), _LONGEST_ADVICE)
    if math.isinf(message.turn):
        raise _error("turn", message.turn, "send electrodes, or NaN where they are not known")


def read_estimate(message: Any) -> Estimate:
    """Return the estimate of an ``ActionEstimate``, checked or not; its ``time`` is ROS time."""
    return Estimate(
        time=_seconds(message.header.stamp),
        first_index=message.first_index,
        last_index=message.last_index,
        accepted=message.status == 0,
        action_id=message.action_id,
        action=message.action,
        confidence=message.confidence,
        probabilities=message.probabilities,
        activation=message.activation,
        model=message.model,
    )


def check_label(message: Any) -> None:
    """Check a label (``ActionLabel``).

    Raises
    ------
    MessageError
        For an unknown event, and for names that are not readable.
    """
    _at_most("event", message.event, 2)
    for field in ("action", "session", "subject", "cohort"):
        _text(field, getattr(message, field), LONGEST_NAME)
    _index("index", message.index)


def check_quality(message: Any) -> None:
    """Check the judgement of a signal (``SignalQuality``).

    Raises
    ------
    MessageError
        For lists of different lengths, numbers that are not finite, and texts that are not readable.
    """
    channels = len(message.state)
    _texts("channel_names", message.channel_names, MOST_CHANNELS)
    _texts("advice", message.advice, MOST_CHANNELS, _LONGEST_ADVICE)
    if len(message.channel_names) not in (0, channels):
        found = f"{len(message.channel_names)} for {channels} channels"
        raise _error("channel_names", found, "name every channel, or none")
    if len(message.advice) != channels:
        raise _error("advice", f"{len(message.advice)} for {channels} channels", "send one for each channel")
    for field in ("rate_nominal", "rate_measured"):
        _number(field, getattr(message, field), 0.0, RATES[1])


def check_bridge_state(message: Any) -> None:
    """Check the state of a bridge (``BridgeState``).

    Raises
    ------
    MessageError
        For an unknown state, ages that are not finite, and texts that are far too long.
    """
    _at_most("state", message.state, 3)
    for field in ("signal_age", "feedback_age", "stop_input_age"):
        _number(field, getattr(message, field), _NEVER, math.inf)
    _text("action", message.action, LONGEST_NAME)
    _texts("joint_names", message.joint_names, MOST_CHANNELS)


def check_joints(message: Any) -> None:
    """Check joint states (``sensor_msgs/JointState``).

    Raises
    ------
    MessageError
        For more or fewer positions than names, positions that are not finite, and names that are not
        readable.
    """
    if len(message.name) != len(message.position):
        found = f"{len(message.position)} for {len(message.name)} names"
        raise _error("position", found, "send one for each name")
    _texts("name", message.name, MOST_CHANNELS)
    for position in message.position:
        _number("position", position, -math.inf, math.inf)


# Fields ------------------------------------------------------------------------------------------------


def _error(field: str, value: Any, remedy: str) -> MessageError:
    return MessageError(f"{field} is {printable(value)}", remedy)


def _seconds(stamp: Any) -> float:
    return float((stamp.sec * 1_000_000_000 + stamp.nanosec) * 1e-9)


def _quoted(value: str) -> str:
    return f"'{printable(value)}'"


def _rate(value: float) -> None:
    low, high = RATES
    # "not", so that NaN fails as well.
    if not low <= value <= high:
        raise _error("rate", value, f"send a sampling rate from {low:g} to {high:g} Hz")


def _number(field: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        if math.isinf(high):
            limits = "" if math.isinf(low) else f" of at least {low:g}"
        else:
            limits = f" from {low:g} to {high:g}"
        raise _error(field, value, f"send a finite number{limits}")


def _count(field: str, value: int, most: int) -> int:
    if not 1 <= value <= most:
        raise _error(field, value, f"send a number from 1 to {most}")
    return value


def _at_most(field: str, value: int, most: int) -> int:
    if value > most:
        raise _error(field, value, f"send a number from 0 to {most}")
    return value


def _index(field: str, value: int, count: int = 0) -> None:
    if value + count > LAST_INDEX:
        raise _error(field, value, "count samples from 0")


def _choice(field: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise _error(field, _quoted(value), f"use one of {', '.join(filter(None, choices))}")


def _text(field: str, value: str, longest: int = LONGEST_NAME) -> None:
    if len(value) > longest:
        raise _error(field, _quoted(value), f"use at most {longest} characters")
    if not value.isprintable():
        raise _error(field, _quoted(value), "use printable characters only")


def _texts(field: str, values: Sequence[str], most: int, longest: int = LONGEST_NAME) -> None:
    if len(values) > most:
        raise _error(field, f"{len(values)} texts", f"send at most {most}")
    for value in values:
        _text(field, value, longest)


def _finite(data: Any, columns: int, first_index: int, largest: float = _LARGEST_FLOAT) -> None:
    # The bridge checks no samples and does without NumPy.
    import numpy as np

    flat = np.frombuffer(data, dtype=np.float32)
    # NaN survives the maximum and fails the comparison.
    if np.abs(flat).max(initial=0.0) <= largest:
        return
    wrong = int(np.flatnonzero(~(np.abs(flat) <= largest))[0])
    row, channel = divmod(wrong, columns)
    raise _error(
        "data",
        f"{flat[wrong]} at sample {first_index + row} of channel {channel}",
        "check the electrode and the device; only finite values can be filtered",
    )
