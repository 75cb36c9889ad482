"""Waiting messages are taken in bulk, each once and in order."""

import time

import pytest
from emg_recognition.msg import ActionLabel
from rclpy.duration import Duration

from emg_recognition.ros import qos
from emg_recognition.ros.polling import PolledTopic


@pytest.fixture
def publish(witness):
    """Return a function that publishes numbered messages without spinning."""
    publisher = witness.node.create_publisher(ActionLabel, "emg/label", qos.WITNESS)

    def send(count):
        witness.spin_until(publisher.get_subscription_count, "the subscription")
        for number in range(count):
            publisher.publish(ActionLabel(index=number))
        # DDS delivers in other threads.
        assert publisher.wait_for_all_acked(Duration(seconds=60.0))

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
