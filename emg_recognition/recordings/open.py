"""Open recordings of any kind, one or several together."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from emg_recognition.bags.reader import find_files
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import load_archive
from emg_recognition.recordings.bag_recordings import read_bag
from emg_recognition.recordings.cache import default_cache, from_cache, release
from emg_recognition.recordings.csv_description import load_description
from emg_recognition.recordings.csv_files import READING, event_files, find_csv_files, read_csv_files
from emg_recognition.recordings.recordings import Recordings, Source
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.recordings.text_guess import guess_description
from emg_recognition.text import readable

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class _Found:
    """A path before it is read: its files, how they are read, and the key of that way in the cache."""

    source: Source
    files: list[Path]
    kind: str
    read: Callable[[Path | None], Recordings]


def open_recordings(
    paths: PathLike | Sequence[PathLike],
    *,
    namespace: str | None = None,
    cache: str | os.PathLike[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Recordings:
    """Open labelled recordings.

    They are unpacked once into a cache and memory-mapped from there, so they may be larger than the memory.

    Parameters
    ----------
    paths : path or sequence of path
        An archive (``.npz``), a ROS 2 bag (a folder, an ``.mcap`` or a ``.db3`` file), a text file
        (``.csv``, ``.txt``) or a description of text files (``.yaml``); several are joined.
    namespace : str, optional
        The armband to read from a bag that holds several.
    cache : path, optional
        The cache folder; by default ``$XDG_CACHE_HOME/emg_recognition``.
    progress : callable, optional
        Is given the share of the text files of a path that was read, 0 to 1.

    Returns
    -------
    Recordings
        All segments, in the order given. If scale or type of the samples differ between the paths, the joined
        samples are float32 in the unit; :meth:`Recordings.segment` returns the same values either way.

    Raises
    ------
    RecordingError
        If a path cannot be read, a file is given twice, or two recordings cannot be joined; the message names
        both files and both values.
    SettingError
        If a description of text files holds a value that cannot be used.
    """
    locations = [Path(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    if not locations:
        raise RecordingError("(none)", "no path is given", "name an archive, a bag or a description")
    folder = default_cache() if cache is None else Path(cache)
    found = [_find(path, namespace, progress) for path in locations]
    _refuse_duplicates(found)
    parts = [from_cache(one.files, one.kind, one.read, source=one.source.path, cache=folder) for one in found]
    joined = parts[0] if len(parts) == 1 else _joined(parts, found, folder, namespace)
    return dataclasses.replace(joined, sources=tuple(one.source for one in found))


def _find(path: Path, namespace: str | None, progress: Callable[[float], None] | None) -> _Found:
    if path.is_dir() or path.suffix in (".mcap", ".db3"):
        files = list(find_files(path).files)
        names = tuple(file.name for file in files)
        metadata = path / "metadata.yaml"
        files += [metadata] if metadata.is_file() else []
        key = f"bag {path.absolute()} {namespace}"
        return _Found(Source(str(path), "bag", names), files, key, partial(read_bag, path, namespace))
    if path.suffix in (".yaml", ".yml"):
        description = load_description(path)
        matched, skipped = find_csv_files(description, path)
        source = Source(readable(path), "text files", tuple(file.name for file in matched), skipped)
        read = partial(read_csv_files, description, matched, readable(path), progress=progress)
        files = [path, *(file.path for file in matched), *event_files(description, matched)]
        return _Found(source, files, READING, read)
    if path.suffix in (".csv", ".txt", ".tsv"):
        description = guess_description(path)
        matched, skipped = find_csv_files(description, path)
        source = Source(readable(path), "text file", tuple(file.name for file in matched))
        read = partial(read_csv_files, description, matched, readable(path), progress=progress)
        files = [*(file.path for file in matched), *event_files(description, matched)]
        return _Found(source, files, f"{READING} {description!r}", read)
    return _Found(
        Source(readable(path), "archive", (readable(path.name),)),
        [path],
        "archive",
        partial(load_archive, path),
    )


def _refuse_duplicates(found: Sequence[_Found]) -> None:
    """Refuse a file that is given twice: its segments would be in the training and in the test data."""
    owners: dict[tuple[int, int], _Found] = {}
    for one in found:
        states = [(file, file.stat()) for file in one.files if file.exists()]
        for file, state in states:
            owner = owners.setdefault((state.st_dev, state.st_ino), one)
            if owner is not one:
                what = "it is given twice"
                if one.source.path != owner.source.path:
                    what = f"its file {file.name} is also part of {owner.source.path}"
                raise RecordingError(one.source.path, what, "give each recording once")


def _joined(
    parts: Sequence[Recordings], found: Sequence[_Found], cache: Path | None, namespace: str | None
) -> Recordings:
    first = parts[0]
    for other in parts[1:]:
        for name, ours, theirs in (
            ("rate", first.rate, other.rate),
            ("channel count", first.channels, other.channels),
            ("unit", first.unit, other.unit),
        ):
            if ours != theirs:
                raise RecordingError(
                    other.source,
                    f"its {name} is {theirs}, that of {first.source} is {ours}",
                    "join recordings of one device with the same settings",
                )
    files = [file for one in found for file in one.files]
    source = ", ".join(part.source for part in parts)
    return from_cache(files, f"joined {namespace}", partial(_join, parts, source), source=source, cache=cache)


def _join(parts: Sequence[Recordings], source: str, counts: Path | None) -> Recordings:
    first = parts[0]
    alike = all((part.scale, part.counts.dtype) == (first.scale, first.counts.dtype) for part in parts)
    joined = gather_segments(
        (segment for part in parts for segment in _segments(part, raw=alike)),
        channels=first.channels,
        rate=first.rate,
        unit=first.unit,
        source=source,
        counts=counts,
        scale=first.scale if alike else 1.0,
        dtype=first.counts.dtype if alike else np.float32,
    )
    return dataclasses.replace(joined, problems=tuple(text for part in parts for text in part.problems))


def _segments(part: Recordings, *, raw: bool) -> Iterator[Segment]:
    for i in range(len(part)):
        yield Segment(
            part.raw_segment(i) if raw else part.segment(i),
            str(part.subject[i]),
            str(part.cohort[i]),
            str(part.session[i]),
            str(part.label[i]),
            int(part.repetition[i]),
        )
        release(part.counts)
