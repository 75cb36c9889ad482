"""A subscription with a thread of its own, which gets a message sooner and cheaper than an executor does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import QoSProfile

from emg_recognition.ros.following import Followed
from emg_recognition.ros.publishers import IdentifiedSubscription
from emg_recognition.ros.surprises import surviving

M = TypeVar("M")

#: How often a thread without messages looks whether it should end, s.
_LOOK_EVERY = 0.1


class ReceivingThread(Generic[M]):
    """Subscribe, and pass each message to the callback in a thread that waits for nothing else.

    rclpy's executors wait for everything that a node has, and build that list again each time: a message
    costs 0.47 ms of processor time with SingleThreadedExecutor, 0.15 ms with a thread, and is there 0.1 ms
    sooner (``docs/reference/benchmarks.md``). All messages that wait are taken at once, so a node that is
    late, as in fast replay, catches up several times faster.

    Callbacks run beside those of the executor: what both use needs a lock. Their unexpected errors are
    survived as in the executor.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    kind : type
        The message type.
    followed : Followed
        What takes the messages; its topic may be relative, and remappings apply.
    profile : rclpy.qos.QoSProfile
        As offered by the publisher, or less strict.
    rest : callable, optional
        Asked when no message waits; returns for how long (s) the next ones may wait. They are then taken
        together, which costs one wake-up instead of one for each.
    """

    def __init__(
        self,
        node: Node,
        kind: type[M],
        followed: Followed[M],
        profile: QoSProfile,
        *,
        rest: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._callback = surviving(node, followed.receive)
        self._rest = rest
        self._context = node.context
        name = followed.topic
        self._subscription = IdentifiedSubscription(node, kind, name, profile)
        followed.attach(self._subscription)
        self._stopping = threading.Event()
        # No daemon: Python would end it in the middle of C++ and abort. It ends with the context.
        self._thread = threading.Thread(target=self._receive, name=name)
        self._thread.start()

    def close(self) -> None:
        """End the thread after the message that it is busy with; allowed at any time."""
        self._stopping.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _receive(self) -> None:
        try:
            self._receive_until_closed()
        except Exception:
            if self._context.ok():  # otherwise rclpy has shut down meanwhile
                raise

    def _receive_until_closed(self) -> None:
        # As rclpy.wait_for_message does it.
        wait_set = rclpy_implementation.WaitSet(1, 0, 0, 0, 0, 0, self._context.handle)
        handle = self._subscription.handle
        with handle:  # not destroyed while it is waited for
            while not self._stopping.is_set() and self._context.ok():
                wait_set.clear_entities()
                wait_set.add_subscription(handle)
                wait_set.wait(round(_LOOK_EVERY * 1e9))
                while (taken := self._subscription.take()) is not None and not self._stopping.is_set():
                    self._callback(*taken)
                if (rest := self._rest()) > 0:
                    self._stopping.wait(min(rest, _LOOK_EVERY))
