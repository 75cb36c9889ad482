"""The simulated armband plays any recording in any protocol."""

from __future__ import annotations

import numpy as np
import pytest
from emg_recognition.msg import ActionLabel, EmgSamples
from rclpy.serialization import serialize_message

from emg_recognition.bags.writer import BagWriter
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.recordings.counts import to_counts
from emg_recognition.recordings.open import open_recordings
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats
from emg_recognition.ros.stamps import to_time

RATE = 250.0
START = 1_700_000_000_000_000_000


def archive(path, values, scale):
    half = len(values) // 2
    recordings = from_arrays(
        {
            "x": values,
            "start": [half, 0],
            "length": [half, half],
            "scale": scale,
            "fs": RATE,
            "unit": "V",
            "subject": ["s"] * 2,
            "cohort": ["c"] * 2,
            "session": ["1"] * 2,
            "label": ["rest", "elbow_flexion"],
            "rep": [1, 1],
        },
        "test",
    )
    save_archive(path, recordings)
    return str(path)


def bag(path, values):
    """Write a bag of one action with the time of each sample."""
    topics = {"/emg/samples": EmgSamples, "/emg/label": ActionLabel}
    kinds = {topic: f"emg_recognition/msg/{kind.__name__}" for topic, kind in topics.items()}
    with BagWriter(path, kinds) as writer:
        for event, index in ((ActionLabel.START, 0), (ActionLabel.END, len(values))):
            label = ActionLabel(event=event, action="rest", subject="s", index=index, has_index=True)
            label.header.stamp = to_time(START + int(index / RATE * 1e9))
            writer.write("/emg/label", START, serialize_message(label))
        for first in range(0, len(values), 5):
            stamp = START + int(first / RATE * 1e9)
            message = EmgSamples(
                first_index=first,
                rate=RATE,
                channels=values.shape[1],
                unit="V",
                restart=first == 0,
                data=to_floats(values[first : first + 5]),
            )
            message.header.stamp = to_time(stamp)
            writer.write("/emg/samples", stamp, serialize_message(message))
    return str(path)


def test_counts_are_played_unchanged(rng, tmp_path):
    values = rng.integers(-30000, 30000, (40, 3), np.int16)
    counts, scale = to_counts(open_recordings([archive(tmp_path / "a.npz", values, 7e5)]))
    assert scale == 7e5
    assert np.array_equal(counts, np.concatenate([values[20:], values[:20]]))


@pytest.mark.parametrize("size", [3e-4, 1.0, 2e6, 0.0])
def test_values_in_volts_are_converted_to_24_bits(size, rng, tmp_path):
    values = (size * rng.uniform(-1, 1, (40, 3))).astype(np.float32)
    played = open_recordings([archive(tmp_path / "a.npz", values, 1.0)])
    counts, scale = to_counts(played)
    assert counts.dtype == np.int32
    assert np.abs(counts).max() == (0 if size == 0 else (1 << 23) - 1)
    wanted = np.concatenate([played.segment(0), played.segment(1)])
    assert np.abs(counts / scale - wanted).max() <= np.abs(wanted).max() * 2.0**-23


@pytest.mark.parametrize(("protocol", "channels"), [("emg", 4), ("cyton", 8), ("ascii", 4)])
def test_a_bag_comes_back_through_the_port(protocol, channels, start_node, witness, rng, tmp_path):
    values = rng.normal(0, 1e-4, (400, channels)).astype(np.float32)
    source = bag(tmp_path / "bag", values)
    played = open_recordings([source], cache=tmp_path / "cache").segment(0)
    chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    link = str(tmp_path / "armband")
    start_node("simulated_armband", link=link, archive=source, protocol=protocol, loop=False)
    counts, scale = to_counts(open_recordings([source], cache=tmp_path / "cache"))
    # What a device of each kind cannot report.
    reported = {
        "emg": {},
        "cyton": {"scale": scale},
        "ascii": {"scale": scale, "rate": RATE, "channels": channels, "unit": "V"},
    }
    start_node(
        "acquisition",
        port=link,
        wait_for_port=30.0,
        subscribers=1,
        protocol=protocol,
        **reported[protocol],
    )
    witness.spin_until(lambda: sum(len(c.data) // channels for c in chunks) >= len(played) - 1, "all samples")
    received = np.concatenate([np.frombuffer(c.data, np.float32) for c in chunks]).reshape(-1, channels)
    # The first line read may be incomplete.
    skipped = len(played) - len(received)
    assert skipped <= (protocol == "ascii")
    assert np.array_equal(received, (counts[skipped:] / scale).astype(np.float32))
    assert np.abs(received - played[skipped:]).max() <= np.abs(played).max() * 2.0**-23
    assert sum(c.dropped_before for c in chunks) == 0


def test_an_impossible_device_ends_the_node_with_one_line(start_node, rng, tmp_path):
    values = rng.integers(-300, 300, (40, 3), np.int16)
    node = start_node("simulated_armband", archive=archive(tmp_path / "a.npz", values, 1.0), protocol="cyton")
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    assert "3" in node.log
