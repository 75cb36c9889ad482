"""Recordings written as EDF and BDF, and read back."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.open import open_recordings

edfio = pytest.importorskip("edfio", reason="the extra 'formats' is not installed")


def made(rng, *, dtype=np.int16, unit="V", rate=1000.0, scale=123456.789, **texts):
    length = np.array([700, 1, 433])
    x = rng.normal(0, 300, (2000, 3)).astype(dtype)
    columns = {"subject": ["Jürgen"] * 3, "cohort": ["健康"] * 3, "session": ["day 2"] * 3}
    columns |= {"label": ["fist", "rest", "Händedruck (stark)"], **texts}
    return from_arrays(
        {
            "x": x,
            "start": np.array([100, 900, 1200]),
            "length": length,
            "scale": scale,
            "fs": rate,
            "unit": unit,
            "rep": np.array([4, -1, 12]),
            **{name: np.array(values) for name, values in columns.items()},
        },
        "memory",
    )


@pytest.mark.parametrize("name", ["a.edf", "a.bdf", "a.npz"])
@pytest.mark.parametrize(("unit", "rate"), [("V", 1000.0), ("count", 1111.11), ("V", 148.148148)])
def test_whole_numbers_come_back_to_the_bit(rng, tmp_path, name, unit, rate):
    recordings = made(rng, unit=unit, rate=rate)
    assert recordings.save(tmp_path / name) == 0.0
    found = open_recordings(tmp_path / name, cache=tmp_path / "cache")
    assert (found.rate, found.unit, len(found)) == (rate, unit, 3)
    for column in ("subject", "cohort", "session", "label", "repetition", "length"):
        np.testing.assert_array_equal(getattr(found, column), getattr(recordings, column))
    for i in range(3):
        assert found.segment(i).tobytes() == recordings.segment(i).tobytes()


@pytest.mark.parametrize(("name", "bits"), [("a.edf", 16), ("a.bdf", 24)])
def test_other_numbers_are_rounded_to_the_step_that_is_said(rng, tmp_path, name, bits):
    recordings = made(rng, dtype=np.float32, scale=1.0)
    step = recordings.save(tmp_path / name)
    found = open_recordings(tmp_path / name, cache=tmp_path / "cache")
    peak = max(float(np.abs(recordings.segment(i)).max()) for i in range(3))
    assert step == pytest.approx(peak / 2 ** (bits - 1), rel=1e-3)
    for i in range(3):
        np.testing.assert_allclose(found.segment(i), recordings.segment(i), atol=0.51 * step)


def test_other_programs_see_microvolts_and_labels(rng, tmp_path):
    recordings = made(rng, subject=["anna"] * 3)
    recordings.save(tmp_path / "a.edf")
    edf = edfio.read_edf(tmp_path / "a.edf")
    assert (edf.labels, edf.patient.code) == (("EMG 1", "EMG 2", "EMG 3"), "anna")
    assert [(one.text, one.duration) for one in edf.annotations if one.duration] == [
        ("fist", pytest.approx(0.7)),
        ("rest", pytest.approx(0.001)),
        ("Händedruck (stark)", pytest.approx(0.433)),
    ]
    np.testing.assert_allclose(
        edf.signals[1].data[:700], recordings.segment(0)[:, 1] * 1e6, rtol=1e-4, atol=0.3
    )


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"session": ["1", "2", "2"]}, "it holds 2 sessions, and a.edf one; write a file for each"),
        ({"label": ["a\x14b", "rest", "c"]}, r"the name 'a\\x14b'; store names without control characters"),
    ],
)
def test_what_edf_cannot_hold_is_refused(rng, tmp_path, texts, said):
    with pytest.raises(RecordingError, match=said):
        made(rng, **texts).save(tmp_path / "a.edf")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RecordingError, match="it cannot be written"):
        made(rng).save(tmp_path / "none" / "a.edf")
