"""Records of PhysioNet, written by wfdb itself."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError

# wfdb's own calls of pandas are wfdb's to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
wfdb = pytest.importorskip("wfdb", reason="the extra 'formats' is not installed")


def write(folder, name, counts, marks=()):
    folder.mkdir(parents=True, exist_ok=True)
    wfdb.wrsamp(
        name,
        fs=200,
        units=["mV"] * 3,
        sig_name=["F1", "F2", "trigger"],
        p_signal=counts / 1000,
        fmt=["16"] * 3,
        write_dir=str(folder),
    )
    if marks:
        times, texts = zip(*marks, strict=True)
        wfdb.wrann(
            name,
            "atr",
            np.array(times),
            symbol=['"'] * len(times),
            aux_note=list(texts),
            write_dir=str(folder),
        )
    return folder / f"{name}.hea"


def test_annotations_label_a_record_given_by_any_of_its_files(tmp_path, counts, opened):
    header = write(tmp_path, "day1", counts, [(200, "fist"), (600, "rest"), (1000, "fist")])
    for path in (header, header.with_suffix(".dat"), tmp_path):
        found = opened(path)
        assert (found.rate, found.unit, found.channels) == (200.0, "V", 2)
        assert found.label.tolist() == ["fist", "rest", "fist"]
        assert found.length.tolist() == [400, 400, 600]
        np.testing.assert_allclose(found.segment(0), counts[200:600, :2] / 1e6, rtol=1e-3, atol=1e-7)
        assert found.sources[0].files == ("day1.hea",)
        assert found.sources[0].skipped == ()


@pytest.mark.parametrize("head", [b"1,2,3\n4,5,6\n", b'{"a": 1}', b"\x80\x04", b"\x89PNG"])
def test_samples_that_look_like_something_else(tmp_path, counts, opened, head):
    header = write(tmp_path, "day1", counts, [(200, "fist")])
    signals = header.with_suffix(".dat")
    signals.write_bytes(head + signals.read_bytes()[len(head) :])
    assert len(opened(signals)) == 1
    signals.unlink()
    with pytest.raises(RecordingError, match=r"its file day1\.dat is missing; keep the files"):
        opened(header)


def test_the_names_of_grabmyo(tmp_path, counts, opened):
    for gesture in (1, 17):
        for trial in (1, 2):
            name = f"session2_participant4_gesture{gesture}_trial{trial}"
            write(tmp_path / "Session2" / "participant4", name, counts)
    found = opened(tmp_path)
    assert sorted(zip(found.label.tolist(), found.repetition.tolist(), strict=True)) == [
        ("1", 1),
        ("1", 2),
        ("17", 1),
        ("17", 2),
    ]
    assert found.sessions == (("4", "2"),)


@pytest.mark.parametrize("name", ["../day1.dat", "/etc/passwd", "s3://bucket/day1.dat", "..", "a/b"])
def test_a_header_cannot_name_files_elsewhere(tmp_path, counts, opened, name):
    header = write(tmp_path, "day1", counts, [(200, "fist")])
    header.write_text(header.read_text().replace("day1.dat", name))
    with pytest.raises(
        RecordingError, match=r"its header names the file .*; keep the files of a record together"
    ):
        opened(header)


def test_missing_samples_cut_a_segment(tmp_path, counts, opened):
    holes = counts.astype(np.float64)
    holes[300:350] = np.nan
    header = write(tmp_path, "day1", holes, [(200, "fist")])
    found = opened(header)
    assert found.length.tolist() == [100, 1250]
    assert found.repetition.tolist() == [1, 1]
    assert "50 samples are missing (NaN)" in found.problems[0]
