import csv
import io
import json
import shutil
from dataclasses import replace

import pytest

from emg_recognition.cli.main import main
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.history.folder import read_history, to_csv
from emg_recognition.history.results import write_result
from emg_recognition.history.sessions import read_session

from ..recorded_arm import RATE, START, TYPES

TYPES["emg/quality"] = "emg_recognition/msg/SignalQuality"
STATES = {"GOOD": 0, "WARN": 1, "BAD": 2}


@pytest.fixture
def session(recording, signal, tmp_path):
    """Write a session of two seconds: 1 s of rest, 0.9 s of a fist, which is recognised or not."""

    def write(name, *, right=True, model="m1", subject="anna", states=("GOOD", "GOOD")):
        made = recording()
        made.add(
            "emg/model",
            START,
            model=model,
            sha256="ab",
            actions=["rest", "fist"],
            rate=RATE,
            length=200,
            pipeline="settling 0",
        )
        made.label("start", 0, "rest", subject=subject)
        made.samples(0, signal)
        for last in range(199, 2000, 50):
            # From the first window that lies in the fist on.
            fist = right and last >= 1199
            made.estimate(
                last,
                [0.1, 0.9] if fist else [0.9, 0.1],
                model=model,
                activation=0.8 if last >= 1199 else 0.1,
            )
        made.label("start", 1000, "fist", repetition=2, subject=subject)
        made.label("end", 1900, "fist", repetition=2, subject=subject)
        for number, state in enumerate(states):
            made.add(
                "emg/quality",
                START + number * 10**9,
                channel_names=["a", "b"],
                state=[0, STATES[state]],
            )
        return made.ours(tmp_path / "ward" / name)

    return write


def test_a_session_in_numbers(session):
    found = read_session(session("one", states=("GOOD", "BAD", "GOOD", "WARN")), "one")
    assert (found.subject, found.cohort, found.session, found.model) == ("anna", "patient", "s1", "m1")
    assert found.begin == "2027-01-15T08:00:00+00:00"
    assert found.minutes == pytest.approx(2 / 60)
    assert found.practised == pytest.approx(0.9 / 60)
    assert found.repetitions == 2
    assert (found.accuracy, found.balanced_accuracy) == (1.0, 1.0)
    assert found.wrong_movements_per_minute == found.false_activations_per_minute == 0
    assert found.activation == pytest.approx(0.8)
    # Of two electrodes, one was once WARN and once BAD in four seconds.
    assert found.good == pytest.approx(6 / 8)
    assert found.poor == ("b",)


def test_what_nobody_knows_is_none(recording, signal, tmp_path):
    bare = recording()
    bare.samples(0, signal)
    found = read_session(bare.ours(tmp_path / "bare"), "bare")
    assert (found.subject, found.model, found.repetitions) == ("", "", 0)
    assert found.balanced_accuracy is found.activation is found.good is None
    empty = recording()
    empty.label("start", 0, "rest")
    with pytest.raises(RecordingError):
        read_session(empty.ours(tmp_path / "empty"), "empty")


@pytest.fixture
def ward(session, tmp_path):
    session("anna_1", right=False)
    session("anna_2", model="m2")
    session("bob_1", subject="=cmd|' /C calc'!A0")
    broken = tmp_path / "ward" / "broken"
    broken.mkdir()
    (broken / "metadata.yaml").write_text("nothing: 1")
    folder = tmp_path / "ward"
    write_result(folder, test="targets", subject="anna", model="m2", result={"scores": {"throughput": 0.5}})
    return folder


def test_a_person_over_weeks(ward):
    history = read_history(ward)
    assert history.people() == ["=cmd|' /C calc'!A0", "anna"]
    anna = history.of("anna")
    assert [one.recording for one in anna.sessions] == ["anna_1", "anna_2"]
    assert [one.balanced_accuracy for one in anna.sessions] == [0.5, 1.0]
    assert [one.changes for one in anna.sessions] == [(), ("model m1 → m2",)]
    assert [one["scores"]["throughput"] for one in anna.tests] == [0.5]
    (sentence,) = history.unreadable
    assert "broken" in sentence
    with pytest.raises(SettingError, match="nowhere"):
        read_history(ward / "nowhere")


def test_the_table_has_a_row_for_each_session_and_runs_no_formula(ward):
    rows = list(csv.DictReader(io.StringIO(to_csv(read_history(ward)))))
    assert len(rows) == 3
    assert {row["subject"] for row in rows} == {"anna", "'=cmd|' /C calc'!A0"}
    assert rows[0]["balanced_accuracy"] == "0.5"
    assert rows[0]["problems"] == ""


def test_what_was_read_is_remembered_until_the_recording_changes(ward, monkeypatch):
    first = read_history(ward)
    read = []

    def again(path, name):
        read.append(name)
        return read_session(path, name)

    monkeypatch.setattr("emg_recognition.history.folder.read_session", again)
    assert replace(read_history(ward), tests=[]) == replace(first, tests=[])
    assert read == ["broken"]
    (ward / "anna_1" / "metadata.yaml").touch()
    read_history(ward)
    assert read == ["broken", "anna_1", "broken"]


def test_an_evaluation_tells_what_no_model_told_during_the_session(recording, signal, ward, tmp_path):
    silent = recording()
    silent.label("start", 0, "rest")
    silent.samples(0, signal)
    bag = silent.ours(ward / "anna_0")
    metrics = {
        "format": "emg_recognition replay 2",
        "source": str(bag),
        "model": {"id": "m9"},
        "balanced_accuracy": 0.75,
        "wrong_movements_per_minute": None,
    }
    (ward / "report").mkdir()
    (ward / "report" / "metrics.json").write_text(json.dumps(metrics))
    (found,) = (one for one in read_history(ward).sessions if one.recording == "anna_0")
    assert (found.model, found.balanced_accuracy, found.accuracy) == ("m9", 0.75, None)


def test_the_command_shows_a_person_and_writes_tables(ward, tmp_path, capsys):
    assert main(["history", str(ward), "--subject", "anna"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "balanced accuracy 100.0 %" in lines[1]
    assert "model m1 → m2" in lines[1]
    assert main(["history", str(ward), "--csv", str(tmp_path / "table.csv")]) == 0
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 4
    assert main(["history", str(ward), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sessions"]) == 3
    assert main(["history", str(ward), "--subject", "nobody"]) == 2
    assert "anna" in capsys.readouterr().err


def test_neither_hidden_folders_nor_deep_trees_are_searched(session, ward):
    for place in (ward / ".venv" / "anna_9", ward / "a" / "b" / "c" / "d" / "anna_9"):
        shutil.copytree(ward / "anna_1", place)
    assert len(read_history(ward).sessions) == 3


def test_the_command_says_that_there_are_no_sessions(tmp_path, capsys):
    assert main(["history", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path} holds no sessions; emg-recognition session records one\n"
