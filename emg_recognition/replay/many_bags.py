"""Evaluate many bags with one or several models, in processes side by side; what is finished is kept."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emg_recognition.classification import decision_settings
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.folders import walk
from emg_recognition.recordings.kinds import identify
from emg_recognition.recordings.open import is_bag
from emg_recognition.replay.many_output import claim, keep, load_finished, metrics_path, write_table
from emg_recognition.replay.one_bag import BagSettings, PairResult, evaluate_bag
from emg_recognition.replay.scores import DELAYS, RATES, SHARES
from emg_recognition.settings import from_mapping
from emg_recognition.tasks import Executor, check_executor, run_tasks, used_machines
from emg_recognition.text import readable
from emg_recognition.types import LiveSettings
from emg_recognition.worker_processes import default_workers

PathLike = str | os.PathLike[str]

_SCORES = (*SHARES, *RATES, *DELAYS)


@dataclass(frozen=True, kw_only=True)
class BagRow:
    """A row of the table: a bag with a model.

    Attributes
    ----------
    bag : str
        Path of the bag; from the folder that was given, where it is unique so.
    model, bundle : str
        Identity and folder of the model.
    metrics : mapping or None
        The content of ``metrics.json``; None if there is a problem.
    metrics_file : Path or None
        Where it is.
    problem : str or None
        Why the bag could not be evaluated.
    """

    bag: str
    model: str
    bundle: str
    metrics: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False)
    metrics_file: Path | None = None
    problem: str | None = None

    def columns(self) -> dict[str, Any]:
        """Return the row of ``table.csv``; None where the bag does not tell."""
        found: Mapping[str, Any] = self.metrics or {}
        signal: Mapping[str, Any] = found.get("signal", {})
        samples = signal.get("samples", 0) + signal.get("missing_samples", 0)
        return {
            "bag": self.bag,
            "person": ", ".join(found.get("per_subject", ())),
            "session": ", ".join(found.get("per_session", ())),
            "model": self.model,
            "seconds": signal.get("seconds"),
            **{name: _score(found, name) for name in _SCORES},
            "lost": signal["missing_samples"] / samples if samples else None,
            "gaps": signal.get("gaps"),
            "faults": found.get("faults"),
            "metrics": None if self.metrics_file is None else "/".join(self.metrics_file.parts[-3:]),
            "problem": self.problem,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class BagEvaluations:
    """The result of :func:`emg_recognition.evaluate_bags`.

    Attributes
    ----------
    rows : tuple of BagRow
        Bag by bag, each with every model.
    models : tuple of dict
        For each model ``model``, ``bundle``, how many bags were ``evaluated`` and ``failed``, and, over the
        bags that tell a score, its ``mean``, its ``worst`` value and the ``worst_bag``.
    new : int
        How many evaluations were made now; the others were found finished.
    notes : tuple of str
        What the numbers leave out, one sentence each.
    report, table : Path
        ``report.html`` and ``table.csv``.
    """

    rows: tuple[BagRow, ...]
    models: tuple[dict[str, Any], ...]
    new: int
    notes: tuple[str, ...]
    report: Path
    table: Path

    def __repr__(self) -> str:
        bags = len({row.bag for row in self.rows})
        return f"<BagEvaluations of {bags} bags with {len(self.models)} models: {self.report}>"


def evaluate_bags(
    models: PathLike | Sequence[PathLike],
    bags: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    namespace: str | None = None,
    stride: float | None = None,
    confidence_threshold: float | None = None,
    decisions: Mapping[str, Any] | None = None,
    workers: int | None = None,
    address: str | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> BagEvaluations:
    """Evaluate many bags with one or several models, each as :func:`emg_recognition.evaluate` does.

    Bags are evaluated side by side in processes of one thread each; a script of its own needs the usual
    ``if __name__ == "__main__":``. An evaluation that is in the output folder, with the same content of the
    bag, model, settings and version, is not made again: after an interruption, call it again. A bag that
    cannot be read, or whose process died again and again, has a row with the reason.

    Parameters
    ----------
    models : path or sequence of path
        Model bundles.
    bags : path or sequence of path
        Bags, and folders with bags in them or below.
    output : path
        Folder for ``report.html``, ``table.csv``, ``bags.json`` and the ``metrics.json`` of each evaluation;
        a folder that holds anything else is refused.
    namespace, stride, confidence_threshold
        As for :func:`emg_recognition.evaluate`.
    decisions : mapping, optional
        What differs from the bundles' own :class:`~emg_recognition.DecisionSettings`, for example
        ``{"votes": 5}``.
    workers : int, optional
        Processes; by default one for each core.
    address : str, optional
        A Ray cluster that evaluates instead of this machine, as for :func:`emg_recognition.train`. Its
        machines read bags and models from the same paths.
    on_progress : callable, optional
        Called with the share of the bags that has been processed, 0 to 1.

    Returns
    -------
    BagEvaluations
        The rows of the table, the means of each model, and the report.

    Raises
    ------
    BundleError
        If a bundle cannot be used.
    RecordingError
        If there is no such path, or no bag in it.
    SettingError
        If a setting cannot be used, or the output folder holds something else or cannot be written.
    """
    settings, loaded = _settings(models, namespace, stride, confidence_threshold, decisions)
    if workers == 0 and address is None:
        raise SettingError("workers", workers, "use at least one process")
    executor = Executor(workers or (0 if address else default_workers()), address)
    check_executor(executor)
    found = find_bags([bags] if isinstance(bags, (str, os.PathLike)) else bags)
    folder = Path(output)
    claim(folder)
    finished = load_finished(folder)
    settings = dataclasses.replace(settings, finished=frozenset(finished))
    results: list[list[PairResult]] = [[] for _ in found]
    new = 0
    tasks = [(str(path), settings) for _, path in found]
    with contextlib.closing(run_tasks(evaluate_bag, tasks, executor)) as ended:
        for number, done in enumerate(ended, start=1):
            results[done.index] = done.result or [PairResult(problem=done.problem)] * len(loaded)
            for pair in results[done.index]:
                if pair.metrics is not None:
                    keep(folder, pair.key, pair.metrics)
                    finished[pair.key] = pair.metrics
                    new += 1
            if on_progress is not None:
                on_progress(number / len(tasks))
    rows = tuple(
        BagRow(
            bag=name,
            model=model.info.model_id,
            bundle=readable(bundle),
            metrics=finished.get(pair.key),
            metrics_file=metrics_path(folder, pair.key) if pair.key else None,
            problem=pair.problem,
        )
        for (name, _), pairs in zip(found, results, strict=True)
        for model, bundle, pair in zip(loaded, settings.bundles, pairs, strict=True)
    )
    each = tuple(_summary(rows[number :: len(loaded)]) for number in range(len(loaded)))
    notes = tuple(_notes([name for name, _ in found], results, rows))
    report, table = write_table(
        folder,
        [row.columns() for row in rows],
        each,
        notes=notes,
        settings=settings.identity(),
        machines=used_machines(row.metrics or {} for row in rows),
    )
    return BagEvaluations(rows=rows, models=each, new=new, notes=notes, report=report, table=table)


def find_bags(paths: Sequence[PathLike]) -> list[tuple[str, Path]]:
    """Find the bags that are named, and those in folders.

    Parameters
    ----------
    paths : sequence of path
        Bags and folders.

    Returns
    -------
    list of (str, Path)
        Name, unique, and path of each, in the order given; those of a folder sorted.

    Raises
    ------
    RecordingError
        If there is no such path, it is something else, or no bag is in it.
    """
    found: dict[Path, str] = {}
    for given in map(Path, paths):
        try:
            whole = is_bag(given)
        except RecordingError:
            if not given.exists():
                raise
            whole = True  # a damaged one; opening it tells what is wrong
        if whole:
            found.setdefault(given, readable(given.name or given))
            continue
        if identify(given) != "folder":
            remedy = "give a bag, or a folder of bags; --data takes other recordings, one model at a time"
            raise RecordingError(str(given), "it is no bag", remedy)
        errors: list[OSError] = []
        below = [path for path in walk(given, errors.append) if path.is_dir()]
        below += [Path(error.filename) for error in errors]
        if not below:
            raise RecordingError(str(given), "there is no bag in it or below", "give a folder of bags")
        for path in below:
            found.setdefault(path, readable(path.relative_to(given)))
    names = Counter(found.values())
    return [(name if names[name] == 1 else readable(path), path) for path, name in found.items()]


def _settings(
    models: PathLike | Sequence[PathLike],
    namespace: str | None,
    stride: float | None,
    confidence_threshold: float | None,
    decisions: Mapping[str, Any] | None,
) -> tuple[BagSettings, list[ActionModel]]:
    """Load the models, and refuse what would fail with every bag."""
    bundles = [os.fspath(one) for one in ([models] if isinstance(models, (str, os.PathLike)) else models)]
    if not bundles:
        raise SettingError("models", (), "name the folder of a model bundle")
    given = {"stride": stride, "confidence_threshold": confidence_threshold}
    from_mapping(
        LiveSettings, {name: value for name, value in given.items() if value is not None}, "settings"
    )
    loaded = [ActionModel.load(bundle) for bundle in bundles]
    for model in loaded:
        from_mapping(
            DecisionSettings, {**vars(decision_settings(model.info)), **(decisions or {})}, "decisions"
        )
    settings = BagSettings(
        bundles=tuple(bundles),
        namespace=namespace,
        stride=stride,
        confidence_threshold=confidence_threshold,
        decisions=dict(decisions or {}),
    )
    return settings, loaded


def _summary(rows: Sequence[BagRow]) -> dict[str, Any]:
    """Average over the bags, each of which counts equally."""
    mean: dict[str, float] = {}
    worst: dict[str, float] = {}
    worst_bag: dict[str, str] = {}
    for name in _SCORES:
        found = [(_score(row.metrics or {}, name), row.bag) for row in rows]
        told = [(value, bag) for value, bag in found if value is not None]
        if told:
            mean[name] = statistics.fmean(value for value, _ in told)
            worst[name], worst_bag[name] = (min if name in SHARES else max)(told)
    failed = sum(row.problem is not None for row in rows)
    return {
        "model": rows[0].model,
        "bundle": rows[0].bundle,
        "evaluated": len(rows) - failed,
        "failed": failed,
        "mean": mean,
        "worst": worst,
        "worst_bag": worst_bag,
    }


def _score(metrics: Mapping[str, Any], name: str) -> float | None:
    """Return one of the scores for which there are thresholds, from the content of ``metrics.json``."""
    if name not in DELAYS:
        return metrics.get(name)
    delay = metrics.get("onset_delay_ms") or {}
    return delay.get(name.removeprefix("onset_").removesuffix("_ms"))


def _notes(
    names: Sequence[str], results: Sequence[Sequence[PairResult]], rows: Sequence[BagRow]
) -> list[str]:
    """Say in sentences what the numbers leave out, or count twice."""
    notes = []
    first: dict[str, str] = {}
    for name, pairs in zip(names, results, strict=True):
        other = first.setdefault(pairs[0].content, name) if pairs[0].content else name
        if other != name:
            notes.append(f"{name} is a copy of {other}, and both count")
    silent = {row.bag for row in rows if row.metrics and row.metrics["balanced_accuracy"] is None}
    if silent:
        notes.append(f"{len(silent)} bags have no labels that a model knows, and no accuracy")
    return notes
