"""Arrays in files: what is written is mapped, and mapped memory is given back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.recordings.cache import open_mapped, release, write_rows


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float32, np.float64, ">i2"])
@pytest.mark.parametrize("rows", [[1], [3, 0, 5], [1000] * 30])
def test_what_is_written_in_parts_is_one_array(tmp_path, rng, dtype, rows):
    parts = [rng.integers(-100, 100, (count, 3)).astype(dtype) for count in rows]
    path = tmp_path / "new" / "a.npy"
    write_rows(path, iter(parts), 3, dtype)
    found = open_mapped(path)
    np.testing.assert_array_equal(found, np.concatenate(parts))
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(np.load(path), found)  # a plain .npy file for everybody
    assert path.read_bytes().index(b"\n") % 64 == 63  # aligned, as the format asks for
    assert os.listdir(path.parent) == ["a.npy"]
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.npy"
    write_rows(path, [np.ones((2, 1))], 1, np.float32)

    def broken():
        yield np.zeros((1, 1))
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_rows(path, broken(), 1, np.float32)
    assert open_mapped(path).tolist() == [[1.0], [1.0]]
    assert os.listdir(tmp_path) == ["a.npy"]


@pytest.mark.parametrize("cut", [0, 5, 128, 200])
def test_a_file_that_is_cut_off_is_noticed(tmp_path, cut):
    path = tmp_path / "a.npy"
    write_rows(path, [np.ones((100, 4))], 4, np.float32)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"empty|pickled|mmap length"):
        open_mapped(path)


def mapped_kilobytes(name):
    """Memory of this process that is mapped from a file."""
    kilobytes, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0] and not line.split()[0].endswith(":"):
            inside = line.endswith(name)
        elif inside and line.startswith("Rss:"):
            kilobytes += int(line.split()[1])
    return kilobytes


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux")
def test_released_memory_is_given_back_and_read_again(tmp_path, rng):
    values = rng.normal(size=(200_000, 4)).astype(np.float32)
    path = tmp_path / "large.npy"
    write_rows(path, [values], 4, np.float32)
    found = open_mapped(path)
    assert found.sum() != 0
    assert mapped_kilobytes("large.npy") > 3000
    release(found[1000:])
    assert mapped_kilobytes("large.npy") < 300
    np.testing.assert_array_equal(found, values)


def test_other_arrays_keep_their_values(rng):
    values = rng.normal(size=1000)
    before = values.copy()
    release(values)
    release(values[10:])
    np.testing.assert_array_equal(values, before)
