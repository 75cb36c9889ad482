"""The output folder of an evaluation: complete, replaced by the next one, and nothing else is touched."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from emg_recognition.errors import SettingError
from emg_recognition.replay.estimates import Estimates
from emg_recognition.replay.offline import replay_bag
from emg_recognition.replay.output import refuse_foreign, write_results
from emg_recognition.replay.scoring import score


@pytest.fixture
def replay(robot, model, signal):
    with robot() as bag:
        bag.model(model.info)
        bag.state(0, 0)
        bag.samples(0, signal[:1500], restart=True)
        bag.label("start", 100, "rest")
        bag.label("start", 1500, "elbow_flexion")
        bag.state(500, 1, "elbow_flexion")
        bag.samples(1600, signal[1600:])
    return replay_bag(bag.path, model)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


ALL = [
    "estimates.npz",
    "figures/confusion.pdf",
    "figures/confusion.png",
    "figures/timeline.pdf",
    "figures/timeline.png",
    "metrics.json",
    "report.html",
]


def test_everything_is_written_and_reads_back(replay, tmp_path):
    output = tmp_path / "new" / "out"
    scores = score(replay)
    assert write_results(output, replay, scores) == output / "report.html"
    assert files(output) == ALL
    assert json.loads((output / "metrics.json").read_text()) == scores.to_json()
    np.testing.assert_array_equal(
        Estimates.load(output / "estimates.npz").probabilities, replay.estimates.probabilities
    )
    assert (output / "figures" / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert (output / "figures" / "timeline.pdf").read_bytes().startswith(b"%PDF")
    report = (output / "report.html").read_text()
    assert 'src="http' not in report
    assert report.count("data:image/png;base64,") == 2


def test_an_earlier_evaluation_is_replaced_with_all_its_figures(replay, tmp_path):
    write_results(tmp_path / "out", replay, score(replay))
    (tmp_path / "out" / "notes.txt").write_text("mine")
    blind = dataclasses.replace(replay, labels=[])
    write_results(tmp_path / "out", blind, score(blind))
    left = [name for name in ALL if "confusion" not in name]
    assert files(tmp_path / "out") == sorted([*left, "notes.txt"])
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["accuracy"] is None


@pytest.mark.parametrize("content", ['{"format": "something else"}', "no json", "[]", None])
def test_anything_else_is_left_alone(replay, tmp_path, content):
    output = tmp_path / "out"
    output.mkdir()
    (output / "thesis.tex").write_text("years of work")
    if content is not None:
        (output / "metrics.json").write_text(content)
    before = files(output)
    with pytest.raises(SettingError, match="evaluation did not write"):
        refuse_foreign(output)
    with pytest.raises(SettingError, match="evaluation did not write"):
        write_results(output, replay, score(replay))
    assert files(output) == before


def test_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(SettingError, match="it is a file"):
        refuse_foreign(tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_named(replay, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="cannot be written"):
        write_results(tmp_path / "file" / "out", replay, score(replay))


def test_an_evaluation_of_the_previous_format_is_replaced(replay, tmp_path):
    (tmp_path / "metrics.json").write_text('{"format": "emg_recognition replay 1", "step": 25}')
    write_results(tmp_path, replay, score(replay))
    assert json.loads((tmp_path / "metrics.json").read_text())["stride"] == 12
