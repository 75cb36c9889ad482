"""The filtered signal, in memory and in a file: the same samples, reused, and cheap to pickle."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.signal.batch import filter_segment
from emg_recognition.signal.settings import suited_settings
from emg_recognition.tasks import for_other_machines
from emg_recognition.training import filtered
from emg_recognition.training.filtered import FilteredSignal, filter_recordings, open_signal


@pytest.fixture
def recordings(study):
    return study({"healthy": 2}, repetitions=2).select([0, 1, 4, 5, 9, 3])


@pytest.fixture
def pipeline():
    return suited_settings(rate=200.0, channels=3, unit="count")


def filter_all(recordings, pipeline, cache=None, warm_up=False):
    return filter_recordings(recordings, pipeline, warm_up=warm_up, cache=cache)


def expected(recordings, pipeline, warm_up=False):
    parts = [filter_segment(recordings.segment(i), pipeline, warm_up=warm_up) for i in range(len(recordings))]
    return np.concatenate(parts)


@pytest.mark.parametrize("warm_up", [False, True])
def test_a_file_holds_the_same_samples_as_memory(recordings, pipeline, tmp_path, warm_up):
    memory = filter_all(recordings, pipeline, warm_up=warm_up)
    assert memory.path is None
    np.testing.assert_array_equal(memory.samples, expected(recordings, pipeline, warm_up))
    times = []
    for _ in range(2):  # written, then reused
        mapped = filter_all(recordings, pipeline, tmp_path / "new" / "folder", warm_up=warm_up)
        np.testing.assert_array_equal(mapped.samples, memory.samples)
        times.append(mapped.path.stat().st_mtime_ns)
    assert times[0] == times[1]
    assert len(list(mapped.path.parent.iterdir())) == 1


@pytest.mark.parametrize("change", ["scale", "counts", "length", "order", "notch", "warm_up"])
def test_the_file_of_another_signal_is_not_used(recordings, pipeline, tmp_path, change):
    filter_all(recordings, pipeline, tmp_path)
    warm_up = change == "warm_up"
    other = {
        "scale": lambda: dataclasses.replace(recordings, scale=3.0),
        "counts": lambda: dataclasses.replace(recordings, counts=recordings.counts[::-1]),
        "length": lambda: dataclasses.replace(recordings, length=recordings.length - np.eye(6, dtype=int)[2]),
        "order": lambda: recordings.select([5, 4, 3, 2, 1, 0]),
    }.get(change, lambda: recordings)()
    path = dataclasses.replace(pipeline, notch=0.0) if change == "notch" else pipeline
    found = filter_all(other, path, tmp_path, warm_up=warm_up)
    np.testing.assert_array_equal(found.samples, expected(other, path, warm_up))
    assert len(list((tmp_path / "windows").iterdir())) == 2


@pytest.mark.parametrize("damage", ["empty", "other", "cut", "shape"])
def test_a_damaged_file_is_written_again(recordings, pipeline, tmp_path, damage):
    path = filter_all(recordings, pipeline, tmp_path).path
    content = path.read_bytes()
    path.write_bytes({"empty": b"", "other": b"no array"}.get(damage, content[:-100]))
    if damage == "shape":
        with path.open("wb") as file:
            np.save(file, np.zeros((5, 3), np.float32))
    found = filter_all(recordings, pipeline, tmp_path)
    np.testing.assert_array_equal(found.samples, expected(recordings, pipeline))
    assert found.path == path


def test_without_a_writable_folder_the_signal_stays_in_memory(recordings, pipeline, tmp_path):
    file = tmp_path / "a file"
    file.write_text("")
    found = filter_all(recordings, pipeline, file)
    assert found.path is None
    np.testing.assert_array_equal(found.samples, expected(recordings, pipeline))


def test_a_mapped_signal_is_pickled_as_its_path(recordings, pipeline, tmp_path):
    mapped = filter_all(recordings, pipeline, tmp_path)
    sent = pickle.dumps(mapped)
    assert len(sent) < 1000
    found = pickle.loads(sent)
    assert found.path == mapped.path
    np.testing.assert_array_equal(found.samples, mapped.samples)
    with for_other_machines():
        whole = pickle.dumps(mapped)
    mapped.path.unlink()
    with pytest.raises(RecordingError, match="run again"):
        pickle.loads(sent)
    np.testing.assert_array_equal(pickle.loads(whole).samples, mapped.samples)
    memory = filter_all(recordings, pipeline)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(memory)).samples, memory.samples)


@pytest.mark.parametrize("held", [1, 1 << 24])
def test_stretches_are_copies_however_often_memory_is_released(rng, tmp_path, monkeypatch, held):
    monkeypatch.setattr(filtered, "_HELD", held)
    values = rng.normal(size=(5000, 3)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    for signal in (FilteredSignal(values), open_signal(tmp_path / "a.npy")):
        for _ in range(5):
            begin = rng.integers(0, 4991, 40)
            found = signal.gather(begin, 10)
            np.testing.assert_array_equal(found, values[begin[:, np.newaxis] + np.arange(10)])
            assert (found.dtype, type(found), found.flags.writeable) == (np.float32, np.ndarray, True)
            assert found.flags.c_contiguous
        assert signal.gather(np.empty(0, int), 10).shape == (0, 10, 3)


def test_a_stretch_beyond_the_end_is_an_error(rng):
    with pytest.raises(IndexError):
        FilteredSignal(rng.normal(size=(20, 2)).astype(np.float32)).gather(np.array([11]), 10)
