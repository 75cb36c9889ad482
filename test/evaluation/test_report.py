"""Each report is one page that needs no other file and shows the numbers it is given."""

from __future__ import annotations

import re

import numpy as np
import pytest

from emg_recognition.evaluation.report import experiment_figures, listed, render_comparison, render_report

ACTIONS = ["rest", "elbow_flexion"]
SUBSETS = ("train", "validation", "test")
FIGURES = {
    name: f"\x89PNG {name}".encode("latin-1")
    for name in ("learning_curves", "members", "confusion", "reliability", "rejection", "subjects")
}


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
        "test_accuracy": 0.8,
        "test_loss": 0.7,
        "seconds": 76.0,
    }


@pytest.fixture
def histories():
    epoch = {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.1, "val_accuracy": 0.4}
    return [[epoch, {**epoch, "epoch": 2}], [epoch]]


@pytest.fixture
def result(performance):
    return performance(
        [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]],
        [0, 0, 1, 1],
        cohort=np.array(["healthy", "patient"] * 2),
        subject=np.array(["h_1", "p_1"] * 2),
    )


@pytest.fixture
def content(result):
    places = [
        (subset, cohort, action)
        for action in ACTIONS
        for subset in SUBSETS
        for cohort in ("healthy", "patient")
    ]
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
        "window_table": [
            {"subset": subset, "cohort": cohort, "action": action, "windows": number}
            for number, (subset, cohort, action) in enumerate(places, start=101)
        ],
        "minority": "patient",
        "minority_choice": "the minority cohort is patient",
        "members": [member(1, 0.7), member(2, 0.75)],
        "selection": {
            "name": "minority",
            "leaking": False,
            "sentence": "the member with the best balanced accuracy on the validation windows of patient",
        },
        "selected": 2,
        "seconds": 152.0,
        "train_accuracy": 0.8955,
        "train_loss": 0.16,
        "pipeline": "emg1: 8 ch",
        "settings": {"window": 0.2, "network": {"stem": (4, 2)}, "training": {"seed": 7}},
        "split": {
            "name": "",
            "rule": "by repetition",
            "leaking": False,
            "values": {"train": [1, 2, 3, 5], "validation": [6], "test": [4]},
        },
        "data": {"sha256": "abc123"},
        "versions": {"keras": "3.15"},
        "machines": [{"machine": "node-7", "processor": "EPYC", "jobs": 3}],
        "warnings": ["only 12 windows of fist <were> tested"],
        **result.to_json(),
        "test_loss": 0.6,
    }


def test_it_needs_no_other_file(content, read_page):
    page = read_page(render_report(content, FIGURES), " ")
    assert len(page.references) == 6
    assert all(reference.startswith("data:image/png;base64,") for reference in page.references)
    assert not page.tags & {"script", "link", "iframe"}


def test_the_numbers_are_there(content, read_page):
    text = read_page(render_report(content, FIGURES), " ").text
    for number in (
        "Test accuracy 75.0\u202f% 30.1–95.4\u202f%",
        "This model 75.0\u202f% 30.1–95.4\u202f% 75.0\u202f% 73.3\u202f%",
        "by Wilson's formula over windows",
        "Only 12 windows of fist <were> tested.",
        "2\u202fmin 32\u202fs",
        "Member 2 was kept, the member with the best balanced accuracy on the validation windows of patient.",
        "The test windows played no part in any choice.",
        "12\u202f345",
        "0.160",
        "Mean over 2 subjects: accuracy 75.0\u202f%",
        "Worst subject: p 1, balanced accuracy 50.0\u202f%",
        "Member 1 0.8955 0.8000 0.160 0.700 1\u202fmin 16\u202fs",
        "Kept: member 2 0.8955 0.7500 0.160 0.600",
        "they selected nothing",
        "elbow flexion 2 100.0\u202f% 66.7\u202f% 50.0\u202f%",
        "Expected calibration error",
        "Accuracy of the accepted 75.0\u202f%",
        "As the bridge decides: 3 votes, confidence of at least 0.5 0",
        "By repetition. All windows of a repetition are in the same subset.",
        "rest 101 102 103 104 105 106",
        "Training 1–3, 5",
        "Test 4",
        "Seed 7",
        "stem: [4, 2]",
        "abc123",
        "emg1: 8 ch",
        "keras 3.15",
        "3 networks on node-7 (EPYC)",
    ):
        assert re.sub(r"\s+", " ", number) in text, number


def test_names_from_recordings_are_text_and_never_markup(content, read_page):
    content["source"] = "<script>alert(1)</script>"
    content["per_subject"]['"><img src=x>'] = content["per_subject"].pop("p_1")
    page = read_page(render_report(content, FIGURES), " ")
    assert "script" not in page.tags
    assert len(page.references) == 6
    assert "<script>alert(1)</script>" in page.text


def test_an_honest_result_is_nowhere_called_leaking(content):
    assert (
        "leaking"
        not in re.sub(r"<style>.*?</style>", "", render_report(content, FIGURES), flags=re.S).lower()
    )


def test_a_leaking_split_is_named_everywhere(content, read_page):
    content["split"] |= {"leaking": True, "rule": "random windows"}
    html = render_report(content, FIGURES)
    text = read_page(html, " ").text
    assert "<title>LEAKING: Training report" in html
    assert "LEAKING: this result is too good. Windows of one repetition are in several subsets" in text
    assert "chosen by its result on the test" not in text
    assert "Test accuracy (leaking)" in text
    assert "Kept: member 2 · LEAKING" in text
    assert "Windows of one repetition are in more than one subset." in text
    assert "in the same subset" not in text


def test_a_selection_by_the_test_is_named_everywhere(content, read_page):
    content["selection"] |= {"name": "test", "leaking": True, "sentence": "the best on the test windows"}
    text = read_page(render_report(content, FIGURES), " ").text
    assert (
        "LEAKING: this result is too good. The member was chosen by its result on the test windows." in text
    )
    assert "Test accuracy (leaking)" in text
    assert "The test windows made that choice." in text
    assert "selected nothing" not in text
    assert "in the same subset" in text


def test_a_vote_of_all_members(content, read_page):
    content |= {"selected": None}
    content["selection"] |= {"name": "soft-vote", "sentence": "all members, the mean of their probabilities"}
    text = read_page(render_report(content, FIGURES), " ").text
    assert "Kept: all members, the mean of their probabilities." in text
    # The time of the vote is that of all members.
    assert (
        "Kept: soft vote of all members 0.8955 0.7500 0.160 0.600 2\u202fmin 32\u202fs".replace("\u202f", " ")
        in text
    )
    assert "Member 1 (kept)" not in text


def test_members_that_were_not_tested_are_dashes(content, read_page):
    for one in content["members"]:
        one |= {"test_accuracy": None, "test_loss": None}
    assert "Member 1 0.8955 – 0.160 –" in read_page(render_report(content, FIGURES), " ").text


def test_without_rest_there_are_no_false_activations(content, read_page):
    content["rest"] = None
    assert "at rest" not in read_page(render_report(content, FIGURES), " ").text


def test_one_member_one_subject_and_no_cohort_name(content, read_page):
    whole = content["per_cohort"]["healthy"]
    only = member(1, 0.7) | {"windows": {"": 40}, "val_per_cohort": {"": 0.7}}
    content |= {
        "minority": None,
        "selected": 1,
        "members": [only],
        "windows_per_cohort": {"": 40},
        "windows": {subset: {"": 4} for subset in SUBSETS},
        "window_table": [{"subset": "test", "cohort": "", "action": "rest", "windows": 4}],
        "per_cohort": {"": whole},
        "per_subject": {"": {"cohort": "", **whole}},
    }
    figures = {name: FIGURES[name] for name in FIGURES if name not in ("members", "subjects")}
    text = read_page(render_report(content, figures), " ").text
    assert "(unnamed)" in text
    assert "was kept" not in text
    assert "The model 0.8955 0.7500" in text
    assert "over 1 subjects" not in text


def test_an_action_that_was_not_performed_is_a_dash(content, read_page):
    content["per_class"]["elbow_flexion"] = {"precision": None, "recall": None, "f1": None, "windows": 0}
    assert "elbow flexion 0 – – –" in read_page(render_report(content, FIGURES), " ").text


def test_the_baseline_and_the_bootstrap_are_in_the_result(content, read_page, performance):
    right = performance([[0.9, 0.1]] * 6 + [[0.1, 0.9]] * 6, [0] * 6 + [1] * 6, baseline=np.eye(2)[[0] * 12])
    names = ("intervals", "baseline", "steadiness", "baseline_steadiness")
    content |= {name: right.to_json()[name] for name in names}
    text = read_page(render_report(content, FIGURES), " ").text
    assert "Baseline: LDA on Hudgins' features 50.0 % 50.0 % 33.3 %" in text
    assert "by bootstrap over 12 segments" in text
    assert "Wrong movements a minute of action" in text.replace("  ", " ")
    assert text.count("Baseline: LDA on Hudgins' features") == 2
    assert "12 of 12" not in text


def test_the_contents_list_every_section(content, read_page):
    html = render_report(content, FIGURES)
    titles = re.findall(r'<h2 id="[^"]+">(.*?)</h2>', html)
    links = re.findall(r'<li><a href="#[^"]+">(.*?)</a></li>', html)
    assert links == titles
    assert len(set(re.findall(r'<h2 id="([^"]+)">', html))) == len(titles) > 8


def test_the_table_of_subjects_is_folded(content):
    html = render_report(content, FIGURES)
    folded = re.search(r"<details>.*?</details>", html, flags=re.S)[0]
    assert "<summary>Table of 2 subjects</summary>" in folded
    assert "p 1" in folded


STEADINESS = (
    "wrong_movements_per_minute",
    "false_activations_per_minute",
    "decision_delay_ms",
    "decision_delay_p90_ms",
)
METHODS = [
    {
        "method": name,
        "title": title,
        "group": group,
        "leaking": leaking,
        "mean": {
            "accuracy": accuracy,
            "balanced_accuracy": 0.5,
            "minority": 0.4,
            "worst": 0.2,
            "seconds": 61.0,
            **dict(zip(STEADINESS, (12.34, None, 450.0, 900.0), strict=True)),
        },
        "deviation": dict.fromkeys(
            ("accuracy", "balanced_accuracy", "minority", "worst", "seconds", *STEADINESS), deviation
        ),
        "per_subject": {"p_1": 0.5, "p_2": 0.6, "p_3": 0.7},
        "values": [accuracy],
        "minority": [0.4],
        "runs": [
            {
                "fold": "",
                "seed": 3,
                "accuracy": accuracy,
                "balanced_accuracy": 0.5,
                "worst": 0.2,
                "worst_subject": "p_1",
                "networks": 8,
                "steps": 1000,
                "seconds": 61.0,
                "steadiness": {
                    "intervals": {**dict.fromkeys(STEADINESS), "decision_delay_ms": (400.0, 520.0)}
                },
            }
        ],
    }
    for name, title, group, leaking, accuracy, deviation in (
        ("ensemble-minority", "Ensemble, best on the minority", "ensemble", False, 0.75, 0.01),
        ("ensemble-test", "Ensemble, best on the test data", "ensemble", True, 0.9, 0.01),
        ("lda", "LDA, Hudgins' features", "classical", False, 0.6, None),
    )
]


@pytest.fixture
def comparison():
    """The content of ``compare.json``."""
    return {
        "source": "study.npz",
        "created": "2026-01-02T03:04:05+00:00",
        "settings": {"training": {"seed": 0}},
        "data": {"sha256": "abc123"},
        "versions": {"keras": "3.15"},
        "machines": [{"machine": "node-7", "processor": "EPYC", "jobs": 3}],
        "seeds": [0, 1, 2],
        "split": {"rule": "by repetition", "leaking": False, "folds": [""]},
        "minority": "patient",
        "minority_choice": "the minority cohort is patient",
        "methods": [dict(row) for row in METHODS],
        "learning_curve": [{"repetitions": n, "methods": [dict(METHODS[-1])]} for n in (1, 9)],
    }


def test_a_comparison_has_a_row_for_each_method(comparison, read_page):
    images = dict.fromkeys(("comparison", "learning_curve"), b"\x89PNG")
    page = read_page(render_comparison(comparison, images), " ")
    assert len(page.references) == 2
    for words in (
        "Highest accuracy 75.0 %",  # leaking methods do not win
        "Ensemble, best on the minority 75.0 % ± 1.0 % 50.0 % ± 1.0 % 40.0 % ± 1.0 % 60.0 %",
        "Ensemble, best on the test data · LEAKING",
        "LDA, Hudgins' features 60.0 % 50.0 % 40.0 % 60.0 %",
        "Seeds: 0–2.",
        "Accuracy of 3 subjects",
        "p 2 60.0 % 60.0 % 60.0 %",
        "p 1, 20.0 %",
        "abc123",
        "Repetitions of each person 1 9 LDA, Hudgins' features 40.0 % 40.0 %",
        "LDA, Hudgins' features 12.3 – 450 ms 400 to 520 ms 900 ms",
    ):
        assert words in page.text, words


def test_a_comparison_without_a_minority_has_no_column_for_it(comparison, read_page):
    comparison |= {"minority": None, "learning_curve": []}
    for row in comparison["methods"]:
        row["mean"] = row["mean"] | {"minority": None}
    text = read_page(render_comparison(comparison, {"comparison": b"\x89PNG"}), " ").text
    assert "LDA, Hudgins' features 60.0 % 50.0 % 60.0 %" in text
    assert "None" not in text


def test_names_in_a_comparison_are_text_and_never_markup(comparison, read_page):
    comparison |= {"source": "<script>x</script>", "learning_curve": []}
    comparison["methods"][0]["per_subject"] = {"<b>": 0.5}
    page = read_page(render_comparison(comparison, {"comparison": b"\x89PNG"}), " ")
    assert not page.tags & {"script", "b"}


def test_every_figure_that_has_something_to_show(performance, result, histories):
    figures = experiment_figures(result, histories, 1)
    assert set(figures) == set(FIGURES)
    assert [axes.get_title(loc="left") for axes in figures["members"].axes if axes.get_title(loc="left")] == [
        "Member 1",
        "Member 2 (kept)",
    ]
    alone = performance([[0.9, 0.1]], [0])
    assert set(FIGURES) - set(experiment_figures(alone, histories[:1], 0)) == {"members", "subjects"}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], ""),
        ([4], "4"),
        ([1, 2], "1, 2"),
        ([1, 2, 3, 5, 7, 8, 9], "1–3, 5, 7–9"),
        (["b", "a", "c"], "b, a, c"),
        (("s1", 2, 3, 4, "s5"), "s1, 2–4, s5"),
    ],
)
def test_consecutive_whole_numbers_become_a_range(values, text):
    assert listed(values) == text
