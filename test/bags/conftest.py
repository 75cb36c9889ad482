"""Bags of an armband, in every way in which a bag can be stored."""

from ..recorded_arm import arm, other_types, recording, signal

__all__ = ["arm", "other_types", "recording", "signal"]
