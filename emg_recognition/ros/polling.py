"""Subscriptions that are read in bulk: rclpy's executor spends more on waiting than most callbacks need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

#: So many messages at most before timers and services have their turn.
_AT_ONCE = 100


class _NoCallbacks(CallbackGroup):
    """Keeps its subscriptions out of every executor."""

    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
        return False

    def ending_execution(self, entity: Any) -> None:
        """Nothing is ever executed."""


class PolledTopic:
    """A subscription whose messages wait in DDS, each with the time of its receipt, until they are taken.

    rclpy's executor needs 0.5 ms for a message, most of it to wait for the next one; taking one costs
    0.03 ms. So 400 messages a second cost 4 % of a core instead of 22 %.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    kind : type
        The message type.
    topic : str
        Its name, relative or not.
    profile : rclpy.qos.QoSProfile
        Its depth has to hold what comes between two calls.
    raw : bool
        Take the bytes as they came (CDR) instead of messages.
    """

    def __init__(self, node: Node, kind: type, topic: str, profile: QoSProfile, *, raw: bool = False) -> None:
        self._kind, self._raw = kind, raw
        self._subscription = node.create_subscription(
            kind, topic, lambda _: None, profile, callback_group=_NoCallbacks(), raw=raw
        )

    def take(self) -> Iterator[tuple[Any, int]]:
        """Yield each message that has come, and when it was received (system time, ns since the epoch)."""
        # As rclpy.wait_for_message and rclpy's executors do it.
        take = self._subscription.handle.take_message
        while (found := take(self._kind, self._raw)) is not None:
            message, about = found
            # Not every middleware says when.
            yield message, about["received_timestamp"] or time.time_ns()


def subscribe_in_bulk(
    node: Node, kind: type, topic: str, callback: Callable[[Any], None], profile: QoSProfile
) -> Subscription:
    """Subscribe; the callback also gets, at once, what waits behind the message that woke the executor.

    The first message of a pause comes as soon as with ``node.create_subscription``. But who is late, as in
    fast replay, catches up several times as fast.

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
        As offered, or less.

    Returns
    -------
    rclpy.subscription.Subscription
        As of ``node.create_subscription``.
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
