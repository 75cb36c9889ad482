"""A thread that works at a fixed rate and wakes for messages, cheaper than an executor does both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.ros.publishers import IdentifiedSubscription
from emg_recognition.ros.surprises import surviving
from emg_recognition.text import printable

#: Longest time between two polls, s.
_POLL = 0.005
#: A tick comes this much early rather than after another wait, s.
_EARLY = 50e-6


class TickingThread:
    """Call back for each message of a few subscriptions at once, and tick at a fixed rate in between.

    rclpy's executors wait for everything that a node has and build that list again each time: with a timer at
    200 Hz and as many messages that costs a fifth of a core. This thread waits only for what must not wait.
    What may wait until the next tick is polled before it. Everything runs under the lock that is given, so
    that callbacks of the executor can exclude it. Unexpected errors are survived as in the executor.

    Parameters
    ----------
    node : rclpy.node.Node
        The node.
    period : float
        Time between two ticks, s.
    tick : callable
        Called at this rate on the steady clock; ticks that were missed are left out.
    urgent : sequence of (IdentifiedSubscription, callable)
        Subscriptions to wake up for, and what takes each message and the identity of its publisher.
    poll : callable
        Called before each tick, and every 5 ms at least.
    lock : context manager
        Held during all callbacks.
    """

    def __init__(
        self,
        node: Node,
        period: float,
        tick: Callable[[], None],
        urgent: Sequence[tuple[IdentifiedSubscription[Any], Callable[[Any, bytes], None]]],
        poll: Callable[[], None],
        lock: AbstractContextManager[Any],
    ) -> None:
        self._period = period
        self._tick, self._poll = surviving(node, tick), surviving(node, poll)
        self._urgent = [(subscription, surviving(node, take)) for subscription, take in urgent]
        self._lock = lock
        self._context = node.context
        self._stopping = False
        self._due = time.monotonic() + period
        #: Why it has ended by itself.
        self.failure: EmgRecognitionError | None = None
        # No daemon: Python would end it in the middle of C++ and abort. It ends with the context.
        self._thread = threading.Thread(target=self._run, name="ticks")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def restart(self) -> None:
        """Let the next tick come one period from now; call it in a callback."""
        self._due = time.monotonic() + self._period

    def close(self) -> None:
        """End the thread after the callback that it is busy with; allowed at any time."""
        self._stopping = True
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._run_until_closed()
        except Exception as error:
            if self._context.ok():  # otherwise rclpy has shut down meanwhile
                self.failure = EmgRecognitionError(
                    f"unexpected, nothing ticks any more: {printable(f'{type(error).__name__}: {error}')}"
                )
                raise

    def _run_until_closed(self) -> None:
        # As rclpy.wait_for_message does it.
        wait_set = rclpy_implementation.WaitSet(len(self._urgent), 0, 0, 0, 0, 0, self._context.handle)
        handles = [subscription.handle for subscription, _ in self._urgent]
        with ExitStack() as used:
            for handle in handles:
                used.enter_context(handle)  # not destroyed while it is waited for
            while not self._stopping and self._context.ok():
                wait_set.clear_entities()
                for handle in handles:
                    wait_set.add_subscription(handle)
                left = min(self._due - time.monotonic(), _POLL)
                wait_set.wait(max(0, round(left * 1e9)))  # below zero it would wait forever
                with self._lock:
                    self._work()

    def _work(self) -> None:
        self._poll()
        for subscription, take in self._urgent:
            for message, publisher in subscription.take_waiting():
                take(message, publisher)
        now = time.monotonic()
        if now < self._due - _EARLY:
            return
        missed = max(0, int((now - self._due) / self._period))
        self._due += (1 + missed) * self._period
        self._tick()
