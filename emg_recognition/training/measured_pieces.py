"""A very short training in a process of its own: what each piece takes of time and memory on this machine."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.quiet import without_information
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training.settings import SUBSETS, ExperimentSettings

#: Gradient steps are timed for about this long, s, and no more steps than this.
_TIMED, _MOST_STEPS = 2.0, 48
#: Windows that go through the network, and one by one through LiteRT, to be timed.
_WINDOWS, _LIVE_WINDOWS = 512, 50


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A small part of the recordings, in memory, and what it is trained as.

    Attributes
    ----------
    settings : ExperimentSettings
        Those of the training.
    recordings : Recordings
        Segments of all subsets, cut short.
    subsets : dict of str to numpy.ndarray
        The segments of each subset.
    batch_size : int
        Windows of a gradient step of the training.
    """

    settings: ExperimentSettings
    recordings: Recordings
    subsets: dict[str, np.ndarray]
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What the pieces of a training take: seconds, and bytes.

    Attributes
    ----------
    start, build : float
        Loading TensorFlow; building the graph of a gradient step.
    sample : float
        Reading, checking and filtering one sample of all channels.
    job, step, train_window, forward_window : float
        A network without its steps; a gradient step; the statistics of a training window; a window through
        the network, many at a time.
    report, live_window, baseline_window : float
        Bundle, figures and report; a window through LiteRT; one through LDA.
    idle_memory, memory, library_memory, report_memory : float
        A process that waits for those that train, and one that trains, without the files of the libraries;
        those, which processes share; a process that tests and reports.
    job_bytes, answer_bytes, fold_bytes : float
        Files of a network without its answers; those to a test window; files of a fold beside its networks.
    """

    start: float
    build: float
    sample: float
    job: float
    step: float
    train_window: float
    forward_window: float
    report: float
    live_window: float
    baseline_window: float
    idle_memory: float
    memory: float
    library_memory: float
    report_memory: float
    job_bytes: float
    answer_bytes: float
    fold_bytes: float


def measure_pieces(given: Sample, clock: Callable[[], float] = time.perf_counter) -> Pieces:
    """Train on a sample as :func:`~emg_recognition.training.experiment.run_experiment` would, and time it.

    Parameters
    ----------
    given : Sample
        What to train on.
    clock : callable
        Returns the time, s: ``time.process_time`` for that of the processor, which other programs on the
        machine hardly change.

    Returns
    -------
    Pieces
        The time of each piece with one thread, and the memory.
    """
    found: dict[str, float] = {}

    def timed(function: Callable[[], Any]) -> tuple[float, Any]:
        begin = clock()
        result = function()
        return clock() - begin, result

    with without_information():
        found["start"], _ = timed(_load)
    with tempfile.TemporaryDirectory(prefix="emg_cost_") as name, contextlib.redirect_stdout(sys.stderr):
        _measure(given, Path(name), found, timed)
    return Pieces(**found)


def _load() -> None:
    from emg_recognition.training import fold  # noqa: F401


def _measure(
    given: Sample,
    folder: Path,
    found: dict[str, float],
    timed: Callable[[Callable[[], Any]], tuple[float, Any]],
) -> None:
    # Loaded after TensorFlow's start was timed.
    from emg_recognition.actions import ordered
    from emg_recognition.files import replace_directory
    from emg_recognition.models.runtime import ActionModel
    from emg_recognition.models.statistics import window_statistics
    from emg_recognition.recordings.inspect import inspect
    from emg_recognition.resources import versions
    from emg_recognition.training.comparators import fit_lda
    from emg_recognition.training.fit import fit_network
    from emg_recognition.training.fold import Fold, finish_fold
    from emg_recognition.training.jobs import ANSWERS, Job, predict_windows, train_job
    from emg_recognition.training.output import BUNDLE, data_fingerprint
    from emg_recognition.training.split import Split
    from emg_recognition.training.windows import windows_from_recordings

    settings, recordings = given.settings, given.recordings
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)

    def prepare() -> Any:
        inspect(recordings)
        return data_fingerprint(recordings), windows_from_recordings(
            recordings,
            pipeline,
            settings.stride_samples(recordings.rate),
            actions=ordered(recordings.actions),
            warm_up=settings.warm_up,
            cache=folder / "cache",
        )

    seconds, (fingerprint, windows) = timed(prepare)
    found["sample"] = seconds / len(recordings.counts)
    anonymous, files = _memory()
    found["idle_memory"] = anonymous

    subsets = {name: windows.of_segments(given.subsets[name]) for name in SUBSETS}
    train, validation = (
        subsets["train"],
        subsets["validation"].select(np.arange(len(subsets["validation"]))[:_WINDOWS]),
    )

    def fit(steps: int) -> Any:
        # Without validation, whose windows are timed by themselves.
        return fit_network(settings.network, _steps(given, steps), train, None)

    first, _ = timed(lambda: fit(1))
    one, _ = timed(lambda: fit(1))
    five, _ = timed(lambda: fit(5))
    more = int(np.clip(_TIMED / max((five - one) / 4, 1e-4), 4, _MOST_STEPS))
    many, result = timed(lambda: fit(1 + more))
    found["build"] = max(first - one, 0.0)
    found["step"] = max(many - one, 0.0) / more
    found["forward_window"] = timed(lambda: predict_windows(result.model, validation))[0] / len(validation)
    # Once to normalise, once for the record.
    found["train_window"] = 2 * timed(lambda: window_statistics(train.batches()))[0] / len(train)

    job = Job(
        place=folder / "out" / "member",
        label="sample",
        network=settings.network,
        training=_steps(given, 1),
        train=train,
        validation=validation,
        test=subsets["test"],
    )
    # The windows to report on after each epoch are those of validation: they go through the network twice.
    seconds, _ = timed(lambda: replace_directory(job.place, train_job(job, lambda event: None)))
    forward = 2 * len(validation) + len(subsets["test"])
    inside = found["step"] + len(train) * found["train_window"] + forward * found["forward_window"]
    found["job"] = max(seconds - inside, 0.0)
    peak = _peak()
    anonymous, files = _memory()
    found["library_memory"] = files
    found["memory"] = peak - files
    answers = (job.place / ANSWERS).stat().st_size
    found["answer_bytes"] = answers / len(subsets["test"])
    found["job_bytes"] = _size(job.place) - answers

    facts = {
        "source": "sample",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "warnings": [],
        "settings": settings.to_mapping(),
        "subsets": {"sha256": ""},
        "data": {"sha256": fingerprint},
        "versions": versions(),
    }
    split = Split(
        name="",
        rule="a sample",
        train=given.subsets["train"],
        validation=given.subsets["validation"],
        test=given.subsets["test"],
        values=dict.fromkeys(SUBSETS, ()),
    )
    fold = Fold(split=split, subsets=subsets, minority=None, sentence="", folder=folder / "out", jobs=[job])
    whole, _ = timed(lambda: finish_fold(settings, fold, pipeline, facts, on_event=lambda event: None))
    test = subsets["test"]
    live = ActionModel.load(fold.folder / BUNDLE)
    some = test.gather(np.arange(min(len(test), _LIVE_WINDOWS)))
    found["live_window"] = timed(lambda: [live.predict(window) for window in some])[0] / len(some)
    found["baseline_window"] = 0.0
    if settings.baseline and len(train) > len(train.actions):
        lda, _ = timed(lambda: fit_lda(train)(test))
        found["baseline_window"] = lda / (len(train) + len(test))
    of_windows = len(test) * found["live_window"]
    of_windows += (len(train) + len(test)) * found["baseline_window"]
    found["report"] = max(whole - of_windows, 0.0)
    found["report_memory"] = _peak()
    found["fold_bytes"] = _size(fold.folder) - _size(job.place)


def _steps(given: Sample, steps: int) -> Any:
    """Return the settings of a training of one epoch with some steps."""
    return dataclasses.replace(
        given.settings.training, epochs=1, steps_per_epoch=steps, batch_size=given.batch_size
    )


def _memory() -> tuple[float, float]:
    """Return the memory of this process, bytes: what is its own, and what are files of libraries."""
    with contextlib.suppress(OSError):  # only Linux has it
        text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
        values = {name: int(kib) << 10 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
        return values["Anonymous"], values["Rss"] - values["Anonymous"]
    return _peak(), 0.0


def _peak() -> float:
    """Return the most memory that this process has had, bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else most << 10)


def _size(folder: Path) -> float:
    return float(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
