from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.signal.pipeline import WindowGrid


def ramp(begin, end):
    return np.arange(begin, end, dtype=np.float64)[:, np.newaxis]


@pytest.mark.parametrize("stride", [1, 3, 10, 25])
@pytest.mark.parametrize("chunk", [1, 7, 40, 41, 1000])
def test_windows_lie_on_the_grid(stride, chunk):
    grid = WindowGrid(length=10, channels=1, stride=stride, settling_samples=0)
    found = [w for i in range(0, 1000, chunk) for w in grid.add(ramp(i, min(i + chunk, 1000)))]
    assert [position for position, _ in found] == list(range(0, 991, stride))
    for position, data in found:
        np.testing.assert_array_equal(data, ramp(position, position + 10))


@pytest.mark.parametrize(("settling", "withheld"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_a_window_that_begins_while_settling_is_withheld(settling, withheld):
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=settling)
    found = list(grid.add(ramp(0, 30)))
    assert found[0][0] == withheld * 4
    assert grid.settling_windows == withheld


def test_a_settling_window_counts_when_it_is_complete():
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=100)
    assert list(grid.add(ramp(0, 9))) == []
    assert grid.settling_windows == 0
    assert list(grid.add(ramp(9, 10))) == []
    assert grid.settling_windows == 1


def test_a_restart_forgets_the_samples_and_keeps_the_count():
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=1)
    list(grid.add(ramp(0, 17)))
    grid.restart(500)
    found = list(grid.add(ramp(500, 518)))
    assert [index for index, _ in found] == [504, 508]
    np.testing.assert_array_equal(found[0][1], ramp(504, 514))
    assert grid.settling_windows == 2


@pytest.mark.parametrize("start", [-7, 0, 1, 3, 4, 501, 10**18 + 1])
def test_windows_begin_at_multiples_of_the_step_wherever_the_stream_starts(start):
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=5)
    grid.restart(start)
    found = list(grid.add(ramp(0, 40)))
    expected = [index for index in range(start, start + 31) if index % 4 == 0]
    assert [index for index, _ in found] == [index for index in expected if index >= start + 5]
    assert grid.settling_windows == sum(index < start + 5 for index in expected)
    for index, data in found:
        np.testing.assert_array_equal(data, ramp(index - start, index - start + 10))


def test_windows_share_their_samples_and_cannot_be_written():
    grid = WindowGrid(length=2, channels=3, stride=1, settling_samples=0)
    (_, first), (_, second) = grid.add(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="read-only"):
        first[...] = 7
    assert np.shares_memory(first, second)
    assert first.flags.c_contiguous
    assert first.dtype == np.float32
