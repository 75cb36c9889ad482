"""A thread of its own gets every message in order, and its errors and its end are the node's."""

import threading
import time

import pytest
from emg_recognition.msg import ActionLabel

from emg_recognition.messages import check_label
from emg_recognition.ros import qos
from emg_recognition.ros.following import Followed
from emg_recognition.ros.receiving import ReceivingThread


@pytest.fixture
def publisher(witness):
    return witness.node.create_publisher(ActionLabel, "emg/label", qos.WITNESS)


def followed(witness, callback):
    return Followed(witness.node, "emg/label", check_label, callback)


def test_every_message_arrives_in_order_without_an_executor(witness, publisher):
    taken, threads = [], set()

    def take(message):
        taken.append(message.index)
        threads.add(threading.current_thread().name)

    receiver = ReceivingThread(witness.node, ActionLabel, followed(witness, take), qos.WITNESS)
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    for number in range(500):
        publisher.publish(ActionLabel(index=number))
    # The witness spins only to wait: its executor must take none of them.
    witness.spin_until(lambda: len(taken) >= 500, "500 messages")
    assert taken == list(range(500))
    assert threads == {"emg/label"}
    receiver.close()
    receiver.close()
    publisher.publish(ActionLabel(index=500))
    witness.spin_for(0.3)
    assert len(taken) == 500


def test_messages_wait_while_it_rests(witness, publisher):
    taken, rested = [], []

    def rest():
        rested.append(len(taken))
        # For as long as it likes after the first message; it looks up ten times a second.
        return 60.0 if len(taken) == 1 else 0.0

    topic = followed(witness, lambda message: taken.append(message.index))
    receiver = ReceivingThread(witness.node, ActionLabel, topic, qos.WITNESS, rest=rest)
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    publisher.publish(ActionLabel(index=0))
    witness.spin_until(lambda: 1 in rested, "the rest")
    for number in range(1, 6):
        publisher.publish(ActionLabel(index=number))
    witness.spin_until(lambda: len(taken) == 6, "the others")
    assert taken == list(range(6))
    receiver.close()  # at once, also while it rests


def test_an_unexpected_error_is_survived_and_counted(witness, publisher):
    taken = []

    def fail_once(message):
        taken.append(message.index)
        if len(taken) == 1:
            raise ZeroDivisionError("unexpected")

    receiver = ReceivingThread(witness.node, ActionLabel, followed(witness, fail_once), qos.WITNESS)
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    for number in range(2):
        publisher.publish(ActionLabel(index=number))
    witness.spin_until(lambda: len(taken) == 2, "the second message")
    assert witness.node.surprises.count == 1
    assert "ZeroDivisionError" in witness.node.surprises.newest
    receiver.close()


def test_it_ends_with_the_context(witness):
    receiver = ReceivingThread(witness.node, ActionLabel, followed(witness, lambda _: None), qos.WITNESS)
    time.sleep(0.01)  # it waits for a message now
    witness.node.context.try_shutdown()
    receiver.close()
