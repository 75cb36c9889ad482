"""Samples, device and signal quality, as the live view shows them."""

from __future__ import annotations

import time

from rclpy.node import Node

from emg_recognition.monitor.snapshot import SLOW_STALE, Channel, Quality, Samples
from emg_recognition.monitor.streams import SampleStream
from emg_recognition.msg import EmgInfo, EmgSamples, SignalQuality
from emg_recognition.nodes import qos
from emg_recognition.nodes.conversions import to_matrix, to_nanoseconds
from emg_recognition.nodes.monitor.feed import Feed, glance


class SignalReader:
    """Reads ``emg/samples``, ``emg/info`` and ``emg/quality``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    """

    def __init__(self, node: Node) -> None:
        # Room for a second of chunks of 5 ms.
        self._samples = Feed(node, EmgSamples, "emg/samples", glance(200))
        self._info = Feed(node, EmgInfo, "emg/info", qos.LATCHED)
        self._quality = Feed(node, SignalQuality, "emg/quality", glance(1))
        self._stream = SampleStream()
        self._looked = time.monotonic()

    def look(self) -> None:
        """Take in what has come."""
        self._info.take()
        self._quality.take()
        for chunk, _ in self._samples.take():
            if chunk.channels and len(chunk.data) % chunk.channels == 0:
                self._stream.add(
                    to_matrix(chunk.data, chunk.channels),
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
        """What the device calls itself; empty before it did."""
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
        # Another device may have taken the place of the one that was judged.
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
