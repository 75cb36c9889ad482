"""Subscriptions that are read in bulk, because rclpy's executor spends more on waiting than on callbacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

#: Most messages before timers and services have their turn.
_AT_ONCE = 100


class _NoCallbacks(CallbackGroup):
    """Keep its subscriptions out of every executor."""

    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
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
    """

    def __init__(self, node: Node, kind: type, topic: str, profile: QoSProfile, *, raw: bool = False) -> None:
        self._node, self._kind, self._raw = node, kind, raw
        self._subscription = node.create_subscription(
            kind, topic, lambda _: None, profile, callback_group=_NoCallbacks(), raw=raw
        )

    def take(self) -> Iterator[tuple[Any, int]]:
        """Yield each new message, and when it was received (system time, ns since the epoch)."""
        # As in rclpy.wait_for_message and rclpy's executors.
        take = self._subscription.handle.take_message
        while (found := take(self._kind, self._raw)) is not None:
            message, about = found
            # Not every middleware tells the time.
            yield message, about["received_timestamp"] or time.time_ns()

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)


def subscribe_in_bulk(
    node: Node, kind: type, topic: str, callback: Callable[[Any], None], profile: QoSProfile
) -> Subscription:
    """Subscribe, and pass all waiting messages to the callback whenever one wakes the executor.

    A message after a pause arrives as early as with ``node.create_subscription``, but a node that is late,
    as in fast replay, catches up several times faster.

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

    Returns
    -------
    rclpy.subscription.Subscription
        As from ``node.create_subscription``.
    """

    def receive(message: Any) -> None:
        callback(message)
        for _ in range(_AT_ONCE):
            found = subscription.handle.take_message(kind, False)
            if found is None:
                return
            callback(found[0])

    subscription: Subscription = node.create_subscription(kind, topic, receive, profile)
    return subscription
