"""Archives: headers that lie, bombs, pickles, and numbers beyond reason."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hostile.good_files import CHANNELS, study
from hostile.kinds import ESCAPES, READ, RECORDING, kind, sparse, variants


def _header(shape: tuple[int, ...], descr: str) -> bytes:
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def _archive(**changes: object) -> Callable[[Path], Path]:
    """Return what writes an archive with some members changed; bytes are a member as it is."""

    def make(folder: Path) -> Path:
        recordings = study()
        recordings.save(folder / "good.npz")
        with np.load(folder / "good.npz") as good:
            arrays: dict[str, object] = {name: good[name] for name in good.files}
        (folder / "good.npz").unlink()
        arrays |= changes
        with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as file:
            for name, value in arrays.items():
                if value is None:
                    continue
                content = io.BytesIO(value if isinstance(value, bytes) else b"")
                if not isinstance(value, bytes):
                    np.lib.format.write_array(content, np.asarray(value), allow_pickle=True)
                file.writestr(f"{name}.npy", content.getvalue())
        return folder / "a.npz"

    return make


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch ran",)


def _npz_bomb(gigabytes: int, member: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = _archive(**{member: None})(folder)
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        begin = packer.compress(_header((gigabytes << 26, 4), "<i4")) + packer.flush(zlib.Z_FULL_FLUSH)
        zeros = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
        with zipfile.ZipFile(path, "a") as file:
            info = zipfile.ZipInfo(f"{member}.npy")
            with file.open(info, "w", force_zip64=True) as target:
                target.write(begin + zeros * (gigabytes * 64) + packer.flush())
            # Packed here and not by zipfile, which would take a minute.
            info.compress_type, info.file_size = zipfile.ZIP_DEFLATED, gigabytes << 30
        return path

    return make


def _many(count: int, rows: int) -> Callable[[Path], Path]:
    columns: dict[str, object] = {
        name: np.full(count, "a") for name in ("subject", "cohort", "session", "label")
    }
    columns |= {"start": np.zeros(count, int), "length": np.full(count, rows), "rep": np.ones(count, int)}
    return _archive(x=np.ones((rows, CHANNELS), np.int8), **columns)


variants(
    RECORDING,
    "npz",
    {
        "petabytes": _archive(x=_header((1 << 52, 4), "<f8")),
        "petabytes_of_labels": _archive(label=_header((1 << 53,), "<U1")),
        "bomb_6_gb": _npz_bomb(6, "x"),
        "bomb_of_labels": _npz_bomb(2, "label"),
        "pickle": _archive(label=np.array([_Trap()] * 8, dtype=object)),
        "header_expression": _archive(x=b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000),
        "overlap_without_end": _many(100_000, 100_000),
        "a_million_segments": _many(1_000_000, 1),
        "escapes": _archive(label=np.array(["rest", f"fist{ESCAPES}"] * 4), subject=np.array([ESCAPES] * 8)),
        "not_unicode": _archive(label=_header((8,), "<U4") + b"\xff" * 128),
        "a_hundred_thousand_channels": _archive(x=np.zeros((5600, 100_000), np.int8)),
        "sparse": sparse("a.npz", b"PK\x03\x04"),
    },
)


variants(
    READ,
    "npz",
    {
        "rate_beyond": _archive(fs=np.float64(1e308)),
        "rate_tiny": _archive(fs=np.float64(1e-300)),
        "scale_tiny": _archive(scale=np.float64(1e-308)),
        "samples_beyond": _archive(x=np.full((5600, CHANNELS), 1e38, np.float32)),
        "long_names": _archive(label=np.array(["rest", "f" * 100_000] * 4)),
    },
)


@kind(RECORDING)
def npz_table_of_contents(folder: Path) -> Path:
    """Write a sparse zip file whose table of contents has 3 GB."""
    with (folder / "a.npz").open("wb") as file:
        file.write(b"PK\x03\x04")
        file.seek(3 << 30)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, (3 << 30) - 4, 4, 0))
    return folder / "a.npz"
