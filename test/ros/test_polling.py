"""Waiting messages are taken in bulk, each once and in order."""

import time
from itertools import pairwise

import pytest
from emg_recognition.msg import ActionLabel

from emg_recognition.ros import qos
from emg_recognition.ros.polling import PolledTopic, subscribe_in_bulk


@pytest.fixture
def publish(witness):
    """Return a function that publishes numbered messages without spinning."""
    publisher = witness.node.create_publisher(ActionLabel, "emg/label", qos.WITNESS)

    def send(count):
        witness.spin_until(publisher.get_subscription_count, "the subscription")
        for number in range(count):
            publisher.publish(ActionLabel(index=number))
        # DDS delivers in other threads.
        time.sleep(0.5)

    return send


def test_a_polled_topic_yields_every_message_with_its_time_of_receipt(witness, publish):
    topic = PolledTopic(witness.node, ActionLabel, "emg/label", qos.WITNESS)
    before = time.time_ns()
    publish(500)
    after = time.time_ns()
    # The executor takes none of the messages.
    witness.spin_for(0.2)
    taken = list(topic.take())
    assert [message.index for message, _ in taken] == list(range(500))
    times = [received for _, received in taken]
    assert times == sorted(times)
    assert before < times[0] < times[-1] < after
    assert list(topic.take()) == []


def test_a_late_node_gets_many_messages_at_once_but_timers_still_run(witness, publish):
    happened = []
    subscribe_in_bulk(
        witness.node, ActionLabel, "emg/label", lambda message: happened.append(message.index), qos.WITNESS
    )
    witness.node.create_timer(0.0001, lambda: happened.append("timer"))
    publish(500)
    witness.spin_until(lambda: happened.count("timer") > 2000, "the timer")
    indices = [entry for entry in happened if entry != "timer"]
    assert indices == list(range(500))
    # More than one message in each turn, but not all of them before the timer.
    turns = sum(one == "timer" != other for one, other in pairwise(happened))
    assert 4 <= turns <= 20
