"""Adapt a model to many wearers: a bundle for each, made side by side; finished ones are kept."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.errors import BundleError, EmgRecognitionError, SettingError
from emg_recognition.models.bundle import DESCRIPTION, BundleInfo, check_compatible, read_bundle
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.resources import LIBRARIES, this_machine, versions
from emg_recognition.tasks import Executor, Report, run_tasks
from emg_recognition.training.adapt import Adaptation, UnwrittenAdaptation, adaptation_of, make_adaptation
from emg_recognition.training.output import data_fingerprint
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.wearer import read_parent

#: In the provenance of a wearer's bundle: all that decided it.
_DECIDED = "adapted_from"

# What each wearer's gradient steps are counted in, so that the progress of all is in whole numbers.
_PARTS = 1000


@dataclass(frozen=True, eq=False, kw_only=True)
class _Wearer:
    """What a wearer's bundle is made from; it travels to where it is made."""

    parent: dict[str, bytes]
    recordings: Recordings
    history: Recordings | None
    others: Recordings | None
    output: Path
    repetitions: tuple[int, ...]
    test_repetitions: tuple[int, ...]
    settings: FitSettings
    decided: str


def run_adaptations(
    parent: Path,
    recordings: Recordings,
    output: Path,
    *,
    repetitions: Sequence[int] | None,
    test_repetitions: Sequence[int],
    history: Recordings | None,
    others: Recordings | None,
    settings: FitSettings,
    executor: Executor,
    on_step: Callable[[int, int], None],
) -> dict[str, Adaptation]:
    """Adapt a bundle to each subject of the recordings.

    :func:`emg_recognition.adapt_each` describes parameters, result and errors.
    """
    people = {name: output / _folder(name) for name in np.unique(recordings.subject).tolist()}
    info, _ = read_parent(parent, output)
    check_compatible(info, rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    files = {name: (parent / name).read_bytes() for name in (DESCRIPTION, *info.files)}
    common = [settings, versions(*LIBRARIES), {name: _digest(content) for name, content in files.items()}]
    common += [None if more is None else data_fingerprint(more) for more in (history, others)]
    tasks: list[_Wearer] = []
    found: dict[str, Adaptation] = {}
    for name, place in people.items():
        own = recordings.select(recordings.subject == name)
        tested = set(test_repetitions)
        learned = sorted(set(own.repetition.tolist()) - tested) if repetitions is None else repetitions
        task = _Wearer(
            parent=files,
            recordings=own,
            history=_of(history, name, own=True),
            others=_of(others, name, own=False),
            output=place,
            repetitions=tuple(learned),
            test_repetitions=tuple(test_repetitions),
            settings=settings,
            decided=_digest(repr([*common, name, learned, sorted(tested), data_fingerprint(own)]).encode()),
        )
        earlier = _finished(place, task.decided)
        if earlier is None:
            tasks.append(task)
        else:
            found[name] = adaptation_of(earlier, info)
    shares = [0.0] * len(tasks)

    def show(index: int, event: dict[str, Any]) -> None:
        # Some give more windows than others and get more steps, but how many is not known before they begin.
        shares[index] = event["step"] / event["steps"]
        on_step(round(_PARTS * sum(shares)), _PARTS * len(shares))

    problems = []
    with contextlib.closing(run_tasks(_adapt, tasks, executor, on_event=show)) as ended:
        for done in ended:
            name = str(tasks[done.index].recordings.subject[0])
            if done.result is None:
                problems.append(f"{name}: {done.problem}")
            else:
                # Where it was made, its parent was in a folder that is gone.
                found[name] = replace(done.result, parent=info).write()
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise EmgRecognitionError(f"no bundle for {problems[0]}{more}; those of the others are written")
    return {name: found[name] for name in people}


def _adapt(task: _Wearer, report: Report) -> UnwrittenAdaptation:
    """Make a wearer's bundle; its files are written by whoever gave the task."""
    with tempfile.TemporaryDirectory(prefix="emg_adapt_") as name:
        for file, content in task.parent.items():
            (Path(name) / file).write_bytes(content)
        return make_adaptation(
            Path(name),
            task.recordings,
            task.output,
            repetitions=task.repetitions,
            test_repetitions=task.test_repetitions,
            history=task.history,
            others=task.others,
            settings=task.settings,
            on_step=lambda step, steps: report({"event": "step", "step": step, "steps": steps}),
            provenance={_DECIDED: task.decided, **this_machine()},
        )


def _folder(name: str) -> str:
    """Return the name of a wearer's folder, which is their own."""
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise SettingError("subject", name, "no folder can be called so; adapt to them alone")
    return name


def _of(recordings: Recordings | None, subject: str, *, own: bool) -> Recordings | None:
    """Return a subject's own segments, or those of the others; None without any."""
    if recordings is None:
        return None
    chosen = (recordings.subject == subject) == own
    return recordings.select(chosen) if chosen.any() else None


def _finished(place: Path, decided: str) -> BundleInfo | None:
    """Return a bundle that was made from the same."""
    with contextlib.suppress(BundleError):
        info = read_bundle(place)
        if info.provenance.get(_DECIDED) == decided:
            return info
    return None


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
