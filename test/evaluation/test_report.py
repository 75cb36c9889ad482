"""The report is one page that needs no other file and shows the numbers it is given."""

from __future__ import annotations

import copy
import re

import pytest

from emg_recognition.evaluation import metrics
from emg_recognition.evaluation.report import render_report

ACTIONS = ["rest", "elbow_flexion"]
FIGURES = {"learning_curves": b"\x89PNG curves", "confusion": b"\x89PNG matrix"}


def member(number, patient):
    return {
        "member": number,
        "windows": {"healthy": 40, "patient": 24},
        "loss": 0.16,
        "accuracy": 0.8955,
        "val_loss": 0.6,
        "val_accuracy": 0.8,
        "val_balanced_accuracy": patient,
        "val_balanced_accuracy_all": 0.8,
        "val_per_cohort": {"healthy": 0.9, "patient": patient},
        "seconds": 76.0,
    }


@pytest.fixture
def content():
    truth, guess = [0, 0, 1, 1], [0, 0, 1, 0]
    cohort, subject = ["healthy", "patient"] * 2, ["h_1", "p_1"] * 2
    whole = metrics.scores(truth, guess, ACTIONS)
    per_subject = metrics.scores_by_group(truth, guess, ACTIONS, subject)
    return {
        "source": "study.npz",
        "created": "2026-01-02T03:04:05+00:00",
        "actions": ACTIONS,
        "windows_per_cohort": {"healthy": 12345, "patient": 24},
        "windows": {
            "train": {"healthy": 12345, "patient": 24},
            "validation": {"healthy": 5, "patient": 3},
            "test": {"healthy": 2, "patient": 2},
        },
        "minority": "patient",
        "minority_choice": "the minority cohort is patient",
        "members": [member(1, 0.7), member(2, 0.75)],
        "selected": 2,
        "seconds": 152.0,
        "train_accuracy": 0.8955,
        "train_loss": 0.16,
        "pipeline": "emg1: 8 ch",
        "settings": {"window": 0.2, "network": {"stem": (4, 2)}, "training": {"seed": 7}},
        "split": {"rule": "by repetition", "train": (1, 2), "validation": (3,), "test": (4,)},
        "data": {"sha256": "abc123"},
        "versions": {"keras": "3.15"},
        **{f"test_{name}": whole[name] for name in ("accuracy", "balanced_accuracy", "macro_f1")},
        "test_loss": 0.6,
        "per_class_recall": whole["per_class_recall"],
        "confusion": whole["confusion"],
        "per_cohort": metrics.scores_by_group(truth, guess, ACTIONS, cohort),
        "per_subject": per_subject,
        "over_subjects": metrics.over_subjects(per_subject),
    }


def test_it_needs_no_other_file(content, read_page):
    page = read_page(render_report(content, FIGURES), " ")
    assert len(page.references) == 2
    assert all(reference.startswith("data:image/png;base64,") for reference in page.references)
    assert not page.tags & {"script", "link", "iframe"}


def test_the_numbers_are_there(content, read_page):
    text = read_page(render_report(content, FIGURES), " ").text
    for number in (
        "Test accuracy 75.0\u202f%",
        "2\u202fmin 32\u202fs",
        "Member 2 was kept",
        "12\u202f345",
        "89.5\u202f%",
        "0.160",
        "Mean over 2 subjects: accuracy 75.0\u202f%",
        "Served worst: p 1, balanced accuracy 50.0\u202f%",
        "Training 1, 2",
        "Test 4",
        "Seed 7",
        "stem: [4, 2]",
        "abc123",
        "emg1: 8 ch",
        "keras 3.15",
    ):
        assert re.sub(r"\s+", " ", number) in text, number


def test_names_from_recordings_are_text_and_never_markup(content, read_page):
    content["source"] = "<script>alert(1)</script>"
    content["per_subject"]['"><img src=x>'] = content["per_subject"].pop("p_1")
    page = read_page(render_report(content, FIGURES), " ")
    assert "script" not in page.tags
    assert len(page.references) == 2
    assert "<script>alert(1)</script>" in page.text


def test_one_member_and_no_cohort_name(content, read_page):
    content = copy.deepcopy(content)
    whole = {
        "windows": 4,
        "accuracy": 0.75,
        "balanced_accuracy": 0.75,
        "macro_f1": 0.7,
        "per_class_recall": {},
    }
    only = member(1, 0.7) | {"windows": {"": 40}, "val_per_cohort": {"": 0.7}}
    content |= {
        "minority": None,
        "selected": 1,
        "members": [only],
        "windows_per_cohort": {"": 40},
        "windows": {side: {"": 4} for side in ("train", "validation", "test")},
        "per_cohort": {"": whole},
    }
    text = read_page(render_report(content, FIGURES), " ").text
    assert "(unnamed)" in text
    assert "was kept" not in text


def test_an_action_nobody_performed_is_a_dash(content, read_page):
    content["per_class_recall"] = {"rest": 1.0}
    assert "elbow flexion –" in read_page(render_report(content, FIGURES), " ").text
