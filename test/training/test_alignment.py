"""Sessions with turned, mirrored and weaker armbands are aligned; strangers fit the aligned population."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.errors import SettingError
from emg_recognition.models.log_features import Measures
from emg_recognition.training.alignment import align_subsets, describe_turned, ring_of

from ..ring_arm import ACTIONS, POPULATION, RING, apart, joined, perform, population, session


@pytest.fixture(scope="module")
def aligned():
    return population()


def test_each_session_is_turned_back(aligned):
    _, alignment = aligned
    for number, (turn, mirrored, gain) in enumerate(POPULATION):
        found = alignment.orientations[f"p{number}", "1"]
        assert apart(found, turn, mirrored) <= 0.5, (number, found)
        assert found.gain == pytest.approx(alignment.orientations["p0", "1"].gain / gain, rel=0.35)


def test_aligned_windows_look_alike(aligned):
    windows, alignment = aligned
    turned = alignment.apply(windows)

    def profile(of, subject):
        chosen = of.select((of.subject == subject) & (of.action == 2)).windows
        return np.log(np.sqrt((chosen**2).mean(axis=(0, 1))))

    for subject in ("p6", "p7"):
        before, after = (np.abs(profile(of, subject) - profile(of, "p0")).max() for of in (windows, turned))
        assert after < 0.6 < 1.5 < before
    # Batches and shifted windows go through the same matrix.
    np.testing.assert_array_equal(next(turned.batches()), turned.windows)
    np.testing.assert_array_equal(turned.gather([3]), turned.windows[[3]])


def test_windows_of_other_people_stay_as_they_are(aligned):
    windows, alignment = aligned
    segments = dataclasses.replace(windows.segments, subject=np.full(len(windows), "stranger"))
    other = dataclasses.replace(windows, segments=segments)
    np.testing.assert_array_equal(alignment.apply(other).windows, windows.windows)


def test_another_session_of_a_known_person_sits_as_their_last_one(aligned):
    windows, alignment = aligned
    segments = dataclasses.replace(windows.segments, session=np.full(len(windows), "tomorrow"))
    tomorrow = dataclasses.replace(windows, segments=segments)
    np.testing.assert_array_equal(alignment.apply(tomorrow).windows, alignment.apply(windows).windows)


def test_a_stranger_is_recognised_after_donning_and_not_before(aligned):
    reference = aligned[1].reference
    windows, action = perform(3.5, True, gain=3.0, seed=77)
    measures = Measures(windows, RING)

    def accuracy(turn, mirrored):
        seen = measures.seen(turn, mirrored)
        level = reference.labelled_level(seen, action)
        return np.mean(reference.log_posterior(seen, level).argmax(axis=1) == action)

    assert accuracy(0.0, False) < 0.7
    assert accuracy(3.5, True) > 0.9


def test_sessions_that_are_turned_and_not_aligned_are_named(aligned):
    windows, alignment = aligned
    assert describe_turned(alignment, windows) == []
    others = joined(
        [session("a", 0.5, False, 1.0, 5), session("b", 2.5, False, 1.0, 6), session("c", 1.0, True, 1, 7)]
    )
    (sentence,) = describe_turned(alignment, others)
    assert sentence.startswith("in 2 of 3 sessions that are tested")
    assert "(b 1, c 1)" in sentence


def test_the_sync_gestures_are_two_actions_that_move(aligned):
    _, alignment = aligned
    told = alignment.to_json(ACTIONS)
    assert len(set(told["sync"])) == 2
    assert "rest" not in told["sync"]
    assert told["sessions"][0].keys() == {"subject", "session", "turn", "mirrored", "gain"}


def test_an_action_that_a_session_lacks_does_not_change_its_gain(aligned):
    windows, alignment = aligned
    partial = windows.select((windows.subject != "p1") | (windows.action != 1))
    from emg_recognition.training.alignment import align

    found = align(partial, RING).orientations
    ratio = found["p1", "1"].gain / found["p0", "1"].gain
    before = alignment.orientations["p1", "1"].gain / alignment.orientations["p0", "1"].gain
    assert ratio == pytest.approx(before, rel=0.1)


@pytest.mark.parametrize(("ring", "channels", "expected"), [(None, 8, 8), (6, 8, 6), (0, 8, 0), (4, 8, 0)])
def test_which_electrodes_can_be_turned(aligned, ring, channels, expected):
    assert ring_of(dataclasses.replace(aligned[0], ring=ring)) == expected


def test_auto_aligns_for_strangers_only(aligned):
    windows, _ = aligned
    last = windows.subject == "p7"
    strangers = {"train": windows.select(~last), "test": windows.select(last)}
    assert align_subsets("auto", strangers) is not None
    assert align_subsets("none", strangers) is None
    assert align_subsets("auto", {"train": windows, "test": windows}) is None
    assert align_subsets("align", {"train": windows, "test": windows}) is not None
    placed = {name: dataclasses.replace(part, ring=0) for name, part in strangers.items()}
    assert align_subsets("auto", placed) is None
    with pytest.raises(SettingError, match="no ring of 6 or more electrodes"):
        align_subsets("align", placed)
