"""Fixtures of :mod:`test.recorded_arm`."""

from ..recorded_arm import arm, other_types, recording, signal

__all__ = ["arm", "other_types", "recording", "signal"]
