"""What the chain does when its classifier falls behind; its equality is in ``test_replay_equality.py``."""

import threading

from emg_recognition.nodes.chain_node import Judge


class SlowClassifier:
    """Takes numbers for windows, each only when it is allowed to."""

    queue = 3

    def __init__(self):
        self.taken = []
        self.busy = threading.Semaphore(0)
        self.allowed = threading.Semaphore(0)

    def take(self, window):
        self.taken.append(window)
        self.busy.release()
        assert self.allowed.acquire(timeout=60.0)


def judge_while_busy(waiting):
    """Return what a classifier takes that was busy with window 0 when others came."""
    classifier = SlowClassifier()
    judge = Judge(classifier)
    judge.start()
    judge.put(0)
    assert classifier.busy.acquire(timeout=60.0)
    for window in waiting:
        judge.put(window)
    left = waiting if len(waiting) <= classifier.queue else waiting[-1:]
    for _ in left:
        classifier.allowed.release()
        assert classifier.busy.acquire(timeout=60.0)
    classifier.allowed.release()
    judge.close()
    return classifier.taken


def test_a_burst_that_fits_is_judged_in_order():
    assert judge_while_busy([1, 2, 3]) == [0, 1, 2, 3]


def test_a_classifier_that_has_fallen_behind_goes_on_with_the_newest_window():
    assert judge_while_busy([1, 2, 3, 4]) == [0, 4]


def test_it_ends_with_windows_waiting():
    judge = Judge(SlowClassifier())
    judge.put(1)
    judge.close()
    judge.start()
    judge.join(timeout=60.0)
    assert not judge.is_alive()
