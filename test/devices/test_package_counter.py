"""Lost samples by package numbers, whatever their step, period and samples in a package."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.devices.package_counter import LEARN, PackageCounter

RATE = 250.0


def lost_by(counter: PackageCounter, numbers, times, cut: int) -> list[tuple[int, int, bool]]:
    """The places of the losses, in rows, as a counter sees them that gets pieces of some length."""
    found = []
    for begin in range(0, len(numbers), cut):
        piece = slice(begin, begin + cut)
        for first, _, lost, uncertain in counter.split(np.asarray(numbers[piece]), np.asarray(times[piece])):
            if lost or uncertain:
                found.append((begin + first, lost, uncertain))
    return found


def board(rows: int, step: int, samples: int, first: int, period: int, drop: set[int], jitter=None):
    """Numbers and times of the rows that arrive from a board that loses some packages."""
    row = np.arange(rows)
    package = row // samples
    kept = ~np.isin(package, sorted(drop))
    numbers = first + (package * step) % period
    times = 100 + row / RATE + (0 if jitter is None else jitter)
    return numbers[kept], times[kept], np.flatnonzero(kept)


@pytest.mark.parametrize("cut", [1, 8, 10_000])
@pytest.mark.parametrize(
    ("step", "samples", "first", "period"),
    [(1, 1, 0, 256), (2, 1, 1, 256), (1, 2, 101, 100), (1, 2, 0, 100), (1, 12, 0, 65536), (1, 1, 0, 1 << 32)],
)
def test_every_loss_is_counted_after_the_numbering_is_learned(step, samples, first, period, cut) -> None:
    drop = {LEARN + 30, LEARN + 31, LEARN + 300, 2 * LEARN + 511, 2 * LEARN + 512, 2 * LEARN + 513}
    rows = (2 * LEARN + 600) * samples
    # 25 Hz of packages would be slower than any board.
    numbers, times, kept = board(rows, step, samples, first, period, drop)
    found = lost_by(PackageCounter(RATE), numbers, times, cut)
    assert [(kept[place], lost) for place, lost, _ in found] == [
        ((LEARN + 32) * samples, 2 * samples),
        ((LEARN + 301) * samples, samples),
        ((2 * LEARN + 514) * samples, 3 * samples),
    ]


@settings(max_examples=50)
@given(st.sets(st.integers(2, 1500), max_size=40), st.integers(0, 2**32 - 1))
def test_a_known_board_s_losses_add_up(drop: set[int], seed: int) -> None:
    jitter = np.random.default_rng(seed).uniform(0, 0.03, 2000)
    numbers, times, kept = board(2000, 1, 1, 0, 256, drop, jitter)
    found = lost_by(PackageCounter(RATE, step=1, samples=1, period=256), numbers, np.sort(times), 9)
    assert sum(lost for _, lost, _ in found) == len(drop)
    assert not any(uncertain for _, _, uncertain in found)
    assert kept[-1] + 1 == len(numbers) + len(drop)


def test_whole_periods_are_counted_by_the_time() -> None:
    drop = set(range(300, 300 + 2 * 256 + 7))
    numbers, times, kept = board(2000, 1, 1, 0, 256, drop)
    found = lost_by(PackageCounter(RATE, step=1, samples=1, period=256), numbers, times, 10)
    assert found == [(300, 2 * 256 + 7, True)]
    assert kept[300] == 300 + 2 * 256 + 7


def test_a_board_that_starts_its_count_again_has_lost_an_unknown_number() -> None:
    numbers = [*range(200), *range(200)]
    times = 100 + np.arange(400) / RATE
    found = lost_by(PackageCounter(RATE, step=1, samples=1, period=1 << 16), numbers, times, 10)
    assert found == [(200, 0, True)]


def test_a_board_without_numbers_loses_nothing() -> None:
    numbers, times = np.zeros(1000), 100 + np.arange(1000) / RATE
    assert lost_by(PackageCounter(RATE), numbers, times, 7) == []


def test_a_first_period_with_a_loss_at_its_end_is_a_power_of_two() -> None:
    numbers = [*range(250), *range(3, 256), *range(256)]  # 250 to 255 and 0 to 2 are lost
    times = 100 + np.arange(len(numbers)) / RATE
    times[250:] += 9 / RATE
    assert lost_by(PackageCounter(RATE), numbers, times, 11) == [(250, 9, False)]
