"""What belongs to which run is told by the stamps."""

from __future__ import annotations

import numpy as np

from emg_recognition.recordings.sample_clock import Runs

SECOND = 1_000_000_000


def test_an_index_that_goes_back_begins_a_run():
    runs = Runs()
    assert (runs.number, runs.add(0, 100, 0, 1000.0)) == (0, 0)
    assert runs.add(100, 50, SECOND, 1000.0) == 0
    assert runs.add(400, 50, 2 * SECOND, 1000.0) == 0  # a gap
    assert runs.add(449, 50, 3 * SECOND, 1000.0) == 1
    assert runs.add(499, 0, 3 * SECOND, 1000.0) == 1
    assert runs.add(499, 5, 3 * SECOND, 1000.0) == 1
    assert runs.add(0, 5, 4 * SECOND, 1000.0) == 2
    assert runs.number == 2


def test_the_stamp_tells_which_run_an_index_is_of():
    runs = Runs()
    runs.add(0, 1000, 0, 1000.0)
    assert runs.of(np.array([5, 900]), np.array([0, 0])).tolist() == [0, 0]
    runs.add(0, 1000, 60 * SECOND, 1000.0)
    stamps = np.array([SECOND // 2, 60 * SECOND + SECOND // 2, 59 * SECOND])
    assert runs.of(np.array([500, 500, 10]), stamps).tolist() == [0, 1, 1]


def test_of_runs_that_are_equally_near_it_is_the_last():
    runs = Runs()
    for _ in range(5):
        runs.add(0, 10, 7, 1000.0)
    assert runs.of(np.array([3]), np.array([7])).tolist() == [4]
