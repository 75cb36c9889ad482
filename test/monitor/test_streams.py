"""Rates, losses, latencies and strengths."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.monitor.streams import Pace, SampleStream

RATE = 1000.0


def feed(stream, first, count, *, dropped=0, restart=False, channels=2, rate=RATE):
    stream.add(np.zeros((count, channels), np.float32), first, first / rate, dropped, restart)


def test_losses_of_the_device_and_of_this_reader_are_counted_separately():
    stream = SampleStream()
    feed(stream, 5000, 10, dropped=7)  # lost before the view was opened
    feed(stream, 5010, 10)
    feed(stream, 5024, 10, dropped=4)  # lost by the device
    feed(stream, 5054, 10)  # two chunks did not arrive here
    feed(stream, 5075, 10, dropped=1)  # and one more, with a loss
    assert (stream.lost, stream.unseen, stream.restarts) == (5, 20 + 10, 0)


def test_a_start_is_a_restart_only_after_another_one():
    stream = SampleStream()
    feed(stream, 0, 10, restart=True)
    assert stream.restarts == 0
    feed(stream, 10, 10)
    feed(stream, 0, 10, restart=True)  # the index restarts, nothing is lost
    assert (stream.restarts, stream.unseen, stream.lost) == (1, 0, 0)


def test_the_rate_is_measured_from_stamps_and_restarts_with_the_stream():
    stream = SampleStream()
    feed(stream, 0, 10, rate=990.0)
    assert stream.rate == 0.0
    for first in range(10, 20_000, 10):
        feed(stream, first, 10, rate=990.0)
    assert stream.rate == pytest.approx(990.0)
    feed(stream, 20_000, 10, restart=True)
    assert stream.rate == 0.0


def test_the_rms_is_without_the_mean_and_the_full_scale_fades():
    stream = SampleStream()
    wave = np.sqrt(2) * np.sin(2 * np.pi * np.arange(100) / 20)
    samples = np.stack([500 + wave, 3 * wave], axis=1).astype(np.float32)
    for first in range(0, 100, 10):
        stream.add(samples[first : first + 10], first, first / RATE, 0, False)
    stream.settle(0.1)
    assert stream.rms == pytest.approx([1.0, 3.0], rel=1e-4)
    assert stream.full_scale == pytest.approx(3.0, rel=1e-4)
    stream.settle(0.1)  # no new samples: the strengths remain
    assert stream.rms == pytest.approx([1.0, 3.0], rel=1e-4)
    stream.add(samples[:, :1] * 0 + samples[:, 1:] / 3, 100, 0.1, 0, False)
    stream.settle(10.0)
    assert stream.rms == pytest.approx([1.0], rel=1e-4)
    assert stream.full_scale == pytest.approx(1.5, rel=1e-3)


def test_a_replaced_device_is_no_error():
    stream = SampleStream()
    feed(stream, 0, 10, channels=2)
    feed(stream, 0, 10, channels=8, restart=True)
    stream.settle(0.1)
    assert stream.rms.shape == (8,)


def test_pace_counts_messages_and_sorts_latencies():
    pace = Pace()
    assert pace.figures(0.0) == (0.0, None, None)
    for tick in range(100):  # four at once, ten times a second
        for _ in range(4):
            pace.add(tick / 10, 0.005 if tick % 10 else 0.040)
    rate, middle, worst = pace.figures(9.9)
    assert rate == pytest.approx(40.0, rel=0.03)
    assert (middle, worst) == (0.005, 0.040)
    assert pace.figures(60.0) == (0.0, None, None)


def test_latencies_between_two_clocks_are_not_shown():
    pace = Pace()
    pace.add(0.0, 0.005)
    pace.add(0.1, -86_400.0)
    assert pace.figures(0.1)[1:] == (None, None)
