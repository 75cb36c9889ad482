"""Acquisition, preprocessing and classifier in one process, which hand their results to each other directly.

The nodes are those of the three separate programs, with their names, parameters, topics and messages.
"""

from __future__ import annotations

import sys
import threading
from collections import deque

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.msg import EmgWindow
from emg_recognition.nodes.acquisition_node import AcquisitionNode
from emg_recognition.nodes.classifier_node import ClassifierNode
from emg_recognition.nodes.preprocessing_node import PreprocessingNode
from emg_recognition.ros.runner import run
from emg_recognition.ros.surprises import surviving


class Judge(threading.Thread):
    """Give windows to the classifier in a thread of its own, so that the armband is read meanwhile.

    Parameters
    ----------
    classifier : ClassifierNode
        Takes the windows. If more of them wait than its parameter ``queue`` allows, it has fallen behind: the
        newest one is next, and the classifier counts the others as dropped.
    """

    def __init__(self, classifier: ClassifierNode) -> None:
        super().__init__(name="classifier", daemon=True)
        self._take = surviving(classifier, classifier.take)
        self._most = classifier.queue
        self._waiting: deque[EmgWindow] = deque()
        self._changed = threading.Condition()
        self._stopping = False

    def put(self, window: EmgWindow) -> None:
        """Take the next window without waiting."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self._waiting.clear()
            self._waiting.append(window)
            self._changed.notify()

    def close(self) -> None:
        """End after the window that the classifier is busy with."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Wait for windows until it is closed."""
        while (window := self._next()) is not None:
            self._take(window)

    def _next(self) -> EmgWindow | None:
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait()
            return None if self._stopping else self._waiting.popleft()


class Chain:
    """The three nodes."""

    finished = False

    def __init__(self) -> None:
        # From its end: the first sample must find the others ready.
        self._classifier = ClassifierNode(fed=True)
        self._judge = Judge(self._classifier)
        self._preprocessing = PreprocessingNode(fed=True, feed=self._judge.put)
        self._judge.start()
        self._acquisition = AcquisitionNode(feed=surviving(self._preprocessing, self._preprocessing.take))
        self.nodes = (self._acquisition, self._preprocessing, self._classifier)

    @property
    def failure(self) -> EmgRecognitionError | None:
        """Why one of the nodes has failed."""
        failures = (node.failure for node in self.nodes)
        return next((failure for failure in failures if failure is not None), None)

    def close(self) -> None:
        """Stop the armband, then the others."""
        self._acquisition.close()
        self._preprocessing.close()
        self._judge.close()
        self._classifier.close()

    def destroy_node(self) -> None:
        """Destroy all nodes."""
        for node in self.nodes:
            node.destroy_node()


def main() -> int:
    """Run the nodes."""
    return run("chain", Chain)


if __name__ == "__main__":
    sys.exit(main())
