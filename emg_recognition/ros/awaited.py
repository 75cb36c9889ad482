"""Wait until named nodes will receive the first message of a topic."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rclpy.node import Node
from rclpy.publisher import Publisher

from emg_recognition.ros.parameters import parameter_error

#: How long to wait for the nodes, s: a busy machine starts six processes.
_WITHIN = 60.0
#: How long to wait for subscribers that nobody has named, s; some can never be reached, because of their QoS.
_OTHERS_WITHIN = 1.0
_LOOK_EVERY = 0.01


def wait_for_nodes(
    node: Node, publisher: Publisher, names: Sequence[str], inside: Sequence[str] = ()
) -> None:
    """Wait until these nodes subscribe to a topic, and until all its subscribers are connected.

    A subscriber that is not connected yet misses messages, and a filter that misses the first samples of a
    stream starts from another state: its windows differ from those of the recording. Other subscribers that
    are there already, such as a recorder, are waited for as well.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that publishes.
    publisher : rclpy.publisher.Publisher
        The topic's publisher.
    names : sequence of str
        The nodes, the value of the parameter ``wait_for``; empty names count for nothing.
    inside : sequence of str
        Those of them that run in this process and get the messages without the topic.

    Raises
    ------
    SettingError
        If one of them does not subscribe within a minute.
    """
    wanted = set(names) - {"", *inside}
    if not wanted:
        return
    topic = publisher.topic_name
    deadline = time.monotonic() + _WITHIN
    while True:
        subscribers = node.get_subscriptions_info_by_topic(topic)
        missing = wanted - {subscriber.node_name for subscriber in subscribers}
        if not missing:
            deadline = min(deadline, time.monotonic() + _OTHERS_WITHIN)
            if publisher.get_subscription_count() >= len(subscribers):
                return
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_EVERY)
    if missing:
        problem = f"start {', '.join(sorted(missing))}: it does not subscribe to {topic}"
        raise parameter_error(node, "wait_for", list(names), problem)
