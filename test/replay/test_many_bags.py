"""Many bags with several models: a row for each, nothing made twice, nothing lost."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest

from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.replay.evaluate import evaluate
from emg_recognition.replay.many_bags import evaluate_bags, find_bags
from emg_recognition.resources import this_machine


@pytest.fixture
def bags(robot, signal, tmp_path):
    """Two bags of different people, one of them in a folder of its own, and one that is damaged."""
    folder = tmp_path / "recordings"
    for number, (name, subject) in enumerate((("monday", "anna"), ("ward/tuesday", "ben"))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with robot(folder / name) as bag:
            bag.samples(0, signal[: 1500 + 500 * number], restart=True)
            bag.label("start", 100, "rest", subject=subject)
            bag.label("start", 800, "elbow_flexion", subject=subject)
    (folder / "wednesday").mkdir()
    (folder / "wednesday" / "wednesday_0.mcap").write_bytes(b"\x89MCAP0\r\n" + bytes(100))
    (folder / "notes.txt").write_text("the armband slipped")
    return folder


@pytest.fixture
def written(tmp_path):
    """Return the time of change of every evaluation, to the nanosecond."""
    return lambda: {
        path.parent.name: path.stat().st_mtime_ns for path in tmp_path.glob("out/evaluations/*/metrics.json")
    }


def test_a_table_of_bags_and_models_that_is_never_made_twice(bags, model, flexing, tmp_path, written):
    found = evaluate_bags([model.info.path, flexing], bags, tmp_path / "out", workers=2)
    assert [(row.bag, row.model) for row in found.rows[:2]] == [
        ("monday", model.info.model_id),
        ("monday", found.models[1]["model"]),
    ]
    assert [row.bag for row in found.rows[::2]] == ["monday", "ward/tuesday", "wednesday"]
    assert [row.problem is None for row in found.rows] == [True] * 4 + [False] * 2
    assert "wednesday" in found.rows[5].problem
    assert [(one["evaluated"], one["failed"]) for one in found.models] == [(2, 1)] * 2
    # To the bit what a single evaluation says.
    alone = evaluate(model.info.path, bags / "monday").metrics.to_json()
    kept = json.loads(found.rows[0].metrics_file.read_text())
    assert (kept.pop("machine"), kept.pop("processor")) == tuple(this_machine().values())
    assert {**kept, "created": ""} == {**alone, "created": ""}
    assert found.models[0]["mean"]["accuracy"] == pytest.approx(
        np.mean([row.metrics["accuracy"] for row in found.rows[:4:2]])
    )
    with found.table.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["person"] for row in table] == ["anna", "anna", "ben", "ben", "", ""]
    assert float(table[0]["accuracy"]) == alone["accuracy"]
    page = found.report.read_text()
    for expected in (
        "ward/tuesday",
        "Could not be evaluated",
        f"evaluations/{found.rows[0].metrics_file.parent.name}",
    ):
        assert expected in page

    before = written()
    assert (found.new, len(before)) == (4, 4)
    again = evaluate_bags([model.info.path, flexing], bags, tmp_path / "out", workers=1)
    assert (again.new, written()) == (0, before)
    assert [row.metrics for row in again.rows] == [row.metrics for row in found.rows]


def test_what_decides_the_result_makes_it_anew(bags, model, tmp_path, robot, signal, written):
    shutil.rmtree(bags / "wednesday")
    settings = {"stride": 0.05, "workers": 1}
    first = evaluate_bags(model.info.path, bags, tmp_path / "out", **settings)
    assert first.new == 2
    # Cut off by a power failure, moved, and recorded again under the same name.
    first.rows[0].metrics_file.write_text("{")
    assert evaluate_bags(model.info.path, bags, tmp_path / "out", **settings).new == 1
    (bags / "ward").rename(bags / "hospital")
    shutil.rmtree(bags / "monday")
    with robot(bags / "monday") as bag:
        bag.samples(0, signal[:1000], restart=True)
    found = evaluate_bags(model.info.path, bags, tmp_path / "out", **settings)
    assert (found.new, [row.bag for row in found.rows]) == (1, ["hospital/tuesday", "monday"])
    assert found.notes == ("1 bags have no labels that a model knows, and no accuracy",)
    changed = evaluate_bags(model.info.path, bags, tmp_path / "out", decisions={"votes": 5}, **settings)
    assert changed.new == 2
    assert {row.metrics["votes"] for row in changed.rows} == {5}
    shutil.copytree(bags / "monday", bags / "copy")
    copied = evaluate_bags(model.info.path, bags, tmp_path / "out", **settings)
    assert "monday is a copy of copy, and both count" in copied.notes


def test_names_are_unique_and_what_is_no_bag_is_refused(bags, tmp_path):
    assert [name for name, _ in find_bags([bags / "monday"])] == ["monday"]
    other = tmp_path / "other"
    shutil.copytree(bags / "monday", other / "monday")
    names = [name for name, _ in find_bags([bags, other])]
    assert names == [str(bags / "monday"), "ward/tuesday", "wednesday", str(other / "monday")]
    (tmp_path / "empty").mkdir()
    for path, problem in (
        (tmp_path / "empty", "no bag in it"),
        (tmp_path / "nowhere", "no such file"),
        (bags / "notes.txt", "it is no bag"),
    ):
        with pytest.raises(RecordingError, match=problem):
            find_bags([path])


def test_what_would_fail_for_every_bag_is_refused_first(bags, model, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    for options, expected in (
        ({"output": tmp_path / "thesis"}, "did not write"),
        ({"stride": 100.0}, "stride is 100"),
        ({"decisions": {"enter_votes": 9}}, "enter_votes is 9"),
        ({"workers": 0}, "at least one process"),
    ):
        with pytest.raises(SettingError, match=expected):
            evaluate_bags(model.info.path, bags, **{"output": tmp_path / "out", **options})
    assert not (tmp_path / "out").exists()
