"""The cache keeps its limit: the longest unused goes first, what is in use stays."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import numpy as np
import pytest

from emg_recognition.cli.main import main
from emg_recognition.errors import SettingError
from emg_recognition.recordings.cache import from_cache, open_mapped, write_rows
from emg_recognition.recordings.cache_limit import LIMIT, cache_limit, clear, entries, mark_used, trim
from emg_recognition.recordings.segments import Segment, gather_segments

SIZE = 40_000


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Three filtered signals of 40 kB; the first one was used last."""
    for age, name in enumerate(("newest", "older", "oldest")):
        path = tmp_path / "windows" / f"{name}.npy"
        write_rows(path, [np.zeros((SIZE // 4 - 32, 1))], 1, np.float32)
        os.utime(path, (time.time() - 1000 * age - 1000,) * 2)
    monkeypatch.setenv(LIMIT, str(2.5 * SIZE / 1e9))
    return tmp_path


def names(cache):
    return [entry.path.stem for entry in entries(cache)]


def test_the_longest_unused_goes_first(cache):
    assert names(cache) == ["oldest", "older", "newest"]
    mark_used(cache / "windows" / "oldest.npy")
    trim(cache)
    assert names(cache) == ["newest", "oldest"]


def test_what_is_mapped_stays_until_its_last_view_is_gone(cache):
    view = open_mapped(cache / "windows" / "oldest.npy")[5:7]
    trim(cache)
    assert set(names(cache)) == {"oldest", "newest"}
    assert clear(cache) == (SIZE, SIZE)
    assert view.tolist() == [[0.0], [0.0]]
    del view
    assert clear(cache) == (SIZE, 0)
    assert names(cache) == []


def test_what_another_program_maps_stays(cache):
    code = (
        "import sys; from emg_recognition.recordings.cache import open_mapped;"
        f"kept = open_mapped({str(cache / 'windows' / 'oldest.npy')!r}); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        trim(cache)
        assert set(names(cache)) == {"oldest", "newest"}
        process.communicate(timeout=60)
    trim(cache)
    assert clear(cache) == (2 * SIZE, 0)


def test_what_was_left_half_written_goes_after_a_day(cache):
    for name, hours in ((".dead.npy.x", 25), (".alive.npy.x", 1)):
        (cache / "windows" / name).write_bytes(b"half")
        os.utime(cache / "windows" / name, (time.time() - 3600 * hours,) * 2)
    trim(cache)
    assert names(cache) == [".alive.npy", "older", "newest"]
    clear(cache)
    assert names(cache) == [".alive.npy"]


@pytest.mark.parametrize("value", ["much", "-1", "nan", "inf"])
def test_a_limit_that_is_no_size_is_one_line(cache, value, monkeypatch):
    monkeypatch.setenv(LIMIT, value)
    with pytest.raises(SettingError, match=rf"{LIMIT} is .*use a number"):
        cache_limit()


def test_the_command_lists_and_clears(cache, capsys):
    (cache / "downloads").mkdir()
    (cache / "downloads" / "set.tar.gz").write_bytes(bytes(2048))
    assert main(["cache", "--cache", str(cache)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{cache}: 119 KiB of at most 97.7 KiB")
    assert [line.split()[-1] for line in lines[2:5]] == ["newest.npy", "older.npy", "oldest.npy"]
    assert main(["cache", "--cache", str(cache), "--clear", "windows"]) == 0
    assert capsys.readouterr().out == f"{cache}: 117 KiB removed\n"
    assert names(cache) == ["set.tar"]
    assert main(["cache", "--cache", str(cache), "--clear"]) == 0
    assert names(cache) == []


def read(counts):
    """Read recordings of 400 kB."""
    values = np.ones((50_000, 1))
    return gather_segments(
        [Segment(values, "anna", "c", "1", "fist", 1)],
        channels=1,
        rate=200.0,
        unit="V",
        source="data",
        counts=counts,
    )


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, caplog):
    source = tmp_path / "data.txt"
    source.touch()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # no file may become larger
    try:
        found = from_cache([source], "text", read, source="data", cache=tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(found.counts) == 50_000
    (record,) = caplog.records
    assert "cannot be written (File too large): the recordings are kept in memory" in record.getMessage()
    assert os.listdir(tmp_path / "cache" / "recordings") == []


FILL = """
import sys
from emg_recognition.recordings.open import open_recordings
print(flush=True)
sys.stdin.readline()
found = open_recordings(sys.argv[1], cache=sys.argv[2])
print(found.counts.sum(), found.counts.flags.writeable)  # writeable: it is in memory
"""


def test_several_programs_may_fill_it_at_once(tmp_path):
    read(None).save(tmp_path / "data.npz")
    command = [sys.executable, "-c", FILL, str(tmp_path / "data.npz"), str(tmp_path / "cache")]
    programs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for program in programs:
        program.stdout.readline()
    for program in programs:  # they wait for this line
        program.stdin.write("\n")
        program.stdin.flush()
    assert {program.communicate(timeout=60)[0] for program in programs} == {"50000.0 False\n"}
    assert len(os.listdir(tmp_path / "cache" / "recordings")) == 1
