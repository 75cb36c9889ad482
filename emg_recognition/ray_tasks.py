"""Tasks on the machines of a Ray cluster; a process or machine that dies costs only its tasks.

Large arrays that tasks share travel once to each machine, through Ray's object store, and are mapped there.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.quiet import without_information
from emg_recognition.resources import LIBRARIES, versions
from emg_recognition.tasks import (
    TASKS_A_PROCESS,
    TRIES,
    WORKER_ENVIRONMENT,
    Done,
    Executor,
    for_other_machines,
)

#: How long the head of the cluster may take to answer, s.
_PATIENCE = 3.0
#: The progress of the tasks is fetched this often, s.
_PERIOD = 0.5
#: How long the head may be silent, s. What is asked of Ray then waits, and a minute later Ray ends this
#: process without an exception.
_SILENCE = 10.0
#: Arrays from this size travel through the object store, bytes.
_LARGE = 1 << 20
# What the user called the cluster that this process is connected to; Ray knows it by its number.
_names: list[str] = []
_START = "start one with `ray start --head`, or name its head: host:port"


def connect(address: str) -> None:
    """Connect this process to a cluster; it stays connected.

    Parameters
    ----------
    address : str
        ``host:port`` of the head, or ``auto``.

    Raises
    ------
    SettingError
        If it is no address.
    EmgRecognitionError
        If there is no cluster that can be used.
    """
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or "auto"
    if address != "auto":
        _check_answers(address)
    if ray.is_initialized():
        if address in ("auto", ray.get_runtime_context().gcs_address, *_names):
            return
        ray.shutdown()
    _names.clear()
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except ConnectionError as error:
        if address == "auto":
            raise EmgRecognitionError(f"no Ray cluster runs on this machine; {_START}") from error
        raise EmgRecognitionError(f"the Ray cluster at {address} cannot be used: {error}") from error
    except Exception as error:  # Ray raises many kinds, for example for another version of Ray or Python
        raise EmgRecognitionError(f"the Ray cluster at {address} cannot be used: {error}") from error
    else:
        _names.append(address)
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray has put its own handler there


def _check_answers(address: str) -> None:
    host, _, port = address.rpartition(":")
    if "/" in host or not host or not port.isdecimal():
        raise SettingError("address", address, "write host:port of the cluster's head, or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise EmgRecognitionError(f"no Ray cluster answers at {address} ({why}); {_START}") from error


def run_on_ray(
    function: Callable[..., Any],
    tasks: Sequence[Any],
    executor: Executor,
    on_event: Callable[[int, dict[str, Any]], None] | None,
) -> Generator[Done[Any], None, None]:
    """Run tasks on a cluster, each with one core; see :func:`emg_recognition.tasks.run_tasks`."""
    connect(executor.address or "auto")
    store = _Store()
    mailbox = None if on_event is None else _start_mailbox()
    # Retried here, not by Ray: its limits differ by the way in which a task died.
    remote = ray.remote(
        num_cpus=1, max_retries=0, max_calls=TASKS_A_PROCESS, runtime_env={"env_vars": _environment()}
    )(_worker())
    waiting = deque((index, 1) for index in range(len(tasks)))
    running: dict[Any, _Try] = {}
    head = _Head(ray.get_runtime_context().gcs_address)
    try:
        while waiting or running:
            if not head.answers():
                time.sleep(_PERIOD)
                continue
            while waiting and len(running) < (executor.workers or _at_once()):
                index, tries = waiting.popleft()
                dumped, arrays = store.dump((function, tasks[index]))
                ref = remote.remote(dumped, index, mailbox, *store.borrow(arrays))
                running[ref] = _Try(index, tries, arrays)
            ended, _ = ray.wait(list(running), timeout=_PERIOD)
            if mailbox is not None and on_event is not None:
                with contextlib.suppress(RayActorError):  # without progress, then
                    for index, event in ray.get(mailbox.take.remote()):
                        on_event(index, event)
            for ref in ended:
                one = running.pop(ref)
                done = _ended(ref, one, waiting)
                store.give_back(one.arrays)
                if done is not None:
                    yield done
    finally:
        if not head.silent:
            for ref in running:
                ray.cancel(ref, force=True)
            if mailbox is not None:
                ray.kill(mailbox)


class _Head:
    """The head of the cluster, without which nothing goes on."""

    def __init__(self, address: str) -> None:
        self.silent = False
        self._address = address
        self._heard = time.monotonic()

    def answers(self) -> bool:
        """Return whether it is there; after a long silence raise EmgRecognitionError."""
        try:
            _check_answers(self._address)
        except EmgRecognitionError as error:
            self.silent = True
            if time.monotonic() - self._heard < _SILENCE:
                return False
            problem = f"the Ray cluster at {self._address} no longer answers"
            remedy = "what is finished is kept: start the cluster, and this command again"
            raise EmgRecognitionError(f"{problem}; {remedy}") from error
        self.silent = False
        self._heard = time.monotonic()
        return True


@dataclass
class _Try:
    """A task on the cluster: its number, how often it was tried, and its arrays in the store."""

    index: int
    tries: int
    arrays: list[int]


def _ended(ref: Any, one: _Try, waiting: deque[tuple[int, int]]) -> Done[Any] | None:
    """Return the end of a task; None if it is to be tried again."""
    try:
        kind, said = ray.get(ref)
    except RayTaskError as error:
        text = " ".join(str(error.cause).split())
        return Done(one.index, None, f"unexpected {type(error.cause).__name__}: {text[:200]}")
    except RayError as error:
        if one.tries < TRIES:
            waiting.appendleft((one.index, one.tries + 1))
            return None
        problem = f"its process or machine died {one.tries} times ({type(error).__name__})"
        return Done(one.index, None, f"{problem}; check the free memory there")
    if kind == "refused":
        raise EmgRecognitionError(said)
    return Done(one.index, *said)


def _at_once() -> int:
    """Return how many tasks are to be on the cluster."""
    # More than it has cores: none waits, and an autoscaler sees that more are wanted.
    return max(2 * int(ray.cluster_resources().get("CPU", 0)), 2)


def _environment() -> dict[str, str]:
    return {**WORKER_ENVIRONMENT, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2")}


def _worker() -> Callable[..., Any]:
    """Return the function that runs on the cluster.

    It travels as it is: the machine may have another version of this package, or none.
    """
    libraries, ours = LIBRARIES, versions(*LIBRARIES)

    def work(dumped: bytes, index: int, mailbox: Any, *arrays: Any) -> tuple[str, Any]:
        import importlib
        import platform

        remedy = "install the same one on every machine of the cluster"
        try:
            from emg_recognition.resources import versions

            theirs = versions(*libraries)
        except ImportError as error:
            return "refused", f"the machine {platform.node()} cannot load emg_recognition ({error}); {remedy}"
        for name in sorted(ours.keys() & theirs.keys() - {"python"}):  # Ray compares Python
            if ours[name] != theirs[name]:
                both = f"{name} {theirs[name]}, this one {ours[name]}"
                return "refused", f"the machine {platform.node()} has {both}; {remedy}"
        return "done", importlib.import_module("emg_recognition.ray_tasks").do(dumped, arrays, index, mailbox)

    return work


def do(dumped: bytes, arrays: Sequence[np.ndarray], index: int, mailbox: Any) -> tuple[Any, str | None]:
    """Do a task on the cluster; return its result, or the problem.

    Parameters
    ----------
    dumped : bytes
        The function and the task.
    arrays : sequence of numpy.ndarray
        The large arrays of the task.
    index : int
        Number of the task.
    mailbox : actor or None
        Takes the events.
    """
    from emg_recognition.tasks import answer

    with without_information():
        function, task = _Unpickler(dumped, arrays).load()
    sent: list[Any] = []

    def report(event: dict[str, Any]) -> None:
        sent[:] = [mailbox.put.remote(index, event)]

    said = answer(function, task, None if mailbox is None else report)
    with contextlib.suppress(RayActorError):
        ray.get(sent)  # the last event is there before the result is
    return said


def _start_mailbox() -> Any:
    """Start what keeps the events of the tasks until they are fetched, on this machine."""

    class Mailbox:
        def __init__(self) -> None:
            self.events: list[tuple[int, dict[str, Any]]] = []

        def put(self, index: int, event: dict[str, Any]) -> None:
            self.events.append((index, event))

        def take(self) -> list[tuple[int, dict[str, Any]]]:
            events, self.events = self.events, []
            return events

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0)(Mailbox).options(scheduling_strategy=here).remote()


class _Store:
    """Arrays in Ray's object store, each once, for as long as a task on the cluster needs it."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[np.ndarray, Any]] = {}
        self._users: dict[int, int] = {}

    def dump(self, task: Any) -> tuple[bytes, list[int]]:
        """Pickle a task without its large arrays; return the names of these, too."""
        file = io.BytesIO()
        pickler = _Pickler(file, self)
        with for_other_machines():
            pickler.dump(task)
        for name in pickler.arrays:
            self._users[name] = self._users.get(name, 0) + 1
        return file.getvalue(), pickler.arrays

    def keep(self, array: np.ndarray) -> int:
        """Put an array into the store, unless it is there; return its name."""
        if id(array) not in self._kept:
            self._kept[id(array)] = array, ray.put(np.asarray(array))
        return id(array)

    def borrow(self, arrays: Iterable[int]) -> list[Any]:
        """Return the references of arrays."""
        return [self._kept[name][1] for name in arrays]

    def give_back(self, arrays: Iterable[int]) -> None:
        """Remove arrays that no task needs any longer."""
        for name in arrays:
            self._users[name] -= 1
            if not self._users[name]:
                del self._users[name], self._kept[name]


class _Pickler(ray.cloudpickle.CloudPickler):
    """Pickles functions of the running script, too; leaves large arrays to the store."""

    def __init__(self, file: io.BytesIO, store: _Store) -> None:
        super().__init__(file, protocol=5)
        self.arrays: list[int] = []
        self._store = store

    def persistent_id(self, thing: Any) -> int | None:
        """Return the number of an array that stays out of the pickle."""
        if not isinstance(thing, np.ndarray) or thing.nbytes < _LARGE or thing.dtype.hasobject:
            return None
        name = self._store.keep(thing)
        if name not in self.arrays:
            self.arrays.append(name)
        return self.arrays.index(name)


class _Unpickler(pickle.Unpickler):
    """Puts the arrays of the store back."""

    def __init__(self, dumped: bytes, arrays: Sequence[np.ndarray]) -> None:
        super().__init__(io.BytesIO(dumped))
        self._arrays = arrays

    def persistent_load(self, number: int) -> np.ndarray:
        """Return an array, read-only and mapped."""
        return self._arrays[number]
