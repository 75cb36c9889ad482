"""Members trained at the same time, each process on one core.

Two threads train a network of this size hardly faster than one; two processes train two members in the
time of one. One thread each also gives a member the same order of sums however many run beside it.
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
    from emg_recognition.training.ensemble import Ensemble


def train_in_processes(
    ensemble: Ensemble, numbers: Sequence[int], workers: int, on_event: Callable[[dict[str, Any]], None]
) -> None:
    """Train members in processes of their own.

    Parameters
    ----------
    ensemble : Ensemble
        What the members are made from; each process gets a copy.
    numbers : sequence of int
        The members to train.
    workers : int
        The most processes.
    on_event : callable
        Called in this process with every event of :func:`~emg_recognition.training.ensemble.train_member`.

    Raises
    ------
    EmgRecognitionError
        If a member cannot be trained or a process is killed; finished members stay.
    """
    # Spawned, not forked: a fork of a process with TensorFlow's threads may hang.
    context = multiprocessing.get_context("spawn")
    children: dict[Connection, BaseProcess] = {}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        for _ in range(min(workers, len(numbers))):
            ours, theirs = context.Pipe()
            child: BaseProcess = context.Process(target=_work, args=(theirs,), daemon=True)
            child.start()
            theirs.close()
            children[ours] = child
        # The start of the first child unblocks SIGINT and SIGTERM, whoever may have blocked them.
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _distribute(ensemble, list(numbers), list(children), on_event)
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise EmgRecognitionError(
            "a training process was ended from outside; finished members are kept: "
            "look whether memory is short, then run again to continue"
        ) from error
    finally:
        for pipe, child in children.items():
            child.kill()
            child.join()
            pipe.close()


def _distribute(
    ensemble: Ensemble,
    waiting: list[int],
    pipes: Sequence[Connection],
    on_event: Callable[[dict[str, Any]], None],
) -> None:
    """Give each process a member, and the next one when it is finished, until all are."""
    left = len(waiting)
    for pipe in pipes:
        pipe.send(ensemble)
        pipe.send(waiting.pop(0))
    while left:
        for pipe in cast(list[Connection], wait(pipes)):
            event = pipe.recv()
            if event["event"] == "failed":
                raise EmgRecognitionError(event["message"])
            on_event(event)
            if event["event"] == "member":
                left -= 1
                if waiting:
                    pipe.send(waiting.pop(0))


def _work(pipe: Connection) -> None:
    """Train the members asked for until the parent ends this process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What comes through the pipe is unpacked only now, as it loads TensorFlow.
    with without_information():
        import tensorflow as tf

        from emg_recognition.training.ensemble import train_member
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    try:
        ensemble = pipe.recv()
        while True:
            train_member(ensemble, pipe.recv(), pipe.send)
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
