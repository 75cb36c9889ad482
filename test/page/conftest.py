"""Fixtures of :mod:`test.recorded_arm`."""

from ..recorded_arm import arm, recording, signal

__all__ = ["arm", "recording", "signal"]
