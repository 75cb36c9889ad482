"""Each set becomes the archive that its page describes; two equal the shared ones array by array."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from emg_recognition.datasets.catalogue import SETS
from emg_recognition.datasets.fetch import download_path, fetch
from emg_recognition.recordings.archive import load_archive

KEYS = ("x", "start", "length", "scale", "fs", "subject", "cohort", "session", "label", "rep")


def fetched(origin, name, files, folder):
    """Serve the files of a set, fetch it, and return the archive."""
    for path in files:
        assert re.fullmatch(SETS[name].files, path), path
    output = folder / f"{name}.npz"
    fetch(origin.serve(SETS[name], files, megabytes=10), output, cache=folder)
    return load_archive(output)


def mat(**variables):
    buffer = io.BytesIO()
    savemat(buffer, variables, do_compression=True)
    return buffer.getvalue()


def keys(recordings):
    columns = ("subject", "cohort", "session", "label", "repetition", "length")
    return list(zip(*(getattr(recordings, column).tolist() for column in columns), strict=True))


@pytest.mark.parametrize("name", ["longterm_basic8", "myo_readings_active5"])
def test_a_download_equals_the_shared_archive(name, shared_recording, tmp_path):
    """Needs the real download of `fetch NAME` in the user's cache, and the shared archive."""
    shared = shared_recording(f"{name}.npz")
    cache = Path(os.environ.get("EMG_DOWNLOADS", Path.home() / ".cache" / "emg_recognition"))
    if not download_path(SETS[name], cache).exists():
        pytest.skip(f"the download of {name} is not in {cache}: emg-recognition fetch {name}")
    fetch(SETS[name], tmp_path / "set.npz", cache=cache)
    with np.load(shared) as expected, np.load(tmp_path / "set.npz") as found:
        assert found["x"].dtype == expected["x"].dtype
        for key in KEYS:
            assert np.array_equal(found[key], expected[key]), key


def test_longterm_has_the_real_numbers_of_the_shared_archive(origin, shared_recording, tmp_path):
    """Segments of the shared archive, written as the origin writes them, come back the same."""
    real = load_archive(shared_recording("longterm_basic8.npz"))
    chosen = real.select((real.subject == "2") & np.isin(real.session, ("2", "10", "16")))
    files = {}
    for place in range(len(chosen)):
        begin = chosen.start[place]
        values = chosen.counts[begin : begin + chosen.length[place]] / chosen.scale
        day, label, repetition = (getattr(chosen, name)[place] for name in ("session", "label", "repetition"))
        text = "\n".join(",".join(f"{value:.5g}" for value in row) for row in values)
        files[f"data/sub2/day{day}/D{day}{label}T{repetition}.csv"] = f"{text}\n".encode()
    found = fetched(origin, "longterm_basic8", files, tmp_path)
    assert keys(found) == keys(chosen)
    rows = [slice(begin, begin + length) for begin, length in zip(chosen.start, chosen.length, strict=True)]
    assert np.abs(found.counts - np.concatenate([chosen.counts[row] for row in rows])).max() <= 1
    assert found.cohorts == ("I", "N")


def readings(*runs):
    lines = [f"{label},2,3,4,5,6,7,-8,{label}" for label, length in runs for _ in range(length)]
    return "\r\n".join(lines).encode()


def test_myo_readings_are_cut_at_the_labels(origin, tmp_path):
    files = {
        "_readings_right_hand/12345-2/0.txt": readings((0, 13)),
        "_readings_right_hand/12345-2/2.txt": readings((0, 4), (2, 5), (0, 4), (2, 3)),
        "_readings_left_hand/6666-1/7.txt": readings((7, 2), (0, 1), (7, 2)),
        "_readings_left_hand/6666-1/1.txt": readings((0, 2)) + b"1,2,3" + readings((1, 2)),
    }
    found = fetched(origin, "myo_readings_active5", files, tmp_path)
    assert keys(found) == [
        ("6666", "left", "1", "fist", 1, 2),
        ("6666", "left", "1", "fist", 2, 2),
        *(("12345", "right", "2", "hibernation", place + 1, 3 if place == 0 else 2) for place in range(6)),
        ("12345", "right", "2", "wrist_extension", 1, 5),
        ("12345", "right", "2", "wrist_extension", 2, 3),
    ]
    assert found.counts.dtype == np.int8
    assert found.counts[-1].tolist() == [2, 2, 3, 4, 5, 6, 7, -8]


def test_unibo_inail_gives_a_rest_the_repetition_of_its_grip(origin, tmp_path):
    labels = np.repeat([1, 6, 1, 6, 1, 2, 1], [4, 3, 2, 3, 2, 5, 6])
    emg = np.arange(len(labels) * 4, dtype=np.float32).reshape(-1, 4) / 3
    content = mat(emg=emg, relabel=labels[:, None].astype(np.float32), label=labels * 0.0)
    files = {f"data/user_{user}_day_3_posture_{posture}.mat": content for user, posture in ((7, 1), (2, 4))}
    found = fetched(origin, "unibo_inail", files, tmp_path)
    expected = [("rest", 1, 4), ("gesture_6", 1, 3), ("rest", 2, 2), ("gesture_6", 2, 3)]
    expected += [("rest", 1, 2), ("gesture_2", 1, 5), ("rest", 1, 6)]
    assert keys(found)[:7] == [("2", "posture_4", "3", *row) for row in expected]
    assert keys(found)[7][:2] == ("7", "posture_1")
    assert (found.counts[: len(labels)] == emg).all()
    assert found.rate == 500.0


def test_flexemg_leaves_the_transitions_out(origin, tmp_path):
    trial = {
        "lsbmV": 0.00305176,
        "labelnames": np.array(["Fist", "Raise", "Lower", "Open"], dtype=object),
        "numlabels": 4,
        "sequence": np.array([3, 1, 4, 2], dtype=np.uint8),
        "reps": 1,
        "timegest": 5000,
        "timerest": 5000,
    }
    raw = (np.arange(28000)[:, None] + np.arange(96)).astype(np.uint16)
    found = fetched(origin, "flexemg", {"data/001-Session3Test/001-010.mat": mat(p=trial, raw=raw)}, tmp_path)
    assert found.label.tolist() == ["rest", "lower", "fist", "open", "raise"]
    assert set(zip(found.subject, found.session, found.repetition, strict=True)) == {("001", "3_test", 10)}
    # From the second second to the last but one, as the authors' script does.
    assert np.abs(found.length - 3000).max() <= 1
    begin, length = found.start[1], found.length[1]
    first = int(np.flatnonzero((raw[:, :64] == found.counts[begin]).all(axis=1))[0])
    assert 5990 <= first <= 6010
    assert (found.counts[begin : begin + length] == raw[first : first + length, :64]).all()
    assert (found.unit, found.channels, found.rate) == ("V", 64, 1000.0)


def test_every_set_says_what_its_users_must_know(repository):
    page = (repository / "docs" / "reference" / "public-recordings.md").read_text(encoding="utf-8")
    assert "<!-- public sets -->" in page
    for public_set in SETS.values():
        assert re.fullmatch("[0-9a-f]{40}", public_set.commit)
        assert re.fullmatch("[0-9a-f]{64}", public_set.digest)
        assert public_set.licence
        assert len(public_set.citation) > 30
        assert public_set.address.startswith("https://codeload.github.com/")
