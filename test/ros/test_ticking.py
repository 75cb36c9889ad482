"""A thread of its own ticks at a fixed rate, wakes for messages, and does not disturb the executor."""

import threading
import time

import numpy as np
import pytest
from std_msgs.msg import Bool

from emg_recognition.ros import qos
from emg_recognition.ros.publishers import IdentifiedSubscription
from emg_recognition.ros.ticking import TickingThread

PERIOD = 0.05


class Journal:
    """Notes what a ticking thread does."""

    def __init__(self, node):
        self.lock = threading.RLock()
        self.events = []
        self.failing = False
        subscription = IdentifiedSubscription(node, Bool, "exo/enable", qos.WITNESS)
        self.thread = TickingThread(
            node, PERIOD, self.tick, [(subscription, self.take)], lambda: self.note("poll"), self.lock
        )

    def note(self, what):
        self.events.append((what, time.monotonic()))

    def tick(self):
        self.note("tick")
        if self.failing:
            raise ZeroDivisionError("unexpected")

    def take(self, message, publisher):
        assert publisher
        self.note(message.data)

    def times(self, what):
        return [when for event, when in self.events if event == what]

    def count(self, what):
        return len(self.times(what))


@pytest.fixture
def journal(witness):
    journal = Journal(witness.node)
    journal.thread.start()
    yield journal
    journal.thread.close()


def test_it_ticks_at_its_rate_and_polls_before_each_tick_and_more_often(witness, journal):
    witness.spin_until(lambda: journal.count("tick") >= 11, "ticks")
    ticks = journal.times("tick")[:11]
    # Late ticks do not shift the others.
    assert np.ptp(ticks) == pytest.approx(10 * PERIOD, abs=0.8 * PERIOD)
    kinds = [what for what, _ in journal.events]
    assert all(kinds[number - 1] == "poll" for number, what in enumerate(kinds) if what == "tick")
    assert kinds.count("poll") > 2 * kinds.count("tick")


def test_messages_do_not_wait_for_the_tick_and_come_in_order(witness, journal):
    publisher = witness.node.create_publisher(Bool, "exo/enable", qos.WITNESS)
    witness.spin_until(publisher.get_subscription_count, "the subscription")
    sent = [bool(number % 3) for number in range(250)]
    ticks = journal.count("tick")
    for value in sent:
        publisher.publish(Bool(data=value))
    witness.spin_until(lambda: journal.count(True) + journal.count(False) == len(sent), "all messages")
    assert [what for what, _ in journal.events if isinstance(what, bool)] == sent
    # Between the ticks: as many messages as this in 20 a second would take far longer.
    assert journal.count("tick") - ticks < len(sent) / 4


def test_a_restart_puts_the_next_tick_off(witness, journal):
    witness.spin_until(lambda: journal.count("tick") >= 2, "ticks")
    begin = time.monotonic()
    while time.monotonic() < begin + 4 * PERIOD:
        with journal.lock:
            journal.thread.restart()
        time.sleep(PERIOD / 10)
    with journal.lock:
        ticks = [when for when in journal.times("tick") if when > begin]
    assert len(ticks) <= 1  # one that was due already
    witness.spin_until(lambda: journal.times("tick")[-1] > begin + 4 * PERIOD, "a tick")


def test_the_lock_keeps_it_out_and_missed_ticks_are_left_out(witness, journal):
    with journal.lock:
        before = len(journal.events)
        time.sleep(10 * PERIOD)
        assert len(journal.events) == before
        ticks = journal.count("tick")
    time.sleep(2.5 * PERIOD)
    assert 1 <= journal.count("tick") - ticks <= 5


def test_unexpected_errors_are_survived_and_counted(witness, journal):
    journal.failing = True
    witness.spin_until(lambda: journal.count("tick") >= 3, "ticks")
    assert witness.node.surprises.count >= 2
    assert "ZeroDivisionError" in witness.node.surprises.newest
    assert journal.thread.failure is None


def test_it_ends_when_it_is_closed_and_with_the_context(witness):
    journal = Journal(witness.node)
    journal.thread.close()  # before it has begun
    journal = Journal(witness.node)
    journal.thread.start()
    journal.thread.close()
    journal.thread.close()
    before = len(journal.events)
    time.sleep(2 * PERIOD)
    assert len(journal.events) == before
    journal = Journal(witness.node)
    journal.thread.start()
    witness.node.context.try_shutdown()
    journal.thread._thread.join(5.0)
    assert not journal.thread._thread.is_alive()
    assert journal.thread.failure is None
