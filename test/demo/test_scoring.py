"""How a live run is scored."""

import numpy as np

from emg_recognition.demo.summary import latencies


def test_latency_is_from_the_true_time_of_the_last_sample():
    # Sample 50 was taken at 2 s, so at 100 Hz sample 80 was at 2.3 s and sample 130 at 2.8 s.
    labels = [{"index": 50, "time": 2_000_000_000}, {"index": 90, "time": 2_400_000_000}]
    found = latencies([(80, 2_304_000_000), (130, 2_810_000_000)], labels, 100.0)
    assert np.allclose(found, [4.0, 10.0])
    assert len(latencies([], labels, 100.0)) == 0
    assert len(latencies([(80, 1)], [], 100.0)) == 0
