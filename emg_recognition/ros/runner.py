"""Start, spin and end a node, with one error line, an exit code, and time for its last messages."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from emg_recognition.end_signals import end_signals, ignores_hangup
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.ros.fastdds import fastdds_variables
from emg_recognition.ros.generator import leave_out_generator
from emg_recognition.ros.surprises import Surprises, surprises_of
from emg_recognition.text import printable_lines

#: How often to look for the parent, s.
_PARENT = 0.1
#: How often to look whether a thread has failed while no callback is due, s.
_POLL = 0.5
#: Longest line of an error, characters; it may quote others.
LONGEST_ERROR = 2000


class NodeProgram(Protocol):
    """What the runner needs from a node besides rclpy's own interface."""

    #: Set when the work is done, to end the process with exit code 0.
    finished: bool

    @property
    def failure(self) -> EmgRecognitionError | None:
        """Set by a thread or callback to end the process with an error line and exit code 1."""

    def close(self) -> None:
        """Publish the last messages while publishers still work, and release devices and children."""

    def destroy_node(self) -> None:
        """As rclpy's."""


def run(name: str, create: Callable[[], NodeProgram], args: list[str] | None = None) -> int:
    """Run a node until a signal, the end of its parent, its own end or an error.

    rclpy's own signal handler invalidates the context before the node can publish its last messages,
    so it is switched off and the signals are handled here.

    Parameters
    ----------
    name : str
        Name of the logger for errors before the node exists.
    create : callable
        Creates the node: an rclpy node that satisfies :class:`NodeProgram`, or an object that does and has
        several nodes in its attribute ``nodes``.
    args : list of str, optional
        Command line; default ``sys.argv``.

    Returns
    -------
    int
        Exit code: 0 after a signal or a finished task, 1 after an error, including one in ``close``.
    """
    stop = False
    #: Only a constructor is interrupted: it may be waiting for a port.
    constructing = True

    def request_stop(_number: int, _frame: object) -> None:
        nonlocal stop
        stop = True
        if constructing:
            raise KeyboardInterrupt

    logger = get_logger(name)
    _end_with_the_parent(logger)
    numbers = end_signals()
    for number in numbers:
        # Set explicitly, because a shell makes background jobs ignore SIGINT and SIGQUIT.
        signal.signal(number, request_stop)

    node: NodeProgram | None = None
    executor = None
    stop_waking: Callable[[], None] | None = None
    code = 0
    os.environ.update(fastdds_variables(os.environ))
    leave_out_generator()
    try:
        rclpy.init(args=sys.argv if args is None else args, signal_handler_options=SignalHandlerOptions.NO)
        node = create()
        nodes = cast(Sequence[Node], getattr(node, "nodes", (node,)))
        surprises = surprises_of(nodes[0])
        executor = _Executor(surprises)
        for one in nodes:
            executor.add_node(one)
        stop_waking = _wake_on_signals(nodes[0])
        constructing = False
        while not stop and node.failure is None and not node.finished:
            try:
                executor.spin_once(timeout_sec=_POLL)
            except Exception as error:
                surprises.meet(error)
        # After a signal to the whole process group the armband may end first, which is not a failure.
        if node.failure is not None and not stop:
            raise node.failure
    except EmgRecognitionError as error:
        # A launch file ends all nodes when one of them fails: the signal may come at the same time.
        constructing = False
        logger.fatal(printable_lines(error, LONGEST_ERROR))
        code = 1
    except KeyboardInterrupt:
        pass
    finally:
        constructing = False
        if node is not None:
            try:
                node.close()
            except EmgRecognitionError as error:
                logger.fatal(printable_lines(error, LONGEST_ERROR))
                code = 1
            if stop_waking is not None:
                stop_waking()
            node.destroy_node()
        if executor is not None:
            executor.shutdown()
        rclpy.try_shutdown()
        # Ctrl-C reaches the whole process group, and `ros2 launch` sends it once more; the second one must
        # not interrupt Python's cleanup.
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
    return code


class _Executor(SingleThreadedExecutor):
    """Drops what cannot be decoded, such as a text that is not UTF-8.

    An error while rclpy takes a message leaves its callback group blocked for good, and the node deaf.
    """

    def __init__(self, surprises: Surprises) -> None:
        super().__init__()
        self._surprises = surprises

    def _take_subscription(self, sub: Any) -> Any:
        return self._taken(super()._take_subscription, sub)

    def _take_service(self, srv: Any) -> Any:
        return self._taken(super()._take_service, srv)

    def _take_client(self, client: Any) -> Any:
        return self._taken(super()._take_client, client)

    def _take_waitable(self, waitable: Any) -> Any:
        return self._taken(super()._take_waitable, waitable)

    def _taken(self, take: Callable[[Any], Any], entity: Any) -> Any:
        try:
            return take(entity)
        except Exception as error:
            name = getattr(entity, "topic_name", "") or getattr(entity, "srv_name", "")
            self._surprises.refuse(str(name or type(entity).__name__), error)
            return None


def _wake_on_signals(node: Node) -> Callable[[], None]:
    """Let a signal end the executor's wait; return what undoes it.

    Python handles a signal only when the executor's C code returns. To look for signals ten times a second
    costs a third of a per cent of a core for each node.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    awake = node.create_guard_condition(lambda: None)

    def wake() -> None:
        while os.read(reading, 64):
            awake.trigger()
        os.close(reading)

    thread = threading.Thread(target=wake, name="signals", daemon=True)
    thread.start()

    def undo() -> None:
        signal.set_wakeup_fd(before)
        os.close(writing)
        thread.join()

    return undo


def _end_with_the_parent(logger: RcutilsLogger) -> None:
    """End this process as SIGTERM does when the process that started it is gone.

    `ros2 launch` and `ros2 run` that are killed, or get SIGTERM, leave their nodes alone: an armed bridge, a
    pressed switch. A process that leads a session of its own (`setsid`) or ignores SIGHUP (`nohup`) was
    started to go on without its parent. The parent of a service, process 1, is never gone.
    """
    parent = os.getppid()
    if ignores_hangup() or os.getsid(0) == os.getpid():
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT)
        logger.warning("the process that started this node is gone: it ends as well")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
