"""The child process that reads files: what it may take, and what follows when it dies."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.formats.description import FormatDescription


def test_a_file_that_unpacks_to_more_than_it_may_is_refused(tmp_path, opened):
    # A matrix of zeros, 600 MB, in a file of less than 3 MB.
    packer = zlib.compressobj(1)
    size = 600_000_000
    head = np.array([6, 8, 9, 0, 5, 8, size // 8, 8, 1, 3], "<u4").tobytes() + b"emg\0\0\0\0\0"
    parts = [
        np.array([14, len(head) + 8 + size], "<u4").tobytes(),
        head,
        np.array([2, size], "<u4").tobytes(),
    ]
    packed = b"".join(
        [*map(packer.compress, parts), *(packer.compress(bytes(size // 100)) for _ in range(100))]
    )
    packed += packer.flush()
    text = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    stimulus = tmp_path / "b.mat"
    savemat(stimulus, {"stimulus": np.zeros((3, 1)), "frequency": 200.0})
    path = tmp_path / "a.mat"
    path.write_bytes(
        text + np.array([15, len(packed)], "<u4").tobytes() + packed + stimulus.read_bytes()[128:]
    )
    assert path.stat().st_size < 3_000_000
    with pytest.raises(RecordingError, match=r"it claims more data than its|its samples do not fit"):
        opened(path)


def test_a_child_that_dies_is_one_line(tmp_path, opened, monkeypatch):
    savemat(tmp_path / "a.mat", {"emg": np.zeros((9, 2)), "stimulus": np.zeros(9), "frequency": 9.0})
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RecordingError, match=r"a\.mat: reading it failed \(code 1\); it is damaged"):
        opened(tmp_path / "a.mat")


def test_memory_and_time_are_bounded():
    code = """
import resource
from emg_recognition.recordings.formats import worker
worker._limit(0)
print(resource.getrlimit(resource.RLIMIT_CPU)[0])
try:
    bytearray(worker._MEMORY + (64 << 20))
except MemoryError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, refused = done.stdout.splitlines()
    assert 6 < int(seconds) < 30
    assert refused == "refused"


def test_what_a_library_prints_does_not_disturb_the_answers(tmp_path):
    savemat(tmp_path / "a.mat", {"emg": np.ones((9, 2)), "stimulus": np.zeros(9), "frequency": 9.0})
    wanted = {"channels": [], "rate": None, "unit": "", "scale": 1.0, "stream": ""}
    request = {
        "kind": "MATLAB",
        "path": bytes(tmp_path / "a.mat").hex(),
        "folder": str(tmp_path),
        "wanted": wanted,
    }
    code = (
        "from emg_recognition.recordings.formats import matlab, worker\n"
        "read = matlab.read\n"
        "matlab.read = lambda *a: (print('chatter'), read(*a))[1]\n"
        "worker.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = done.stdout.splitlines()
    (take,) = json.loads(line)["takes"]
    assert (take["rate"], take["spans"]) == (9.0, [[0, 9, "rest", None]])
    assert np.load(tmp_path / "0.npy").shape == (9, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"files": "(?P<hand>.*)"}, "unknown group hand; use subject"),
        ({"files": "(a"}, "it is not a regular expression"),
        ({"scale": 10.0}, "give unit as well"),
        ({"rate": -1.0}, "rate is -1"),
        ({"channels": (1.5,)}, "list names, or numbers from 1"),
        ({"labels": {"a": 3}}, "write the action, or null"),
        ({"labels": {}}, "write a mapping of labels"),
        ({"constants": {"hand": "left"}}, "write a mapping of any of"),
        ({"files": "(?P<subject>.*)", "constants": {"subject": "a"}}, "as a group in files or as a constant"),
        ({"label_channel": "a", "marker_channel": "b"}, "give it or label_channel, not both"),
        ({"label_channel": True}, "give the name of a channel"),
    ],
)
def test_descriptions_are_checked(values, said):
    with pytest.raises(SettingError, match=said):
        FormatDescription(**{"files": ".*", **values})
