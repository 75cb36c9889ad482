"""Each message comes with the identity of its publisher, whatever the name of the topic."""

import threading

import rclpy
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.qos import QoSProfile
from std_msgs.msg import String

from emg_recognition.ownership import same_process
from emg_recognition.ros import qos
from emg_recognition.ros.publishers import (
    IdentifiedSubscription,
    count_publishers,
    count_subscribers,
    subscribe,
)

DEEP = QoSProfile(depth=1000)


def said_by(heard):
    """Return what each publisher said, in order."""
    return {who: [text for text, one in heard if one == who] for who in {one for _, one in heard}}


def test_an_executor_gets_each_message_with_its_publisher_in_order_and_timers_still_run(witness):
    heard, ticks = [], []
    remapped = rclpy.create_node(
        "remapped", context=witness.node.context, cli_args=["--ros-args", "-r", "words:=/far/away/text"]
    )
    topic = subscribe(
        remapped, String, "words", lambda message, publisher: heard.append((message.data, publisher)), DEEP
    )
    assert topic.topic_name == "/far/away/text"
    witness.spin_until(lambda: count_subscribers(remapped, "words") == 1, "itself")
    publishers = [witness.node.create_publisher(String, "/far/away/text", DEEP) for _ in range(2)]
    # Nobody subscribes to the name before remapping.
    unrelated = witness.node.create_publisher(String, "words", DEEP)
    witness._executor.add_node(remapped)
    remapped.create_timer(0.001, lambda: ticks.append(len(heard)))
    witness.spin_until(
        lambda: topic.publishers == 2 and all(one.get_subscription_count() for one in publishers), "the graph"
    )
    # rclpy's own count is that of the name before remapping.
    assert (count_publishers(remapped, "words"), remapped.count_publishers("words")) == (2, 1)
    for number in range(250):
        unrelated.publish(String(data="no"))
        for name, publisher in zip("ab", publishers, strict=True):
            publisher.publish(String(data=f"{name}{number}"))
    witness.spin_until(lambda: len(heard) >= 500, "the messages")
    witness.spin_for(0.1)
    assert sorted(said_by(heard).values()) == [[f"{name}{number}" for number in range(250)] for name in "ab"]
    assert len(ticks) > 3
    nodes = topic.nodes()
    assert {nodes[publisher] for _, publisher in heard} == {"/witness"}
    assert same_process(*{publisher for _, publisher in heard})
    topic.destroy()
    publishers[0].publish(String(data="after the end"))
    witness.spin_for(0.2)
    assert len(heard) == 500
    remapped.destroy_node()


def test_a_plain_thread_with_a_wait_set(witness):
    topic = IdentifiedSubscription(witness.node, String, "words", DEEP)
    publisher = witness.node.create_publisher(String, "words", DEEP)
    heard = []

    def listen():
        wait_set = rclpy_implementation.WaitSet(1, 0, 0, 0, 0, 0, witness.node.context.handle)
        while len(heard) < 100:
            wait_set.clear_entities()
            wait_set.add_subscription(topic.handle)
            wait_set.wait(10_000_000)
            while (found := topic.take()) is not None:
                heard.append(found)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    for number in range(100):
        publisher.publish(String(data=str(number)))
    thread.join(timeout=20.0)
    assert [message.data for message, _ in heard] == [str(number) for number in range(100)]
    assert len({who for _, who in heard}) == 1


def test_messages_that_cannot_be_decoded_are_counted_and_end_nothing(witness):
    heard = []
    topic = subscribe(
        witness.node, String, "words", lambda message, _: heard.append(message.data), qos.WITNESS
    )
    publisher = witness.node.create_publisher(String, "words", qos.WITNESS)
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    # Little-endian CDR: a length of 2 GB, and nothing at all.
    publisher.publish(b"\x00\x01\x00\x00\xff\xff\xff\x7fabcd")
    publisher.publish(b"\x00\x01\x00\x00")
    publisher.publish(String(data="still here"))
    witness.spin_until(lambda: heard, "the good message")
    assert heard == ["still here"]
    assert topic.broken == 2


def test_what_waits_is_taken_past_broken_messages_and_tells_how_long_it_waited(witness):
    topic = IdentifiedSubscription(witness.node, String, "words", qos.WITNESS)
    publisher = witness.node.create_publisher(String, "words", qos.WITNESS)
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    for number in range(120):
        publisher.publish(b"\x00\x01\x00\x00" if number % 3 else String(data=str(number)))
    witness.spin_for(0.3)
    heard = [message.data for message, _ in topic.take_waiting()]
    # A stranger who publishes faster than they are taken keeps nobody busy forever.
    assert heard == [str(number) for number in range(0, 100, 3)]
    assert topic.broken == 66
    assert 0.25 < topic.waited < 5.0
    heard += [message.data for message, _ in topic.take_waiting()]
    assert heard == [str(number) for number in range(0, 120, 3)]
    assert list(topic.take_waiting()) == []
