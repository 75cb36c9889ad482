"""The words of the nodes on ``/diagnostics``, as the live view shows them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

from emg_recognition.monitor.snapshot import Level, Report
from emg_recognition.nodes.monitor.feed import Feed, glance

#: A node that has been silent for so long was ended on purpose, s.
_FORGET = 60.0


@dataclass
class _Word:
    status: DiagnosticStatus
    heard: float
    since: float


class ReportReader:
    """Keeps the newest word of each node below a namespace.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes; its namespace is that of the arm.
    """

    def __init__(self, node: Node) -> None:
        self._below = node.get_namespace().strip("/")
        # A node says one word a second; a start of many nodes comes in a burst.
        self._arrays = Feed(node, DiagnosticArray, "/diagnostics", glance(50))
        self._words: dict[str, _Word] = {}

    def look(self) -> None:
        """Take in what has come, and forget who left."""
        now = time.monotonic()
        for array, _ in self._arrays.take():
            for status in array.status:
                self._hear(status, now)
        self._words = {name: word for name, word in self._words.items() if now - word.heard < _FORGET}

    def reports(self) -> tuple[Report, ...]:
        """Return the newest word of each node, by name."""
        now = time.monotonic()
        return tuple(
            Report(
                node=name,
                level=_level(word.status),
                message=word.status.message,
                age=now - word.heard,
                since=now - word.since,
                values={pair.key: pair.value for pair in word.status.values},
            )
            for name, word in sorted(self._words.items())
        )

    def _hear(self, status: DiagnosticStatus, now: float) -> None:
        name = status.name.strip("/")
        if self._below:
            if not name.startswith(f"{self._below}/"):
                return
            name = name[len(self._below) + 1 :]
        before = self._words.get(name)
        since = before.since if before is not None and _level(before.status) is _level(status) else now
        self._words[name] = _Word(status, now, since)


def _level(status: DiagnosticStatus) -> Level:
    return Level(min(status.level[0], Level.STALE))
