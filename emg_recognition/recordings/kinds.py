"""What a path is: told from its content, not from its name."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import IO, cast

from emg_recognition.errors import RecordingError
from emg_recognition.files import open_regular
from emg_recognition.recordings.npz import BoundedReads

#: Kinds that :mod:`emg_recognition.recordings.formats` reads.
FORMATS = ("EDF", "BDF", "XDF", "WFDB", "MATLAB", "OTB+", "EMG-EPN-612")
#: What can be opened, for a remedy.
OPENED = (
    "give an archive (.npz), a bag, text with columns, or EDF, BDF, XDF, WFDB, MATLAB, OTB+ or EMG-EPN-612"
)
#: Bytes at the begin of a file -> what it is, and what to do instead.
_NAMED = (
    (b"#ROSBAG", "a ROS 1 bag", "convert it: rosbags-convert --src FILE --dst FOLDER"),
    (b"\x89PNG", "a PNG image", OPENED),
    (b"\xff\xd8\xff", "a JPEG image", OPENED),
    (b"GIF8", "a GIF image", OPENED),
    (b"%PDF", "a PDF document", OPENED),
    (b"RIFF", "a RIFF file, such as a WAV sound", OPENED),
    (b"\x7fELF", "a program", OPENED),
    (b"\x1f\x8b", "compressed with gzip", "unpack it first: gunzip FILE"),
    (b"BZh", "compressed with bzip2", "unpack it first: bunzip2 FILE"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it first: unxz FILE"),
    (b"(\xb5/\xfd", "compressed with zstd", "unpack it first: unzstd FILE"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (
        b"\x93NUMPY",
        "a single NumPy array (.npy)",
        "put samples and labels into an archive: Recordings.from_segments(...).save",
    ),
    (b"\xd0\xcf\x11\xe0", "an old Office document (.xls, .doc)", "save the sheet as CSV"),
    (b"PAR1", "a Parquet file", "convert it to CSV: pandas.read_parquet(FILE).to_csv(...)"),
    (b"ARROW1", "a Feather file", "convert it to CSV: pandas.read_feather(FILE).to_csv(...)"),
    (b"\x02P", "a C3D file of motion capture", "export its analog channels as CSV"),
    (b"POLY SAMPLE FILE", "a Poly5 file of TMSi", "export it as EDF with the program of TMSi"),
    (b"ID;P", "a SYLK table (.slk)", "save it as CSV, e.g. in LibreOffice"),
    (b"TDSm", "a TDMS file of LabVIEW", "export it as CSV"),
    (
        b"version https://git-lfs",
        "only the pointer to a file kept by Git LFS",
        "fetch the content: git lfs pull",
    ),
    (b"\x00\x10\x00\x00\x00\x00\x00\x00", "a Delsys or QuickDAQ file (.hpf)", "export it as CSV in EMGworks"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_HDF5 = b"\x89HDF\r\n\x1a\n"
#: What a name promises, for a file whose content is something else.
_PROMISED = {
    ".npz": ".npz archive",
    ".mcap": "MCAP bag",
    ".db3": "sqlite3 bag",
    ".edf": "EDF file",
    ".bdf": "BDF file",
    ".xdf": "XDF file",
    ".mat": "MATLAB file",
    ".set": "EEGLAB file",
}
#: Programs whose own files have no mark, by the ending they give to them.
_PROGRAMS = {
    ".acq": "AcqKnowledge",
    ".adicht": "LabChart",
    ".hpf": "EMGworks",
    ".shpf": "Trigno Discover",
}
_HEAD = 1 << 16
_XML = re.compile(rb"\s*<(?:\?xml|!doctype|html)", re.IGNORECASE)


def identify(path: Path) -> str:
    """Find out what a file or folder is.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    str
        ``folder``, ``archive``, ``bag``, ``description``, ``text``, or one of :data:`FORMATS`.

    Raises
    ------
    RecordingError
        If nothing here reads it; the message says what it is.
    """
    try:
        if path.is_dir():
            return "folder"
        with open_regular(path) as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise RecordingError(str(path), "there is no such file or folder", "check the path") from None
    except OSError as error:
        problem = error.strerror or str(error)
        raise RecordingError(
            str(path), f"it cannot be read ({problem})", "check the path and the disk"
        ) from error
    except ValueError as error:  # a zero byte
        raise RecordingError(str(path), f"it is no path ({error})", "check the path") from error
    if not head:
        raise RecordingError(str(path), "it is empty", "copy it again")
    return _of_head(path, head)


def _of_head(path: Path, head: bytes) -> str:
    if path.suffix != ".hea" and _is_signal_of_record(path):
        return "WFDB"
    if head.startswith((b"\x89MCAP", b"SQLite format 3\x00")):
        return "bag"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _of_zip(path, head)
    if head.startswith(b"0       ") and head[184:192].strip().isdigit() and head[252:256].strip().isdigit():
        return "EDF"
    if head.startswith(b"\xffBIOSEMI"):
        return "BDF"
    if head.startswith(b"XDF:"):
        return "XDF"
    if _HDF5 in (head[:8], head[512:520]):
        what = "a MATLAB file of version 7.3" if head.startswith(b"MATLAB 7.3") else "an HDF5 file"
        remedy = (
            "save it with save -v7 in MATLAB"
            if "MATLAB" in what
            else "convert it to an archive: Recordings.save"
        )
        raise RecordingError(str(path), f"it is {what}", remedy)
    if head.startswith(b"MATLAB 5.0 MAT-file") or (
        len(head) >= 128 and head[124:128] in (b"\x00\x01IM", b"\x01\x00MI")
    ):
        return "MATLAB"
    if (head[257:262] == b"ustar" and b".sig" in head) or _tar_with_signals(path, head):
        return "OTB+"
    for begin, what, remedy in _NAMED:
        if head.startswith(begin):
            raise RecordingError(str(path), f"it is {what}", remedy)
    if head[257:262] == b"ustar":
        raise RecordingError(str(path), "it is a tar archive", "unpack it first: tar xf FILE")
    if _PICKLE.match(head):
        raise RecordingError(
            str(path),
            "it is a Python pickle",
            "opening one can run any program, so it is never done; save an archive",
        )
    return _of_text(path, head) if _is_text(head) else _of_unknown(path, head)


def _of_zip(path: Path, head: bytes) -> str:
    if head.startswith(b"PK\x05\x06"):
        raise RecordingError(str(path), "it is an empty archive", "write it again")
    try:
        with open_regular(path) as file, zipfile.ZipFile(cast(IO[bytes], BoundedReads(file))) as archive:
            names = archive.namelist()
            if any(name.endswith(".npy") for name in names):
                _refuse_pickles(path, archive)
                return "archive"
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, OSError):
        # Truncated: the reader of archives says what is wrong with it.
        if b".npy" in head or path.suffix == ".npz":
            return "archive"
        raise RecordingError(str(path), "it is a damaged zip file", "copy it again") from None
    if "xl/workbook.xml" in names:
        raise RecordingError(str(path), "it is an Excel workbook", "save the sheet as CSV")
    if "content.xml" in names or "word/document.xml" in names:
        raise RecordingError(str(path), "it is an Office document", "save the sheet as CSV")
    raise RecordingError(
        str(path),
        f"it is a zip file with {', '.join(names[:1]) or 'nothing'}",
        "unpack it and give the folder",
    )


def _refuse_pickles(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an array of Python objects by its header; NumPy would have to run a pickle to read it."""
    for info in archive.infolist():
        if info.filename.endswith(".npy") and info.compress_type in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            with archive.open(info) as member:
                begin = member.read(256)
            if begin.startswith(b"\x93NUMPY") and re.search(rb"'descr':\s*'\|?O'", begin):
                raise RecordingError(
                    str(path),
                    f"its array {info.filename.removesuffix('.npy')} is pickled (Python objects)",
                    "opening it can run any program, so it is never done; save arrays of numbers",
                )


def _tar_with_signals(path: Path, head: bytes) -> bool:
    """Tell whether it is a tar file with ``.sig`` and ``.xml``; that of OTBioLab+ may lack the mark ustar."""
    checksum = head[148:156].strip(b"\x00 ")
    if len(head) < 512 or not re.fullmatch(rb"[0-7]{1,8}", checksum):
        return False
    # The checksum of the first block: the sum of its bytes, with spaces in its own place.
    total = sum(head[:148]) + 8 * 32 + sum(head[156:512])
    if int(checksum, 8) != total:
        return False
    import tarfile

    try:
        with tarfile.open(path, "r:") as archive:
            return any(member.name.endswith(".sig") for member, _ in zip(archive, range(1000), strict=False))
    except (tarfile.TarError, OSError, ValueError):
        return False


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return True
    if b"\x00" in head:
        return False
    control = sum(byte < 32 and byte not in b"\t\n\r\f\v\x1a\x1b" for byte in head[:4096])
    return control <= len(head[:4096]) // 100


def _of_text(path: Path, head: bytes) -> str:
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if path.suffix in _PROMISED:
        raise RecordingError(
            str(path),
            f"it is not a readable {_PROMISED[path.suffix]} but text: {head[:40]!r}",
            "copy it again",
        )
    if plain.startswith((b"{", b"[{")):
        if b'"trainingSamples"' in head or b'"generalInfo"' in head:
            return "EMG-EPN-612"
        raise RecordingError(str(path), "it is a JSON file, but not of EMG-EPN-612", OPENED)
    if _XML.match(head):
        what = (
            "a web page, perhaps the error of a download" if b"html" in head[:200].lower() else "an XML file"
        )
        raise RecordingError(str(path), f"it is {what}", OPENED)
    if head.startswith(b"Brain Vision Data Exchange"):
        raise RecordingError(str(path), "it is a BrainVision file", "convert it to EDF, e.g. with MNE-Python")
    if _is_wfdb_header(path, plain):
        return "WFDB"
    if path.suffix in (".yaml", ".yml") or re.search(rb"(?m)^(?:files|columns)\s*:", head):
        return "description"
    return "text"


def _is_wfdb_header(path: Path, text: bytes) -> bool:
    """Tell by the first line: the record's name, which is that of the file, and the number of signals."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(b"#")]
    words = lines[0].split() if lines else []
    name = words[0].split(b"/")[0].decode("latin-1") if words else ""
    return len(words) >= 2 and name == path.stem and words[1].isdigit()


def _is_signal_of_record(path: Path) -> bool:
    """Tell whether a WFDB header beside it names this file; its samples may look like anything."""
    beside = path.with_suffix(".hea")
    if not beside.is_file():
        return False
    with open_regular(beside) as file:
        head = file.read(_HEAD)
    names = {line.split()[0] for line in head.splitlines() if line.split()}
    return os.fsencode(path.name) in names and _is_wfdb_header(beside, head)


def _of_unknown(path: Path, head: bytes) -> str:
    what = f"not a readable {_PROMISED[path.suffix]}" if path.suffix in _PROMISED else "of no known kind"
    if path.suffix == ".fdt":
        raise RecordingError(
            str(path), "it holds only the samples of an EEGLAB file", "give the .set beside it"
        )
    if program := _PROGRAMS.get(path.suffix.lower()):
        problem = f"it seems to be a file of {program}, which only that reads"
        raise RecordingError(str(path), problem, f"export it as text or CSV in {program}")
    raise RecordingError(str(path), f"it is {what} (it begins with {head[:8]!r})", OPENED)
