"""Several folds together: means in which each fold counts equally, and windows counted together."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emg_recognition.evaluation.folds import pool_folds
from emg_recognition.evaluation.metrics import Scores
from emg_recognition.evaluation.report import render_folds, score_figures

ACTIONS = ("rest", "elbow_flexion")


@pytest.fixture
def fold(performance):
    """Return the function that gives a fold in which the windows `right` are recognised."""

    def make(truth, right, subject, cohort="healthy", **changes):
        wanted = np.array(truth)
        guess = np.where(right, wanted, 1 - wanted)
        probabilities = np.where(np.eye(2)[guess] == 1, 0.9, 0.1)
        groups = {"subject": np.array(list(subject)), "cohort": np.full(len(truth), cohort)}
        return performance(probabilities, wanted, **groups, **changes)

    return make


@pytest.fixture
def folds(fold):
    return [
        fold([0, 1], [True, True], "aa"),
        fold([0, 1, 1, 0], [True, False, False, True], "aabb"),
        fold([0, 1], [False, True], "cc", "patient"),
    ]


@pytest.fixture
def summary(folds):
    """The content of ``metrics.json`` of an experiment of several folds."""
    each = [
        {
            "windows": {"test": {"healthy": fold.scores.windows}},
            "selection": {"name": "minority", "leaking": False, "sentence": "…"},
            "seconds": 10.0,
            **fold.to_json(),
        }
        for fold in folds
    ]
    return {
        "source": "study.npz",
        "created": "2026-01-02T03:04:05+00:00",
        "split": {"rule": "3 folds over subjects", "leaking": False},
        "folds": [{"name": f"subject_{k}", "metrics": one} for k, one in enumerate(each)],
        "settings": {"training": {"seed": 7}},
        "versions": {"keras": "3.15"},
        "machines": [{"machine": "node-7", "processor": "EPYC", "jobs": 3}],
        "warnings": [],
        "data": {"sha256": "abc123"},
        "seconds": 30.0,
        **pool_folds(folds).to_json(),
    }


@pytest.fixture
def figures(folds):
    return {name: f"\x89PNG {name}".encode("latin-1") for name in score_figures(pool_folds(folds))}


def test_each_fold_counts_equally_in_the_mean(folds):
    pooled = pool_folds(folds)
    assert pooled.over_folds.mean["test_accuracy"] == pytest.approx(2 / 3)
    assert pooled.over_folds.deviation["test_accuracy"] == pytest.approx(np.std([1, 0.5, 0.5]))
    assert pooled.to_json()["test_accuracy"] == pooled.over_folds.mean["test_accuracy"]
    json.dumps(pooled.to_json(), allow_nan=False)


def test_windows_of_all_folds_are_counted_together(folds):
    pooled = pool_folds(folds)
    assert pooled.scores.confusion.tolist() == [[3, 1], [2, 2]]
    assert pooled.scores.per_class == Scores(ACTIONS, np.array([[3, 1], [2, 2]])).per_class
    assert pooled.per_cohort["healthy"].confusion.tolist() == [[3, 0], [2, 1]]
    assert pooled.per_cohort["patient"].accuracy == 0.5


def test_a_subject_of_two_folds_is_one_subject(folds):
    pooled = pool_folds(folds)
    assert list(pooled.per_subject) == ["a", "b", "c"]
    assert pooled.per_subject["a"].confusion.tolist() == [[2, 0], [1, 1]]
    assert pooled.cohorts["c"] == "patient"
    assert pooled.over_subjects.mean["accuracy"] == pytest.approx((3 / 4 + 1 / 2 + 1 / 2) / 3)


def test_a_subject_who_was_in_two_cohorts_has_both(folds, fold):
    both = fold([0, 1], [True, True], "aa", "patient")
    assert pool_folds([*folds, both]).cohorts["a"] == "healthy, patient"


def test_one_fold_pools_to_itself(folds):
    pooled, alone = pool_folds(folds[1:2]).to_json(), folds[1].to_json()
    for name in ("test_accuracy", "test_loss", "confusion", "per_class", "per_subject", "over_subjects"):
        assert pooled[name] == alone[name]


def test_the_baseline_needs_every_fold(folds, fold):
    with_baseline = [
        fold([0, 1], [True, True], "aa", baseline=np.eye(2)[guess]) for guess in ([0, 0], [0, 1])
    ]
    pooled = pool_folds(with_baseline)
    assert pooled.baseline.accuracy == 0.75
    assert len(pooled.baseline_decided.action) == 4
    pooled = pool_folds([*with_baseline, folds[0]])
    assert pooled.baseline is None
    assert pooled.baseline_steadiness is None
    assert len(pooled.decided.action) == 4 + len(folds[0].decided.action)


def test_folds_that_do_not_belong_together(folds, performance):
    other = performance([[1, 0]], [0], actions=("rest", "fist"))
    with pytest.raises(ValueError, match="different actions"):
        pool_folds([folds[0], other])
    with pytest.raises(ValueError, match="at least one fold"):
        pool_folds([])


def test_the_page_has_a_line_and_a_link_for_each_fold(summary, figures, read_page):
    html = render_folds(summary, figures)
    page = read_page(html, " ")
    links = [reference for reference in page.references if not reference.startswith("data:image/png;base64,")]
    assert links == [f"folds/subject_{k}/report.html" for k in range(3)]
    assert len(page.references) == 5  # the links and two figures
    for words in (
        "Training report of 3 folds",
        "3 folds over subjects",
        "subject 1 4 50.0\u202f%",
        "All test windows together 62.5\u202f%",
        "Mean 66.7\u202f%",
        "Deviation 23.6\u202f%",
        "Mean over 3 subjects: accuracy 58.3\u202f%",
        "Seed 7",
        "abc123",
    ):
        assert words.replace("\u202f", " ") in page.text.replace("\u202f", " "), words
    assert "leaking" not in page.text.lower()


def test_a_leaking_selection_is_named(summary, figures, read_page):
    for one in summary["folds"]:
        one["metrics"]["selection"]["leaking"] = True
    text = read_page(render_folds(summary, figures), " ").text
    assert (
        "LEAKING: this result is too good. The member was chosen by its result on the test windows." in text
    )


def test_names_are_text_and_never_markup(summary, figures, read_page):
    summary["folds"][0]["name"] = 'subject_"><script>'
    page = read_page(render_folds(summary, figures), " ")
    assert "script" not in page.tags
    assert "folds/subject_%22%3E%3Cscript%3E/report.html" in page.references


def test_one_subject_needs_no_figure(folds):
    assert set(score_figures(pool_folds(folds[:1]))) == {"confusion"}
