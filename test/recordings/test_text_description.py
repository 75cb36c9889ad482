"""The description written of text files can be loaded, and gives what opening them gives."""

from __future__ import annotations

import re

import numpy as np
import pytest

from emg_recognition.cli.main import main
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.csv_description import load_description
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.text_description import describe

from ..vendor_files import brainflow, discover, emgworks, joined, openbci, opensignals, signal

ACTIONS = ("fist", "rest")


def files(tmp_path, make, ending="csv"):
    folder = tmp_path / "data"
    folder.mkdir()
    for number, action in enumerate(ACTIONS):
        content = make(signal(300, 4, seed=number))
        path = folder / f"p1_{action}_1.{ending}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def opened(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    return open_recordings(path, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (discover, {"skip": 5, "delimiter": ",", "rate": 1259.2593, "unit": "V", "scale": 1000.0}),
        (lambda emg: discover(emg, delimiter=";", decimal=","), {"delimiter": ";", "decimal": ","}),
        (emgworks, {"encoding": "cp1252", "skip": 6, "rate": 1925.926, "scale": 1.0}),
        (opensignals, {"comment": "#", "header": False, "rate": 1000.0, "unit": "count"}),
        (openbci, {"comment": "%", "skip": 4, "rate": 250.0, "scale": 1e6}),
    ],
)
def test_the_description_reads_as_the_files_do(tmp_path, make, expected):
    folder = files(tmp_path, make)
    found = opened(tmp_path, describe(folder, tmp_path / "study.yaml"))
    assert (found.actions, found.subjects, found.repetition.tolist()) == (ACTIONS, ("1",), [1, 1])
    for i, action in enumerate(ACTIONS):
        direct = open_recordings(folder / f"p1_{action}_1.csv", cache=tmp_path / "cache")
        np.testing.assert_array_equal(found.segment(i), direct.segment(0))
        assert (found.rate, found.unit) == (direct.rate, direct.unit)
    description = load_description(tmp_path / "study.yaml")
    assert {name: getattr(description, name) for name in expected} == expected


def test_a_row_of_units_and_markers(tmp_path):
    rows = [[f"{i / 500:.3f}", *row] for i, row in enumerate(signal(400, 2))]
    folder = files(tmp_path, lambda emg: joined([["t", "a", "b"], ["s", "mV", "mV"], *rows]))
    found = opened(tmp_path, describe(folder, tmp_path / "study.yaml"))
    assert load_description(tmp_path / "study.yaml").units_row is True
    assert (found.rate, found.unit, found.channels) == (500.0, "V", 2)

    markers = np.zeros(400)
    markers[[0, 200]] = [1, 2]
    path = tmp_path / "BrainFlow-RAW_1.csv"
    path.write_text(brainflow(signal(400, 8), markers))
    text = describe(path, tmp_path / "study.yaml")
    assert "marker: 24" in text
    assert "labels: {'1': '1', '2': '2'}" in text
    assert opened(tmp_path, text.replace("{'1': '1', '2': '2'}", "{1: rest, 2: fist}")).actions == ACTIONS


def test_sensors_of_unlike_rates_are_put_on_one_grid_if_that_is_asked_for(tmp_path):
    rates = (1259.2593, 2148.1481)
    waves = np.stack([50 * np.sin(2 * np.pi * 90 * np.arange(2000) / rate) for rate in rates], axis=1)
    path = tmp_path / "fist_1.csv"
    path.write_text(discover(waves, rates=rates, acc=(), shift=(0.0, 0.0123)))
    text = describe(path, tmp_path / "study.yaml")
    assert "unlike rates" in text

    def asked(lines):
        return re.sub(r"# resample: 2148\.1[0-9]*", lines, text)

    found = opened(tmp_path, asked("resample: 1000"))
    assert found.rate == 1000
    assert "Hz were put on one grid of 1000 Hz" in found.problems[0]
    first, second = found.segment(0).T
    time = 0.0123 + np.arange(len(first)) / 1000
    inner = slice(50, -50)
    expected = 50e-6 * np.sin(2 * np.pi * 90 * time)
    np.testing.assert_allclose(first[inner], expected[inner], atol=3e-7)
    np.testing.assert_allclose(
        second[inner], 50e-6 * np.sin(2 * np.pi * 90 * (time - 0.0123))[inner], atol=3e-7
    )
    with pytest.raises(SettingError, match="rate"):
        opened(tmp_path, asked("rate: 1000\nresample: 1000"))
    with pytest.raises(RecordingError, match=r"resample is 10 Hz, but column .* at most 50 times"):
        opened(tmp_path, asked("resample: 10"))


def test_what_is_not_known_stays_open(tmp_path):
    path = tmp_path / "recording.csv"
    path.write_text(joined([["a", "b"], *signal(50, 2)]))
    text = describe(path, tmp_path / "study.yaml")
    for line in ("# rate: 1000", "# unit: V", "#   time: NAME", "# No label was found. Name a column"):
        assert f"\n{line}" in text
    assert "unlabelled" in text
    with pytest.raises(RecordingError, match="neither the description nor the file says the sampling rate"):
        opened(tmp_path, text)
    assert opened(tmp_path, text.replace("# rate: 1000", "rate: 200")).rate == 200


def test_preambles_of_unlike_length_are_left_to_each_file(tmp_path):
    folder = files(tmp_path, discover)
    (folder / "p1_open_1.csv").write_text(discover(signal(300, 4), lines=[["Notes:", "left"]]))
    text = describe(folder, tmp_path / "study.yaml")
    assert "# skip: 5" in text
    assert len(opened(tmp_path, text)) == 3


def test_the_command_prints_or_writes_it(tmp_path, capsys):
    folder = files(tmp_path, discover)
    assert main(["inspect", str(folder), "--describe"]) == 0
    printed = capsys.readouterr().out
    output = tmp_path / "new" / "study.yaml"
    assert main(["inspect", str(folder), "--describe", "--output", str(output)]) == 0
    assert "emg-recognition inspect" in capsys.readouterr().out
    assert "samples: [2, 10, 12, 14]" in printed
    assert "\nfolder: ../data " in output.read_text()
    cache = ["--cache", str(tmp_path / "cache")]
    assert main(["inspect", str(output), *cache]) == 1  # 0.24 s of each action are too short
    assert "4 channels at 1259.26 Hz in V" in capsys.readouterr().out
    assert main(["inspect", str(folder), "--describe", "--output", str(output)]) == 2
    assert "it exists; name another file" in capsys.readouterr().err
    assert main(["inspect"]) == 2
    assert "name recordings, for example" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"Two people.\nBoth arms.\n", b"\x00\x01\x02" * 50])
def test_what_is_no_recording_is_refused(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises((RecordingError, SettingError)) as caught:
        describe(path)
    assert "\n" not in str(caught.value)
