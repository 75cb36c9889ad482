"""Opening bags: their files, their compression, and errors for what is not a bag."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import numpy as np
import pytest
import yaml
import zstandard
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin

from emg_recognition.bags.reader import find_files, open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import SampleBlock


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(
        RecordingError, match=r"nowhere: there is no such file or folder; give the path of a bag"
    ):
        open_bag(tmp_path / "nowhere")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(RecordingError, match=r"it holds no file with \.mcap or \.db3; give the folder"):
        open_bag(tmp_path)


def test_a_folder_without_its_file_is_refused(arm, tmp_path):
    (arm.ours(tmp_path / "bag") / "bag_0.mcap").unlink()
    with pytest.raises(RecordingError, match=r"it holds no file of bag_0\.mcap"):
        open_bag(tmp_path / "bag")


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("a.mcap", b"", "a.mcap: it is empty; give a ROS 2 bag"),
        ("a.db3", b"", "a.db3: it is empty; give a ROS 2 bag"),
        ("a.mcap", b"Dear diary, today nothing\n", "it is neither MCAP nor sqlite3"),
        ("a.db3", b"Dear diary, today nothing\n", "it is neither MCAP nor sqlite3"),
        ("a.mcap", b"\x89MCA", "it is truncated after 4 bytes"),
        ("a.bag", b"#ROSBAG V2.0\n", "it is a ROS 1 bag; convert it with rosbags-convert"),
        ("a.db3", b"SQLite format 3\0" + bytes(100), "it cannot be read as a sqlite3 bag"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, answer):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError) as error:
        open_bag(tmp_path / name)
    assert answer in str(error.value)
    if not name.endswith(".bag"):
        with pytest.raises(RecordingError, match="recording"):
            open_bag(tmp_path)


def test_a_file_is_recognised_by_its_content(arm, tmp_path):
    path = arm.mcap(tmp_path / "recording.bin")
    with open_bag(path) as bag:
        assert sum(len(batch) for batch in bag.batches(bag.topics)) == len(arm.rows)


def test_without_metadata_files_are_sorted_by_number(recording, signal, tmp_path):
    folder = tmp_path / "bag"
    folder.mkdir()
    for number in (0, 2, 10, 1):
        part = recording()
        part.samples(number * 100, signal[:100])
        part.mcap(folder / f"bag_{number}.mcap")
    found = find_files(folder)
    assert [path.name for path in found.files] == [f"bag_{number}.mcap" for number in (0, 1, 2, 10)]
    assert found.problems == (
        "metadata.yaml is missing: the recorder was killed, or only the file was copied",
    )


def split(recording, signal, folder, storage):
    """Write a bag of three files, unsorted in its metadata, as early versions of rosbag2 did."""
    folder.mkdir()
    rows = []
    for name, begin in (("b", 0), ("a", 700), ("c", 1400)):
        part = recording()
        part.samples(begin, signal[begin : begin + 600])
        getattr(part, storage)(folder / f"{name}.{'mcap' if storage == 'mcap' else 'db3'}")
        rows += part.rows
    ending = "mcap" if storage == "mcap" else "db3"
    information = {
        "version": 3,
        "storage_identifier": "mcap" if storage == "mcap" else "sqlite3",
        "relative_file_paths": [f"bag/{name}.{ending}" for name in "bac"],
        "compression_mode": "",
    }
    (folder / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": information}))
    return rows


@pytest.mark.parametrize("storage", ["mcap", "humble"])
def test_several_files_are_one_bag(recording, signal, tmp_path, storage):
    rows = split(recording, signal, tmp_path / "bag", storage)
    with open_bag(tmp_path / "bag") as bag:
        assert [data for _, _, data in bag.messages(bag.topics)] == [row[3] for row in rows]
        assert len(bag.topics) == 1
        shares = [bag.fraction_read for _ in bag.batches(bag.topics)]
        assert shares == sorted(shares)
        assert 0 < shares[0] < 0.4
        assert shares[-1] == pytest.approx(1, abs=0.05)


def test_a_lost_file_is_reported(recording, signal, tmp_path):
    rows = split(recording, signal, tmp_path / "bag", "mcap")
    (tmp_path / "bag" / "a.mcap").unlink()
    (tmp_path / "bag" / "c.mcap").write_bytes(b"")
    with open_bag(tmp_path / "bag") as bag:
        assert [data for _, _, data in bag.messages(bag.topics)] == [row[3] for row in rows[:120]]
        assert bag.problems[0] == "a.mcap is missing although metadata.yaml lists it"
        assert bag.problems[1].startswith("c.mcap was skipped: ")
        assert "it is empty" in bag.problems[1]
        assert len(bag.problems) == 2


@pytest.mark.parametrize("text", ["", "a: [", "rosbag2_bagfile_information: 3", "{}", "\x00", "- 1"])
def test_unreadable_metadata_is_reported_and_not_needed(arm, tmp_path, text):
    path = arm.ours(tmp_path / "bag")
    (path / "metadata.yaml").write_text(text)
    with open_bag(path) as bag:
        assert sum(len(batch) for batch in bag.batches(bag.topics)) == len(arm.rows)
        (problem,) = bag.problems
    assert problem.startswith("metadata.yaml cannot be read")


def test_archives_labels_and_clock_need_no_bag_library():
    # Training and the live nodes import these modules; bag libraries would cost them time and memory.
    modules = ("archive", "labels", "sample_clock", "events")
    code = "import sys\n" + "".join(f"import emg_recognition.recordings.{name}\n" for name in modules)
    code += "print(sorted({'rosbags', 'mcap', 'scipy'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize("mode", [CompressionMode.FILE, CompressionMode.MESSAGE])
@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_compressed_bags(recording, signal, tmp_path, mode, storage):
    made = recording()
    made.samples(0, signal[:1000], chunk=1)
    made.rosbag2(tmp_path / "bag", storage, (mode, CompressionFormat.ZSTD))
    with open_bag(tmp_path / "bag") as bag:
        assert [(topic.name, time, data) for topic, time, data in bag.messages(bag.topics)] == [
            (name, time, message) for name, _, time, message in made.rows
        ]
        blocks = [event for event in EmgBag(bag).events() if isinstance(event, SampleBlock)]
        assert bag.fraction_read == pytest.approx(1, abs=0.01)
        assert bag.problems == []
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), signal[:1000])


def test_a_damaged_compressed_bag_is_refused(arm, tmp_path):
    path = arm.rosbag2(tmp_path / "bag", StoragePlugin.MCAP, (CompressionMode.FILE, CompressionFormat.ZSTD))
    file = path / "bag.mcap.zstd"
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(RecordingError, match="it is compressed and cannot be read"):
        open_bag(path)


def test_a_compression_that_is_not_known_is_named(arm, tmp_path):
    path = arm.rosbag2(tmp_path / "bag", StoragePlugin.MCAP, (CompressionMode.FILE, CompressionFormat.ZSTD))
    text = (path / "metadata.yaml").read_text()
    (path / "metadata.yaml").write_text(text.replace("compression_format: zstd", "compression_format: rar"))
    with pytest.raises(RecordingError, match="each file is compressed by rar; decompress it"):
        open_bag(path)


def test_a_compressed_file_that_unpacks_to_gigabytes_is_refused(arm, tmp_path):
    path = arm.rosbag2(tmp_path / "bag", StoragePlugin.MCAP, (CompressionMode.FILE, CompressionFormat.ZSTD))
    packer = zstandard.ZstdCompressor().compressobj()
    piece = bytes(1 << 24)
    bomb = b"".join([packer.compress(piece) for _ in range(64)]) + packer.flush()
    assert len(bomb) < 1 << 20
    (path / "bag.mcap.zstd").write_bytes(bomb)
    with pytest.raises(RecordingError, match=r"unpack to more than .* MiB, as no signals do"):
        open_bag(path)


def test_a_compressed_message_that_unpacks_to_gigabytes_is_skipped(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal[:100], chunk=10)
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 28))
    made.rosbag2(tmp_path / "bag", StoragePlugin.SQLITE3, (CompressionMode.MESSAGE, CompressionFormat.ZSTD))
    (file,) = (tmp_path / "bag").glob("*.db3")
    with sqlite3.connect(file) as database:
        database.execute("update messages set data = ? where id = 3", (bomb,))
    database.close()
    with open_bag(tmp_path / "bag") as bag:
        found = [data for _, _, data in bag.messages(bag.topics)]
        assert found == [row[3] for i, row in enumerate(made.rows, 1) if i != 3]
        (problem,) = bag.problems
    assert "a damaged message was skipped" in problem


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 10_000, b"a: &a [*a]", b"{x: " * 5000])
def test_hostile_metadata_is_reported_and_not_needed(arm, tmp_path, content):
    path = arm.ours(tmp_path / "bag")
    (path / "metadata.yaml").write_bytes(content)
    with open_bag(path) as bag:
        assert sum(len(batch) for batch in bag.batches(bag.topics)) == len(arm.rows)
        (problem,) = bag.problems
    assert problem.startswith("metadata.yaml cannot be read")
