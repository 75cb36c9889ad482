"""The rules that split recordings; ``docs/reference/splits.md`` shows an example of each.

``repetition``, ``session``, ``subject`` and ``cohort`` go by the values of that column. A subset that is not
named follows from the others:

* ``test``: what neither trains nor validates;
* ``train``: what neither tests nor validates;
* ``validation``: the last complete repetition of the training segments, see
  :func:`~emg_recognition.training.split.honest_split`.

If neither ``train`` nor ``test`` is named, the last repetition in which every cohort performs every action
tests, together with those that follow it; or the last session of each subject. Subjects and cohorts have no
order, so one has to be named.

``leave-one-subject-out`` and ``k-fold`` give several folds; ``list`` reads a file.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.recordings import Recordings, parse_repetitions
from emg_recognition.text import natural
from emg_recognition.training.settings import SUBSETS, SplitSettings
from emg_recognition.training.split import (
    Split,
    complete_repetitions,
    distinct,
    honest_split,
    listed,
    random_windows,
    subject_sessions,
)
from emg_recognition.yaml_files import load_yaml

_LONGEST_NAME = 60
_COLUMNS = ("subject", "session", "repetition")


def make_splits(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Split recordings by the rule that is asked for.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        Name of the rule, and its settings.

    Returns
    -------
    list of Split
        One, or the folds.

    Raises
    ------
    RecordingError
        If there is no segment.
    SettingError
        If the recordings cannot be split in this way.
    """
    if not len(recordings):
        raise RecordingError(recordings.source, "there is no segment to split", "give labelled recordings")
    if settings.name == "leave-one-subject-out":
        return leave_one_subject_out(recordings, settings)
    if settings.name == "k-fold":
        return k_fold(recordings, settings)
    if settings.name == "list":
        assert settings.file is not None
        return [split_by_list(recordings, settings.file)]
    if settings.name == "random-windows":
        return [random_windows(recordings, settings.seed)]
    return [split_by_values(recordings, settings)]


def split_by_values(recordings: Recordings, settings: SplitSettings) -> Split:
    """Split by the values of the column that the split is named after.

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
        If a value does not occur or is in two subsets, or if a subset or an action is left without a segment.
    """
    column, what = settings.name, f"{settings.name}s"
    labels = getattr(recordings, column)
    known = distinct(labels)
    train, validation, test = (_read(getattr(settings, subset), column, known) for subset in SUBSETS)
    for subset, asked in zip(SUBSETS, (train, validation, test), strict=True):
        for value in asked or ():
            if value not in known:
                remedy = f"{recordings.source} has no {column} {value}; there are {listed(labels)}"
                raise SettingError(f"{subset} {what}", asked, remedy)
    if train is None and test is None:
        labels, test = _default_test(recordings, settings)
        known = distinct(labels)
    held = set(validation or ())
    tested = set(known) - set(train or ()) - held if test is None else set(test)
    training = set(known) - tested - held if train is None else set(train) - held
    both = sorted((set(train or ()) | held) & tested, key=natural)
    if both:
        shown = tuple(sorted(tested, key=natural))
        raise SettingError(f"test {what}", shown, f"{both} also train or validate; name each only once")
    subsets = {"train": _segments(labels, training), "test": _segments(labels, tested)}
    if held:
        subsets["validation"] = _segments(labels, held)
    return honest_split(recordings, subsets, labels, what=what, rule=f"by {column}")


def _segments(labels: NDArray[Any], values: set[Any]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(labels, list(values)))


def _read(values: tuple[str | int, ...] | None, column: str, known: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return the values as the column holds them: whole numbers for repetitions, otherwise texts."""
    if values is None:
        return None
    found: list[Any] = []
    for value in values:
        if isinstance(value, str) and value not in known and re.fullmatch("[0-9,-]+", value):
            found += parse_repetitions(value)
        else:
            found.append(value)
    return tuple(found if column == "repetition" else map(str, found))


def _default_test(recordings: Recordings, settings: SplitSettings) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Return the labels to split by and those that test, where neither training nor test is named."""
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


def leave_one_subject_out(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Test each subject with a model of all the others.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        With ``cohort``, only the subjects of this cohort are left out.

    Returns
    -------
    list of Split
        One fold for each subject, ``subject_…``.

    Raises
    ------
    SettingError
        If the cohort does not exist, or a fold lacks an action or segments.
    """
    tested = _tested(recordings, settings.cohort)
    rule = f"leave one subject out{_of(settings.cohort)}"
    splits: list[Split] = []
    for subject in distinct(recordings.subject[tested]):
        name = "subject_" + re.sub(r"[^A-Za-z0-9._-]", "_", subject)[:_LONGEST_NAME]
        if name in {split.name for split in splits}:
            name += f"_{len(splits) + 1}"
        left_out = recordings.subject == subject
        splits.append(_fold(recordings, recordings.subject, left_out, tested, "subjects", rule, name))
    return splits


def k_fold(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Divide whole groups into folds of about the same size, each with its share of every cohort.

    Groups are subjects, sessions of a subject, or repetitions (the same for everyone). Scikit-learn's
    ``StratifiedGroupKFold`` divides them; its classes are the cohorts (for sessions, the subjects).

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        Groups, number of folds, seed, and perhaps the one cohort to test on.

    Returns
    -------
    list of Split
        ``fold_1`` and so on. A segment of a tested group that is not of the tested cohort is left out.

    Raises
    ------
    SettingError
        If there are fewer groups than folds, the cohort does not exist, or a fold lacks an action.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    tested = _tested(recordings, settings.cohort)
    keys, strata = {
        "subject": (recordings.subject, recordings.cohort),
        "session": (subject_sessions(recordings), recordings.subject),
        "repetition": (recordings.repetition, np.zeros(len(recordings), np.int64)),
    }[settings.groups]
    groups, number = np.unique(keys[tested], return_inverse=True)
    if len(groups) < settings.folds:
        remedy = f"there are only {len(groups)} {settings.groups}s to divide"
        raise SettingError("split.folds", settings.folds, remedy)
    # Equal groups are dealt in the order of their numbers. Numbering them at random here, instead of letting
    # the splitter shuffle, keeps the folds the same in every version of scikit-learn.
    shuffled = np.random.default_rng(settings.seed).permutation(len(groups))[number]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a cohort may well be smaller than the number of folds
        folds = StratifiedGroupKFold(settings.folds).split(shuffled, strata[tested], shuffled)
        dealt = [np.isin(keys, groups[np.unique(number[test])]) for _, test in folds]
    rule = f"{settings.folds} folds over {settings.groups}s{_of(settings.cohort)}, seed {settings.seed}"
    return [
        _fold(recordings, keys, of_fold, tested, f"{settings.groups}s", rule, f"fold_{fold}")
        for fold, of_fold in enumerate(dealt, start=1)
    ]


def _fold(
    recordings: Recordings,
    keys: NDArray[Any],
    left_out: NDArray[np.bool_],
    tested: NDArray[np.bool_],
    what: str,
    rule: str,
    name: str,
) -> Split:
    subsets = {"train": np.flatnonzero(~left_out), "test": np.flatnonzero(left_out & tested)}
    return honest_split(recordings, subsets, keys, what=what, rule=rule, name=name)


def _tested(recordings: Recordings, cohort: str | None) -> NDArray[np.bool_]:
    """Return which segments may test."""
    if cohort is None:
        return np.ones(len(recordings), dtype=bool)
    if cohort not in recordings.cohorts:
        known = ", ".join(recordings.cohorts)
        raise SettingError("split.cohort", cohort, f"{recordings.source} has the cohorts {known}")
    return recordings.cohort == cohort


def _of(cohort: str | None) -> str:
    return "" if cohort is None else f" of the cohort {cohort}"


def split_by_list(recordings: Recordings, file: str) -> Split:
    """Split as a file says.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    file : str
        A ``.csv``, ``.yaml`` or ``.yml`` file; a relative path starts in the working directory.

    Returns
    -------
    Split
        The one fold.

    Raises
    ------
    SettingError
        If the file cannot be read; if a row is wrong, matches no segment, or puts a segment into a
        second subset; or if a subset or an action is left without a segment.
    """
    subset_of = np.full(len(recordings), "", dtype="<U10")
    columns: set[str] = set()
    for number, row in enumerate(_rows(file), start=1):
        where = f"{Path(file).name}: row {number}"
        chosen, named = _matching(recordings, row, where)
        columns |= named
        other = sorted(set(subset_of[chosen].tolist()) - {"", str(row["subset"])})
        if other:
            raise SettingError(where, dict(row), f"an earlier row lists some of it for {other[0]}")
        subset_of[chosen] = row["subset"]
    subsets = {name: np.flatnonzero(subset_of == name) for name in SUBSETS}
    if not len(subsets["validation"]):
        del subsets["validation"]
    labels = [
        "/".join(str(getattr(recordings, column)[i]) for column in _COLUMNS if column in columns)
        for i in range(len(recordings))
    ]
    what = "/".join(f"{column}s" for column in _COLUMNS if column in columns)
    return honest_split(recordings, subsets, np.array(labels), what=what, rule=f"as {Path(file).name} lists")


def _rows(file: str) -> list[Mapping[str, Any]]:
    """Return the rows of the file as mappings."""
    if Path(file).suffix.lower() == ".csv":
        try:
            text = Path(file).read_text(encoding="utf-8-sig")
            rows: Any = list(csv.DictReader(text.splitlines(), skipinitialspace=True))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SettingError("split.file", file, f"it cannot be read ({error})") from error
    else:
        rows = load_yaml(file, "split.file")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise SettingError("split.file", file, "write rows with subject, session, repetition and subset")
    return rows


def _matching(recordings: Recordings, row: Mapping[str, Any], where: str) -> tuple[np.ndarray, set[str]]:
    """Return which segments a row names, as a mask, and by which columns."""
    for column in row:
        if column == "side":
            raise SettingError(where, dict(row), "the column side is called subset; rename it")
        if column not in (*_COLUMNS, "subset"):
            raise SettingError(where, dict(row), f"no such column; known are {', '.join(_COLUMNS)}, subset")
    if row.get("subset") not in SUBSETS:
        raise SettingError(where, dict(row), f"give it a subset: {', '.join(SUBSETS)}")
    given = {column: str(row[column]) for column in _COLUMNS if row.get(column) not in (None, "")}
    chosen = np.ones(len(recordings), dtype=bool)
    for column, value in given.items():
        chosen &= getattr(recordings, column).astype(np.str_) == value
    if not given or not chosen.any():
        raise SettingError(where, dict(row), f"it matches no segment of {recordings.source}; remove it")
    return chosen, set(given)
