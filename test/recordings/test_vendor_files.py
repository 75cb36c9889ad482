"""Files of vendors open as they are, whatever their number of sensors, preamble, locale and encoding."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_files import read_csv_files
from emg_recognition.recordings.finding import find_files
from emg_recognition.recordings.text_guess import guess

from ..vendor_files import (
    QUALISYS,
    brainflow,
    discover,
    emgworks,
    headed,
    joined,
    openbci,
    opensignals,
    others,
    signal,
)


@pytest.fixture
def opened(tmp_path):
    """Return a function that writes one file and opens it as it is."""

    def read(content, name="anna_fist_1.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = guess(path)
        files, _ = find_files(found.description, path)
        return read_csv_files(found.description, files, str(path)), found

    return read


def check(recordings, emg, *, rate, unit="V", scale=1e6):
    assert (recordings.channels, recordings.unit) == (emg.shape[1], unit)
    assert recordings.rate == pytest.approx(rate, rel=1e-6)
    np.testing.assert_allclose(recordings.counts, emg / scale, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("program", sorted(others(signal(1, 2))))
def test_other_programs(opened, program):
    emg = signal(300, 2)
    content, rate = others(emg)[program]
    recordings, _ = opened(content)
    check(recordings, emg, rate=rate)


def test_a_clock_with_a_decimal_comma(opened):
    emg = signal(300, 2)
    rows = [
        [f"10:11:{i / 500:06.3f}".replace(".", ","), *(f"{v}".replace(".", ",") for v in row)]
        for i, row in enumerate(emg)
    ]
    recordings, _ = opened(joined([["Uhrzeit", "EMG1 [uV]", "EMG2 [uV]"], *rows], ";"))
    check(recordings, emg, rate=500)


def test_qualisys_has_a_title_before_the_names(opened):
    emg = signal(300, 2)
    recordings, _ = opened(headed(emg, 1500, QUALISYS, delimiter="\t", time=None))
    check(recordings, emg, rate=1500, unit="count", scale=1)


def test_channels_in_rows_are_named(opened):
    with pytest.raises(RecordingError, match=r"4 rows of 1000 columns: its channels may stand in rows"):
        opened(joined(signal(1000, 4).T))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"acc": (0, 1, 2), "rate": 2148.1481},
        {"acc": (), "lines": [["Notes:", "left arm"], ["Operator:", "M. Müller"], ["Trial:", "7"]]},
        {"delimiter": ";", "decimal": ","},
        {"delimiter": "\t", "decimal": ",", "acc": (2,)},
    ],
)
@pytest.mark.parametrize("sensors", [1, 3])
def test_trigno_discover(opened, settings, sensors):
    emg = signal(300, sensors)
    recordings, _ = opened(discover(emg, **settings))
    check(recordings, emg, rate=settings.get("rate", 1259.2593))


def test_sensors_that_begin_at_different_times_are_shifted_by_whole_samples(opened):
    emg = signal(300, 3)
    rate = 1259.2593
    recordings, _ = opened(discover(emg, shift=(0.0, 10 / rate, 0.3 / rate)))
    expected = np.stack([emg[10:, 0], emg[:-10, 1], emg[10:, 2]], axis=1)
    check(recordings, expected, rate=rate)
    assert "shifted by whole samples" in recordings.problems[0]


def test_sensors_of_unlike_rates_are_refused(opened):
    with pytest.raises(
        RecordingError, match=r"unlike rates: column .* 1259\.26 Hz, column .* 2148\.14 Hz; give the rate"
    ):
        opened(discover(signal(300, 2), rates=[1259.2593, 2148.1481]))


def test_sensors_whose_times_come_apart_are_refused(opened):
    text = discover(signal(600, 2), acc=())
    lines = text.split("\r\n")
    # The second sensor lacks a second from the middle on.
    for i in range(300, len(lines)):
        cells = lines[i].split(",")
        if len(cells) > 2 and cells[2]:
            cells[2] = f"{float(cells[2]) + 0.002 * (i > 450):.6f}"
            lines[i] = ",".join(cells)
    with pytest.raises(RecordingError, match=r"the times of its sensors come apart: row .* of the data"):
        opened("\r\n".join(lines))


@pytest.mark.parametrize("acc", [False, True])
@pytest.mark.parametrize("bracket", ["", " "])
def test_emgworks(opened, acc, bracket):
    emg = signal(300, 5)
    recordings, found = opened(emgworks(emg, acc=acc, bracket=bracket))
    check(recordings, emg, rate=1925.926)
    assert found.layout.encoding == "cp1252"


def test_hundreds_of_lines_before_the_names(opened):
    emg = signal(300, 2)
    head = "".join(
        f"Label: Trigno sensor {i}: ACC X Sampling frequency: 148.148 Hz Unit: g\r\n" for i in range(900)
    )
    recordings, _ = opened(head.encode() + emgworks(emg))
    check(recordings, emg, rate=1925.926)


@pytest.mark.parametrize("settings", [{}, {"devices": 2}, {"sensors": "EMGBIT", "other": ("ECG", "EDA")}])
def test_opensignals(opened, settings):
    emg = np.round(signal(300, 4)) + 32768
    recordings, found = opened(
        opensignals(emg, 500, **settings), "opensignals_0007803B46AE_2020-01-02_10-11-12.txt"
    )
    check(recordings, emg, rate=500, unit="count", scale=1)
    assert found.description.columns.counter == 1


@pytest.mark.parametrize(
    ("channels", "settings"),
    [
        (8, {}),
        (4, {"rate": 200, "board": "Ganglion"}),
        (16, {"rate": 125, "burst": 1}),
        (8, {"old": True}),
        (8, {"header": False}),
    ],
)
def test_openbci_gui(opened, channels, settings):
    emg = signal(400, channels) + 45000
    recordings, _ = opened(openbci(emg, **settings), "OpenBCI-RAW-2024-01-01_10-11-12_fist_1.txt")
    check(recordings, emg, rate=settings.get("rate", 250))
    assert (recordings.actions, recordings.repetition.tolist()) == (("fist",), [1])
    bursts = settings.get("burst", 8) > 1
    assert any("bursts of 8" in problem for problem in recordings.problems) == bursts


@pytest.mark.parametrize("step", [1, 2])
def test_lost_packets_split_segments_and_are_said(opened, step):
    emg = signal(1000, 8)
    index = np.arange(1000)
    index = index + 15 * (index // 300)
    recordings, _ = opened(openbci(emg, counter=index * step % 256, times=index / 250), "fist_1.txt")
    assert recordings.length.tolist() == [300, 300, 300, 100]
    assert set(recordings.repetition.tolist()) == {1}
    assert recordings.problems[0].startswith(
        "45 samples are lost, in 3 gaps of the counter Sample Index in 1 file"
    )
    assert recordings.rate == 250


@pytest.mark.parametrize(("delimiter", "channels", "width"), [("\t", 8, 24), (",", 16, 32), ("\t", 4, 15)])
def test_brainflow_markers_hold_until_the_next(opened, delimiter, channels, width):
    emg = signal(900, channels) + 45000
    markers = np.zeros(900)
    markers[[100, 300, 500, 700]] = [1, 2, 1, 1]
    recordings, _ = opened(
        brainflow(emg, markers, delimiter=delimiter, width=width), "BrainFlow-RAW_2024-01-01_10-00-00_0.csv"
    )
    check(recordings, emg[100:], rate=250)
    assert list(zip(recordings.label, recordings.repetition, recordings.length, strict=True)) == [
        ("1", 1, 200),
        ("2", 1, 200),
        ("1", 2, 200),
        ("1", 3, 200),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(opened, encoding, end):
    emg = signal(300, 2)
    rows = [[f"{i / 1000:.3f}", *row] for i, row in enumerate(emg)]
    text = joined([["Zeit (s)", "EMG größe (µV)", "EMG kürze (µV)"], *rows], "\t", end).replace(".", ",")
    recordings, found = opened(text.encode(encoding))
    check(recordings, emg, rate=1000)
    assert found.description.columns.samples == ("EMG größe (µV)", "EMG kürze (µV)")
    assert found.layout.decimal == ","


@pytest.mark.parametrize(
    ("head", "delimiter", "unit"),
    [
        ("time,emg1,emg2\ns,uV,uV\n", ",", "V"),
        ("time (ms);emg1;emg2\n(ms);[µV];[µV]\n", ";", "V"),
        ("# made by hand\n# sampling rate: 1000 Hz\ntime,emg1,emg2\n", ",", "count"),
        ("% time,emg1,emg2\n", ",", "count"),
        ("Subject:,Anna\nRate:,1000\n\ntime,emg1,emg2\n", ",", "count"),
        ("sep=;\ntime;emg1;emg2\n", ";", "count"),
        ("", " ", "count"),
        ("time  emg1   emg2\n", "  ", "count"),
        ('"time","emg1","emg2"\n', ",", "count"),
        ("timestamp|ch1|ch2\n", "|", "count"),
    ],
)
def test_tables_of_people(opened, head, delimiter, unit):
    emg = signal(300, 2)
    seconds = np.arange(300) / (1 if "ms" in head else 1000)
    recordings, _ = opened(
        head + joined([[f"{t:.3f}", *row] for t, row in zip(seconds, emg, strict=True)], delimiter)
    )
    check(recordings, emg, rate=1000, unit=unit, scale=1e6 if unit == "V" else 1)


def test_a_folder_gives_subjects_labels_and_repetitions(tmp_path):
    for subject in ("p1", "p2"):
        for label in ("fist", "rest"):
            for repetition in (1, 2):
                emg = signal(200, 3, seed=repetition)
                (tmp_path / f"{subject}_{label}_{repetition}.csv").write_text(discover(emg))
    (tmp_path / "notes.txt").write_text("Two people.\nBoth arms.\n")
    found = guess(tmp_path)
    files, skipped = find_files(found.description, tmp_path)
    recordings = read_csv_files(found.description, files, str(tmp_path))
    assert recordings.subjects == ("1", "2")
    assert recordings.actions == ("fist", "rest")
    assert recordings.repetition.tolist() == [1, 2] * 4
    assert [name for name, _ in skipped] == ["notes.txt"]


def test_a_file_without_a_label_opens_and_says_so(opened):
    recordings, found = opened(opensignals(signal(300, 2), 1000), "opensignals_0007803B46AE_2020-01-02.txt")
    assert recordings.actions == ("unlabelled",)
    assert not found.labelled


def test_classes_of_libemg_have_their_names(tmp_path):
    for repetition in (0, 1):
        for number in (0, 1):
            rows = [[1_700_000_000 + i / 1000, *row] for i, row in enumerate(signal(200, 8))]
            (tmp_path / f"C_{number}_R_{repetition}_emg.csv").write_text(joined(rows))
    (tmp_path / "collection_details.json").write_text('{"class_map": {"0": "Hand_Close", "1": "No_Motion"}}')
    found = guess(tmp_path)
    files, _ = find_files(found.description, tmp_path)
    recordings = read_csv_files(found.description, files, str(tmp_path))
    assert (recordings.actions, recordings.channels) == (("Hand_Close", "No_Motion"), 8)
    assert recordings.rate == 1000
    assert sorted(recordings.repetition.tolist()) == [0, 0, 1, 1]


def test_emgworks_as_it_writes_numbers(opened):
    emg = signal(300, 2)
    text = emgworks(emg, rate=1259.259, acc=True, bracket="").decode("cp1252")
    text = text.replace("1259.259 Hz", "1.259259e+003 Number of points: 300 start: 0.000000e+000")
    text = text.replace("148.148 Hz", "1.481480e+002 Number of points: 20 start: 0.000000e+000").replace(
        " [V]", ""
    )
    recordings, _ = opened(text)
    check(recordings, emg, rate=1259.259)


def test_a_header_that_contradicts_the_times_is_noted(opened):
    emg = signal(500, 2)
    rows = [[f"{i / 500:.3f}", *row] for i, row in enumerate(emg)]
    recordings, _ = opened("# sampling rate: 2000 Hz\n" + joined([["time", "emg1", "emg2"], *rows]))
    assert recordings.rate == 500
    assert "the header says 2000 Hz, but the times 500 Hz, which is taken" in recordings.problems[0]


def test_columns_in_which_nothing_is_a_signal_are_named(opened):
    with pytest.raises(
        RecordingError, match=r"looks like EMG \(EMG1:512: no numbers, EMG2:498: no numbers\)"
    ):
        opened("EMG1:512,EMG2:498\n" * 100)
