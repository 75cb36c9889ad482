"""A model and recordings that are there without training."""

from __future__ import annotations

from pathlib import Path

import pytest

BEFORE = Path(__file__).resolve().parent.parent / "before"


@pytest.fixture
def bundle():
    """A trained model for 4 channels at 500 Hz in V: rest, wrist extension, elbow flexion and extension."""
    return BEFORE / "bundle_500hz"


@pytest.fixture
def study():
    """Address of recordings that it fits, played as fast as they are read."""
    return f"playback:{BEFORE / 'study.npz'}?speed=0"
