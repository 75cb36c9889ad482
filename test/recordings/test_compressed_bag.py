"""Bags that rosbag2 itself has compressed are read through rosbags."""

from __future__ import annotations

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin

from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.emg_bag import EmgBag, SampleBlock


@pytest.mark.parametrize("mode", [CompressionMode.FILE, CompressionMode.MESSAGE])
@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_both_kinds_of_compression(recording, signal, tmp_path, mode, storage):
    made = recording()
    made.samples(0, signal[:1000], chunk=1)
    made.rosbag2(tmp_path / "bag", storage, (mode, CompressionFormat.ZSTD))
    with open_bag(tmp_path / "bag") as bag:
        assert [(topic.name, time, data) for topic, time, data in bag.messages(bag.topics)] == [
            (name, time, message) for name, _, time, message in made.rows
        ]
        blocks = [event for event in EmgBag(bag).events() if isinstance(event, SampleBlock)]
        assert bag.fraction_read == 1
        assert bag.problems == []
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), signal[:1000])


def test_a_damaged_one_is_said(arm, tmp_path):
    path = arm.rosbag2(tmp_path / "bag", StoragePlugin.MCAP, (CompressionMode.FILE, CompressionFormat.ZSTD))
    file = path / "bag.mcap.zstd"
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(RecordingError, match="it is compressed and cannot be read"):
        open_bag(path)
