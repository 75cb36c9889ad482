"""The ensemble beside what a reviewer asks for: same data, same split, same gradient steps, several seeds."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emg_recognition.actions import ordered
from emg_recognition.errors import SettingError
from emg_recognition.evaluation.comparison import comparison_figure
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.files import write_file
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training import output as folders
from emg_recognition.training.cohorts import choose_minority
from emg_recognition.training.comparators import check_bagging, fit_bagging, fit_lda
from emg_recognition.training.contest import judge, row_of
from emg_recognition.training.jobs import OnEvent, train_jobs
from emg_recognition.training.provenance import data_fingerprint, versions
from emg_recognition.training.rounds import Round, judged_networks, make_round
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.splits import make_splits, split_fingerprint
from emg_recognition.training.windows import windows_from_recordings

RESULT = "compare.json"
METHODS = ("ensemble", "weighted", "minority", "lda", "balanced-bagging")
"""What can be compared; all of it by default."""

TITLES = {
    "ensemble-minority": ("ensemble", "Ensemble, best on the minority"),
    "ensemble-overall": ("ensemble", "Ensemble, best on all"),
    "ensemble-soft-vote": ("ensemble", "Ensemble, soft vote"),
    "ensemble-test": ("ensemble", "Ensemble, best on the test data"),
    "network": ("network", "One network, all data"),
    "weighted": ("network", "One network, weighted"),
    "minority": ("network", "One network, minority alone"),
    "lda": ("classical", "LDA, Hudgins' features"),
    "balanced-bagging": ("classical", "Balanced bagging, same features"),
}
"""The rows of the table: group and name of each."""


def run_comparison(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    seeds: Sequence[int],
    methods: Sequence[str] | None = None,
    workers: int = 0,
    cache: Path | None = None,
    on_event: OnEvent = lambda event: None,
) -> dict[str, Any]:
    """Train and test every method on every fold with every seed.

    All methods are fitted on the training side and judged by all windows of the test side; validation
    chooses among the members and serves nothing else. LDA knows no chance and runs once a fold.

    Parameters
    ----------
    settings : ExperimentSettings
        Signal path, network, training, ensemble and split; `seeds` take the place of its seed.
    recordings : Recordings
        Labelled segments.
    output : Path
        Folder for ``compare.json``, the figure and the networks. A comparison of the same settings and data
        goes on there, with other seeds and methods, too; finished networks are not trained again.
    seeds : sequence of int
        At least one.
    methods : sequence of str or None
        Some of `METHODS`; ``None``: all of them, without those that need a minority where there is none.
    workers, cache, on_event
        As for :func:`~emg_recognition.training.experiment.run_experiment`.

    Returns
    -------
    dict
        The content of ``compare.json``, see ``docs/comparing.md``.

    Raises
    ------
    EmgRecognitionError
        If settings, recordings, methods or the folder cannot be used; nothing has been written then.
    """
    asked = _checked(methods, seeds)
    recordings = settings.choose_actions(recordings)
    splits = make_splits(recordings, settings.split)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    facts: dict[str, Any] = {
        "comparison": True,
        "settings": _without_seed(settings),
        "data": {"sha256": data_fingerprint(recordings)},
        "sides": {"sha256": split_fingerprint(splits)},
        "versions": versions(),
    }
    folders.refuse_foreign(output, facts)
    windows = windows_from_recordings(
        recordings,
        pipeline,
        settings.step_samples(recordings.rate),
        actions=ordered(recordings.actions),
        bridge=settings.bridge,
        cache=cache,
    )
    if methods is None and choose_minority(settings.ensemble.minority, windows.count("cohort"))[0] is None:
        asked.remove("minority")
    rounds = [make_round(settings, windows, split, seed, asked, output) for split in splits for seed in seeds]
    minority = _one_minority(rounds)
    folders.claim(output, facts)
    jobs = [job for one in rounds for job in (*one.members, *one.alone.values())]
    message = f"{len(splits)} fold(s), seeds {', '.join(map(str, seeds))}: {len(jobs)} networks; "
    on_event(
        {
            "event": "start",
            "message": message + rounds[0].fold.sentence,
            "jobs": len(jobs),
            "epochs": settings.training.epochs,
            "windows_per_cohort": windows.count("cohort"),
            "path": str(output),
        }
    )
    train_jobs(jobs, workers=workers, on_event=on_event)
    runs: dict[str, list[dict[str, Any]]] = {}
    for one in rounds:
        for name, run in (*judged_networks(one), *_judged_classical(one, asked, first=one.seed == seeds[0])):
            runs.setdefault(name, []).append({"fold": one.fold.split.name, **run})
            on_event({"event": "judged", "method": name, **runs[name][-1]})
    leaking = splits[0].leaking
    result = {
        "source": Path(recordings.source).name,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **facts,
        "seeds": list(seeds),
        "split": {"rule": splits[0].rule, "leaking": leaking, "folds": [split.name for split in splits]},
        "minority": minority,
        "minority_choice": rounds[0].fold.sentence,
        "methods": [
            row_of(
                runs[name], method=name, title=title, group=group, leaking=leaking or name.endswith("-test")
            )
            for name, (group, title) in TITLES.items()
            if name in runs
        ],
    }
    _write(output, result)
    return result


def _checked(methods: Sequence[str] | None, seeds: Sequence[int]) -> list[str]:
    asked = list(METHODS if methods is None else methods)
    for method in asked:
        if method not in METHODS:
            raise SettingError("method", method, f"choose from {', '.join(METHODS)}")
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise SettingError("seeds", list(seeds), "give whole numbers from 0 on, each once")
    if "balanced-bagging" in asked:
        check_bagging()
    return asked


def _one_minority(rounds: Sequence[Round]) -> str | None:
    """Return the minority of all folds."""
    found = {one.fold.minority for one in rounds}
    if len(found) > 1:
        lacking = next(one.fold for one in rounds if one.fold.minority is None)
        remedy = (
            f"in the fold {lacking.split.name} {lacking.sentence}; choose folds that all train on a minority"
        )
        raise SettingError("split", lacking.split.rule, remedy)
    return found.pop()


def _without_seed(settings: ExperimentSettings) -> dict[str, Any]:
    """Return what decides a comparison, whatever the seeds: two runs may add seeds to each other."""
    return dataclasses.replace(settings, training=dataclasses.replace(settings.training, seed=0)).to_mapping()


def _judged_classical(
    one: Round, methods: Sequence[str], *, first: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fit and test the classical methods; LDA, which is the same for every seed, with the first one."""
    train, test = one.fold.sides["train"], one.fold.sides["test"]
    for method in methods:
        if method == "balanced-bagging" or (method == "lda" and first):
            begin = time.perf_counter()
            predictor = fit_lda(train) if method == "lda" else fit_bagging(train, one.seed)
            effort = {"seconds": time.perf_counter() - begin, "networks": 0, "steps": 0}
            seed = None if method == "lda" else one.seed
            yield method, {"seed": seed, **judge(predictor(test), test, one.fold.minority), **effort}


def _write(output: Path, result: dict[str, Any]) -> None:
    """Write ``compare.json`` and the figure, each file as a whole."""
    rows = [{**row, "method": row["title"]} for row in result["methods"]]
    figure = comparison_figure(rows)
    write_file(output / "figures" / "comparison.png", png(figure))
    write_file(output / "figures" / "comparison.pdf", pdf(figure))
    write_file(output / RESULT, json.dumps(result, indent=1, allow_nan=False).encode())
