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


def test_confusion_rows_are_what_was_performed():
    confusion = metrics.confusion_matrix([0, 0, 1], [0, 2, 1], 3)
    assert confusion.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]


@given(labelled())
def test_agrees_with_scikit_learn(pair):
    truth, predicted = pair
    confusion = metrics.confusion_matrix(truth, predicted, 4)
    present = np.unique(truth)
    assert (confusion == sklearn_metrics.confusion_matrix(truth, predicted, labels=range(4))).all()
    assert metrics.accuracy(confusion) == pytest.approx(sklearn_metrics.accuracy_score(truth, predicted))
    recall = sklearn_metrics.recall_score(truth, predicted, labels=present, average=None, zero_division=0)
    assert metrics.per_class_recall(confusion)[present] == pytest.approx(recall)
    assert metrics.balanced_accuracy(confusion) == pytest.approx(recall.mean())
    f1 = sklearn_metrics.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    assert metrics.macro_f1(confusion) == pytest.approx(f1)


@given(labelled())
def test_precision_recall_and_f1_of_each_action_agree_with_scikit_learn(pair):
    truth, predicted = pair
    table = metrics.per_class(metrics.confusion_matrix(truth, predicted, 4), ACTIONS)
    assert list(table) == list(ACTIONS)
    # NaN where there is nothing to divide by, except that F1 needs a performed window here.
    precision, recall, f1, windows = sklearn_metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(4), zero_division=np.nan
    )
    for i, found in enumerate(table.values()):
        assert found["windows"] == windows[i]
        for key, expected in (("precision", precision[i]), ("recall", recall[i])):
            assert found[key] == (None if np.isnan(expected) else pytest.approx(expected))
        assert found["f1"] == (pytest.approx(f1[i]) if windows[i] else None)
    json.dumps(table, allow_nan=False)


def test_an_action_nobody_performed_is_not_counted():
    result = metrics.scores([0, 0, 1, 1], [0, 0, 1, 3], ACTIONS)
    assert result["balanced_accuracy"] == pytest.approx(0.75)
    assert result["per_class_recall"] == {"rest": 1.0, "flexion": 0.5}
    assert result["windows"] == 4


def test_scores_are_valid_json():
    text = json.dumps(metrics.scores([0, 1], [0, 0], ACTIONS), allow_nan=False)
    assert json.loads(text)["confusion"][1][0] == 1


def test_groups_are_scored_apart():
    groups = metrics.scores_by_group([0, 0, 1, 1], [0, 0, 0, 1], ACTIONS, ["b", "a", "b", "a"])
    assert list(groups) == ["a", "b"]
    assert groups["a"]["accuracy"] == 1.0
    assert groups["b"]["accuracy"] == 0.5


def test_each_subject_counts_alike_however_many_windows_it_has():
    truth = np.zeros(101, dtype=int)
    predicted = np.r_[np.zeros(100, dtype=int), 1]
    subjects = np.array(["many"] * 100 + ["one"])
    summary = metrics.over_subjects(metrics.scores_by_group(truth, predicted, ACTIONS, subjects))
    assert summary["mean"]["accuracy"] == 0.5
    assert summary["deviation"]["accuracy"] == 0.5
    assert summary["worst"] == {"subject": "one", "accuracy": 0.0, "balanced_accuracy": 0.0}


@pytest.mark.parametrize(
    ("truth", "predicted"), [([0, 1], [0]), ([0, 4], [0, 0]), ([0, 0], [0, -1]), ([[0]], [[0]])]
)
def test_what_is_no_pair_of_label_lists_is_refused(truth, predicted):
    with pytest.raises(ValueError, match=r"truth|predicted"):
        metrics.confusion_matrix(truth, predicted, 4)


def test_no_window_has_no_accuracy():
    empty = metrics.confusion_matrix([], [], 2)
    assert np.isnan(metrics.accuracy(empty))
    assert np.isnan(metrics.balanced_accuracy(empty))
    with pytest.raises(ValueError, match="no subject"):
        metrics.over_subjects({})
