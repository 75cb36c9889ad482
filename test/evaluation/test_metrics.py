"""The metrics against hand-made cases and against scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from emg_recognition.evaluation import metrics

ACTIONS = ("rest", "flexion", "extension", "rotation")


@st.composite
def labelled(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    size = draw(st.integers(1, 60))
    pair = st.lists(st.integers(0, 3), min_size=size, max_size=size)
    return np.array(draw(pair)), np.array(draw(pair))


def test_rows_of_the_confusion_matrix_are_performed_actions():
    confusion = metrics.confusion_matrix([0, 0, 1], [0, 2, 1], 3)
    assert confusion.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]


@given(labelled())
def test_agrees_with_scikit_learn(pair):
    truth, predicted = pair
    found = metrics.score_windows(truth, predicted, ACTIONS)
    present = np.unique(truth)
    assert (found.confusion == sklearn_metrics.confusion_matrix(truth, predicted, labels=range(4))).all()
    assert found.accuracy == pytest.approx(sklearn_metrics.accuracy_score(truth, predicted))
    recall = sklearn_metrics.recall_score(truth, predicted, labels=present, average=None, zero_division=0)
    assert list(found.per_class_recall.values()) == pytest.approx(recall)
    assert found.balanced_accuracy == pytest.approx(recall.mean())
    f1 = sklearn_metrics.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    assert found.macro_f1 == pytest.approx(f1)


@given(labelled())
def test_precision_recall_and_f1_of_each_action_agree_with_scikit_learn(pair):
    truth, predicted = pair
    table = metrics.score_windows(truth, predicted, ACTIONS).per_class
    assert list(table) == list(ACTIONS)
    # NaN where there is nothing to divide by, except that F1 needs a performed window here.
    precision, recall, f1, windows = sklearn_metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(4), zero_division=np.nan
    )
    for i, found in enumerate(table.values()):
        assert found.windows == windows[i]
        for value, expected in ((found.precision, precision[i]), (found.recall, recall[i])):
            assert value == (None if np.isnan(expected) else pytest.approx(expected))
        assert found.f1 == (pytest.approx(f1[i]) if windows[i] else None)


@given(st.lists(labelled(), min_size=1, max_size=4))
def test_many_matrices_at_once_score_as_one_by_one(pairs):
    each = [metrics.score_windows(*pair, ACTIONS) for pair in pairs]
    together = metrics.mean_scores(np.stack([one.confusion for one in each]))
    for name, values in together.items():
        assert values.tolist() == [getattr(one, name) for one in each]


def test_an_action_that_was_not_performed_is_not_counted():
    result = metrics.score_windows([0, 0, 1, 1], [0, 0, 1, 3], ACTIONS)
    assert result.balanced_accuracy == pytest.approx(0.75)
    assert result.per_class_recall == {"rest": 1.0, "flexion": 0.5}
    assert result.windows == 4


def test_scores_are_valid_json():
    text = json.dumps(metrics.score_windows([0, 1], [0, 0], ACTIONS).to_json(), allow_nan=False)
    assert json.loads(text)["confusion"][1][0] == 1


def test_the_border_to_json_knows_dataclasses_arrays_and_nan():
    scores = metrics.score_windows([0], [0], ("rest",))
    value = {"a": np.float32(0.5), 1: (np.nan, np.arange(2)), "s": {"x": scores}, "n": None}
    found = metrics.to_json(value)
    assert found == {"a": 0.5, "1": [None, [0, 1]], "s": {"x": scores.to_json()}, "n": None}


def test_scores_of_other_windows_can_be_added():
    one, other = (metrics.score_windows([0, 1], guess, ACTIONS) for guess in ([0, 0], [0, 1]))
    assert (one + other).confusion[:2, :2].tolist() == [[2, 0], [1, 1]]
    with pytest.raises(ValueError, match="different actions"):
        one + metrics.score_windows([0], [0], ("fist",))


def test_groups_are_scored_separately():
    groups = metrics.scores_by_group([0, 0, 1, 1], [0, 0, 0, 1], ACTIONS, ["b", "a", "b", "a"])
    assert list(groups) == ["a", "b"]
    assert groups["a"].accuracy == 1.0
    assert groups["b"].accuracy == 0.5


def test_each_subject_counts_equally_however_many_windows_they_have():
    truth = np.zeros(101, dtype=int)
    predicted = np.r_[np.zeros(100, dtype=int), 1]
    subjects = np.array(["many"] * 100 + ["one"])
    summary = metrics.over_subjects(metrics.scores_by_group(truth, predicted, ACTIONS, subjects))
    assert summary.mean["accuracy"] == 0.5
    assert summary.deviation["accuracy"] == 0.5
    assert summary.worst == metrics.WorstSubject("one", 0.0, 0.0)


@pytest.mark.parametrize(
    ("truth", "predicted"), [([0, 1], [0]), ([0, 4], [0, 0]), ([0, 0], [0, -1]), ([[0]], [[0]])]
)
def test_lists_that_do_not_fit_each_other_are_refused(truth, predicted):
    with pytest.raises(ValueError, match=r"truth|predicted"):
        metrics.confusion_matrix(truth, predicted, 4)


def test_no_window_has_no_accuracy():
    empty = metrics.score_windows([], [], ACTIONS)
    assert np.isnan(empty.accuracy)
    assert np.isnan(empty.balanced_accuracy)
    with pytest.raises(ValueError, match="at least one subject"):
        metrics.over_subjects({})
