"""Today's windows, earlier sessions and other people are drawn in fixed shares, each turned to fit."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.models.orientation import Orientation
from emg_recognition.training.rehearsal import SHARES, rehearse
from emg_recognition.training.windows import join_windows

from ..ring_arm import RING, joined, population, session


@pytest.fixture(scope="module")
def reference():
    return population()[1].reference


@pytest.fixture(scope="module")
def sets():
    today = session("anna", 0.0, False, 1.0, 5)
    earlier = joined([session("anna", 3.0, False, 1.0, 5), session("anna2", 6.0, False, 1.0, 5)])
    return today, earlier, session("ben", 5.0, True, 2.0, 8)


def test_each_source_has_its_share(sets, reference):
    windows, share = rehearse(*sets, reference, seed=0)
    borders = np.cumsum([len(one) for one in sets])[:-1]
    assert [part.sum() for part in np.split(share, borders)] == pytest.approx(SHARES)
    assert len(windows) == sum(len(one) for one in sets)


def test_what_is_rehearsed_is_turned_to_the_population(sets, reference):
    windows, _ = rehearse(*sets, reference, seed=0)

    def profile(windows, action):
        return np.log(np.sqrt((windows[action == 2] ** 2).mean(axis=(0, 1))))

    today = profile(sets[0].windows, sets[0].action)
    begin = 0
    for one in sets:
        part = slice(begin, begin + len(one))
        after = profile(windows.windows[part], windows.action[part])
        assert np.abs(after - after.mean() - today + today.mean()).max() < 1.0
        begin += len(one)
    before = profile(sets[2].windows, sets[2].action)
    assert np.abs(before - before.mean() - today + today.mean()).max() > 1.5


def test_missing_sources_leave_today(sets):
    today = sets[0]
    windows, share = rehearse(today, None, None, None, seed=0)
    assert windows is today
    assert np.ptp(share) == 0


def test_joined_windows_are_those_of_each_set(sets):
    turned = sets[1].oriented(Orientation(2.0).matrix(RING, RING))
    found = join_windows([sets[0], turned, sets[2]])
    expected = np.concatenate([sets[0].windows, turned.windows, sets[2].windows])
    np.testing.assert_array_equal(found.windows, expected)
    np.testing.assert_array_equal(
        found.gather([0, 400], shift=[3, -3]), expected[[0, 400]]
    )  # at their borders
    assert found.subject.tolist() == [*sets[0].subject, *sets[1].subject, *sets[2].subject]


def test_joined_windows_leave_the_signal_of_others_behind(sets):
    some = sets[1].select(sets[1].subject == "anna2").select(np.arange(0, 160, 2))
    found = join_windows([sets[0], some])
    assert len(found.signal.samples) == len(sets[0].signal.samples) + len(some) * some.length
    np.testing.assert_array_equal(found.windows[len(sets[0]) :], some.windows)
