"""A subscription with a thread of its own, which gets a message sooner and cheaper than an executor does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import QoSProfile

from emg_recognition.ros.polling import Unexecuted
from emg_recognition.ros.surprises import surprises_of, surviving

M = TypeVar("M")

#: How often a thread without messages looks whether it should end, ns.
_LOOK_EVERY = 100_000_000


class ReceivingThread(Generic[M]):
    """Subscribe, and pass each message to the callback in a thread that waits for nothing else.

    rclpy's executors wait for everything that a node has, and build that list anew each time: a message
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
    topic : str
        Its name, relative or not.
    callback : callable
        Called with each message.
    profile : rclpy.qos.QoSProfile
        As offered by the publisher, or less strict.
    """

    def __init__(
        self,
        node: Node,
        kind: type[M],
        topic: str,
        callback: Callable[[M], None],
        profile: QoSProfile,
    ) -> None:
        self._node, self._kind = node, kind
        self._callback = surviving(node, callback)
        self._context = node.context
        self._subscription = node.create_subscription(
            kind, topic, callback, profile, callback_group=Unexecuted()
        )
        self._stopping = False
        self._thread = threading.Thread(target=self._receive, name=topic, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread after the message that it is busy with; allowed at any time."""
        self._stopping = True
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
            while not self._stopping and self._context.ok():
                wait_set.clear_entities()
                wait_set.add_subscription(handle)
                wait_set.wait(_LOOK_EVERY)
                while (message := self._take()) is not None and not self._stopping:
                    self._callback(message)

    def _take(self) -> M | None:
        try:
            found = self._subscription.handle.take_message(self._kind, False)
        except Exception as error:  # e.g. a text that is not UTF-8
            surprises_of(self._node).refuse(self._subscription.topic_name, error)
            return None
        return None if found is None else found[0]
