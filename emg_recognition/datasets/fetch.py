"""Download a public set, check it, and write it as an archive."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from emg_recognition.datasets.public_set import PublicSet
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.archive import save_archive
from emg_recognition.recordings.cache import default_cache, open_mapped, write_rows
from emg_recognition.recordings.cache_limit import mark_used, trim
from emg_recognition.recordings.recordings import Recordings

#: The server is given up after this time without an answer, s.
_TIMEOUT = 60
#: A download, or what it unpacks to, that is this many times as large as expected is not the set.
_TOO_LARGE, _UNPACKED = 2, 8
_COPIED_BYTES = 1 << 20


def fetch(
    public_set: PublicSet,
    output: Path,
    *,
    cache: Path | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Recordings:
    """Download a set unless it is in the cache, check it, and convert it.

    Parameters
    ----------
    public_set : PublicSet
        One of :data:`emg_recognition.datasets.catalogue.SETS`. Show its licence to the user before.
    output : Path
        The archive to write (``.npz``); it must not exist.
    cache : Path, optional
        Folder that keeps the download (default: in ``~/.cache``).
    on_progress : callable, optional
        Takes the share of the download that has arrived, 0 to 1.

    Returns
    -------
    Recordings
        What was written.

    Raises
    ------
    SettingError
        If `output` has another ending or exists.
    RecordingError
        If the set cannot be downloaded, is not what it was when it was added to the catalogue, or cannot be
        written. Nothing is left of it.
    """
    check_output(output)
    folder = cache or default_cache()
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            if folder is None:  # a user without a home
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=output.parent)))
            place = folder / "downloads"
            packed = _download(public_set, place, on_progress)
            mark_used(packed)
            files = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix=f".{public_set.name}.", dir=place))
            )
            _unpack(public_set, packed, files)
            recordings = _convert(public_set, files)
            notes = {
                "licence": public_set.licence,
                "citation": public_set.citation,
                "origin": public_set.page,
            }
            save_archive(output, recordings, notes=notes)
            trim(folder)
            return recordings
    except OSError as error:
        raise RecordingError(
            public_set.name, f"it cannot be written ({error})", "make room, or choose another folder"
        ) from error


def check_output(output: Path) -> None:
    """Refuse an archive that exists, or that has another ending than ``.npz``.

    Raises
    ------
    SettingError
        If it does.
    """
    if output.suffix != ".npz":
        raise SettingError("output", str(output), "name a file that ends in .npz")
    if output.exists():
        raise SettingError("output", str(output), "it exists; name another file, or remove this one")


def download_path(public_set: PublicSet, folder: Path) -> Path:
    """Return where the download of a set lies in a cache folder; whoever has no network puts it there."""
    return folder / "downloads" / f"{public_set.name}-{public_set.commit[:12]}.tar.gz"


def _download(public_set: PublicSet, folder: Path, on_progress: Callable[[float], None]) -> Path:
    import pooch
    import requests

    def receive(url: str, output: str, _: object) -> None:
        # pooch's own downloader leaves the connection open after an error, and has no limit.
        expected, done = public_set.megabytes * 1e6, 0
        with requests.get(url, stream=True, timeout=_TIMEOUT) as response, open(output, "wb") as file:
            response.raise_for_status()
            for part in response.iter_content(_COPIED_BYTES):
                done += file.write(part)
                if done > _TOO_LARGE * expected + _COPIED_BYTES:
                    _refuse(public_set, f"the server sends more than {done / 1e6:.0f} MB")
                on_progress(min(done / expected, 1.0))

    pooch.get_logger().setLevel("WARNING")
    path = download_path(public_set, folder.parent)
    try:
        # GitHub may repack a commit at any time: the files are checked, not the package.
        pooch.retrieve(public_set.address, known_hash=None, fname=path.name, path=folder, downloader=receive)
    except requests.RequestException as error:
        problem = " ".join(str(error).split())
        raise RecordingError(
            public_set.name,
            f"{public_set.address} cannot be downloaded ({problem})",
            f"check the network, or put that file there yourself as {path}",
        ) from error
    return path


def _unpack(public_set: PublicSet, packed: Path, folder: Path) -> None:
    """Write the files of a set into a folder, and compare them with the catalogue."""
    try:
        found = dict(_members(public_set, packed, folder))
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, EOFError) and error.errno is not None:
            raise  # the disk, not the download
        packed.unlink(missing_ok=True)
        _refuse(public_set, f"the download is no complete .tar.gz ({' '.join(str(error).split())})")
    listing = "".join(f"{found[name]}  {name}\n" for name in sorted(found))
    digest = hashlib.sha256(listing.encode()).hexdigest()
    if digest != public_set.digest:
        packed.unlink(missing_ok=True)
        _refuse(public_set, f"its {len(found)} files have the SHA-256 {digest}, not {public_set.digest}")


def _members(public_set: PublicSet, packed: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Write each file that belongs to the set, and yield its path in the repository and its SHA-256."""
    wanted = re.compile(public_set.files)
    left = int(_UNPACKED * public_set.megabytes * 1e6) + _COPIED_BYTES
    with tarfile.open(packed, "r|gz") as archive:
        for member in archive:
            name = member.name.partition("/")[2]  # the first folder is that of the repository
            left -= member.size
            if left < 0:
                raise tarfile.TarError("it unpacks to much more than it should")
            if not member.isreg() or not wanted.fullmatch(name) or ".." in name:
                continue
            content = archive.extractfile(member)
            assert content is not None  # it is a regular file
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with content, open(path, "wb") as file:
                shutil.copyfileobj(content, file, _COPIED_BYTES)
            with open(path, "rb") as file:
                yield name, hashlib.sha256(file.read()).hexdigest()


def _convert(public_set: PublicSet, folder: Path) -> Recordings:
    """Read the segments into a file beside them, and map it: a set may be larger than the memory."""
    rows: list[tuple[int, str, str, str, str, int]] = []

    def counts() -> Iterator[np.ndarray]:
        for segment in public_set.segments(folder):
            rows.append((len(segment.counts), *segment[1:]))
            yield segment.counts

    write_rows(folder / "counts.npy", counts(), public_set.channels, public_set.dtype)
    length, subject, cohort, session, label, repetition = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    return Recordings(
        counts=open_mapped(folder / "counts.npy"),
        start=np.cumsum(length) - length,
        length=length,
        scale=public_set.scale,
        rate=public_set.rate,
        unit=public_set.unit,
        subject=subject,
        cohort=cohort,
        session=session,
        label=label,
        repetition=repetition,
        source=public_set.name,
    )


def _refuse(public_set: PublicSet, problem: str) -> NoReturn:
    raise RecordingError(
        public_set.name,
        problem,
        "try again; if it stays, the origin has changed, and this set cannot be fetched any more",
    )
