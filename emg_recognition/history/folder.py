"""Every session and every test in a folder of recordings, by person."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.files import read_json, read_marker, write_file
from emg_recognition.history.results import read_results
from emg_recognition.history.sessions import Session, read_session
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.orientation import Orientation
from emg_recognition.recordings.cache import default_cache
from emg_recognition.replay.scores import READABLE
from emg_recognition.resources import version
from emg_recognition.text import readable

#: How deep below the folder recordings, bundles and evaluations are looked for, and in how many folders:
#: somebody may name their home.
_DEEPEST, _MOST_FOLDERS = 3, 2000
_BAG, _BUNDLE, _METRICS = "metadata.yaml", "model.yaml", "metrics.json"


@dataclass(frozen=True, kw_only=True)
class Entry(Session):
    """A session, and what was different in it from the person's session before.

    Attributes
    ----------
    donning : str
        How the armband sat, in words, as the model was told; empty where it was not.
    changes : tuple of str
        A sentence each; empty for the first session.
    """

    donning: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class History:
    """What is in a folder.

    Attributes
    ----------
    sessions : list of Entry
        The oldest first.
    tests : list of dict
        The results of tests as in their files, the oldest first.
    unreadable : list of str
        Why some recordings are missing, a sentence each.
    """

    sessions: list[Entry]
    tests: list[dict[str, Any]]
    unreadable: list[str]

    def people(self) -> list[str]:
        """Return the codes of everybody, sorted."""
        codes = {one.subject for one in self.sessions} | {str(one.get("subject", "")) for one in self.tests}
        return sorted(codes)

    def of(self, subject: str) -> History:
        """Return what belongs to one person."""
        return replace(
            self,
            sessions=[one for one in self.sessions if one.subject == subject],
            tests=[one for one in self.tests if one.get("subject") == subject],
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything for a program."""
        return asdict(self)


def history_from_json(found: dict[str, Any]) -> History:
    """Read what :meth:`History.to_json` returned."""
    return History(
        sessions=[Entry.from_json(one) for one in found["sessions"]],
        tests=list(found["tests"]),
        unreadable=list(found["unreadable"]),
    )


def read_history(folder: Path) -> History:
    """Read every recording in a folder.

    Parameters
    ----------
    folder : Path
        Recordings (bags) in it and up to three folders below it, bundles and evaluations beside them, and
        the folder ``tests``.

    Returns
    -------
    History
        Its sessions. What was found in a recording is kept in the cache of this package.

    Raises
    ------
    SettingError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise SettingError("folder", str(folder), "name the folder of the recordings")
    found: list[Session] = []
    unreadable: list[str] = []
    places = _places(folder)
    for bag in places[_BAG]:
        try:
            found.append(_remembered(bag, readable(bag.relative_to(folder))))
        except EmgRecognitionError as error:
            unreadable.append(str(error))
    evaluations = _evaluations(places[_METRICS])
    found = [_evaluated(one, evaluations.get((folder / one.recording).resolve())) for one in found]
    return History(
        sessions=_compared(sorted(found, key=lambda one: one.begin), _donnings(places[_BUNDLE])),
        tests=read_results(folder),
        unreadable=unreadable,
    )


def _places(folder: Path) -> dict[str, list[Path]]:
    """Return the folders with a bag, a bundle or metrics, by the file that tells, but no hidden ones."""
    found: dict[str, list[Path]] = {marker: [] for marker in (_BAG, _BUNDLE, _METRICS)}
    seen = 0
    for name, folders, files in os.walk(folder):
        place, seen = Path(name), seen + 1
        here = [marker for marker in found if marker in files]
        for marker in here:
            found[marker].append(place)
        inside = _BAG in here or _BUNDLE in here or seen >= _MOST_FOLDERS
        if inside or len(place.relative_to(folder).parts) == _DEEPEST:
            folders.clear()
        folders[:] = sorted(one for one in folders if not one.startswith("."))
    return found


def _remembered(bag: Path, name: str) -> Session:
    """Read a recording, or what is remembered of it while its files are the same."""
    files = [(one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in sorted(bag.iterdir())]
    key = json.dumps([version(), str(bag.resolve()), files])
    cache = default_cache()
    note = None if cache is None else cache / "history" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
    if note is not None:
        try:
            return replace(Session.from_json(read_json(note)), recording=name)
        except (OSError, ValueError, TypeError, KeyError):
            pass  # not read before, or no longer readable
    session = read_session(bag, name)
    if note is not None:
        with contextlib.suppress(OSError):  # then it is read again next time
            write_file(note, json.dumps(session.to_json()).encode())
    return session


def _evaluations(places: list[Path]) -> dict[Path, dict[str, Any]]:
    """Return the evaluations in the folder by the recording that they are of."""
    found = {}
    for place in places:
        metrics = read_marker(place / _METRICS, READABLE)
        if metrics is not None and isinstance(metrics.get("source"), str):
            found[Path(metrics["source"]).resolve()] = metrics
    return found


def _evaluated(session: Session, metrics: dict[str, Any] | None) -> Session:
    """Fill in the scores of an evaluation where no model ran during the session."""
    if metrics is None or session.model:
        return session
    names = (
        "accuracy",
        "balanced_accuracy",
        "wrong_movements_per_minute",
        "false_activations_per_minute",
    )
    scores = {name: metrics.get(name) for name in names}
    known: dict[str, Any] = {
        name: float(value) for name, value in scores.items() if isinstance(value, int | float)
    }
    model = metrics.get("model")
    return replace(session, model=str(model.get("id", "")) if isinstance(model, dict) else "", **known)


def _donnings(places: list[Path]) -> dict[str, str]:
    """Return how the armband sits for each bundle of a wearer, by the id of its model."""
    found = {}
    for place in places:
        try:
            info = read_bundle(place)
            given = info.orientation
            if given:
                how = Orientation(**{field.name: given[field.name] for field in fields(Orientation)})
                found[info.model_id] = how.describe(int(given["ring"]))
        except (EmgRecognitionError, KeyError, TypeError, ValueError):
            continue  # no bundle of ours
    return found


def _compared(sessions: Sequence[Session], donnings: dict[str, str]) -> list[Entry]:
    entries: list[Entry] = []
    before: dict[str, Entry] = {}
    for session in sessions:
        earlier, donning = before.get(session.subject), donnings.get(session.model, "")
        changes = []
        if earlier is not None and session.model != earlier.model:
            changes.append(f"model {earlier.model or 'none'} → {session.model or 'none'}")
        if earlier is not None and donning != earlier.donning:
            changes.append(f"armband: {donning or 'not told'}")
        entry = Entry(**vars(session), donning=donning, changes=tuple(changes))
        before[session.subject] = entry
        entries.append(entry)
    return entries


def to_csv(history: History) -> str:
    """Write the sessions as a table, one a row; unknown numbers are empty.

    Parameters
    ----------
    history : History
        The sessions.
    """
    names = [field.name for field in fields(Entry)]
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(names)
    for session in history.sessions:
        values = (getattr(session, name) for name in names)
        table.writerow([_cell("; ".join(value) if isinstance(value, tuple) else value) for value in values])
    return file.getvalue()


def _cell(value: object) -> object:
    # A spreadsheet would run a text that begins like this as a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
