"""Flushed messages survive the end of the writer, and other tools can read the bag."""

from __future__ import annotations

import resource
import shutil

import numpy as np
import pytest
import yaml
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader
from rosbags.interfaces import QosDurability, QosReliability

from emg_recognition.bags.definitions import full_definition
from emg_recognition.bags.reader import open_bag
from emg_recognition.bags.writer import BagWriter, TopicQos
from emg_recognition.errors import RecordingError

SAMPLES = {"/emg/samples": "emg_recognition/msg/EmgSamples"}


@pytest.fixture
def rows(recording, signal):
    made = recording()
    made.samples(0, signal)
    return made.rows


def count(path):
    with open_bag(path) as bag:
        return sum(len(batch) for batch in bag.batches(bag.topics))


def test_flushed_messages_survive_a_killed_writer(rows, tmp_path):
    writer = BagWriter(tmp_path / "bag", SAMPLES)
    for number, (name, _, time, message) in enumerate(rows):
        writer.write(name, time, message)
        if number % 50 == 49:
            writer.flush()
            # A copy of what is on the disk, without anything that the process still holds.
            killed = tmp_path / f"killed_{number}"
            shutil.copytree(tmp_path / "bag", killed)
            assert count(killed) == number + 1
    writer.close()
    assert count(tmp_path / "bag") == len(rows)


def test_the_file_is_numbered_for_reindex(rows, tmp_path):
    with BagWriter(tmp_path / "bag", SAMPLES) as writer:
        writer.write(*rows[0][::2], rows[0][3])
    assert sorted(path.name for path in (tmp_path / "bag").iterdir()) == ["bag_0.mcap", "metadata.yaml"]
    information = yaml.safe_load((tmp_path / "bag" / "metadata.yaml").read_text())
    assert information["rosbag2_bagfile_information"]["relative_file_paths"] == ["bag_0.mcap"]


def test_flush_without_new_messages_writes_nothing(rows, tmp_path):
    with BagWriter(tmp_path / "bag", SAMPLES) as writer:
        file = tmp_path / "bag" / "bag_0.mcap"
        writer.flush()
        writer.write(*rows[0][::2], rows[0][3])
        writer.flush()
        size = file.stat().st_size
        writer.flush()
        assert file.stat().st_size == size
    assert count(tmp_path / "bag") == 1


def test_messages_beyond_one_chunk_are_flushed_too(rows, tmp_path):
    # rosbags itself closes a chunk of 1 MiB; nothing of it may be missing.
    large = rows[0][3] + bytes(300_000)
    writer = BagWriter(tmp_path / "bag", SAMPLES)
    for number in range(4):
        writer.write("/emg/samples", number, large)
    writer.flush()
    shutil.copytree(tmp_path / "bag", tmp_path / "killed")
    assert count(tmp_path / "killed") == 4
    writer.close()


def test_all_readers_agree(rows, tmp_path):
    qos = {"/emg/samples": TopicQos(depth=2000), "/left/emg/info": TopicQos(1, latched=True)}
    topics = {**SAMPLES, "/left/emg/info": "emg_recognition/msg/EmgInfo"}
    with BagWriter(tmp_path / "bag", topics, qos) as writer:
        for name, _, time, message in rows:
            writer.write(name, time, message)
    expected = [(name, time, message) for name, _, time, message in rows]
    with open(tmp_path / "bag" / "bag_0.mcap", "rb") as file:
        reader = make_reader(file, validate_crcs=True)
        found = [(channel.topic, m.log_time, m.data) for _, channel, m in reader.iter_messages()]
        assert found == expected
        assert reader.get_summary().statistics.message_count == len(expected)
    with AnyReader([tmp_path / "bag"]) as reader:
        assert [(c.topic, time, data) for c, time, data in reader.messages()] == expected
        by_topic = {c.topic: c.ext.offered_qos_profiles[0] for c in reader.connections}
    assert by_topic["/emg/samples"].depth == 2000
    assert by_topic["/emg/samples"].reliability is QosReliability.RELIABLE
    assert by_topic["/emg/samples"].durability is QosDurability.VOLATILE
    assert by_topic["/left/emg/info"].durability is QosDurability.TRANSIENT_LOCAL
    with open_bag(tmp_path / "bag") as bag:
        assert [(topic.name, time, data) for topic, time, data in bag.messages(bag.topics)] == expected
        assert bag.topics[0].definition == full_definition(SAMPLES["/emg/samples"])


def test_a_bag_without_messages(tmp_path):
    with BagWriter(tmp_path / "bag", SAMPLES):
        pass
    with open_bag(tmp_path / "bag") as bag:
        assert [topic.name for topic in bag.topics] == ["/emg/samples"]
        assert list(bag.batches(bag.topics)) == []
        assert bag.problems == []
    metadata = yaml.safe_load((tmp_path / "bag" / "metadata.yaml").read_text())
    information = metadata["rosbag2_bagfile_information"]
    assert information["starting_time"]["nanoseconds_since_epoch"] == 0
    assert information["duration"]["nanoseconds"] == 0


def test_an_error_in_the_with_statement_still_closes_the_bag(rows, tmp_path):
    name, _, time, message = rows[0]

    def record():
        with BagWriter(tmp_path / "bag", SAMPLES) as writer:
            writer.write(name, time, message)
            raise RuntimeError("elsewhere")

    with pytest.raises(RuntimeError, match="elsewhere"):
        record()
    with open_bag(tmp_path / "bag") as bag:
        assert sum(len(batch) for batch in bag.batches(bag.topics)) == 1
        assert bag.problems == []


def test_an_existing_folder_is_refused(tmp_path):
    (tmp_path / "bag").mkdir()
    with pytest.raises(RecordingError, match=r"bag: it exists already; choose another name"):
        BagWriter(tmp_path / "bag", SAMPLES)


def test_an_unwritable_path_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"file/bag: it cannot be written \(Not a directory\)"):
        BagWriter(tmp_path / "file" / "bag", SAMPLES)


def test_an_unknown_type_is_refused_before_anything_is_created(tmp_path):
    with pytest.raises(RecordingError, match="type some_msgs/msg/Thing is unknown"):
        BagWriter(tmp_path / "bag", {"/thing": "some_msgs/msg/Thing"})
    assert not (tmp_path / "bag").exists()


def test_a_full_disk_keeps_what_was_flushed(rows, tmp_path):
    writer = BagWriter(tmp_path / "bag", SAMPLES)
    flushed = 0

    def record():
        nonlocal flushed
        for number, (name, _, time, message) in enumerate(rows):
            writer.write(name, time, message)
            if number % 20 == 19:
                writer.flush()
                flushed = number + 1

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limits[1]))
    try:
        with pytest.raises(RecordingError, match=r"it cannot be written \(File too large\); free some space"):
            record()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(RecordingError, match="it is closed, perhaps after an error"):
        writer.write("/emg/samples", 0, rows[0][3])
    writer.flush()
    writer.close()
    assert 0 < flushed < len(rows)
    with open_bag(tmp_path / "bag") as bag:
        batches = list(bag.batches(bag.topics))
        assert sum(len(batch) for batch in batches) >= flushed
        assert np.concatenate([batch.times for batch in batches]).tolist()[:flushed] == [
            time for _, _, time, _ in rows[:flushed]
        ]
        assert any("is truncated" in problem for problem in bag.problems)
