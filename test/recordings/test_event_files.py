"""Labels from a file beside the recording: begin, duration and label of each event."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import load_description
from emg_recognition.recordings.csv_files import read_csv_files
from emg_recognition.recordings.event_files import event_files
from emg_recognition.recordings.finding import find_files
from emg_recognition.recordings.open import open_recordings

from ..vendor_files import joined, signal


@pytest.fixture
def study(tmp_path):
    """Return a function that writes a recording of 5 s at 200 Hz with its events, and reads it."""

    def read(events, *, start=0.0, time=True, extra=""):
        emg = signal(1000, 2)
        rows = [[f"{start + i / 200:.3f}", *row] for i, row in enumerate(emg)]
        (tmp_path / "anna_1.csv").write_text(joined([["time", "emg1", "emg2"], *rows]))
        (tmp_path / "anna_1_events.tsv").write_text(events)
        path = tmp_path / "study.yaml"
        column = ", time: time" if time else ""
        path.write_text(
            "files: (?P<subject>[a-z]+)_[0-9]+[.]csv\nrate: 200\n"
            f"columns: {{samples: [emg1, emg2]{column}}}\nevents: {{label: trial_type}}\n{extra}"
        )
        description = load_description(path)
        files, _ = find_files(description, path)
        assert event_files([file.path for file in files], description.events) == [
            tmp_path / "anna_1_events.tsv"
        ]
        return read_csv_files(description, files, str(path)), emg

    return read


HEAD = "onset\tduration\ttrial_type\n"


@pytest.mark.parametrize(("start", "time"), [(0.0, True), (0.0, False), (1_700_000_000.0, True)])
def test_events_give_the_labels(study, start, time):
    found, emg = study(HEAD + "1.0\t0.5\tfist\n2.0\t0.5\trest\n3.0\t0.5\tfist\n", start=start, time=time)
    assert list(zip(found.label, found.repetition, found.length, strict=True)) == [
        ("fist", 1, 100),
        ("rest", 1, 100),
        ("fist", 2, 100),
    ]
    np.testing.assert_array_equal(found.segment(0), np.float32(emg[200:300]))


def test_events_without_a_duration_hold_until_the_next(study):
    found, _ = study(HEAD + "1.0\tn/a\tfist\n2.0\t0\trest\n", extra="labels: {fist: fist, rest: null}\n")
    assert list(zip(found.label, found.length, strict=True)) == [("fist", 200)]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (
            HEAD + "1.0\t2.0\tfist\n2.0\t0.5\trest\n",
            "the event at 1 s ends at 3 s, after the next one begins (2 s)",
        ),
        (HEAD + "90.0\t2.0\tfist\n", "its events are at 90 to 90 s, its rows at 0 to 4.995 s; write onsets"),
        (HEAD + "x\t2.0\tfist\n", "line 2 has 'x' for a time; write seconds"),
        (HEAD, "it holds no events"),
        ("begin\ttrial_type\n1\tfist\n", "it has no column 'onset', only begin, trial_type; correct events"),
        (HEAD + "1.0\t2.0\t\n", "the label of line 202 is empty"),
    ],
)
def test_unusable_events_are_refused(study, events, said):
    with pytest.raises(RecordingError) as caught:
        study(events)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def bids(root):
    """Make a folder as BIDS has it, around recordings of 5 s; return the places of the recordings."""
    for name in ("participants.tsv", "sub-01/sub-01_scans.tsv"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("participant_id\tage\nsub-01\t33\n")
    for run in (1, 2):
        beside = f"sub-01/sub-01_task-grasp_run-{run}"
        (root / f"{beside}_events.tsv").write_text(HEAD + "1.0\t0.5\tfist\n2.0\t0.5\trest\n3.0\t0.5\tfist\n")
        (root / f"{beside}_channels.tsv").write_text("name\ttype\nemg1\tEMG\nemg2\tEMG\n")
        yield root / f"{beside}_emg"


def write_text(stem):
    rows = [[f"{i / 200:.3f}", *row] for i, row in enumerate(signal(1000, 2))]
    stem.with_suffix(".tsv").write_text(joined([["time", "emg1", "emg2"], *rows], "\t"))


def write_edf(stem):
    edfio = pytest.importorskip("edfio", reason="the extra 'formats' is not installed")
    signals = [edfio.EdfSignal(column, 200, label=f"EMG {k}") for k, column in enumerate(signal(1000, 2).T)]
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(0.0, 5.0, "task")]).write(stem.with_suffix(".edf"))


@pytest.mark.parametrize("write", [write_text, write_edf])
def test_events_that_bids_keeps_beside_a_recording_are_its_labels(tmp_path, write):
    for stem in bids(tmp_path / "set"):
        write(stem)
    found = open_recordings(tmp_path / "set", cache=tmp_path / "cache")
    assert found.label.tolist() == ["fist", "rest", "fist"] * 2
    assert found.length.tolist() == [100] * 6
    assert found.subjects == ("01",)
    # The events are part of the recording: another text is another reading.
    for file in (tmp_path / "set").rglob("*_events.tsv"):
        file.write_text(HEAD + "1.0\t0.5\tpinch\n")
    again = open_recordings(tmp_path / "set", cache=tmp_path / "cache")
    assert again.actions == ("pinch",)
