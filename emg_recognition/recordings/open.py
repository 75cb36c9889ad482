"""Open recordings of any kind, alone or several together."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from emg_recognition.bags.reader import find_files
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.archive import load_archive, unpack_archive
from emg_recognition.recordings.bag_recordings import read_bag
from emg_recognition.recordings.cache import default_cache, from_cache, release
from emg_recognition.recordings.csv_description import load_description
from emg_recognition.recordings.csv_files import find_csv_files, read_csv_files
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.segments import Segment, gather_segments


def open_recordings(
    paths: Sequence[str | os.PathLike[str]], *, cache: Path | None = None, namespace: str | None = None
) -> Recordings:
    """Open labelled recordings.

    They are unpacked once into a cache and mapped from there, so they need not fit into memory.

    Parameters
    ----------
    paths : sequence of path
        Archives (``.npz``), descriptions of CSV files (``.yaml``), bags of ROS 2 (a folder, an ``.mcap`` or a
        ``.db3`` file); several are joined.
    cache : Path, optional
        Folder of the cache; that of :func:`~emg_recognition.recordings.cache.default_cache` by default.
    namespace : str, optional
        Which armband of a bag, where it has several.

    Returns
    -------
    Recordings
        The segments of all, in the order given. Where scale or type of the samples differ, they are float32
        in the unit; what :meth:`Recordings.segment` returns is the same.

    Raises
    ------
    RecordingError
        If one cannot be used, or two do not go together; both files and both values are named.
    """
    if not paths:
        raise RecordingError("(none)", "no path is given", "name an archive, a bag or a description")
    places = [Path(path) for path in paths]
    for number, place in enumerate(places):
        if place.resolve() in [other.resolve() for other in places[:number]]:
            raise RecordingError(str(place), "it is given twice", "name each recording once")
    folder = default_cache() if cache is None else Path(cache)
    opened = [_open(place, folder, namespace) for place in places]
    if len(opened) == 1:
        return opened[0][0]
    return _joined(opened, folder, str(namespace))


def _open(path: Path, cache: Path | None, namespace: str | None) -> tuple[Recordings, list[Path]]:
    """Open one path; return the files that it consists of, too."""
    source = str(path)
    if path.is_dir() or path.suffix in (".mcap", ".db3"):
        files = list(find_files(path).files)
        metadata = path / "metadata.yaml"
        files += [metadata] if metadata.is_file() else []
        read = partial(read_bag, path, namespace)
        kind = f"bag {path.absolute()} {namespace}"
    elif path.suffix in (".yaml", ".yml"):
        description = load_description(path)
        found = find_csv_files(description, path)
        files = [path, *(file.path for file in found)]
        read = partial(read_csv_files, description, found, source)
        kind = "csv"
    elif path.suffix == ".csv":
        remedy = (
            "describe the columns in a YAML file and name that "
            "(docs/concepts/recordings-and-bags.md has an example)"
        )
        raise RecordingError(source, "a CSV file does not say what its columns are", remedy)
    else:
        files = [path]
        read = partial(_read_archive, path)
        kind = "archive"
    return from_cache(files, kind, read, source=source, cache=cache), files


def _read_archive(path: Path, counts: Path | None) -> Recordings:
    return load_archive(path) if counts is None else unpack_archive(path, counts)


def _joined(
    opened: Sequence[tuple[Recordings, list[Path]]], cache: Path | None, namespace: str
) -> Recordings:
    parts = [recordings for recordings, _ in opened]
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
                    "join recordings of one device and one setting",
                )
    files = [file for _, found in opened for file in found]
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
        begin = int(part.start[i])
        yield Segment(
            part.counts[begin : begin + int(part.length[i])] if raw else part.segment(i),
            str(part.subject[i]),
            str(part.cohort[i]),
            str(part.session[i]),
            str(part.label[i]),
            int(part.repetition[i]),
        )
        release(part.counts)
