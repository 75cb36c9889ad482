"""Stratified parts: every window is in one of them, and every action is shared evenly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.training.split import stratified_parts

labels = st.lists(st.integers(0, 4), max_size=120).map(lambda values: np.array(values, dtype=int))


@given(labels, st.integers(1, 9), st.integers(0, 2**31))
def test_parts_share_every_action_evenly(actions, parts, seed):
    cut = stratified_parts(actions, parts, seed)
    assert len(cut) == parts
    assert np.sort(np.concatenate(cut)).tolist() == list(range(len(actions)))
    for action in range(5):
        counts = [np.count_nonzero(actions[part] == action) for part in cut]
        assert max(counts) - min(counts) <= 1
    sizes = [len(part) for part in cut]
    assert max(sizes) - min(sizes) <= 1


def test_the_seed_decides():
    actions = np.arange(200) % 5
    first = stratified_parts(actions, 8, seed=1)
    again = stratified_parts(actions, 8, seed=1)
    other = stratified_parts(actions, 8, seed=2)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_parts_are_drawn_at_random_and_not_in_recording_order():
    part = stratified_parts(np.zeros(800, dtype=int), 8, seed=0)[0]
    assert np.unique(np.diff(part)).size > 3


def test_no_parts_are_refused():
    with pytest.raises(ValueError, match="0 parts"):
        stratified_parts([0, 1], 0, seed=0)
