from __future__ import annotations

import numpy as np

from emg_recognition.devices.stream import SampleChunk, join_chunks


def chunk(first: int, samples: int, *, dropped: int = 0, restart: bool = False) -> SampleChunk:
    values = np.arange(first, first + samples, dtype=np.float32).reshape(-1, 1)
    return SampleChunk(first, values, first / 1000, dropped, restart)


def test_what_goes_on_is_joined_and_what_does_not_is_not() -> None:
    given = [
        chunk(0, 5, restart=True),
        chunk(5, 5),
        chunk(10, 3),
        chunk(20, 5, dropped=7),
        chunk(25, 5),
        chunk(30, 1, restart=True),
        chunk(40, 5, dropped=9, restart=True),
    ]
    joined = join_chunks(given)
    assert [(c.first_index, len(c.samples), c.dropped_before, c.restart) for c in joined] == [
        (0, 13, 0, True),
        (20, 10, 7, False),
        (30, 1, 0, True),
        (40, 5, 9, True),
    ]
    for whole in joined:
        assert whole.time == whole.first_index / 1000
        assert whole.samples.dtype == np.float32
        assert np.array_equal(
            whole.samples[:, 0], np.arange(whole.first_index, whole.first_index + len(whole.samples))
        )


def test_one_and_none() -> None:
    assert join_chunks([]) == []
    only = chunk(3, 2)
    assert join_chunks([only]) == [only]
