"""The report of an evaluation shows the numbers it is given, and names what is missing."""

from __future__ import annotations

import re

import pytest

from emg_recognition.evaluation import metrics
from emg_recognition.evaluation.intervals import count_segments, score_intervals
from emg_recognition.evaluation.report import render_replay_report

ACTIONS = ["rest", "elbow_flexion"]
FIGURES = {"timeline": b"\x89PNG timeline", "confusion": b"\x89PNG matrix"}


@pytest.fixture
def content():
    truth, guess = [0, 0, 1, 1], [0, 0, 1, 0]
    found = metrics.score_windows(truth, guess, ACTIONS).to_json()
    del found["windows"]
    per_subject = metrics.scores_by_group(truth, guess, ACTIONS, ["anna", "ben"] * 2)
    return {
        "format": "emg_recognition replay 2",
        "source": "tuesday.mcap",
        "mode": "offline",
        "created": "2026-01-02T03:04:05+00:00",
        "model": {
            "id": "abc123",
            "sha256": "abc123def",
            "actions": ACTIONS,
            "fingerprint": "emg1: 8 ch",
            "path": "out/bundle",
        },
        "signal": {
            "device": "EMG 8",
            "frame_id": "armband",
            "rate": 1000.0,
            "channels": 8,
            "unit": "V",
            "seconds": 7205.0,
            "samples": 7205000,
            "starts": 2,
            "gaps": 1,
            "missing_samples": 35,
            "dropped_by_device": 34,
            "refused_chunks": 0,
        },
        "stride": 25,
        "windows": {"expected": 288000, "estimated": 287990, "missing": 10, "settling": 20, "labelled": 4},
        "confidence_threshold": 0.5,
        "votes": 3,
        "decisions": {"votes": 3, "enter_votes": 2, "keep_votes": 2, "dwell": 0.0},
        "intervals": metrics.to_json(score_intervals(count_segments(truth, guess, 2, [0, 1, 2, 3]))),
        "labels": 2,
        "unknown_labels": {},
        **found,
        "accepted_accuracy": 0.8,
        "rejected": 0.125,
        "decided_accuracy": 0.7,
        "decided_balanced_accuracy": 0.65,
        "undecided": 0.05,
        "false_activations_per_minute": 0.24,
        "wrong_movements_per_minute": 3.25,
        "active_at_rest": 0.031,
        "onset_delay_ms": {"measured": 3, "missed": 1, "median": 262.4, "p90": 350.0},
        "rate_intervals": {
            "false_activations_per_minute": (0.1, 0.5),
            "wrong_movements_per_minute": None,
            "onset_delay_ms": None,
        },
        "release_delay_ms": {"measured": 3, "missed": 0, "median": 275.0, "p90": 375.0},
        "per_subject": metrics.to_json(per_subject),
        "per_cohort": {},
        "per_session": {},
        "per_repetition": {},
        "over_subjects": metrics.to_json(metrics.over_subjects(per_subject)),
        "recorded": {
            "model": "abc123",
            "sha256": "abc123def",
            "same_model": True,
            "estimates": 287000,
            "compared": 286990,
            "same_action": 1.0,
            "identical_probabilities": 0.998,
            "largest_difference": 3.1e-5,
            "missing": 1000,
            "extra": 10,
            "accuracy": 0.75,
            "balanced_accuracy": 0.75,
        },
        "problems": ["the bag was cut off", "10 of 288000 windows have no estimate"],
        "versions": {"numpy": "2.4"},
    }


@pytest.fixture
def text_of(read_page):
    return lambda content, figures=FIGURES: read_page(render_replay_report(content, figures)).text


def test_it_needs_no_other_file(content, read_page):
    page = read_page(render_replay_report(content, FIGURES))
    assert len(page.references) == 2
    assert all(reference.startswith("data:image/png;base64,") for reference in page.references)
    assert not page.tags & {"script", "link", "iframe"}


def test_the_numbers_are_there(content, text_of):
    text = text_of(content)
    for phrase in (
        "Accuracy, windows75.0\u202f%30.1–95.4\u202f%",
        "False activations/min0.2",
        "Model abc123 was run over 120\u202fmin 05\u202fs of signal (8 channels at 1000 Hz, EMG 8)",
        "287\u202f990 windows, one every 25 ms. 4 of them lie inside a label",
        "Estimates with a confidence below 50\u202f% are rejected: 12.5\u202f% of all.",
        "when it has 2 of the last 3 estimates",
        "The bag was cut off.",
        "10 of 288000 windows have no estimate.",
        "median 262 ms, 90 % within 350 ms (3 movements). In 1 movement the action was never decided.",
        "until rest is decided: median 275 ms",
        "started 0.2 times per minute (95 % confidence interval, by bootstrap over labels: 0.10 to 0.50)",
        "in 3.1\u202f% of the windows",
        "decisions for another movement started 3.2 times per minute",
        "287\u202f000 estimates of the same model. 286\u202f990 of them",
        "100.0\u202f% have the same action, 99.8\u202f% the same probabilities to the last bit",
        "is 3.1e-05). 1\u202f000 windows judged here have no recorded estimate. 10 recorded estimates belong",
        "Mean over 2 subjects: accuracy 75.0\u202f%",
        "Stride25 samples, 0.025 s",
        "abc123def",
        "numpy 2.4",
    ):
        assert re.sub(r"\s+", " ", phrase) in text, phrase


def test_without_labels_it_says_so_and_shows_everything_else(content, text_of):
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "per_class_recall", "confusion", "intervals"):
        content[name] = None
    for name in ("accepted_accuracy", "decided_accuracy", "decided_balanced_accuracy", "undecided"):
        content[name] = None
    for name in (
        "false_activations_per_minute",
        "wrong_movements_per_minute",
        "active_at_rest",
        "onset_delay_ms",
        "release_delay_ms",
    ):
        content[name] = None
    content |= {"per_subject": {}, "over_subjects": None, "labels": 0, "problems": ["there are no labels"]}
    text = text_of(content, {"timeline": b"\x89PNG"})
    assert "There are no labels." in text
    assert "Confusion" not in text
    assert "Windows judged287\u202f990".replace("\u202f", " ") in text
    assert "Same action as recorded100.0" in text
    assert "None" not in text


def test_without_recorded_estimates_there_is_no_section_about_them(content, text_of):
    content["recorded"] = None
    assert "Recorded estimates" not in text_of(content)


def test_another_model_and_an_unknown_one(content, text_of):
    content["recorded"] |= {"model": "xyz", "same_model": False, "identical_probabilities": None}
    assert "of another model, xyz." in text_of(content)
    content["recorded"] |= {"same_model": None, "compared": 0, "same_action": None, "accuracy": None}
    assert "of a model that it does not describe." in text_of(content)


def test_a_live_run_is_named(content, text_of):
    content["mode"] = "online"
    assert "The live nodes ran the model abc123 over" in text_of(content)


def test_names_from_recordings_are_text_and_never_markup(content, read_page):
    content["source"] = "<script>alert(1)</script>"
    content["problems"] = ['"><img src=x>']
    content["per_subject"]["<b>x</b>"] = content["per_subject"].pop("ben")
    page = read_page(render_replay_report(content, FIGURES))
    assert not page.tags & {"script", "b"}
    assert len(page.references) == 2
    assert "<script>alert(1)</script>" in page.text
