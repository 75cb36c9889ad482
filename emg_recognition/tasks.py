"""Independent tasks: here, in processes of this machine, or on the machines of a Ray cluster.

Whoever has tasks calls :func:`run_tasks` and writes the results to their places; where a task runs is the
:class:`Executor`'s business alone.
"""

from __future__ import annotations

import importlib.util
import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from emg_recognition.errors import EmgRecognitionError, SettingError

Result = TypeVar("Result")
Report = Callable[[dict[str, Any]], None]
"""What a task reports its progress with: it takes one event, whose values JSON can hold."""

#: A task whose process or machine died is tried this often in all.
TRIES = 3
#: A process is replaced after as many tasks: TensorFlow keeps some 60 MB of every network that was trained.
TASKS_A_PROCESS = 20
#: For the processes of the tasks; the libraries read it when they are loaded.
WORKER_ENVIRONMENT = {
    # A core each.
    **dict.fromkeys(
        (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
            "TF_NUM_INTRAOP_THREADS",
            "TF_NUM_INTEROP_THREADS",
        ),
        "1",
    ),
    # glibc takes memory in large pieces. TensorFlow frees and takes megabytes in every gradient step, and the
    # kernel would have to clear them each time: a seventh of a training's processor time.
    "MALLOC_TOP_PAD_": str(64 << 20),
}


@dataclass(frozen=True)
class Executor:
    """Where tasks run.

    Attributes
    ----------
    workers : int
        The most tasks at a time, each in a process of one thread. 0: one after another in this process; on a
        cluster, as many as it has cores.
    address : str or None
        A Ray cluster: ``host:port`` of its head, or ``auto`` for ``RAY_ADDRESS`` or the cluster that runs on
        this machine. ``None``: this machine, without Ray.
    """

    workers: int = 0
    address: str | None = None

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise SettingError("workers", self.workers, "use at least one process")


@dataclass(frozen=True)
class Done(Generic[Result]):
    """The end of a task.

    Attributes
    ----------
    index : int
        Its number among the tasks.
    result : Any
        What the function returned; None where there is a problem.
    problem : str or None
        Why there is no result: an error of the function, or the death of its process.
    """

    index: int
    result: Result | None
    problem: str | None = None


def run_tasks(
    function: Callable[..., Result],
    tasks: Sequence[Any],
    executor: Executor,
    *,
    on_event: Callable[[int, dict[str, Any]], None] | None = None,
) -> Generator[Done[Result], None, None]:
    """Run a function over tasks.

    SIGINT does not reach the processes of the tasks: Ctrl-C is for the process that started them, and they
    end with it or with this iterator.

    Parameters
    ----------
    function : callable
        A function of a module that takes one task and, with `on_event`, a function to report events with. An
        error that it raises ends only its task; without processes it is raised here.
    tasks : sequence
        What it is called with, once each; again if its process or machine died.
    executor : Executor
        Where.
    on_event : callable, optional
        Called here with the number of a task and each event that it reports; those of a task that is tried
        again start over.

    Yields
    ------
    Done
        One for each task, in the order in which they end.

    Raises
    ------
    EmgRecognitionError
        If no process can be started, or the cluster cannot be used.
    """
    check_executor(executor)
    if executor.address is not None:
        from emg_recognition.ray_tasks import run_on_ray

        return run_on_ray(function, tasks, executor, on_event)
    if executor.workers:
        from emg_recognition.worker_processes import run_in_processes

        return run_in_processes(function, tasks, executor.workers, on_event)
    return _run_here(function, tasks, on_event)


def check_executor(executor: Executor) -> None:
    """Refuse a cluster that cannot be used; this takes seconds at most.

    Raises
    ------
    EmgRecognitionError
        If Ray is not installed, or there is no such cluster.
    """
    if executor.address is None:
        return
    if importlib.util.find_spec("ray") is None:
        raise EmgRecognitionError(
            "a cluster needs Ray, which is not installed; pip install 'emg_recognition[ray]'"
        )
    from emg_recognition.ray_tasks import connect

    connect(executor.address)


def _run_here(
    function: Callable[..., Result],
    tasks: Sequence[Any],
    on_event: Callable[[int, dict[str, Any]], None] | None,
) -> Generator[Done[Result], None, None]:
    for index, task in enumerate(tasks):
        report = None if on_event is None else _reporter(index, on_event)
        yield Done(index, call(function, task, report))


def _reporter(index: int, on_event: Callable[[int, dict[str, Any]], None]) -> Report:
    return lambda event: on_event(index, event)


def call(function: Callable[..., Result], task: Any, report: Report | None) -> Result:
    """Call the function of a task; with `report` if it takes one."""
    return function(task) if report is None else function(task, report)


def answer(function: Callable[..., Any], task: Any, report: Report | None) -> tuple[Any, str | None]:
    """Return the result of a task, or the problem."""
    try:
        return call(function, task, report), None
    except EmgRecognitionError as error:
        return None, str(error)
    except Exception as error:
        logging.getLogger(__name__).exception("a task failed in a way that was not expected")
        return None, f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:200]}"


def used_machines(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Count the jobs of each machine: ``machine``, ``processor`` and ``jobs``, from their records."""
    done = Counter((record["machine"], record["processor"]) for record in records if "machine" in record)
    return [
        {"machine": machine, "processor": processor, "jobs": jobs}
        for (machine, processor), jobs in sorted(done.items())
    ]


# Whether tasks are being made for machines that do not see this one's files.
_far_away = ContextVar("far_away", default=False)


@contextmanager
def for_other_machines() -> Iterator[None]:
    """Pickle meanwhile what another machine can use: contents instead of paths."""
    before = _far_away.set(True)
    try:
        yield
    finally:
        _far_away.reset(before)


def is_for_other_machines() -> bool:
    """Return whether what is pickled now goes to another machine."""
    return _far_away.get()
