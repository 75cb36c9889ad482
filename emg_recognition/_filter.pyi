"""The compiled filter, src/filter.c; built by CMake, so a plain pip installation does not have it."""

import numpy as np

def apply(sections: np.ndarray, state: np.ndarray, samples: np.ndarray, channels: int) -> None:
    """Filter float64 samples, shape (n, channels), in place and update the state, (sections, 2, channels)."""
