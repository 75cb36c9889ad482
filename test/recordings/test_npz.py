"""What an ``.npz`` file claims is not believed."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zipfile

import numpy as np
import pytest

from emg_recognition.recordings import npz
from emg_recognition.recordings.npz import read_arrays


def header(shape, descr="<f8", *, version=1):
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text


def archive(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def zeros_of(path, gigabytes):
    """Write an array of zeros that unpacks to gigabytes from megabytes."""
    size = gigabytes << 30
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("x.npy", "w", force_zip64=True) as member,
    ):
        member.write(header((size,), "|i1"))
        for _ in range(gigabytes * 64):
            member.write(bytes(1 << 24))
    return path


def test_what_numpy_writes_is_read(tmp_path, rng):
    arrays = {
        "x": rng.normal(size=(50, 3)),
        "f": np.asfortranarray(rng.integers(0, 9, (4, 5))),
        "n": np.str_("µV"),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        found = read_arrays(tmp_path / "a.npz", ("x", "f", "n", "absent"), {"x": tmp_path / "x.npy"})
        assert list(found) == ["x", "f", "n"]
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
        assert (tmp_path / "x.npy").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (header((1 << 52,)), "x claims 32 PiB, but holds 0 bytes"),
        (header((1 << 40, 1 << 40)), "x claims .* PiB, but holds 0 bytes"),
        (header((3,)) + bytes(23), "x claims 24 bytes, but holds 23 bytes"),
        (header((-1,)) + bytes(8), "x claims|shape"),
        (header((1,), "|O") + bytes(8), "x holds Python objects"),
        (header((1,), version=3) + bytes(8), r"x is of format \(3, 0\)"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f", "the header of x has 2 GiB"),
        (b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000, "."),
        (b"\x93NUMPY\x01\x00\x05\x00{'a':", "."),
        (b"", "."),
        (b"x" * 100, "."),
    ],
)
def test_headers_that_lie(tmp_path, content, problem):
    path = archive(tmp_path / "a.npz", {"x.npy": content})
    with pytest.raises(ValueError, match=problem):
        read_arrays(path, ("x",))
    with pytest.raises(ValueError, match=problem):
        read_arrays(path, ("x",), {"x": tmp_path / "x.npy"})


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = zeros_of(tmp_path / "a.npz", 1)
    assert path.stat().st_size < 10e6
    with pytest.raises(ValueError, match=r"x would unpack to 1 GiB from .* MiB, as no recording does"):
        read_arrays(path, ("x",), {"x": tmp_path / "x.npy"})
    assert not (tmp_path / "x.npy").exists()


def test_what_needs_more_than_the_memory_is_refused(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", x=np.zeros(1000))
    monkeypatch.setattr(npz, "free_memory", lambda: 10_000)
    with pytest.raises(ValueError, match=r"x needs 7\.94 KiB of memory, 9\.77 KiB are free"):
        read_arrays(tmp_path / "a.npz", ("x",))
    assert read_arrays(tmp_path / "a.npz", ("x",), {"x": tmp_path / "x.npy"})["x"].shape == (1000,)


def test_other_methods_of_compression_are_refused(tmp_path):
    content = io.BytesIO()
    np.save(content, np.zeros(10))
    path = archive(tmp_path / "a.npz", {"x.npy": content.getvalue()}, zipfile.ZIP_LZMA)
    with pytest.raises(ValueError, match="x is compressed by method 14"):
        read_arrays(path, ("x",))


def test_a_table_of_contents_of_gigabytes_is_not_read(tmp_path):
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.seek(3 << 30)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, (3 << 30) - 4, 4, 0))
    with pytest.raises(ValueError, match="its table of contents is larger than 4 MiB"):
        read_arrays(path, ("x",))


def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(OSError, match="it is a named pipe, not a file"):
        read_arrays(tmp_path / "a.npz", ("x",))


def test_every_damaged_byte_is_noticed_or_harmless(tmp_path, rng):
    x = rng.integers(0, 99, (40, 2))
    np.savez_compressed(tmp_path / "a.npz", x=x)
    whole = (tmp_path / "a.npz").read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        (tmp_path / "a.npz").write_bytes(changed)
        with contextlib.suppress(ValueError):  # any other error would be a traceback
            np.testing.assert_array_equal(read_arrays(tmp_path / "a.npz", ("x",)).get("x", x), x)
