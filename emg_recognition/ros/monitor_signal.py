"""Read samples, signal quality, estimates and labels for the live view."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from emg_recognition import messages
from emg_recognition.monitor.snapshot import SLOW_STALE, Channel, Estimate, Quality, Samples
from emg_recognition.monitor.streams import Pace, SampleStream
from emg_recognition.msg import ActionEstimate, ActionLabel, EmgInfo, EmgSamples, ModelInfo, SignalQuality
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_matrix
from emg_recognition.ros.polling import PolledTopic
from emg_recognition.ros.stamps import to_nanoseconds


def glance(depth: int) -> QoSProfile:
    """Return a profile with which a slow reader never delays a publisher.

    Best effort matches reliable publishers; messages that a slow terminal misses are lost here only. Latched
    topics (device, model, label) need the profile of their publisher instead.
    """
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)


class Feed:
    """A topic, its newest message, and the age of that message.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    kind : type
        The message type.
    topic : str
        Its name, relative or not.
    profile : rclpy.qos.QoSProfile
        Its depth has to hold the messages between two calls of :meth:`take`.
    check : callable, optional
        Raises a :class:`MessageError` for a message that is left out.

    Attributes
    ----------
    newest : object or None
        The newest message; None before the first.
    """

    def __init__(
        self,
        node: Node,
        kind: type,
        topic: str,
        profile: QoSProfile,
        check: Callable[[Any], None] | None = None,
    ) -> None:
        self._topic = PolledTopic(node, kind, topic, profile, check=check)
        self._seen = -math.inf
        self.newest: Any = None

    def take(self) -> list[tuple[Any, int]]:
        """Return the messages since the last call, and when each was received (system time, ns)."""
        taken = list(self._topic.take())
        if taken:
            self.newest = taken[-1][0]
            self._seen = time.monotonic()
        return taken

    @property
    def age(self) -> float:
        """Time since the newest message was taken, s; infinite before the first."""
        return time.monotonic() - self._seen


class SignalReader:
    """Read ``emg/samples``, ``emg/info`` and ``emg/quality``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    on_samples : callable, optional
        Called with the samples of each chunk, shape (samples, channels), its nominal rate, and whether the
        stream restarts with it.
    """

    def __init__(
        self, node: Node, on_samples: Callable[[NDArray[np.float32], float, bool], None] | None = None
    ) -> None:
        self._on_samples = on_samples
        # One second of chunks of 5 ms.
        self._samples = Feed(node, EmgSamples, "emg/samples", glance(200), messages.check_samples)
        self._info = Feed(node, EmgInfo, "emg/info", qos.LATCHED, messages.check_info)
        self._quality = Feed(node, SignalQuality, "emg/quality", glance(1), messages.check_quality)
        self._stream = SampleStream()
        self._looked = time.monotonic()

    def look(self) -> None:
        """Take the new messages."""
        self._info.take()
        self._quality.take()
        for chunk, _ in self._samples.take():
            samples = to_matrix(chunk.data, chunk.channels)
            if self._on_samples is not None:
                self._on_samples(samples, chunk.rate, chunk.restart)
            self._stream.add(
                samples,
                chunk.first_index,
                to_nanoseconds(chunk.header.stamp) * 1e-9,
                chunk.dropped_before,
                chunk.restart,
            )
        now = time.monotonic()
        self._stream.settle(now - self._looked)
        self._looked = now

    @property
    def device(self) -> str:
        """Name and serial number of the device; empty while unknown."""
        info = self._info.newest
        return "" if info is None else " ".join(word for word in (info.device, info.serial_number) if word)

    def samples(self) -> Samples | None:
        """Return the state of the stream; None before the first chunk."""
        newest, stream = self._samples.newest, self._stream
        if newest is None:
            return None
        return Samples(
            age=self._samples.age,
            unit=newest.unit,
            rate=stream.rate,
            nominal_rate=newest.rate,
            full_scale=stream.full_scale,
            lost=stream.lost,
            restarts=stream.restarts,
            unseen=stream.unseen,
            channels=self._channels(),
        )

    def _channels(self) -> tuple[Channel, ...]:
        strengths = self._stream.rms.tolist()
        names = self._names(len(strengths))
        quality = self._quality.newest if self._quality.age <= SLOW_STALE else None
        # The quality may still be that of another device.
        if quality is None or not len(quality.state) == len(quality.advice) == len(strengths):
            return tuple(Channel(name=name, rms=rms) for name, rms in zip(names, strengths, strict=True))
        return tuple(
            Channel(name=name, rms=rms, quality=_quality(state), advice=advice)
            for name, rms, state, advice in zip(names, strengths, quality.state, quality.advice, strict=True)
        )

    def _names(self, channels: int) -> list[str]:
        info = self._info.newest
        if info is not None and len(info.channel_names) == channels:
            return list(info.channel_names)
        return [str(number) for number in range(1, channels + 1)]


def _quality(state: int) -> Quality:
    return Quality(min(state, Quality.BAD))


class ActionReader:
    """Read ``emg/model``, ``emg/action`` and ``emg/label``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    """

    def __init__(self, node: Node) -> None:
        self._model = Feed(node, ModelInfo, "emg/model", qos.LATCHED, messages.check_model)
        # Half a second at 40 estimates a second.
        self._estimates = Feed(node, ActionEstimate, "emg/action", glance(20), messages.check_estimate)
        self._labels = Feed(node, ActionLabel, "emg/label", qos.LABELS, messages.check_label)
        self._pace = Pace()
        self.prompt = ""
        """The action that is prompted or performed; empty without one."""

    def look(self) -> None:
        """Take the new messages."""
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
    def actions(self) -> tuple[str, ...]:
        """Actions of the announced model; empty while unknown."""
        return () if self._model.newest is None else tuple(self._model.newest.actions)

    @property
    def model(self) -> str:
        """Name of the announced model; empty while unknown."""
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
