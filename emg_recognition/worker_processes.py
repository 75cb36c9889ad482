"""Tasks in processes of this machine, of one core each; a process that dies costs only its task."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.quiet import without_information
from emg_recognition.tasks import TASKS_A_PROCESS, TRIES, WORKER_ENVIRONMENT, Done, Report, answer

#: Processes that die one after another before any has begun: none will.
_STILLBORN = 3


def default_workers() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux; it respects the limits of containers and of taskset
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_in_processes(
    function: Callable[..., Any],
    tasks: Sequence[Any],
    workers: int,
    on_event: Callable[[int, dict[str, Any]], None] | None,
) -> Generator[Done[Any], None, None]:
    """Run tasks in at most `workers` processes; see :func:`emg_recognition.tasks.run_tasks`."""
    context = multiprocessing.get_context("spawn")
    with without_warning():
        resource_tracker.ensure_running()
    stop, stopper = context.Pipe(duplex=False)
    waiting = deque((index, 1) for index in range(len(tasks)))
    running: dict[Any, _Worker] = {}
    stillborn = 0
    try:
        while waiting or running:
            # A process without a task is about to take one of those that wait.
            busy = sum(worker.task is not None for worker in running.values())
            for _ in range(min(workers, len(waiting) + busy) - len(running)):
                worker = _start(context, function, on_event is not None, stop)
                running[worker.pipe] = worker
            for pipe in wait(list(running)):
                worker = running.pop(pipe)
                try:
                    kind, said = worker.pipe.recv()
                except (EOFError, OSError):
                    code = _end(worker)
                    stillborn += worker.task is None
                    if stillborn >= _STILLBORN:
                        raise EmgRecognitionError(
                            f"processes end before they begin (exit code {code}): check the free memory; a"
                            ' script of your own needs `if __name__ == "__main__":`'
                        ) from None
                    done = _died(worker, waiting, code)
                else:
                    if kind == "event" and worker.task is not None and on_event is not None:
                        running[pipe] = worker
                        on_event(worker.task[0], said)
                        continue
                    stillborn = 0
                    done = None if worker.task is None else Done(worker.task[0], *said)
                    if waiting and worker.taken < TASKS_A_PROCESS:
                        worker.task = waiting.popleft()
                        worker.taken += 1
                        with contextlib.suppress(OSError):  # it has died; reading will tell
                            worker.pipe.send(tasks[worker.task[0]])
                        running[pipe] = worker
                    else:
                        _end(worker)
                if done is not None:
                    yield done
    finally:
        stopper.close()  # they end at once, also in the middle of a task
        for worker in running.values():
            _end(worker)
        stop.close()


@dataclass
class _Worker:
    """A process, our end of its pipe, its task (number, and how often it was tried), and how many it took."""

    process: BaseProcess
    pipe: Connection
    task: tuple[int, int] | None = None
    taken: int = 0


def _died(worker: _Worker, waiting: deque[tuple[int, int]], code: int | None) -> Done[Any] | None:
    """Let a task whose process died wait for another, or end it."""
    if worker.task is None:
        return None
    index, tries = worker.task
    if tries < TRIES:
        waiting.appendleft((index, tries + 1))
        return None
    return Done(index, None, f"its process died {tries} times (exit code {code}); check the free memory")


def _start(context: Any, function: Callable[..., Any], reports: bool, stop: Connection) -> _Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(reports, theirs, stop), daemon=True)
    with _environment(**WORKER_ENVIRONMENT), without_sigint():
        process.start()
    theirs.close()  # so that the pipe ends with the process
    with contextlib.suppress(OSError):  # it has died; reading will tell
        ours.send(function)
    return _Worker(process, ours)


def _end(worker: _Worker) -> int | None:
    """Wait for a process that has died or finds no more tasks in its pipe; return its exit code."""
    worker.pipe.close()
    worker.process.join()
    return worker.process.exitcode


def _work(reports: bool, pipe: Connection, stop: Connection) -> None:
    """Do tasks in a process of its own until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()

    def report(event: dict[str, Any]) -> None:
        pipe.send(("event", event))

    given: Report | None = report if reports else None
    with contextlib.suppress(EOFError, OSError):  # the other end of the pipe is closed
        with without_information():
            function = pipe.recv()  # this may load TensorFlow
        pipe.send(("ready", None))
        while True:
            pipe.send(("done", answer(function, pipe.recv(), given)))


def _end_with_parent(stop: Connection) -> None:
    """End this process when the other end of the pipe is closed: by the parent, or because it is gone."""
    try:
        stop.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


@contextmanager
def without_sigint() -> Iterator[None]:
    """Block SIGINT in this thread; processes started meanwhile never receive it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows; the workers ignore it once they are initialised
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def without_warning() -> Iterator[None]:
    """Start multiprocessing's resource tracker, which must not add lines to a Ctrl-C.

    It removes the semaphores of a process that has ended without doing so, and warns of each.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if hasattr(signal, "pthread_sigmask") else None
    warnings = ",".join(
        filter(None, (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker:UserWarning"))
    )
    try:
        with _environment(PYTHONWARNINGS=warnings):
            yield
    finally:
        if mask is not None:  # the tracker's start unblocks SIGINT and SIGTERM
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set variables of the environment for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
