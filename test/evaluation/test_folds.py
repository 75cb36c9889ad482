"""Several folds together: means in which each fold counts alike, and windows counted together."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emg_recognition.evaluation import metrics
from emg_recognition.evaluation.folds import fold_figures, pool_folds, render_folds
from emg_recognition.training.fold import trial_metrics
from emg_recognition.training.windows import from_windows

ACTIONS = ["rest", "elbow_flexion"]


def fold(truth, right, subject, cohort="healthy"):
    """Metrics of a fold in which the windows `right` are recognised."""
    wanted = np.array(truth)
    guess = np.where(right, wanted, 1 - wanted)
    probabilities = np.where(np.eye(2)[guess] == 1, 0.9, 0.1).astype(np.float32)
    windows = from_windows(np.zeros((len(truth), 1, 1)), wanted, ACTIONS, cohort=cohort, subject=subject)
    return {
        "actions": ACTIONS,
        "seconds": 10.0,
        "windows": {"test": {cohort: len(truth)}},
        "selection": {"name": "minority", "leaking": False, "sentence": "…"},
        **trial_metrics(probabilities, windows, step=0.05, rest="rest"),
    }


@pytest.fixture
def folds():
    return [
        fold([0, 1], [True, True], ["a", "a"]),
        fold([0, 1, 1, 0], [True, False, False, True], ["a", "a", "b", "b"]),
        fold([0, 1], [False, True], "c", "patient"),
    ]


@pytest.fixture
def summary(folds):
    return {
        "source": "study.npz",
        "created": "2026-01-02T03:04:05+00:00",
        "split": {"rule": "3 folds over subjects", "leaking": False},
        "folds": [{"name": f"subject_{k}", "metrics": one} for k, one in enumerate(folds)],
        "settings": {"training": {"seed": 7}},
        "versions": {"keras": "3.15"},
        "data": {"sha256": "abc123"},
    }


def test_each_fold_counts_alike_in_the_mean(folds):
    pooled = pool_folds(folds)
    assert pooled["test_accuracy"] == pooled["over_folds"]["mean"]["test_accuracy"] == pytest.approx(2 / 3)
    assert pooled["over_folds"]["deviation"]["test_accuracy"] == pytest.approx(np.std([1, 0.5, 0.5]))
    assert pooled["seconds"] == 30
    json.dumps(pooled, allow_nan=False)


def test_windows_of_all_folds_are_counted_together(folds):
    pooled = pool_folds(folds)
    assert pooled["confusion"] == [[3, 1], [2, 2]]
    assert pooled["per_class"] == metrics.per_class(np.array([[3, 1], [2, 2]]), ACTIONS)
    assert pooled["per_cohort"]["healthy"]["confusion"] == [[3, 0], [2, 1]]
    assert pooled["per_cohort"]["patient"]["accuracy"] == 0.5


def test_a_subject_of_two_folds_is_one_subject(folds):
    pooled = pool_folds(folds)
    assert list(pooled["per_subject"]) == ["a", "b", "c"]
    assert pooled["per_subject"]["a"]["confusion"] == [[2, 0], [1, 1]]
    assert pooled["per_subject"]["c"]["cohort"] == "patient"
    assert pooled["over_subjects"]["mean"]["accuracy"] == pytest.approx((3 / 4 + 1 / 2 + 1 / 2) / 3)


def test_a_subject_who_was_in_two_cohorts_has_both(folds):
    both = fold([0, 1], [True, True], "a", "patient")
    assert pool_folds([*folds, both])["per_subject"]["a"]["cohort"] == "healthy, patient"


def test_one_fold_pools_to_itself(folds):
    pooled = pool_folds(folds[1:2])
    for name in ("test_accuracy", "test_loss", "confusion", "per_class", "per_subject", "over_subjects"):
        assert pooled[name] == folds[1][name]


def test_folds_that_do_not_belong_together(folds):
    with pytest.raises(ValueError, match="different actions"):
        pool_folds([folds[0], {**folds[1], "actions": ["rest", "fist"]}])
    with pytest.raises(ValueError, match="no fold"):
        pool_folds([])


def test_the_page_has_a_line_and_a_link_for_each_fold(summary, read_page):
    html = render_folds(summary)
    page = read_page(html, " ")
    links = [reference for reference in page.references if not reference.startswith("data:image/png;base64,")]
    assert links == [f"folds/subject_{k}/report.html" for k in range(3)]
    assert len(page.references) == 5  # the links and two figures
    for words in (
        "Training report of 3 folds",
        "3 folds over subjects",
        "subject 1 4 50.0\u202f%",
        "Mean 66.7\u202f%",
        "Deviation 23.6\u202f%",
        "Mean over 3 subjects: accuracy 58.3\u202f%",
        "Seed 7",
        "abc123",
    ):
        assert words.replace("\u202f", " ") in page.text.replace("\u202f", " "), words
    assert "leaking" not in page.text.lower()


def test_a_leaking_selection_is_said(summary, read_page):
    for one in summary["folds"]:
        one["metrics"]["selection"]["leaking"] = True
    text = read_page(render_folds(summary), " ").text
    assert "LEAKING: this result flatters. The member was chosen by its result on the test windows." in text


def test_names_are_text_and_never_markup(summary, read_page):
    summary["folds"][0]["name"] = 'subject_"><script>'
    page = read_page(render_folds(summary), " ")
    assert "script" not in page.tags
    assert "folds/subject_%22%3E%3Cscript%3E/report.html" in page.references


def test_one_subject_needs_no_figure(folds):
    assert set(fold_figures(pool_folds(folds[:1]))) == {"confusion"}
