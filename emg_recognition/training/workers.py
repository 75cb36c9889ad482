"""Train jobs in several processes at the same time, each on one core.

Two threads train a network of this size hardly faster than one; two processes train two networks in the time
of one. With one thread per process, a job also adds its numbers in the same order however many run beside it.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import queue
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from multiprocessing.queues import SimpleQueue
from typing import TYPE_CHECKING, Any

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.quiet import without_information
from emg_recognition.worker_processes import end_with_parent, without_sigint, without_warning

if TYPE_CHECKING:
    from emg_recognition.training.jobs import Job

Event = dict[str, Any]


def run_in_processes(
    jobs: Sequence[Job], indices: Sequence[int], workers: int, on_event: Callable[[Event], None]
) -> None:
    """Train jobs in processes of their own.

    SIGINT does not reach these processes: Ctrl-C is for the process that started them, and they end with it.

    Parameters
    ----------
    jobs : sequence of Job
        All jobs; each process gets a copy, which holds only the file's name where the samples are mapped.
    indices : sequence of int
        The jobs to train.
    workers : int
        The most processes.
    on_event : callable
        Called in this process with every event of :func:`~emg_recognition.training.jobs.train_job`.

    Raises
    ------
    EmgRecognitionError
        If a job fails or a process is killed; finished jobs are kept.
    """
    # Spawned, not forked: a fork of a process with TensorFlow's threads may hang.
    context = multiprocessing.get_context("spawn")
    inbox: queue.SimpleQueue[Event | Future[None] | None] = queue.SimpleQueue()
    with without_warning():
        events: SimpleQueue[Event | None] = context.SimpleQueue()
    # The workers end when this pipe is closed: by the code below, or because this process is gone.
    stop, stopper = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(
        max_workers=min(workers, len(indices)),
        mp_context=context,
        initializer=_start_worker,
        initargs=(pickle.dumps(list(jobs)), events, stop),
    )
    try:
        with without_sigint():
            futures = [executor.submit(_train, index) for index in indices]
        for future in futures:
            future.add_done_callback(inbox.put)
        threading.Thread(target=_forward, args=(events, inbox), daemon=True).start()
        _receive(inbox, len(futures), on_event)
        events.put(None)  # behind the last event of every worker
        while (event := inbox.get()) is not None:
            on_event(event)  # type: ignore[arg-type]
    except BrokenProcessPool as error:
        raise EmgRecognitionError(
            "a training process was killed; finished networks are kept: check the free memory, then run again"
            " to continue"
        ) from error
    finally:
        stopper.close()
        executor.shutdown(cancel_futures=True)
        stop.close()


def _receive(inbox: queue.SimpleQueue[Any], unfinished: int, on_event: Callable[[Event], None]) -> None:
    """Pass on events until all futures are done; raise the error of the first that fails."""
    while unfinished:
        item = inbox.get()
        if isinstance(item, Future):
            item.result()
            unfinished -= 1
        else:
            on_event(item)


def _forward(events: SimpleQueue[Event | None], inbox: queue.SimpleQueue[Any]) -> None:
    """Move events from the processes' queue to the inbox, so that one call waits for events and futures."""
    try:
        while (event := events.get()) is not None:
            inbox.put(event)
    except (EOFError, OSError):
        return
    inbox.put(None)


# What a worker process holds: its jobs, and the queue for their events.
_held: dict[str, Any] = {}


def _start_worker(pickled_jobs: bytes, events: SimpleQueue[Event | None], stop: Connection) -> None:
    """Prepare a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, args=(stop,), daemon=True).start()
    with without_information():
        import tensorflow as tf
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    _held.update(jobs=pickle.loads(pickled_jobs), events=events)


def _train(index: int) -> None:
    """Train one job in a worker process."""
    from emg_recognition.training.jobs import train_job

    try:
        train_job(index, _held["jobs"][index], _held["events"].put)
    except EmgRecognitionError as error:
        raise EmgRecognitionError(str(error)) from None  # the subclasses cannot be sent to another process
    except Exception as error:
        raise EmgRecognitionError(f"a training process failed: {traceback.format_exc()}") from error
