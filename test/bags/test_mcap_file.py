"""MCAP files are read in the order of the file up to the last intact chunk, and report what is missing."""

from __future__ import annotations

import re
import struct

import lz4.frame
import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.writer import CompressionType

from emg_recognition.bags import mcap_records
from emg_recognition.bags.mcap_records import RECORD, scan_records
from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import SampleBlock


def messages(path):
    with open_bag(path) as bag:
        found = [(topic.name, topic.type, time, data) for topic, time, data in bag.messages(bag.topics)]
        return found, list(bag.problems)


def records_of(content):
    """Return (opcode, begin, end) of each record of a complete file, including the heads."""
    records, end = scan_records(content, 8, len(content) - 8)
    assert end == len(content) - 8
    return [(record.opcode, record.begin - RECORD.size, record.end) for record in records]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": CompressionType.ZSTD},
        {"compression": CompressionType.LZ4},
        {"use_chunking": False},
        {"enable_crcs": False},
        {
            "enable_crcs": False,
            "enable_data_crcs": False,
            "use_summary_offsets": False,
            "use_statistics": False,
        },
        {"repeat_channels": False, "repeat_schemas": False},
        {"chunk_size": 1},
        {"chunk_size": 10_000_000},
    ],
    ids=str,
)
def test_all_storage_options_give_the_same_messages_in_order(arm, tmp_path, options):
    # A log time that goes back: only the order of the file matters.
    arm.rows.append(arm.rows[3])
    found, problems = messages(arm.mcap(tmp_path / "bag.mcap", **options))
    assert found == arm.rows
    assert problems == []


@pytest.mark.parametrize("piece", [100, 5_000, 20_000])
def test_the_file_can_be_read_in_pieces_of_any_size(arm, tmp_path, monkeypatch, piece):
    monkeypatch.setattr(mcap_records, "_PIECE", piece)
    assert messages(arm.mcap(tmp_path / "a.mcap")) == (arm.rows, [])
    assert messages(arm.mcap(tmp_path / "b.mcap", use_chunking=False)) == (arm.rows, [])


def test_only_requested_topics_are_returned(arm, tmp_path):
    with open_bag(arm.mcap(tmp_path / "bag.mcap")) as bag:
        labels = [topic for topic in bag.topics if topic.name == "/emg/label"]
        (batch,) = [batch for batch in bag.batches(labels) if len(batch)][:1]
        assert batch.topic == labels[0]
        assert {topic.name for topic, _, _ in bag.messages(labels)} == {"/emg/label"}
        assert [name for name, _, _, _ in arm.rows].count("/emg/label") == len(list(bag.messages(labels)))
        assert 0.99 < bag.fraction_read <= 1


@pytest.fixture
def small(recording, rng, tmp_path):
    """Return a small bag as the recorder writes it, with nine messages in each chunk."""
    made = recording()
    made.samples(0, rng.normal(size=(300, 2)).astype(np.float32))
    made.estimate(250, [0.5, 0.5])
    path = made.ours(tmp_path / "small", flush_every=9)
    return made, (path / "small_0.mcap").read_bytes()


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_truncated_anywhere_gives_all_messages_of_its_intact_chunks(small, tmp_path, data):
    made, content = small
    length = data.draw(st.integers(0, len(content) - 1))
    path = tmp_path / "cut.mcap"
    path.write_bytes(content[:length])
    chunk_ends = [end for opcode, _, end in records_of(content) if opcode == 6]
    certain = min(9 * sum(end <= length for end in chunk_ends), len(made.rows))
    try:
        found, problems = messages(path)
    except RecordingError:
        assert length < 8
        return
    assert found == made.rows[: len(found)]
    assert len(found) >= certain
    assert len(problems) == 1
    assert "cut.mcap: it is truncated" in problems[0]
    with open_bag(path) as bag:
        if not bag.topics:
            assert certain == 0
            return
        samples = [event.samples for event in EmgBag(bag).events() if isinstance(event, SampleBlock)]
    assert sum(map(len, samples)) >= 5 * min(certain, 60)


PLACES = {
    "in a chunk": (6, 0.5),
    "in a chunk's head": (6, 0.01),
    "after a chunk": (6, 1.0),
    "in an index": (7, 0.5),
    "after an index": (7, 1.0),
    "in the metadata": (12, 0.5),
    "in the summary": (8, 0.5),
    "in the footer": (2, 0.5),
    "before the end's magic": (2, 1.0),
}


@pytest.mark.parametrize("place", PLACES)
def test_missing_parts_are_reported(small, tmp_path, place):
    made, content = small
    opcode, share = PLACES[place]
    # The second to last chunk and its index (the last chunk has two, for two topics), or the only footer.
    those = [record for record in records_of(content) if record[0] == opcode]
    _, begin, end = those[-1 if len(those) == 1 else -3 if opcode == 7 else -2]
    length = begin + round((end - begin) * share)
    path = tmp_path / "cut.mcap"
    path.write_bytes(content[:length])
    found, (problem,) = messages(path)
    assert found == made.rows[: len(found)]
    if place == "in a chunk":
        assert 54 > len(found) > 45
        left = length - begin
        assert problem == (
            f"cut.mcap: it is truncated, {left} bytes follow its last intact record; "
            f"{len(found) - 45} messages in them could be read"
        )
    elif place == "in a chunk's head":
        assert len(found) == 45
        assert problem.endswith("bytes follow its last intact record")
    elif opcode in (6, 7):
        assert len(found) == 54
        assert problem.startswith("cut.mcap: it is truncated")
    else:
        assert found == made.rows
        if opcode != 12:
            assert problem == "cut.mcap: it is truncated in its index; no message is missing"


@pytest.mark.parametrize("compression", [CompressionType.NONE, CompressionType.ZSTD, CompressionType.LZ4])
def test_a_damaged_chunk_is_skipped_and_reported(arm, tmp_path, compression):
    path = arm.mcap(tmp_path / "bag.mcap", compression=compression)
    content = bytearray(path.read_bytes())
    chunks = [record for record in records_of(bytes(content)) if record[0] == 6]
    _, begin, end = chunks[1]
    content[(begin + end) // 2] ^= 0x55
    path.write_bytes(content)
    found, problems = messages(path)
    lost = [row for row in arm.rows if row not in found]
    assert found == [row for row in arm.rows if row in found]
    assert 0 < len(lost) < len(arm.rows) / 2
    (problem,) = problems
    assert "bag.mcap: a damaged chunk was skipped" in problem


def test_lost_pages_that_read_as_zeros_are_not_messages(small, tmp_path):
    made, content = small
    chunks = [record for record in records_of(content) if record[0] == 6]
    _, begin, end = chunks[3]
    half = (begin + end) // 2
    path = tmp_path / "bag.mcap"
    path.write_bytes(content[:half] + bytes(end - half) + content[end:])
    found, problems = messages(path)
    before = [row for row in made.rows[:36] if row in found]
    # One message may have lost its end; all later ones are there.
    assert 27 <= len(before) < 36
    assert found[-len(made.rows[36:]) :] == made.rows[36:]
    assert any("damaged bytes at the end of a chunk" in problem for problem in problems)


def test_zeros_after_the_last_chunk_end_the_file(small, tmp_path):
    made, content = small
    end = [record for record in records_of(content) if record[0] == 6][4][2]
    path = tmp_path / "bag.mcap"
    path.write_bytes(content[:end] + bytes(5000))
    found, problems = messages(path)
    assert found == made.rows[:45]
    assert problems == ["bag.mcap: it is truncated, 5000 bytes follow its last intact record"]


def test_a_wrong_index_is_not_used(small, tmp_path):
    made, content = small
    changed = bytearray(content)
    for opcode, begin, _ in records_of(content):
        if opcode == 7:  # the offset of the last entry
            count = struct.unpack_from("<I", changed, begin + RECORD.size + 2)[0] // 16
            place = begin + RECORD.size + 6 + 16 * (count - 1) + 8
            (offset,) = struct.unpack_from("<Q", changed, place)
            struct.pack_into("<Q", changed, place, offset + 7)
    path = tmp_path / "bag.mcap"
    path.write_bytes(changed)
    assert messages(path) == (made.rows, [])


def test_an_incomplete_index_is_not_used(small, tmp_path):
    made, content = small
    changed = bytearray(content)
    for opcode, begin, _ in records_of(content):
        if opcode == 7:  # the last entry repeats the first
            count = struct.unpack_from("<I", changed, begin + RECORD.size + 2)[0] // 16
            first = begin + RECORD.size + 6
            last = first + 16 * (count - 1)
            changed[last : last + 16] = changed[first : first + 16]
    path = tmp_path / "bag.mcap"
    path.write_bytes(changed)
    assert messages(path) == (made.rows, [])


def test_unknown_records_are_skipped(small, tmp_path):
    made, content = small
    records = records_of(content)
    chunk = next(begin for opcode, begin, _ in records if opcode == 6)
    private = RECORD.pack(0x90, 3_000_000) + bytes(3_000_000)
    path = tmp_path / "bag.mcap"
    end = next(begin for opcode, begin, _ in records if opcode == 15)
    path.write_bytes(content[:chunk] + private + content[chunk:end] + private + content[end:])
    found, _ = messages(path)
    assert found == made.rows


def test_topics_without_cdr_messages_are_not_listed(tmp_path):
    from mcap.writer import Writer

    with open(tmp_path / "bag.mcap", "wb") as file:
        writer = Writer(file)
        writer.start()
        schema = writer.register_schema("thing", "jsonschema", b"{}")
        channel = writer.register_channel("/thing", "json", schema)
        writer.add_message(channel, 1, b"{}", 1)
        writer.finish()
    assert messages(tmp_path / "bag.mcap") == ([], [])
    with open_bag(tmp_path / "bag.mcap") as bag:
        assert bag.topics == ()


def test_two_versions_of_a_type_in_one_bag(recording, other_types, signal, tmp_path):
    old = "std_msgs/Header header\nuint64 first_index\nfloat64 rate\nuint16 channels\nfloat32[] data\n"
    first, second = recording(), recording(types=other_types(EmgSamples=old))
    first.samples(0, signal[:100])
    second.samples(100, signal[100:200])
    a = first.mcap(tmp_path / "a.mcap")
    b = second.mcap(tmp_path / "b.mcap")
    (tmp_path / "bag").mkdir()
    for number, path in enumerate((a, b)):
        path.rename(tmp_path / "bag" / f"bag_{number}.mcap")
    with open_bag(tmp_path / "bag") as bag:
        assert len(bag.topics) == 2
        blocks = [event for event in EmgBag(bag).events() if isinstance(event, SampleBlock)]
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), signal[:200])
    assert [block.unit for block in blocks] == ["V", "count"]


def record(opcode, content):
    return struct.pack("<BQ", opcode, len(content)) + content


def chunk(data, compression, claimed):
    name = compression.encode()
    head = struct.pack("<QQQI", 0, 0, claimed, 0) + struct.pack("<I", len(name)) + name
    return record(0x06, head + struct.pack("<Q", len(data)) + data)


def hostile(arm, path, content):
    """Put records at the begin of a file without an index."""
    whole = arm.mcap(path).read_bytes()
    header = 8 + 9 + struct.unpack_from("<Q", whole, 9)[0]
    path.write_bytes(whole[:header] + content + whole[header:-40])
    return path


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            chunk(zstandard.compress(bytes(1 << 28)), "zstd", 1 << 28),
            "it claims to unpack from .* KiB to 256 MiB",
        ),
        (chunk(zstandard.compress(bytes(1 << 28)), "zstd", 1 << 20), "unpack to more than"),
        (chunk(lz4.frame.compress(bytes(1 << 28)), "lz4", 1 << 20), "unpack to more than"),
        (chunk(lz4.frame.compress(bytes(1 << 28)), "lz4", 1 << 62), "it claims to unpack from .* PiB"),
        (chunk(b"x", "gzip", 1), "compression is 'gzip'"),
        (chunk(b"x", "a\x1b[2J", 1), "compression is"),
        (
            record(
                0x03,
                struct.pack("<HI", 9, 3)
                + b"a/B"
                + struct.pack("<I", 7)
                + b"ros2msg"
                + struct.pack("<I", 2 << 20)
                + bytes(2 << 20),
            ),
            "a definition of 2 MiB",
        ),
        (record(0x04, struct.pack("<HHI", 9, 0, 1 << 31)), "the damaged record of a topic was skipped"),
        (record(0x05, bytes(70 << 20)), "records of more than 64 MiB were skipped"),
    ],
)
def test_hostile_records_are_skipped_and_the_others_read(arm, tmp_path, content, problem):
    found, problems = messages(hostile(arm, tmp_path / "bag.mcap", content))
    assert found == arm.rows
    assert re.search(problem, " ".join(problems))


def test_ten_thousand_topics_are_enough(arm, tmp_path):
    def channel(i):
        name = b"/t%d" % i
        return record(
            0x04,
            struct.pack("<HHI", 100 + i, 0, len(name))
            + name
            + struct.pack("<I", 3)
            + b"cdr"
            + struct.pack("<I", 0),
        )

    path = hostile(arm, tmp_path / "bag.mcap", b"".join(map(channel, range(11_000))))
    with open_bag(path) as bag:
        assert len(bag.topics) == 10_000
        assert any("more than 10000 topics" in problem for problem in bag.problems)


def test_a_sparse_file_of_30_gb_is_read_as_what_it_holds(arm, tmp_path):
    path = arm.mcap(tmp_path / "bag.mcap")
    with path.open("r+b") as file:
        file.truncate(30 << 30)
    found, problems = messages(path)
    assert found == arm.rows
    assert problems
