"""Read one arm's whole graph, for a view of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from emg_recognition.monitor.snapshot import Snapshot
from emg_recognition.ros.monitor_bridge import BridgeReader, ReportReader
from emg_recognition.ros.monitor_signal import ActionReader, SignalReader


class GraphReader:
    """Reads every topic that a view shows; it publishes nothing and delays no other node.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes; its namespace is that of the arm.
    on_samples : callable, optional
        As for :class:`~emg_recognition.ros.monitor_signal.SignalReader`.

    Attributes
    ----------
    signal : SignalReader
    action : ActionReader
    bridge : BridgeReader
    reports : ReportReader
    """

    def __init__(
        self, node: Node, on_samples: Callable[[NDArray[np.float32], float, bool], None] | None = None
    ) -> None:
        self._namespace = node.get_namespace()
        self._opened = time.monotonic()
        self.signal = SignalReader(node, on_samples)
        self.action = ActionReader(node)
        self.bridge = BridgeReader(node)
        self.reports = ReportReader(node)

    def look(self) -> None:
        """Take the new messages."""
        for reader in (self.signal, self.action, self.bridge, self.reports):
            reader.look()

    def snapshot(self) -> Snapshot:
        """Return the graph as it is now."""
        joints, joints_age = self.bridge.joints()
        return Snapshot(
            namespace=self._namespace,
            open_for=time.monotonic() - self._opened,
            device=self.signal.device,
            model=self.action.model,
            prompt=self.action.prompt,
            samples=self.signal.samples(),
            estimate=self.action.estimate(),
            bridge=self.bridge.bridge(),
            stop_input=self.bridge.stop_input(),
            joints=joints,
            joints_age=joints_age,
            reports=self.reports.reports(),
        )
