"""Jobs trained at the same time, each process on one core.

Two threads train a network of this size hardly faster than one; two processes train two in the time
of one. One thread each also gives a job the same order of sums however many run beside it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, cast

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.quiet import without_information

if TYPE_CHECKING:
    from emg_recognition.training.jobs import Job


def run_in_processes(
    jobs: Sequence[Job], indices: Sequence[int], workers: int, on_event: Callable[[dict[str, Any]], None]
) -> None:
    """Train jobs in processes of their own.

    Parameters
    ----------
    jobs : sequence of Job
        All jobs; each process gets a copy, of mapped samples only the name of their file.
    indices : sequence of int
        Those to train.
    workers : int
        The most processes.
    on_event : callable
        Called in this process with every event of :func:`~emg_recognition.training.jobs.train_job`.

    Raises
    ------
    EmgRecognitionError
        If a job cannot be done or a process is killed; what is finished stays.
    """
    # Spawned, not forked: a fork of a process with TensorFlow's threads may hang.
    context = multiprocessing.get_context("spawn")
    children: dict[Connection, BaseProcess] = {}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        for _ in range(min(workers, len(indices))):
            ours, theirs = context.Pipe()
            child: BaseProcess = context.Process(target=_work, args=(theirs,), daemon=True)
            child.start()
            theirs.close()
            children[ours] = child
        # The start of the first child unblocks SIGINT and SIGTERM, whoever may have blocked them.
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _distribute(jobs, list(indices), list(children), on_event)
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise EmgRecognitionError(
            "a training process was ended from outside; what is finished is kept: "
            "look whether memory is short, then run again to continue"
        ) from error
    finally:
        for pipe, child in children.items():
            child.kill()
            child.join()
            pipe.close()


def _distribute(
    jobs: Sequence[Job],
    waiting: list[int],
    pipes: Sequence[Connection],
    on_event: Callable[[dict[str, Any]], None],
) -> None:
    """Give each process a job, and the next one when it is finished, until all are."""
    left = len(waiting)
    for pipe in pipes:
        pipe.send(jobs)
        pipe.send(waiting.pop(0))
    while left:
        for pipe in cast(list[Connection], wait(pipes)):
            event = pipe.recv()
            if event["event"] == "failed":
                raise EmgRecognitionError(event["message"])
            on_event(event)
            if event["event"] == "job":
                left -= 1
                if waiting:
                    pipe.send(waiting.pop(0))


def _work(pipe: Connection) -> None:
    """Train the jobs asked for until the parent ends this process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What comes through the pipe is unpacked only now, as it loads TensorFlow.
    with without_information():
        import tensorflow as tf

        from emg_recognition.training.jobs import train_job
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    try:
        jobs = pipe.recv()
        while True:
            index = pipe.recv()
            train_job(index, jobs[index], pipe.send)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has gone
    except EmgRecognitionError as error:
        pipe.send({"event": "failed", "message": str(error)})
    except Exception:
        pipe.send({"event": "failed", "message": f"a training process failed: {traceback.format_exc()}"})


def _end_with_parent() -> None:
    """End this process when the parent has gone, however it went."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
