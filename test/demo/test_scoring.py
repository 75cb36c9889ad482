"""How a live run is scored."""

import numpy as np
import pytest

from emg_recognition.demo.scoring import latencies, performed_action
from emg_recognition.recordings.arrays import from_arrays


@pytest.fixture
def played(rng):
    """Two seconds of one action, then one of another, at 100 Hz."""
    return from_arrays(
        {
            "x": rng.integers(-9, 9, (300, 2)),
            "start": [0, 200],
            "length": [200, 100],
            "scale": 1.0,
            "fs": 100,
            "subject": ["s", "s"],
            "cohort": ["c", "c"],
            "session": ["1", "1"],
            "label": ["rest", "fist"],
            "rep": [1, 1],
        },
        "test",
    )


@pytest.mark.parametrize(
    ("first", "last", "action"),
    [
        (10, 29, "rest"),
        (9, 28, None),
        (170, 189, "rest"),
        (171, 190, None),
        (190, 209, None),
        (210, 229, "fist"),
        (270, 289, "fist"),
        (271, 290, None),
    ],
)
def test_windows_near_a_border_have_no_action(played, first, last, action):
    assert performed_action(played, first, last) == action


def test_latency_is_from_the_true_time_of_the_last_sample():
    # Sample 50 was taken at 2 s, so at 100 Hz sample 80 was at 2.3 s and sample 130 at 2.8 s.
    labels = [{"index": 50, "time": 2_000_000_000}, {"index": 90, "time": 2_400_000_000}]
    found = latencies([(80, 2_304_000_000), (130, 2_810_000_000)], labels, 100.0)
    assert np.allclose(found, [4.0, 10.0])
    assert len(latencies([], labels, 100.0)) == 0
    assert len(latencies([(80, 1)], [], 100.0)) == 0
