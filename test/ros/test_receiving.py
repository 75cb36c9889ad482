"""A thread of its own gets every message in order, and its errors and its end are the node's."""

import threading
import time

import pytest
from emg_recognition.msg import ActionLabel

from emg_recognition.errors import SampleError
from emg_recognition.ros import qos
from emg_recognition.ros.receiving import ReceivingThread


@pytest.fixture
def publisher(witness):
    return witness.node.create_publisher(ActionLabel, "emg/label", qos.WITNESS)


def test_every_message_arrives_in_order_without_an_executor(witness, publisher):
    taken, threads = [], set()

    def take(message):
        taken.append(message.index)
        threads.add(threading.current_thread().name)

    receiver = ReceivingThread(witness.node, ActionLabel, "emg/label", take, qos.WITNESS)
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


@pytest.mark.parametrize("error", [SampleError("one", "two"), ZeroDivisionError("three")])
def test_an_error_of_the_callback_is_the_nodes_failure(witness, publisher, error):
    def fail(_message):
        raise error

    receiver = ReceivingThread(witness.node, ActionLabel, "emg/label", fail, qos.WITNESS)
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    publisher.publish(ActionLabel())
    witness.spin_until(lambda: getattr(witness.node, "failure", None), "the failure")
    assert witness.node.failure is error
    receiver.close()


def test_it_ends_with_the_context(witness):
    receiver = ReceivingThread(witness.node, ActionLabel, "emg/label", lambda _: None, qos.WITNESS)
    time.sleep(0.01)  # it waits for a message now
    witness.node.context.try_shutdown()
    receiver.close()
