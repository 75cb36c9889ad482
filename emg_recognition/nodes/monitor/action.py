"""Model, estimates and labels, as the live view shows them."""

from __future__ import annotations

import time

from rclpy.node import Node

from emg_recognition.monitor.snapshot import Estimate
from emg_recognition.monitor.streams import Pace
from emg_recognition.msg import ActionEstimate, ActionLabel, ModelInfo
from emg_recognition.nodes import qos
from emg_recognition.nodes.conversions import to_nanoseconds
from emg_recognition.nodes.monitor.feed import Feed, glance


class ActionReader:
    """Reads ``emg/model``, ``emg/action`` and ``emg/label``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    """

    def __init__(self, node: Node) -> None:
        self._model = Feed(node, ModelInfo, "emg/model", qos.LATCHED)
        # Half a second at 40 a second.
        self._estimates = Feed(node, ActionEstimate, "emg/action", glance(20))
        self._labels = Feed(node, ActionLabel, "emg/label", qos.LABELS)
        self._pace = Pace()
        self.prompt = ""
        """The action that is prompted or performed; empty without one."""

    def look(self) -> None:
        """Take in what has come."""
        self._model.take()
        for label, _ in self._labels.take():
            if label.event == ActionLabel.START:
                self.prompt = label.action
            elif label.event == ActionLabel.END:
                self.prompt = ""
        now = time.monotonic()
        for estimate, received in self._estimates.take():
            self._pace.add(now, (received - to_nanoseconds(estimate.header.stamp)) * 1e-9)

    @property
    def model(self) -> str:
        """Name of the announced model; empty before it was."""
        return "" if self._model.newest is None else str(self._model.newest.model)

    def estimate(self) -> Estimate | None:
        """Return the newest estimate; None before the first."""
        newest = self._estimates.newest
        if newest is None:
            return None
        rate, latency, worst = self._pace.figures(time.monotonic())
        names = self._names(len(newest.probabilities))
        return Estimate(
            age=self._estimates.age,
            rate=rate,
            action=newest.action,
            confidence=newest.confidence,
            probabilities=tuple(zip(names, newest.probabilities.tolist(), strict=True)),
            latency=latency,
            worst_latency=worst,
        )

    def _names(self, actions: int) -> list[str]:
        model = self._model.newest
        if model is not None and len(model.actions) == actions:
            return list(model.actions)
        return [f"action {number}" for number in range(actions)]
