"""Subscriptions that are read in bulk, because rclpy's executor spends more on waiting than on callbacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile

from emg_recognition.ros.surprises import surprises_of


class Unexecuted(CallbackGroup):
    """Keep its subscriptions out of every executor."""

    def can_execute(self, entity: Any) -> bool:
        """Whether an executor may call a callback: never."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Whether an executor may begin to: never."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Nothing is ever executed."""


class PolledTopic:
    """A subscription whose messages wait in DDS, with their time of receipt, until they are taken.

    rclpy's executor needs 0.5 ms for a message, mostly to wait for the next one; taking one costs
    0.03 ms. That makes 4 % of a core instead of 22 % at 400 messages a second.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    kind : type
        The message type.
    topic : str
        Its name, relative or not.
    profile : rclpy.qos.QoSProfile
        Its depth has to hold the messages between two calls.
    raw : bool
        Yield the serialised bytes (CDR) instead of messages.
    check : callable, optional
        Raises a :class:`MessageError` for a message that is left out.
    """

    def __init__(
        self,
        node: Node,
        kind: type,
        topic: str,
        profile: QoSProfile,
        *,
        raw: bool = False,
        check: Callable[[Any], None] | None = None,
    ) -> None:
        self._check = check
        self._node, self._kind, self._raw = node, kind, raw
        self._subscription = node.create_subscription(
            kind, topic, lambda _: None, profile, callback_group=Unexecuted(), raw=raw
        )

    def take(self) -> Iterator[tuple[Any, int]]:
        """Yield each new message, and when it was received (system time, ns since the epoch)."""
        # As in rclpy.wait_for_message and rclpy's executors.
        take = self._subscription.handle.take_message
        while True:
            try:
                found = take(self._kind, self._raw)
                if found is not None and self._check is not None:
                    self._check(found[0])
            except Exception as error:  # also a text that is not UTF-8, or too few bytes
                surprises_of(self._node).refuse(str(self._subscription.topic_name), error)
                continue
            if found is None:
                return
            message, about = found
            # Not every middleware tells the time.
            yield message, about["received_timestamp"] or time.time_ns()

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)
