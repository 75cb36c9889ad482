"""A text file as blocks of whole lines: its encoding, its line ends, and bytes that pandas can read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.files import open_regular

#: What is read to find out the layout of a file. Some exports have hundreds of lines before their names.
HEAD_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 22
_LONGEST_LINE = 1 << 24
_LONGEST_ROW = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def find_encoding(head: bytes) -> str:
    """Return the encoding of a text by its first bytes.

    Parameters
    ----------
    head : bytes
        The beginning of the file.

    Returns
    -------
    str
        By its byte order mark; without one UTF-16 if every second byte is zero, UTF-8 if it is valid,
        GB 18030 if all letters come in pairs of its bytes, else ``cp1252``, the Latin-1 of Windows.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[0:2000:2].count(0), head[1:2000:2].count(0)
    if max(even, odd) * 4 > min(len(head), 2000) and min(even, odd) * 10 <= max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "gb18030" if _is_chinese(head) else "cp1252"
    return "utf-8"


def _is_chinese(head: bytes) -> bool:
    """Return whether all letters beyond ASCII come in pairs that GB 2312 has; western ones stand alone."""
    runs = re.findall(rb"[\x80-\xff]+", head)
    try:
        b"".join(runs[:-1] or runs).decode("gb2312")  # the last one may be cut
    except UnicodeDecodeError:
        return False
    return all(len(run) % 2 == 0 for run in runs[:-1] or runs)


def read_head(path: Path, encoding: str | None = None) -> tuple[list[str], str]:
    """Read the first lines of a file.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str, optional
        Its encoding; found by default.

    Returns
    -------
    lines : list of str
        Without their ends; the last one is left out if it may be cut.
    encoding : str
        The encoding.

    Raises
    ------
    RecordingError
        If it cannot be read, or a line is longer than the head.
    """
    try:
        with open_regular(path) as file:
            head = file.read(HEAD_BYTES)
            more = bool(file.read(1))
    except OSError as error:
        problem = f"it cannot be read ({error.strerror or error})"
        raise RecordingError(str(path), problem, "check the path and its permissions") from error
    encoding = encoding or find_encoding(head)
    # Bytes that do not fit do not matter here: names are compared later, and numbers are ASCII.
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
    lines = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))
    if more and len(lines) == 1:
        raise RecordingError(
            str(path),
            f"its first line is longer than {HEAD_BYTES >> 20} MB",
            "give a file of numbers in lines",
        )
    if more or not lines[-1]:
        lines.pop()
    return lines, encoding


@dataclass(frozen=True)
class Block:
    """Whole lines of a file.

    Attributes
    ----------
    data : bytes
        The lines; comments are empty lines.
    encoding : str
        Of `data`, an extension of ASCII.
    line : int
        Number of its first line in the file; the first line is 1.
    done : int
        Bytes of the file that were read so far.
    """

    data: bytes
    encoding: str
    line: int
    done: int


def count_byte(data: bytes, byte: bytes) -> int:
    """Return how often a byte occurs; for frequent ones ten times faster than ``data.count(byte)``."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord(byte)))


def blocks(path: Path, encoding: str, skip: int, comment: str | None) -> Iterator[Block]:
    """Read a file in blocks of whole lines.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        Its encoding.
    skip : int
        Lines to leave out at the beginning.
    comment : str or None
        Character that begins lines to leave out.

    Yields
    ------
    Block
        In order, without gaps.

    Raises
    ------
    RecordingError
        If a line is longer than a block.
    OSError
        If it cannot be read.
    ValueError
        If a byte does not fit the encoding.
    """
    wide = encoding.startswith(("utf-16", "utf-32"))
    decoder = codecs.getincrementaldecoder(encoding)() if wide else None
    plain = "utf-8" if wide or encoding == "utf-8-sig" else encoding
    mark = None if comment is None else re.compile(rb"(?m)^[ \t]*" + re.escape(comment.encode()) + rb"[^\n]*")
    line, rest = 1, b""
    with open_regular(path) as file:
        while True:
            raw = file.read(_BLOCK_BYTES)
            if raw and decoder is None:
                raw += file.readline(_LONGEST_ROW)  # a block of whole lines need not be cut, which copies it
            data = rest + (decoder.decode(raw, final=not raw).encode() if decoder else raw)
            if line == 1:
                data = data.removeprefix(codecs.BOM_UTF8)
            if b"\r" in data:
                # Old Macintosh programs end lines with a carriage return alone.
                half = raw and data.endswith(b"\r")
                data = data[:-1] if half else data
                data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + (b"\r" if half else b"")
            cut = data.rfind(b"\n") + 1 if raw else len(data)
            if not cut and len(data) > _LONGEST_LINE:
                raise RecordingError(
                    str(path),
                    f"line {line} is longer than {_LONGEST_LINE >> 20} MB",
                    "give a file of numbers in lines",
                )
            data, rest = data[:cut], data[cut:]
            count = count_byte(data, b"\n")
            while skip and data:
                drop = data.find(b"\n") + 1 or len(data)
                data, skip, line, count = data[drop:], skip - 1, line + 1, count - 1
            if mark is not None and comment is not None and comment.encode() in data:
                data = mark.sub(b"", data)
            if data:
                yield Block(data, plain, line, file.tell())
            line += max(count, 0)
            if not raw:
                return
