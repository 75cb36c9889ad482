"""EDF and BDF, with files that edfio writes."""

from __future__ import annotations

import os
import unicodedata

import numpy as np
import pytest

from emg_recognition.errors import RecordingError

edfio = pytest.importorskip("edfio", reason="the extra 'formats' is not installed")

RATE = 200


def write(
    path, counts, annotations=(), *, labels=("EMG 1", "EMG 2", "ACC X"), rates=None, unit="uV", code="X"
):
    bdf = path.suffix == ".bdf"
    signal, file = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    bound = 8_000_000 if bdf else 32767
    signals = [
        signal.from_digital(
            np.ascontiguousarray(counts[:: RATE // rate, i]).astype(np.int32 if bdf else np.int16),
            rate,
            label=label,
            physical_dimension=unit if "EMG" in label else "g",
            physical_range=(-bound / 10, bound / 10),
            digital_range=(-bound, bound),
        )
        for i, (label, rate) in enumerate(zip(labels, rates or [RATE] * len(labels), strict=True))
    ]
    file(
        signals,
        patient=edfio.Patient(code=code),
        annotations=[edfio.EdfAnnotation(*one) for one in annotations],
    ).write(path)
    return path


@pytest.mark.parametrize("name", ["day.edf", "day.bdf", "renamed.dat"])
def test_annotations_label_the_emg_channels(tmp_path, counts, opened, name):
    made = write(
        tmp_path / ("x.bdf" if "bdf" in name else "x.edf"),
        counts,
        [
            (1.0, 2.0, "fist"),
            (3.5, 1.0, "rest"),
            (5.0, 2.0, "fist"),
        ],
        code="anna",
    )
    path = made.rename(tmp_path / name)
    for _ in range(2):
        found = opened(path)
        assert (found.rate, found.unit, found.channels) == (200.0, "V", 2)
        assert found.label.tolist() == ["fist", "rest", "fist"]
        assert found.repetition.tolist() == [1, 1, 2]
        assert found.subject.tolist() == ["anna"] * 3
        assert found.session.tolist() == [path.stem] * 3
        np.testing.assert_allclose(found.segment(1), counts[700:900, :2] / 10 * 1e-6, rtol=1e-6)


def test_an_annotation_without_duration_holds_until_the_next(tmp_path, counts, opened):
    path = write(
        tmp_path / "day.edf",
        counts,
        [(1.0, None, "start fist"), (2.0, None, "end fist"), (4.0, None, "rest")],
    )
    found = opened(path)
    assert found.label.tolist() == ["fist", "rest"]
    assert found.length.tolist() == [200, 800]


def test_the_name_tells_the_label_where_nothing_else_does(tmp_path, counts, opened):
    (tmp_path / "anna").mkdir()
    for number in (1, 2):
        for action in ("fist", "rest"):
            write(tmp_path / "anna" / f"{action}_{number}.edf", counts + number)
    found = opened(tmp_path)
    assert sorted(zip(found.label.tolist(), found.repetition.tolist(), strict=True)) == [
        ("fist", 1),
        ("fist", 2),
        ("rest", 1),
        ("rest", 2),
    ]
    assert found.subjects == ("anna",)
    assert found.sources[0].kind == "EDF"


def test_a_description_says_the_rest(tmp_path, counts, opened):
    write(tmp_path / "p7_day2.edf", counts, [(1.0, 2.0, "1"), (4.0, 2.0, "0")], unit="")
    description = tmp_path / "study.yaml"
    description.write_text(
        "files: p(?P<subject>[0-9]+)_day(?P<session>[0-9]+)[.]edf\nchannels: [EMG 2]\nunit: V\nscale: 1000\n"
        "labels: {1: fist, 0: null}\nconstants: {cohort: patient}\n"
    )
    found = opened(description)
    assert (found.subject[0], found.session[0], found.cohort[0]) == ("7", "2", "patient")
    assert (found.label.tolist(), found.unit, found.channels) == (["fist"], "V", 1)
    np.testing.assert_allclose(found.segment(0), counts[200:600, 1:2] / 10 / 1000, rtol=1e-6)
    description.write_text("files: .*[.]edf\nlabels: {1: fist}\n")
    with pytest.raises(RecordingError, match=r"the label '0' is not in the description's labels 1; add it"):
        opened(description)


def test_labels_compare_in_composed_form(tmp_path, counts, opened):
    decomposed = unicodedata.normalize("NFD", "öffnen")
    write(tmp_path / "day.edf", counts, [(1.0, 2.0, decomposed), (4.0, 2.0, "ruhe")])
    description = tmp_path / "study.yaml"
    for label in (decomposed, "öffnen"):
        description.write_text(f"files: .*[.]edf\nlabels: {{{label}: {decomposed}, ruhe: rest}}\n")
        assert opened(description).label.tolist() == ["öffnen", "rest"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rates": (200, 100, 100)}, r"rates 100, 200 Hz; list channels"),
        ({"labels": ("ACC X", "ACC Y", "ACC Z")}, "none of its channels ACC X, ACC Y, ACC Z is named"),
        ({}, "it has no labels: no annotations or markers"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, counts, opened, changes, said):
    with pytest.raises(RecordingError, match=said):
        opened(write(tmp_path / "x.edf", counts, **changes))


def test_a_truncated_file_is_read_to_its_end_and_noted(tmp_path, counts, opened):
    path = write(tmp_path / "day.edf", counts, [(1.0, 2.0, "fist"), (3.0, 4.5, "rest")])
    path.write_bytes(path.read_bytes()[:-3000])
    found = opened(path)
    assert found.length.tolist()[0] == 400
    assert "truncated" in " ".join(found.problems)


def test_a_name_that_is_no_utf_8(tmp_path, counts, opened):
    made = write(tmp_path / "x.edf", counts, [(1.0, 2.0, "fist")])
    path = made.rename(tmp_path / os.fsdecode(b"m\xfcller.edf"))
    for given in (path, tmp_path):
        found = opened(given)
        assert found.session.tolist() == ["müller"]
        assert found.sources[0].files == ("müller.edf",)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(RecordingError):
        opened(path)


def test_a_channel_may_hold_the_labels(tmp_path, counts, opened):
    values = np.repeat([0, 1, 0, 2], 400)
    path = write(
        tmp_path / "a.bdf", np.column_stack([counts[:, :2], values * 10]), labels=("EMG 1", "EMG 2", "stim")
    )
    assert opened(path).label.tolist() == ["0", "1", "0", "2"]
    (tmp_path / "study.yaml").write_text("files: a[.]bdf\nmarker_channel: stim\nlabels: {1: fist, 2: rest}\n")
    found = opened(tmp_path / "study.yaml")
    assert (found.label.tolist(), found.length.tolist()) == (["fist", "rest"], [800, 400])
