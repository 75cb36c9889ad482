"""What the tests of formats share: a signal, and a way to open files with a cache of the test's own."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.open import open_recordings


@pytest.fixture
def counts():
    """Samples of 3 channels, 8 s at 200 Hz."""
    return np.random.default_rng(7).integers(-2000, 2000, (1600, 3)).astype(np.int16)


@pytest.fixture
def opened(tmp_path):
    """Open paths; the cache is not in the way of those."""

    def call(*paths, **options):
        return open_recordings(list(paths), cache=tmp_path.parent / f"{tmp_path.name}-cache", **options)

    return call
