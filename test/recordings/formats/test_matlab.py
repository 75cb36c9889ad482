"""MATLAB files of NinaPro, BioPatRec and EEGLAB, written by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from emg_recognition.errors import RecordingError

#: Rest, movement 1 twice and movement 2 once, 100 samples each.
STIMULUS = np.repeat([0, 1, 0, 1, 0, 2, 0], 100)[:, None]
REPETITION = np.repeat([0, 1, 0, 2, 0, 1, 0], 100)[:, None]


def ninapro(path, counts, **changes):
    emg = counts[:700].astype(np.float32) * 1e-6
    file = {"emg": emg, "restimulus": STIMULUS, "rerepetition": REPETITION, "subject": 3, "exercise": 2}
    savemat(
        path,
        {**file, "acc": emg, "stimulus": STIMULUS[::-1], "frequency": 200.0, **changes},
        do_compression=True,
    )
    return path


def test_ninapro(tmp_path, counts, opened):
    found = opened(ninapro(tmp_path / "S3_E2_A1.mat", counts))
    assert (found.rate, found.unit, found.channels) == (200.0, "count", 3)
    assert found.label.tolist() == ["rest", "E2_01", "rest", "E2_01", "rest", "E2_02", "rest"]
    # A rest belongs to the movement before it, the first one to that after it.
    assert found.repetition.tolist() == [1, 1, 1, 2, 2, 1, 1]
    assert found.subjects == ("3",)
    np.testing.assert_array_equal(
        found.segment(1), (counts[100:200].astype(np.float32) * 1e-6).astype(np.float32)
    )


def test_ninapro_without_a_rate_needs_a_description(tmp_path, counts, opened):
    path = ninapro(tmp_path / "S3_E2_A1.mat", counts)
    savemat(path, {"emg": counts[:700], "stimulus": STIMULUS, "repetition": REPETITION})
    with pytest.raises(
        RecordingError, match=r"does not say its sampling rate; NinaPro DB1 has 100 Hz.*description"
    ):
        opened(path)
    (tmp_path / "db.yaml").write_text(
        "files: S(?P<subject>[0-9]+)_E(?P<session>[0-9])_A1[.]mat\nrate: 200\nunit: V\nscale: 1.0e+6\n"
        "labels: {rest: rest, '01': fist, '02': null}\nchannels: 2-3\n"
    )
    found = opened(tmp_path / "db.yaml")
    assert (found.rate, found.unit, found.channels, found.subjects) == (200.0, "V", 2, ("3",))
    assert found.label.tolist() == ["rest", "fist", "rest", "fist", "rest", "rest"]
    np.testing.assert_allclose(found.segment(1), counts[100:200, 1:] * 1e-6, rtol=1e-6)


def test_biopatrec(tmp_path, counts, opened):
    tdata = np.stack([counts[:1200], counts[400:1600]], axis=2) * 1e-3
    session = {"sF": 200, "sT": 6, "cT": 2, "rT": 1, "nM": 2, "nR": 2, "nCh": [1, 2, 3], "tdata": tdata}
    session["mov"] = np.array(["Open Hand", "Flex Hand"], object)
    savemat(tmp_path / "recording.mat", {"recSession": session})
    found = opened(tmp_path / "recording.mat")
    assert found.label.tolist() == [
        "Open Hand",
        "rest",
        "Open Hand",
        "rest",
        "Flex Hand",
        "rest",
        "Flex Hand",
        "rest",
    ]
    assert found.repetition.tolist() == [1, 1, 2, 2] * 2
    assert found.length.tolist() == [400, 200] * 4
    np.testing.assert_allclose(found.segment(6), counts[1000:1400] * 1e-3, rtol=1e-6)


def eeglab(path, counts, *, beside=False, **changes):
    data = counts.T.astype(np.float32)
    if beside:
        data.T.tofile(path.with_suffix(".fdt"))
    places = [
        {"labels": "EMG1", "type": "EMG"},
        {"labels": "EMG2", "type": "EMG"},
        {"labels": "X", "type": "MISC"},
    ]
    events = [
        {"type": "fist", "latency": 201.0, "duration": 400.0},
        {"type": "rest", "latency": 801.0, "duration": 0.0},
        {"type": "fist", "latency": 1201.0, "duration": 1.0},
    ]
    eeg = {
        "srate": 200.0,
        "nbchan": 3,
        "pnts": 1600,
        "trials": 1,
        "data": path.with_suffix(".fdt").name if beside else data,
    }
    eeg |= {
        "chanlocs": places,
        "event": events,
        "subject": "anna",
        "session": 2,
        "group": "patient",
        **changes,
    }
    savemat(path, {"EEG": eeg})
    return path


@pytest.mark.parametrize("beside", [False, True])
def test_eeglab(tmp_path, counts, opened, beside):
    path = eeglab(tmp_path / "recording.set", counts, beside=beside)
    found = opened(path)
    assert (found.rate, found.unit, found.channels) == (200.0, "V", 2)
    assert found.label.tolist() == ["fist", "rest", "fist"]
    assert found.length.tolist() == [400, 400, 400]
    assert (found.sessions, found.cohorts) == ((("anna", "2"),), ("patient",))
    np.testing.assert_allclose(found.segment(0), counts[200:600, :2] * 1e-6, rtol=1e-6)
    if beside:
        with pytest.raises(RecordingError, match=r"holds only the samples of an EEGLAB file; give the \.set"):
            opened(path.with_suffix(".fdt"))
        path.with_suffix(".fdt").unlink()
        with pytest.raises(RecordingError, match=r"its samples are in 'recording\.fdt', which is missing"):
            opened(path)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"a": 1}, "it is a MATLAB file with a, not one of NinaPro, BioPatRec or EEGLAB"),
        ({"emg": np.zeros((5, 2)), "stimulus": np.zeros(4), "frequency": 9}, "it has 5 samples, 4 labels"),
        ({"emg": "text", "stimulus": np.zeros(4)}, "its emg is <U4 of shape"),
        ({"recSession": 3}, "its recSession is no structure"),
        ({"EEG": {"srate": 200.0, "trials": 4, "data": np.zeros((2, 3))}}, "it is cut into epochs"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, opened, file, said):
    savemat(tmp_path / "x.mat", file)
    with pytest.raises(RecordingError, match=said):
        opened(tmp_path / "x.mat")
