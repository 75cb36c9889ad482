"""Opening archives, bags and CSV files, alone and joined, the second time from the cache."""

from __future__ import annotations

import os

import numpy as np
import pytest

from emg_recognition.errors import EmgRecognitionError, RecordingError
from emg_recognition.recordings.archive import from_arrays, load_archive, save_archive
from emg_recognition.recordings.bag_recordings import read_bag
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.recordings import Source


def archive(path, *, dtype=np.int16, label="rest", **changes):
    x = (np.random.default_rng(len(label)).normal(0, 50, (40, 2))).astype(dtype)
    arrays = {
        "x": x,
        "start": np.array([3, 20]),
        "length": np.array([10, 17]),
        "scale": 3.0,
        "fs": 1000.0,
        "unit": "V",
        "subject": np.array(["anna", "bert"]),
        "cohort": np.array(["healthy", "patient"]),
        "session": np.array(["1", "2"]),
        "label": np.array([label, label]),
        "rep": np.array([1, 2]),
    }
    save_archive(path, from_arrays({**arrays, **changes}, "memory"))
    return path


def same(found, expected):
    assert (found.rate, found.unit, len(found)) == (expected.rate, expected.unit, len(expected))
    for name in ("subject", "cohort", "session", "label", "repetition", "length"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for i in range(len(expected)):
        assert found.segment(i).tobytes() == expected.segment(i).tobytes()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float32, np.float64])
def test_an_archive(tmp_path, cache, dtype):
    path = archive(tmp_path / "a.npz", dtype=dtype)
    for _ in range(2):
        found = open_recordings([path], cache=cache)
        same(found, load_archive(path))
        assert (found.counts.dtype, found.scale, found.source) == (dtype, 3.0, str(path))
        assert not found.counts.flags.writeable  # mapped
    assert len(os.listdir(cache / "recordings")) == 1


def test_a_bag(arm, tmp_path, cache):
    path = arm.ours(tmp_path / "bag")
    (file,) = path.glob("*.mcap")
    for given in (path, file):
        for _ in range(2):
            same(open_recordings([given], cache=cache), read_bag(given))
    assert len(os.listdir(cache / "recordings")) == 2


def test_each_armband_of_a_bag_has_its_own_cache_entry(recording, signal, tmp_path, cache):
    left, right = recording(namespace="/left"), recording(namespace="/right")
    for made, label in ((left, "rest"), (right, "fist")):
        made.samples(0, signal)
        made.label("start", 0, label)
    left.rows += right.rows
    path = left.ours(tmp_path / "bag")
    for _ in range(2):
        for namespace, label in (("left", "rest"), ("right", "fist")):
            found = open_recordings([path], cache=cache, namespace=namespace)
            assert found.label.tolist() == [label]


def test_a_single_text_file_does_not_look_through_its_folder(tmp_path, cache):
    path = tmp_path / "anna_fist_1.csv"
    path.write_text("time,emg1\n" + "".join(f"{i / 1000},{i % 7}\n" for i in range(500)))
    (tmp_path / "else" / "where").mkdir(parents=True)
    (tmp_path / "else" / "where" / "b.csv").write_text("1,2\n")
    (tmp_path / "notes.txt").write_text("none")
    found = open_recordings(path, cache=cache)
    assert found.sources[0].files == ("anna_fist_1.csv",)
    assert found.sources[0].skipped == ()


def test_csv_files(tmp_path, cache):
    (tmp_path / "rest.csv").write_text("1,2\n3,4\n")
    description = tmp_path / "study.yaml"
    description.write_text(
        "files: (?P<label>.*)[.]csv\nheader: false\ncolumns: {samples: [2, 1]}\nrate: 100\n"
    )
    for _ in range(2):
        found = open_recordings([str(description)], cache=cache)
        assert found.segment(0).tolist() == [[2, 1], [4, 3]]
    (tmp_path / "fist.csv").write_text("5,6\n")
    assert open_recordings([description], cache=cache).actions == ("fist", "rest")


@pytest.mark.parametrize(
    ("other", "dtype"),
    [({}, np.int16), ({"scale": 7.0}, np.float32), ({"dtype": np.int8}, np.float32)],
)
def test_joined_recordings_hold_all_segments(tmp_path, cache, other, dtype):
    paths = [archive(tmp_path / "a.npz"), archive(tmp_path / "b.npz", label="fist", **other)]
    for _ in range(2):
        found = open_recordings(paths, cache=cache)
        assert found.counts.dtype == dtype
        assert found.label.tolist() == ["rest", "rest", "fist", "fist"]
        for number, path in enumerate(paths):
            same(found.select([2 * number, 2 * number + 1]), load_archive(path))
        assert all(str(path) in found.source for path in paths)
    backwards = open_recordings(paths[::-1], cache=cache)
    assert backwards.label.tolist() == ["fist", "fist", "rest", "rest"]


def test_an_archive_joined_with_a_bag_keeps_its_problems(arm, tmp_path, cache):
    bag = arm.ours(tmp_path / "bag")
    (bag / "metadata.yaml").unlink()
    channels = {"x": np.zeros((40, 4), np.int16)}
    found = open_recordings([archive(tmp_path / "a.npz", **channels), bag], cache=cache)
    assert found.label.tolist() == ["rest", "rest", "rest", "fist"]
    assert "metadata.yaml" in found.problems[0]


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"fs": 200.0}, "its rate is 200.0, that of {a} is 1000.0"),
        ({"x": np.zeros((40, 3), np.int16)}, "its channel count is 3, that of {a} is 2"),
        ({"unit": "count"}, "its unit is count, that of {a} is V"),
    ],
)
def test_recordings_that_do_not_fit_are_refused(tmp_path, cache, change, values):
    a, b = archive(tmp_path / "a.npz"), archive(tmp_path / "b.npz", **change)
    with pytest.raises(RecordingError) as caught:
        open_recordings([a, b], cache=cache)
    assert str(caught.value).startswith(f"recording {b}: {values.format(a=a)};")


def test_without_a_writable_cache_samples_are_in_memory(tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    paths = [archive(tmp_path / "a.npz"), archive(tmp_path / "b.npz", label="fist")]
    found = open_recordings(paths, cache=blocked)
    same(found.select([0, 1]), load_archive(paths[0]))


def test_the_default_cache_is_that_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "theirs"))
    open_recordings([archive(tmp_path / "a.npz")])
    assert len(list((tmp_path / "theirs" / "emg_recognition" / "recordings").glob("*/counts.npy"))) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.npz", None, "there is no such file"),
        ("absent.mcap", None, "there is no such file"),
        ("absent.yaml", None, "there is no such file"),
        ("a.npz", b"no archive", "it is not a readable .npz archive"),
        ("a.mcap", b"no bag", "it is not a readable MCAP bag but text: b'no bag'"),
        ("a.csv", b"1,2", "says the sampling rate"),
        ("a.yaml", b"1", "write a mapping"),
        (".", None, "it holds no recordings, 0 files tried"),
    ],
)
def test_unusable_paths_are_refused(tmp_path, cache, name, content, said):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EmgRecognitionError, match=said):
        open_recordings([path], cache=cache)
    assert not (cache / "recordings").exists() or os.listdir(cache / "recordings") == []


def test_no_path_is_refused(cache):
    with pytest.raises(RecordingError, match="no path is given"):
        open_recordings([], cache=cache)


def test_a_file_given_twice_is_refused(arm, tmp_path, cache):
    path = archive(tmp_path / "a.npz")
    with pytest.raises(RecordingError, match=r"a\.npz: it is given twice; give each recording once"):
        open_recordings([path, str(path)], cache=cache)
    (tmp_path / "b.npz").symlink_to(path)
    with pytest.raises(RecordingError, match=r"b\.npz: its file b\.npz is also part of .*a\.npz"):
        open_recordings([path, tmp_path / "b.npz"], cache=cache)
    bag = arm.ours(tmp_path / "bag")
    with pytest.raises(RecordingError, match=r"bag_0\.mcap: its file bag_0\.mcap is also part of .*/bag;"):
        open_recordings([bag, bag / "bag_0.mcap"], cache=cache)


def test_one_path_needs_no_list_and_its_files_are_named(tmp_path, cache):
    path = archive(tmp_path / "a.npz")
    for given in (path, str(path)):
        found = open_recordings(given, cache=str(cache))
        same(found, load_archive(path))
        assert found.sources == (Source(str(path), "archive", ("a.npz",)),)


def test_sources_name_the_files_of_bags_and_descriptions(arm, tmp_path, cache):
    (tmp_path / "csv").mkdir()
    description = tmp_path / "csv" / "study.yaml"
    description.write_text(
        "files: (?P<label>.*)[.]csv\nheader: false\ncolumns: {samples: 1-4}\nrate: 1000\nunit: V\n"
    )
    for name in ("rest.csv", "notes.txt"):
        (description.parent / name).write_text("1,2,3,4\n" * 400)
    bag = arm.ours(tmp_path / "bag")
    for _ in range(2):
        found = open_recordings([bag, description], cache=cache)
        assert found.sources == (
            Source(str(bag), "bag", ("bag_0.mcap",)),
            Source(str(description), "text files", ("rest.csv",), (("notes.txt", "does not match"),)),
        )


def test_the_shared_recordings(shared_recording, cache):
    path = shared_recording("longterm_basic8.npz")
    found, expected = open_recordings([path], cache=cache), load_archive(path)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.label, expected.label)
