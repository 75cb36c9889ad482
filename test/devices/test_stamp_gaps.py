"""Losses that stamps show: exact for a clock that counts samples, silences for times of sending."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.stamp_gaps import StampGaps

RATE = 500.0


def pieces(gaps: StampGaps, stamps: np.ndarray, cut: int) -> list[tuple[int, int, bool]]:
    """The losses, each with the place of the sample after it."""
    found = []
    for begin in range(0, len(stamps), cut):
        split = gaps.split(stamps[begin : begin + cut])
        assert [first for first, _, _, _ in split[1:]] == [end for _, end, _, _ in split[:-1]]
        assert (split[0][0], split[-1][1]) == (0, len(stamps[begin : begin + cut]))
        found += [(begin + first, lost, doubt) for first, _, lost, doubt in split if lost]
    return found


def without(stamps: np.ndarray, *ranges: range) -> np.ndarray:
    return np.delete(stamps, [k for one in ranges for k in one])


@pytest.mark.parametrize("cut", [1, 7, 5000])
def test_even_stamps_count_every_loss(cut: int) -> None:
    stamps = without(1000 + np.arange(3000) / RATE, range(600, 601), range(700, 713), range(2000, 2900))
    assert pieces(StampGaps(RATE), stamps, cut) == [(600, 1, False), (699, 13, False), (1986, 900, False)]


@pytest.mark.parametrize("cut", [1, 10, 5000])
@pytest.mark.parametrize("kind", ["sent one by one", "sent in chunks"])
def test_times_of_sending_show_silences_only(cut: int, kind: str, rng: np.random.Generator) -> None:
    true = 1000 + np.arange(5000) / RATE
    if kind == "sent one by one":
        stamps = np.maximum.accumulate(true + rng.exponential(3e-4, 5000))
    else:  # ten at a time, the other nine derived from the rate, as LSL does
        late = np.repeat(rng.exponential(3e-4, 500), 10)
        stamps = true + late
    stamps[3000:3040] += np.repeat([0.03, 0.02, 0.01, 0.005], 10)  # a sender that was delayed
    stamps = without(stamps, range(4000, 4200))
    ((place, lost, doubt),) = pieces(StampGaps(RATE), stamps, cut)
    assert (place, doubt) == (4000, True)
    assert lost == pytest.approx(200, abs=3)


def test_after_a_beginning_nothing_is_known() -> None:
    gaps = StampGaps(RATE)
    assert pieces(gaps, 1000 + np.arange(1000) / RATE, 50) == []
    gaps.begin()
    assert pieces(gaps, 5000 + np.arange(1000) / RATE, 50) == []
