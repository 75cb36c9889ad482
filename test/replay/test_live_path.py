"""Stretches, gaps and lost samples are counted as the signal path counts them."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import SampleError
from emg_recognition.replay.live_path import StreamLog
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import suited_settings


def test_a_gap_a_restart_and_a_new_run_start_stretches():
    log = StreamLog()
    log.add(0, 100, 5)
    log.add(0, 105, 5)
    log.add(0, 120, 5, dropped=10)
    log.add(0, 125, 5, restart=True)
    log.add(1, 0, 5)
    found = [(s.run, s.first, s.last, s.missing) for s in log.stretches]
    assert found == [(0, 100, 109, 0), (0, 120, 124, 10), (0, 125, 129, 0), (1, 0, 4, 0)]
    counters = log.counters(windows=3, settling_windows=2)
    assert (counters.samples, counters.starts, counters.gaps, counters.missing_samples) == (25, 4, 2, 10)
    assert (counters.dropped_by_device, counters.windows, counters.settling_windows) == (10, 3, 2)


def test_after_a_refused_chunk_the_stream_starts_again():
    log = StreamLog()
    log.add(0, 0, 5)
    log.refuse(dropped=2)
    log.add(0, 10, 5)
    assert [(s.first, s.last, s.missing) for s in log.stretches] == [(0, 4, 0), (10, 14, 5)]
    counters = log.counters(windows=0, settling_windows=0)
    assert (counters.refused_chunks, counters.dropped_by_device, counters.gaps) == (1, 2, 1)


@pytest.mark.parametrize("seed", range(5))
def test_it_counts_as_the_pipeline_does(seed):
    rng = np.random.default_rng(seed)
    pipeline = Pipeline(suited_settings(rate=500.0, channels=2, unit="V"), 10)
    log = StreamLog()
    index = 50
    for _ in range(200):
        index += int(rng.choice([0, 0, 0, 0, 7, -20]))
        index = max(index, 0)
        restart = bool(rng.random() < 0.05)
        count = int(rng.integers(0, 9))
        samples = rng.normal(size=(count, 2)).astype(np.float32)
        if count and rng.random() < 0.05:
            samples[-1, 0] = np.nan
        try:
            pipeline.push(samples, index, restart=restart)
        except SampleError:
            log.refuse()
        else:
            log.add(0, index, count, restart=restart)
        index += count
    theirs, ours = pipeline.counters, log.counters(windows=0, settling_windows=0)
    assert ours.gaps > 5
    assert (ours.samples, ours.starts, ours.gaps, ours.missing_samples) == (
        theirs.samples,
        theirs.starts,
        theirs.gaps,
        theirs.missing_samples,
    )
