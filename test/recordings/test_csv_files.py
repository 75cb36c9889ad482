"""CSV files become segments, by their names, their label columns and the gaps in their times."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import yaml

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import load_description
from emg_recognition.recordings.csv_files import read_csv_files
from emg_recognition.recordings.finding import find_files


@pytest.fixture
def study(tmp_path):
    """Return a function that writes files and their description, and reads them."""

    def read(contents, /, *, counts=None, **description):
        for name, text in contents.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(description))
        settings = load_description(path)
        return read_csv_files(settings, find_files(settings, path)[0], str(path), counts)

    return read


def rows(found):
    columns = (found.subject, found.cohort, found.session, found.label, found.repetition, found.length)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def table(rows_, header="t,a,b,l"):
    return "\n".join([header, *(",".join(map(str, row)) for row in rows_)]) + "\n"


def test_file_names_give_subject_session_label_and_repetition(study):
    files = {
        f"s{subject}/day{day}/{label}-{repetition}.csv": f"a,b\n{subject},{day}\n{repetition},7\n"
        for subject in (1, 2)
        for day in (1, 2)
        for label in ("rest", "FIST")
        for repetition in (1, 2)
    }
    found = study(
        {**files, "s1/notes.txt": "notes", "readme.csv": "other data"},
        files=r"(?P<subject>s\d)/day(?P<session>\d)/(?P<label>\w+)-(?P<repetition>\d)\.csv",
        columns={"samples": ["b", "a"]},
        rate=250,
        labels={"rest": "rest", "FIST": "fist"},
        constants={"cohort": "healthy"},
    )
    assert len(found) == 16
    assert rows(found)[0] == ("s1", "healthy", "1", "fist", 1, 2)
    assert rows(found)[-1] == ("s2", "healthy", "2", "rest", 2, 2)
    np.testing.assert_array_equal(found.segment(15), [[2, 2], [7, 2]])
    assert (found.rate, found.unit, found.actions) == (250.0, "count", ("fist", "rest"))
    assert found.source.endswith("study.yaml")


@pytest.mark.parametrize("in_file", [False, True])
def test_rows_with_one_label_are_a_segment_counted_in_each_file(study, tmp_path, in_file):
    labels = [0] * 3 + [1] * 4 + [0] * 2 + [2] * 2 + [1] * 5
    text = table([(i, i * 0.5, -i, label) for i, label in enumerate(labels)])
    found = study(
        {"one.csv": text, "two.csv": text},
        counts=tmp_path / "counts.npy" if in_file else None,
        files=r"(?P<subject>\w+)\.csv",
        columns={"samples": ["a", "b"], "label": "l"},
        rate=100,
        unit="V",
        scale=4,
        labels={0: None, 1: "fist", 2: "point"},
    )
    expected = [("fist", 1, 4), ("point", 1, 2), ("fist", 2, 5)]
    assert [row[3:] for row in rows(found)] == expected * 2
    assert [row[0] for row in rows(found)] == ["one"] * 3 + ["two"] * 3
    np.testing.assert_array_equal(found.segment(1), np.float32([[4.5, -9], [5, -10]]) / np.float32(4))
    assert (found.unit, found.scale) == ("V", 1.0)


def test_repetition_subject_session_and_cohort_may_be_columns(study):
    text = table(
        [(1, "x", 1, "p"), (1, "x", 1, "p"), (2, "x", 1, "p"), (2, "x", 2, "p"), ("3.0", "y", 2, "q")],
        header="r,s,d,c",
    )
    found = study(
        {"all.csv": text},
        files=r".*\.csv",
        columns={"samples": ["d"], "repetition": "r", "subject": "s", "session": "d", "cohort": "c"},
        rate=100,
        constants={"label": "fist"},
    )
    assert rows(found) == [
        ("x", "p", "1", "fist", 1, 2),
        ("x", "p", "1", "fist", 2, 1),
        ("x", "p", "2", "fist", 2, 1),
        ("y", "q", "2", "fist", 3, 1),
    ]


def test_files_of_an_action_are_counted_if_their_names_give_the_label(study):
    files = {f"anna_{label}_{take}.csv": "a\n1\n2\n" for label in ("fist", "rest") for take in "xyz"}
    found = study(
        {**files, "bert_fist_x.csv": "a\n1\n"},
        files=r"(?P<subject>[a-z]+)_(?P<label>[a-z]+)_.\.csv",
        columns={"samples": ["a"]},
        rate=100,
    )
    assert [row[3:5] for row in rows(found)] == [
        *(("fist", k) for k in (1, 2, 3)),
        *(("rest", k) for k in (1, 2, 3)),
        ("fist", 1),
    ]


@pytest.mark.parametrize("jump", [25.0, -400.0])
def test_a_gap_splits_a_segment_but_not_its_repetition(study, jump):
    time = np.arange(300) * 5.0  # ms
    time[120:] += jump
    labels = ["fist"] * 200 + ["rest"] * 50 + ["fist"] * 50
    text = table([(time[i], i, 0, labels[i]) for i in range(300)])
    found = study(
        {"a.csv": text},
        files=r"a\.csv",
        columns={"samples": ["a", "b"], "label": "l", "time": "t"},
        time_unit="ms",
        rate=200,
    )
    assert [row[3:] for row in rows(found)] == [
        ("fist", 1, 120),
        ("fist", 1, 80),
        ("rest", 1, 50),
        ("fist", 2, 50),
    ]
    assert found.segment(1)[0, 0] == 120


@pytest.mark.parametrize(
    ("true", "found"), [(200.0, 200.0), (199.3, 199.0), (1000.0, 1000.0), (13.37, 13.37)]
)
def test_the_rate_is_measured_in_the_time_column(study, rng, true, found):
    # Packets of three samples, times rounded to milliseconds, and a pause of a minute.
    time = np.round(np.arange(1500) // 3 * 3 / true, 3)
    time[700:] += 60
    text = table([(t, 1, 2, "rest") for t in time])
    description = {
        "files": r"a\.csv",
        "columns": {"samples": ["a", "b"], "label": "l", "time": "t"},
        "gap": 3 / true + 0.02,
    }
    recordings = study({"a.csv": text}, **description)
    assert recordings.rate == pytest.approx(found, rel=2e-3)
    assert recordings.length.tolist() == [700, 800]


LABELLED = {"files": r"a\.csv", "columns": {"samples": ["a", "b"], "label": "l"}, "rate": 200}


def with_column(role):
    return {"columns": {"samples": ["a"], "label": "l", role: "t"}}


@pytest.mark.parametrize(
    ("change", "text", "said"),
    [
        ({"files": r"b\.csv"}, "", "no file in * matches *, 1 tried; a.csv: does not match; write files"),
        ({"folder": "absent"}, "", "no file in */absent matches *, 0 tried; write"),
        ({"labels": {1: "fist"}}, "t,a,b,l\n0,1,2,1\n0,1,2,9\n", "the label '9' of line 3 is not in *"),
        ({}, "t,a,b,l\n0,1,2,x\n0,1,2,\n", "the label of line 3 is empty; write one"),
        (with_column("repetition"), "t,a,b,l\nx,1,2,1\n", "the repetition of line 2 is 'x'"),
        ({}, "t,a,b\n0,1,2\n", "it has no column 'l', only t, a, b"),
        ({}, "t,a,b,l\n0,1,2,fist\n0,?,2,fist\n", "line 3, column a is '?'"),
        ({"labels": {"fist": None}}, "t,a,b,l\n0,1,2,fist\n", "no row has a label in its label column l"),
        (
            {"rate": None},
            "t,a,b,l\n0,1,2,fist\n",
            "neither the description nor the file says the sampling rate",
        ),
        ({"rate": None, **with_column("time")}, "t,a,b,l\n0,1,2,fist\n", "its time column is too short"),
    ],
)
def test_unusable_files_are_refused(study, tmp_path, change, text, said):
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "study.yaml").unlink(missing_ok=True)
    with pytest.raises(RecordingError) as caught:
        study({}, **{**LABELLED, **change})
    message = str(caught.value)
    assert all(part in message for part in said.split("*"))
    assert message.startswith(f"recording {tmp_path}")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("unit", "rate", "gives"), [("s", 200, "100 Hz, the description 200 Hz"), ("ms", 100, "100000 Hz")]
)
def test_a_time_column_that_contradicts_the_rate_is_refused(study, unit, rate, gives):
    text = table([(i * 0.01, 1, 2, "rest") for i in range(200)])
    columns = {"samples": ["a", "b"], "label": "l", "time": "t"}
    with pytest.raises(RecordingError, match=f"its time column gives {gives}") as caught:
        study({"a.csv": text}, files=r"a\.csv", rate=rate, time_unit=unit, columns=columns)
    assert "a.csv" in str(caught.value)


def test_the_example_of_the_documentation(study, repository):
    pages = [path.read_text() for path in sorted((repository / "docs").rglob("*.md"))]
    blocks = [block for page in pages for block in page.split("```")[1::2]]
    listing = next(block for block in blocks if "data/anna_day1/grip_1.csv" in block)
    first = next(block for block in blocks if "# study.yaml" in block).removeprefix("yaml")
    second = next(block for block in blocks if "label: 9" in block).removeprefix("yaml")
    names = [name for name in listing.split() if name.startswith("data/")]
    contents = "time;emg1;emg2;button\n0.000;-12;40;0\n0.005;3;-9;0\n"
    found = study(dict.fromkeys(names, contents), **yaml.safe_load(first))
    assert [row[:5] for row in rows(found)] == [
        ("anna", "healthy", "1", "hand_close", 1),
        ("anna", "healthy", "1", "hand_close", 2),
        ("anna", "healthy", "1", "rest", 1),
        ("anna", "healthy", "2", "hand_close", 1),
        ("bert", "healthy", "1", "elbow_flexion", 1),
    ]
    np.testing.assert_array_equal(found.segment(0), np.float32([[-12e-6, 40e-6], [3e-6, -9e-6]]))
    assert (found.rate, found.unit) == (200.0, "V")

    line = ",".join("12345678")
    contents = f"{line},0,0\n{line},1,1\n{line},1,2\n{line},2.0,1\n"
    found = study({"s7/3.csv": contents}, **yaml.safe_load(second))
    assert [row[:5] for row in rows(found)] == [
        ("s7", "", "3", "fist", 1),
        ("s7", "", "3", "fist", 2),
        ("s7", "", "3", "point", 1),
    ]
    assert found.segment(0).tolist() == [[1, 2, 3, 4, 5, 6, 7, 8]]


def test_files_that_do_not_match_are_listed_with_the_reason(tmp_path):
    for name in ("a_1.csv", "A_2.csv", "old/a_3.csv", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n1\n")
    path = tmp_path / "study.yaml"
    path.write_text("files: (?P<label>[a-z])_[0-9][.]csv\ncolumns: {samples: [x]}\nrate: 100\n")
    found, skipped = find_files(load_description(path), path)
    assert [file.name for file in found] == ["a_1.csv"]
    assert dict(skipped) == {
        "A_2.csv": "matches only if upper and lower case are the same",
        "notes.txt": "does not match",
        "old/a_3.csv": "only 'a_3.csv' matches, not the whole path",
    }


def test_names_compare_in_the_composed_form(study):
    decomposed = unicodedata.normalize("NFD", "grün")
    found = study(
        {f"anna_{decomposed}_1.csv": "größe\n1\n2\n".replace("ö", "o\u0308")},
        files="(?P<subject>[a-z]+)_(?P<label>gr[üg]n)_1[.]csv",
        columns={"samples": ["größe"]},
        rate=100,
        labels={"grün": "öffnen"},
    )
    assert found.actions == ("öffnen",)


def with_holes(cell, holes, count=200):
    return table(
        [(i / 100, cell if any(a <= i < b for a, b in holes) else i, -i, i // 100) for i in range(count)]
    )


@pytest.mark.parametrize("cell", ["", "NaN", "N/A", "null"])
def test_rows_without_a_sample_split_segments_and_are_said(study, cell):
    found = study(
        {"anna.csv": with_holes(cell, [(0, 3), (50, 51), (130, 140)])},
        files="(?P<subject>[a-z]+).csv",
        columns={"samples": ["a", "b"], "time": "t", "label": "l"},
    )
    assert [(label, repetition, length) for *_, label, repetition, length in rows(found)] == [
        ("0", 1, 47),
        ("0", 1, 49),
        ("1", 1, 30),
        ("1", 1, 60),
    ]
    assert np.isfinite(found.counts).all()
    assert found.problems == ("14 rows lack a sample (empty or NaN) in 1 file; segments are split there",)


@pytest.mark.parametrize(
    ("holes", "said"),
    [
        ([(0, 200)], "column a holds no number; leave such a column out of the samples"),
        (
            [(i, i + 3) for i in range(0, 200, 4)],
            "150 of 200 rows lack a sample, first line 2, column a: 50 holes; leave such a column out",
        ),
    ],
)
def test_channels_that_are_mostly_empty_are_refused(study, holes, said):
    with pytest.raises(RecordingError) as caught:
        study(
            {"anna.csv": with_holes("", holes)},
            files="(?P<subject>[a-z]+).csv",
            columns={"samples": ["a", "b"], "time": "t", "label": "l"},
        )
    assert said in str(caught.value)
