"""What a path is, told from its content whatever its name."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
import scipy.io

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import save_archive
from emg_recognition.recordings.kinds import identify
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.recordings import Recordings


def archive(path):
    arrays = [np.zeros((50, 2), np.int16), np.ones((50, 2), np.int16)]
    with open(path, "wb") as file:
        save_archive(file.name, Recordings.from_segments(arrays, ["rest", "fist"], rate=100.0))
    return path


def zipped(path, **members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return path


def test_the_name_does_not_matter(arm, tmp_path):
    bag = next(arm.ours(tmp_path / "bag").glob("*.mcap"))
    scipy.io.savemat(tmp_path / "a.mat", {"emg": np.zeros((2, 2))})
    (tmp_path / "d.txt").write_text("# columns\nfiles: .*\ncolumns: {samples: 1-2}\n")
    (tmp_path / "rec.hea").write_text("# a comment\nrec 2 200 100\nrec.dat 16 200 16 0 0 0 0 emg1\n")
    for path, kind in (
        (archive(tmp_path / "a.npz"), "archive"),
        (bag, "bag"),
        (tmp_path / "a.mat", "MATLAB"),
        (tmp_path / "d.txt", "description"),
    ):
        renamed = path.rename(tmp_path / f"{kind}.bin")
        assert identify(renamed) == kind
    assert identify(tmp_path / "rec.hea") == "WFDB"
    assert identify(tmp_path) == "folder"
    (tmp_path / "t.bin").write_text("1;2\n3;4\n")
    assert identify(tmp_path / "t.bin") == "text"
    (tmp_path / "u.bin").write_bytes("1\t2\n".encode("utf-16"))
    assert identify(tmp_path / "u.bin") == "text"


def test_a_renamed_archive_and_a_renamed_bag_open(arm, tmp_path):
    cache = tmp_path / "cache"
    path = archive(tmp_path / "a.npz").rename(tmp_path / "a.mcap")
    assert open_recordings(path, cache=cache).actions == ("fist", "rest")
    bag = next(arm.ours(tmp_path / "bag").glob("*.mcap")).rename(tmp_path / "bag.npz")
    assert len(open_recordings(bag, cache=cache)) == 2


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def tar(name):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty; copy it again"),
        (b"#ROSBAG V2.0\n", "it is a ROS 1 bag; convert it: rosbags-convert"),
        (b"\x89PNG\r\n\x1a\n", "it is a PNG image"),
        (b"%PDF-1.4", "it is a PDF document"),
        (b"\x1f\x8b\x08", "it is compressed with gzip; unpack it first"),
        (b"\x89HDF\r\n\x1a\n" + bytes(600), "it is an HDF5 file"),
        (
            b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n",
            "it is a MATLAB file of version 7.3; save it with",
        ),
        (pickle.dumps({"x": 1}), "it is a Python pickle; opening one can run any program"),
        (npy(np.zeros(3)), r"it is a single NumPy array \(\.npy\)"),
        (npz(x=np.array([{}], object), y=np.zeros(2)), r"its array x is pickled \(Python objects\)"),
        (b"version https://git-lfs", "it is only the pointer to a file kept by Git LFS; fetch"),
        (b"<!DOCTYPE html><html>404", "it is a web page, perhaps the error of a download"),
        (b'{"a": 1}', "it is a JSON file, but not of EMG-EPN-612"),
        (tar("a.txt"), "it is a tar archive; unpack it first"),
        (bytes(range(256)) * 4, "it is of no known kind"),
        (b"\x00" * 600, "it is of no known kind"),
        (b"\x00" * 148 + b"7     6\x00" + bytes(400), "it is of no known kind"),
        (b"PK\x03\x04broken", "it is a damaged zip file"),
        (b"\x02P" + bytes(500), "it is a C3D file of motion capture; export its analog channels"),
        (b"ID;PWXL;N;E\nC;Y1;X1;K1\n", "it is a SYLK table"),
    ],
)
def test_what_cannot_be_opened_is_named(tmp_path, content, said):
    path = tmp_path / "recording"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=said) as caught:
        open_recordings(path, cache=tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_of_programs_without_a_mark_are_named_by_their_ending(tmp_path):
    path = tmp_path / "fist_1.ADICHT"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(
        RecordingError, match="it seems to be a file of LabChart, which only that reads; export"
    ):
        identify(path)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"xl__workbook_dot_xml": ""}, "it is an Excel workbook; save the sheet as CSV"),
        ({"content_dot_xml": ""}, "it is an Office document"),
        ({"a_dot_csv": "1,2"}, r"it is a zip file with a\.csv; unpack it"),
        ({}, "it is an empty archive"),
    ],
)
def test_zip_files_are_named(tmp_path, members, said):
    with pytest.raises(RecordingError, match=said):
        identify(zipped(tmp_path / "a.zip", **members))


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RecordingError, match=r"it cannot be read \(it is a named pipe, not a file\)"):
        identify(tmp_path / "pipe")
    with pytest.raises(RecordingError, match=r"it cannot be read \(it is a device, not a file\)"):
        identify(tmp_path.__class__("/dev/zero"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(RecordingError, match="it cannot be read"):
        identify(tmp_path / "loop")
    with pytest.raises(RecordingError, match="there is no such file or folder"):
        identify(tmp_path / "absent")


def test_a_folder_of_several_recordings(arm, tmp_path):
    folder = tmp_path / "data"
    (folder / "monday").mkdir(parents=True)
    channels = {"rate": 1000.0, "unit": "V"}
    for number, label in enumerate(("rest", "fist")):
        Recordings.from_segments([np.full((500, 4), number + 1, np.float32)], [label], **channels).save(
            folder / f"{label}.npz"
        )
    arm.ours(folder / "monday" / "bag")
    (folder / "notes.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    found = open_recordings(folder, cache=tmp_path / "cache")
    assert found.label.tolist() == ["rest", "fist", "fist", "rest"]
    assert [source.kind for source in found.sources] == ["bag", "archive", "archive"]


def test_a_folder_without_recordings_says_what_it_found(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(
        RecordingError, match=r"it holds no recordings, 1 files tried; a\.png: it is a PNG image"
    ):
        open_recordings(tmp_path / "data", cache=tmp_path / "cache")
