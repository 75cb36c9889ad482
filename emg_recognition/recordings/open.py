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
from emg_recognition.recordings.csv_description import CsvDescription, load_description
from emg_recognition.recordings.csv_files import READING, read_csv_files
from emg_recognition.recordings.event_files import event_files, events_beside
from emg_recognition.recordings.finding import FoundFile, files_at
from emg_recognition.recordings.finding import find_files as find_described
from emg_recognition.recordings.folders import holds_bag, is_description, walk
from emg_recognition.recordings.formats.description import FormatDescription
from emg_recognition.recordings.formats.files import FormatFile, read_format_files
from emg_recognition.recordings.formats.finding import described_files, named_files
from emg_recognition.recordings.formats.worker import files_of
from emg_recognition.recordings.kinds import FORMATS, OPENED, identify
from emg_recognition.recordings.recordings import Recordings, Source
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.recordings.text_guess import guess_description
from emg_recognition.settings import from_mapping
from emg_recognition.text import readable
from emg_recognition.yaml_files import load_yaml

PathLike = str | os.PathLike[str]
Progress = Callable[[float], None]


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
    progress: Progress | None = None,
) -> Recordings:
    """Open labelled recordings.

    They are unpacked once into a cache and memory-mapped from there, so they may be larger than the memory.

    Parameters
    ----------
    paths : path or sequence of path
        An archive (``.npz``), a ROS 2 bag, a file in a format of others (EDF, BDF, XDF, WFDB, MATLAB files of
        NinaPro, BioPatRec and EEGLAB, OTB+, EMG-EPN-612), text with columns, a description (``.yaml``), or a
        folder with any of these. What a file is, its content tells. Several are joined.
    namespace : str, optional
        The armband to read from a bag, or the stream from a file, that holds several.
    cache : path, optional
        The cache folder; by default ``$XDG_CACHE_HOME/emg_recognition``.
    progress : callable, optional
        Is given the share of a path's text files that was read, 0 to 1.

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
        If a description holds a value that cannot be used.
    """
    locations = [Path(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    if not locations:
        raise RecordingError("(none)", "no path is given", "name an archive, a bag or a description")
    folder = default_cache() if cache is None else Path(cache)
    found = [one for path in locations for one in _find(path, namespace, progress)]
    _refuse_duplicates(found)
    parts = [from_cache(one.files, one.kind, one.read, source=one.source.path, cache=folder) for one in found]
    joined = parts[0] if len(parts) == 1 else _joined(parts, found, folder, namespace)
    return dataclasses.replace(joined, sources=tuple(one.source for one in found))


def is_bag(path: PathLike) -> bool:
    """Return whether a path is a ROS 2 bag, a file or a folder.

    Raises
    ------
    RecordingError
        If there is no such path, or it is nothing that can be opened.
    """
    kind = identify(Path(path))
    return kind == "bag" or (kind == "folder" and holds_bag(Path(path)))


def _find(path: Path, namespace: str | None, progress: Progress | None = None) -> list[_Found]:
    kind = identify(path)
    if kind == "folder":
        return _in_folder(path, namespace, progress)
    if kind == "description":
        return [_described(path, namespace, progress)]
    if kind == "text":
        return [_text(path, progress)]
    if kind == "archive":
        source = Source(readable(path), "archive", (readable(path.name),))
        return [_Found(source, [path], "archive", partial(load_archive, path))]
    if kind == "bag":
        return [_bag(path, namespace)]
    files, _ = named_files([path], path.parent)
    return [_read_formats(files, FormatDescription(), path, path.parent, (), namespace)]


def _bag(path: Path, namespace: str | None) -> _Found:
    files = list(find_files(path).files)
    names = tuple(readable(file.name) for file in files)
    metadata = path / "metadata.yaml"
    files += [metadata] if metadata.is_file() else []
    key = f"bag {path.absolute()} {namespace}"
    return _Found(Source(readable(path), "bag", names), files, key, partial(read_bag, path, namespace))


def _text(path: Path, progress: Progress | None) -> _Found:
    """Find a text file, or the text files in a folder, with what can be guessed about them."""
    description = guess_description(path)
    found = files_at(description, path)
    return _columns(description, path, found, READING + repr(description), progress)


def _columns(
    description: CsvDescription,
    path: Path,
    found: tuple[list[FoundFile], tuple[tuple[str, str], ...]],
    key: str,
    progress: Progress | None,
) -> _Found:
    matched, skipped = found
    source = Source(readable(path), "text files", tuple(file.name for file in matched), skipped)
    read = partial(read_csv_files, description, matched, readable(path), progress=progress)
    files = [
        *(file.path for file in matched),
        *event_files((file.path for file in matched), description.events),
    ]
    return _Found(source, files, key, read)


def _described(path: Path, namespace: str | None, progress: Progress | None) -> _Found:
    """Find the files of a description: with columns, if they are text, else in a format of their own."""
    document = load_yaml(path, "description of recordings") or {}
    if isinstance(document, dict) and "files" in document and "columns" not in document:
        search = FormatDescription(files=document["files"], folder=document.get("folder", "."))
        matched, skipped = find_described(search, path)
        if identify(matched[0].path) in FORMATS:
            description = from_mapping(FormatDescription, document, f"{path.name}:")
            folder = path.parent / description.folder
            return _read_formats(described_files(matched), description, path, folder, skipped, namespace)
    columns = load_description(path)
    in_columns = _columns(columns, path, find_described(columns, path), READING, progress)
    return dataclasses.replace(in_columns, files=[path, *in_columns.files])


def _in_folder(path: Path, namespace: str | None, progress: Progress | None) -> list[_Found]:
    """Find the recordings of a folder: a bag, or bags, archives, descriptions or files below it."""
    if holds_bag(path):
        return [_bag(path, namespace)]
    kinds: dict[str, list[Path]] = {}
    skipped: list[tuple[str, str]] = []
    bags: list[Path] = []
    for file in walk(path):
        if file.is_dir():
            bags.append(file)
            continue
        try:
            kind = identify(file)
            if kind == "description" and not is_description(file):
                raise RecordingError(str(file), "it is a YAML file that describes no recordings", "")
            kinds.setdefault("format" if kind in FORMATS else kind, []).append(file)
        except RecordingError as error:
            skipped.append((file.relative_to(path).as_posix(), error.problem))
    found = [_bag(bag, namespace) for bag in bags]
    for kind in ("bag", "archive"):
        found += [one for file in kinds.pop(kind, []) for one in _find(file, namespace)]
    if "description" in kinds:
        return found + [_described(file, namespace, progress) for file in kinds["description"]]
    if "format" in kinds:
        skipped += [(file.relative_to(path).as_posix(), "it is text") for file in kinds.get("text", [])]
        files, _ = named_files(kinds["format"], path)
        return [
            *found,
            _read_formats(files, FormatDescription(), path, path, tuple(sorted(skipped)), namespace),
        ]
    if "text" in kinds and not found:
        return [_text(path, progress)]
    if not found:
        example = f"; {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise RecordingError(
            str(path), f"it holds no recordings, {len(skipped)} files tried{example}", OPENED
        )
    return found


def _read_formats(
    files: list[FormatFile],
    description: FormatDescription,
    path: Path,
    folder: Path,
    skipped: tuple[tuple[str, str], ...],
    namespace: str | None,
) -> _Found:
    parts = [part for file in files for part in files_of(file.kind, file.path)]
    for file in files:
        parts += event_files([file.path], events_beside(file.path))
    known = set(parts)
    left = tuple((readable(name), why) for name, why in skipped if folder / name not in known)
    names = tuple(readable(file.path.relative_to(folder).as_posix()) for file in files)
    kinds = sorted({file.kind for file in files})
    source = Source(readable(path), kinds[0] if len(kinds) == 1 else "files", names, left)
    read = partial(read_format_files, description, files, readable(path), namespace or "")
    own = [path] if path.is_file() and path not in known else []
    key = f"formats {description!r} {namespace} {[(file.stated, file.guessed) for file in files]}"
    return _Found(source, [*own, *parts], key, read)


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
            ("ring", first.ring, other.ring),
        ):
            if ours != theirs and None not in (ours, theirs):
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
        ring=next((part.ring for part in parts if part.ring is not None), None),
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
