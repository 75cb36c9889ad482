"""Splits by what stands in a column: the repetition, the session, the subject or the cohort.

What is not named follows from what is:

* ``test``: what neither trains nor validates;
* ``train``: what neither tests nor validates;
* ``validation``: the last complete repetition of the training segments, see
  :func:`~emg_recognition.training.split.honest_split`.

With neither ``train`` nor ``test``, the last repetition in which every cohort performs every action tests
(and what follows it), or the last session of each subject. Subjects and cohorts have no order: one has to
be named.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings, parse_repetitions
from emg_recognition.training.settings import SplitSettings, Values
from emg_recognition.training.split import (
    SIDES,
    Split,
    complete_repetitions,
    distinct,
    honest_split,
    in_order,
)


def split_by_values(recordings: Recordings, settings: SplitSettings) -> Split:
    """Split by the values of the column that is the split's name.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        Name and values.

    Returns
    -------
    Split
        The one fold.

    Raises
    ------
    SettingError
        If a value does not occur or stands on two sides, or if a side or an action is left without a segment.
    """
    column, what = settings.name, f"{settings.name}s"
    labels = getattr(recordings, column)
    known = distinct(labels)
    train, validation, test = (
        _read(getattr(settings, side), column, known) for side in ("train", "validation", "test")
    )
    for side, asked in (("train", train), ("validation", validation), ("test", test)):
        if not set(asked or ()) <= set(known):
            raise SettingError(f"{side} {what}", asked, f"{recordings.source} has {what} {list(known)}")
    if train is None and test is None:
        labels, test = _default_test(recordings, settings)
        known = distinct(labels)
    held = set(validation or ())
    tested = set(known) - set(train or ()) - held if test is None else set(test)
    training = set(known) - tested - held if train is None else set(train) - held
    both = sorted((set(train or ()) | held) & tested, key=in_order)
    if both:
        shown = tuple(sorted(tested, key=in_order))
        raise SettingError(f"test {what}", shown, f"{both} also train or validate; put each on one side")
    sides = {"train": _segments(labels, training), "test": _segments(labels, tested)}
    if held:
        sides["validation"] = _segments(labels, held)
    return honest_split(recordings, sides, labels, what=what, rule=f"by {column}")


def _segments(labels: NDArray[Any], values: set[Any]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(labels, list(values)))


def _read(values: Values, column: str, known: Sequence[Any]) -> tuple[Any, ...] | None:
    """Values as they stand in the column: whole numbers for repetitions, else text."""
    if values is None:
        return None
    found: list[Any] = []
    for value in values if isinstance(values, tuple) else (values,):
        if isinstance(value, str) and value not in known and re.fullmatch("[0-9,-]+", value):
            found += parse_repetitions(value)
        else:
            found.append(value)
    return tuple(found if column == "repetition" else map(str, found))


def _default_test(recordings: Recordings, settings: SplitSettings) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Return the labels to split by and those that test, where nothing is said."""
    column = settings.name
    known = list(distinct(getattr(recordings, column)))
    if column == "repetition":
        last = max(complete_repetitions(recordings), default=known[-1])
        return recordings.repetition, tuple(repetition for repetition in known if repetition >= last)
    if column == "session" and settings.validation is None:
        return _last_sessions(recordings)
    remedy = f"name the {column}s that test, or those that train; {recordings.source} has {known}"
    raise SettingError("split.test", None, remedy)


def _last_sessions(recordings: Recordings) -> tuple[NDArray[Any], tuple[Any, ...]]:
    pairs = subject_sessions(recordings)
    test: list[str] = []
    for subject in distinct(recordings.subject):
        sessions = distinct(pairs[recordings.subject == subject])
        test += sessions[1:][-1:]  # a subject with one session only trains
    if not test:
        raise SettingError("split.name", "session", f"no subject of {recordings.source} has two sessions")
    return pairs, tuple(test)


def subject_sessions(recordings: Recordings) -> NDArray[np.str_]:
    """Return a name for each segment's session that no other subject's session has."""
    pairs = zip(recordings.subject.tolist(), recordings.session.tolist(), strict=True)
    return np.array([f"{subject}/{session}" for subject, session in pairs], dtype=np.str_)


_LONGEST = 60


def leave_one_subject_out(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Test each subject by a model of all the others.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        With ``cohort``, only the subjects of this cohort take their turn.

    Returns
    -------
    list of Split
        One fold a subject, ``subject_…``.

    Raises
    ------
    SettingError
        If the cohort does not exist, or a fold lacks an action or segments.
    """
    tested = _tested(recordings, settings.cohort)
    rule = f"leave one subject out{_of(settings.cohort)}"
    splits: list[Split] = []
    for subject in distinct(recordings.subject[tested]):
        name = "subject_" + re.sub(r"[^A-Za-z0-9._-]", "_", subject)[:_LONGEST]
        if name in {split.name for split in splits}:
            name += f"_{len(splits) + 1}"
        splits.append(_fold(recordings, recordings.subject, {subject}, tested, "subjects", rule, name))
    return splits


def k_fold(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Deal whole groups into folds of about the same size, each with its share of every cohort.

    Groups are subjects, sessions of a subject, or repetitions (alike for all). The larger come first, each
    goes to the fold that has least of its cohort (of its subject, where sessions are dealt); equal ones
    in an order that the seed decides.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        Groups, number of folds, seed and perhaps the one cohort that is tested.

    Returns
    -------
    list of Split
        ``fold_1`` and so on. A segment of a tested group that is not of the cohort tested is left out.

    Raises
    ------
    SettingError
        If there are fewer groups than folds, the cohort does not exist, or a fold lacks an action.
    """
    tested = _tested(recordings, settings.cohort)
    keys, strata = {
        "subject": (recordings.subject, recordings.cohort),
        "session": (subject_sessions(recordings), recordings.subject),
        "repetition": (recordings.repetition, np.zeros(len(recordings), np.int64)),
    }[settings.groups]
    dealt = _deal(keys[tested], strata[tested], recordings.length[tested], settings)
    rule = f"{settings.folds} folds over {settings.groups}s{_of(settings.cohort)}, seed {settings.seed}"
    return [
        _fold(recordings, keys, groups, tested, f"{settings.groups}s", rule, f"fold_{number}")
        for number, groups in enumerate(dealt, start=1)
    ]


def _deal(
    keys: NDArray[Any], strata: NDArray[Any], length: NDArray[np.int64], settings: SplitSettings
) -> list[set[Any]]:
    """Return the groups of each fold."""
    groups, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    if len(groups) < settings.folds:
        remedy = f"there are only {len(groups)} {settings.groups}s to share out"
        raise SettingError("split.folds", settings.folds, remedy)
    size = np.bincount(inverse, weights=length)
    stratum = np.unique(strata, return_inverse=True)[1][first]
    shuffled = np.random.default_rng(settings.seed).permutation(len(groups))
    order = shuffled[np.argsort(-size[shuffled], kind="stable")]
    held = np.zeros((settings.folds, stratum.max() + 1))
    folds: list[set[Any]] = [set() for _ in range(settings.folds)]
    # A stratum after the other, so that the last ones can even out what the first ones left.
    for group in order[np.argsort(stratum[order], kind="stable")]:
        fold = min(range(settings.folds), key=lambda f: (held[f, stratum[group]], held[f].sum()))
        held[fold, stratum[group]] += size[group]
        folds[fold].add(groups[group].item())
    return folds


def _fold(
    recordings: Recordings,
    keys: NDArray[Any],
    groups: set[Any],
    tested: NDArray[np.bool_],
    what: str,
    rule: str,
    name: str,
) -> Split:
    of_groups = np.isin(keys, list(groups))
    sides = {"train": np.flatnonzero(~of_groups), "test": np.flatnonzero(of_groups & tested)}
    return honest_split(recordings, sides, keys, what=what, rule=rule, name=name)


def _tested(recordings: Recordings, cohort: str | None) -> NDArray[np.bool_]:
    """Which segments may test."""
    if cohort is None:
        return np.ones(len(recordings), dtype=bool)
    if cohort not in recordings.cohorts:
        known = ", ".join(recordings.cohorts)
        raise SettingError("split.cohort", cohort, f"{recordings.source} has the cohorts {known}")
    return recordings.cohort == cohort


def _of(cohort: str | None) -> str:
    return "" if cohort is None else f" of the cohort {cohort}"


_COLUMNS = ("subject", "session", "repetition")


def split_by_list(recordings: Recordings, file: str) -> Split:
    """Split as a file says.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    file : str
        A ``.csv``, ``.yaml`` or ``.yml`` file; a path that is not absolute begins at the working directory.

    Returns
    -------
    Split
        The one fold.

    Raises
    ------
    SettingError
        If the file cannot be read, a row is wrong, agrees with no segment, or gives a segment a
        second side; or if a side or an action is left without a segment.
    """
    side = np.full(len(recordings), "", dtype="<U10")
    columns: set[str] = set()
    for number, row in enumerate(_rows(file), start=1):
        where = f"{Path(file).name}: row {number}"
        chosen, named = _agreeing(recordings, row, where)
        columns |= named
        other = sorted(set(side[chosen].tolist()) - {"", str(row["side"])})
        if other:
            raise SettingError(where, dict(row), f"some of it is listed for {other[0]} before; name it once")
        side[chosen] = row["side"]
    sides = {name: np.flatnonzero(side == name) for name in SIDES}
    if not len(sides["validation"]):
        del sides["validation"]
    labels = [
        "/".join(str(getattr(recordings, c)[i]) for c in _COLUMNS if c in columns) for i in range(len(side))
    ]
    what = "/".join(f"{column}s" for column in _COLUMNS if column in columns)
    return honest_split(recordings, sides, np.array(labels), what=what, rule=f"as {Path(file).name} lists")


def _rows(file: str) -> list[Mapping[str, Any]]:
    """Rows of the file, each a mapping."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
        if Path(file).suffix.lower() == ".csv":
            rows: Any = list(csv.DictReader(text.splitlines(), skipinitialspace=True))
        else:
            rows = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, csv.Error) as error:
        problem = " ".join(str(error).split())
        raise SettingError("split.file", file, f"it cannot be read ({problem})") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise SettingError("split.file", file, "write a row or more with subject, session, repetition, side")
    return rows


def _agreeing(recordings: Recordings, row: Mapping[str, Any], where: str) -> tuple[np.ndarray, set[str]]:
    """Which segments a row names, as a mask, and by which columns."""
    for column in row:
        if column not in (*_COLUMNS, "side"):
            raise SettingError(where, dict(row), f"no such column; known are {', '.join(_COLUMNS)}, side")
    if row.get("side") not in SIDES:
        raise SettingError(where, dict(row), f"give it a side: {', '.join(SIDES)}")
    given = {column: str(row[column]) for column in _COLUMNS if row.get(column) not in (None, "")}
    chosen = np.ones(len(recordings), dtype=bool)
    for column, value in given.items():
        chosen &= getattr(recordings, column).astype(np.str_) == value
    if not given or not chosen.any():
        raise SettingError(where, dict(row), f"no segment of {recordings.source} is meant; mend or remove it")
    return chosen, set(given)
