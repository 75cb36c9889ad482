"""sqlite3 bags are read in the order of their rows, with their own definitions or those of this package."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from emg_recognition.bags import sqlite_file
from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import SampleBlock


def read(path):
    with open_bag(path) as bag:
        found = [(topic.name, topic.type, time, data) for topic, time, data in bag.messages(bag.topics)]
        return found, list(bag.problems)


def samples(path):
    with open_bag(path) as bag:
        blocks = [event for event in EmgBag(bag).events() if isinstance(event, SampleBlock)]
        return np.concatenate([block.samples for block in blocks]), list(bag.problems)


def test_messages_are_in_the_order_of_the_rows(arm, tmp_path):
    arm.rows.insert(0, arm.rows.pop())
    assert read(arm.humble(tmp_path / "bag.db3")) == (arm.rows, [])


def test_a_bag_can_be_opened_in_one_thread_and_read_in_another(arm, tmp_path):
    with open_bag(arm.humble(tmp_path / "bag.db3")) as bag, ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: list(bag.messages(bag.topics))).result()
        assert [(topic.name, topic.type, time, data) for topic, time, data in found] == arm.rows
        assert bag.problems == []


def test_definitions_of_the_bag_come_before_those_of_this_package(recording, other_types, signal, tmp_path):
    shuffled = (
        "float32[] data\nbool restart\nstring unit\nuint64 dropped_before\n"
        "uint16 channels\nfloat64 rate\nuint64 first_index\nstd_msgs/Header header\n"
    )
    made = recording(types=other_types(EmgSamples=shuffled))
    made.samples(0, signal)
    with_definitions = made.rosbag2(tmp_path / "bag")
    found, problems = samples(with_definitions)
    assert np.array_equal(found, signal)
    assert problems == []
    ours = recording()
    ours.samples(0, signal)
    found, problems = samples(ours.humble(tmp_path / "humble.db3"))
    assert np.array_equal(found, signal)
    assert problems == [
        "the bag holds no message definitions; those of this version are used",
    ]


def test_a_type_without_a_definition_is_refused(tmp_path):
    path = tmp_path / "bag.db3"
    with sqlite3.connect(path) as database:
        database.executescript(
            "create table topics(id, name, type, serialization_format);"
            "create table messages(id integer primary key, topic_id, timestamp, data);"
            "insert into topics values (1, '/thing', 'some_msgs/msg/Thing', 'cdr');"
        )
    database.close()
    with (
        open_bag(path) as bag,
        pytest.raises(RecordingError, match=r"topic /thing is of type some_msgs/msg/Thing, which"),
    ):
        bag.deserialize(bag.topics[0], b"\x00\x01\x00\x00")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_bag_of_a_killed_recorder(arm, tmp_path, mode):
    # What is on the disk during a transaction: committed rows, and others that never were committed.
    original = arm.humble(tmp_path / "bag.db3")
    database = sqlite3.connect(original, isolation_level=None)
    database.execute(f"pragma journal_mode={mode}")
    database.execute("pragma cache_spill=1")
    database.execute("pragma cache_size=2")
    name, kind, time, message = arm.rows[0]
    database.execute("insert into messages(topic_id, timestamp, data) values (1, ?, ?)", (time, message))
    database.execute("begin")
    for _ in range(200):
        database.execute("insert into messages(topic_id, timestamp, data) values (1, ?, ?)", (7, message * 9))
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in tmp_path.glob("bag.db3*"):
        shutil.copy(file, killed)
    database.execute("rollback")
    database.close()
    names = sorted(file.name for file in killed.iterdir())
    assert f"bag.db3-{'wal' if mode == 'wal' else 'journal'}" in names
    contents = {name: (killed / name).read_bytes() for name in names}
    found, problems = read(killed / "bag.db3")
    assert found == [*arm.rows, (name, kind, time, message)]
    assert problems == ["bag.db3: the recorder did not close it; what was saved is read"]
    # The bag itself is not changed.
    assert {file.name: file.read_bytes() for file in killed.iterdir()} == contents


def test_a_closed_bag_on_a_read_only_disk(arm, tmp_path):
    path = arm.humble(tmp_path / "bag.db3")
    with sqlite3.connect(path) as database:
        database.execute("pragma journal_mode=wal")
    database.close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert read(path) == (arm.rows, [])
        assert [file.name for file in tmp_path.iterdir()] == ["bag.db3"]
    finally:
        tmp_path.chmod(0o755)


def test_a_damaged_page_ends_the_bag_and_is_reported(arm, tmp_path):
    path = arm.humble(tmp_path / "bag.db3")
    content = bytearray(path.read_bytes())
    begin = content.find(arm.rows[len(arm.rows) // 2][3]) // 4096 * 4096
    content[begin : begin + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    found, problems = read(path)
    assert found == arm.rows[: len(found)]
    assert len(found) < len(arm.rows)
    (problem,) = problems
    assert "bag.db3: it is damaged after message" in problem


def test_another_database_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "a.db3") as database:
        database.execute("create table songs(name)")
    database.close()
    with pytest.raises(RecordingError, match="it cannot be read as a sqlite3 bag"):
        open_bag(tmp_path / "a.db3")


FREE = (
    "create table m(id integer primary key, topic_id, timestamp, data); insert into m select * from messages;"
    "drop table messages; alter table m rename to messages;"
    "create table t(id integer primary key, name, type, serialization_format);"
    "insert into t select id, name, type, serialization_format from topics;"
    "drop table topics; alter table t rename to topics;"
)
"""Tables without types and constraints, which take anything."""


def change(path, script):
    with sqlite3.connect(path) as database:
        database.executescript(script)
    database.close()
    return path


@pytest.mark.parametrize(
    "damage",
    [
        "update messages set timestamp = null where id = 4",
        "update messages set timestamp = 'noon' where id = 4",
        "update messages set timestamp = 1.5 where id = 4",
        "update messages set timestamp = x'00' where id = 4",
        "update messages set data = null where id = 4",
        "update messages set data = 'text' where id = 4",
        "update messages set data = 7 where id = 4",
        "update messages set data = zeroblob(70000000) where id = 4",
    ],
)
def test_a_damaged_row_is_skipped_and_reported(arm, tmp_path, damage):
    found, problems = read(change(arm.humble(tmp_path / "bag.db3"), FREE + damage))
    assert found == [row for i, row in enumerate(arm.rows, 1) if i != 4]
    assert problems == ["bag.db3: 1 rows without a time or a message were skipped"]


@pytest.mark.parametrize("value", ["null", "1", "x'00'", "zeroblob(2000000)"])
@pytest.mark.parametrize("column", ["name", "type", "serialization_format"])
def test_a_damaged_topic_is_skipped_and_reported(arm, tmp_path, column, value):
    path = change(
        arm.humble(tmp_path / "bag.db3"), f"{FREE} update topics set {column} = {value} where id = 1"
    )
    found, problems = read(path)
    assert 0 < len(found) < len(arm.rows)
    assert problems == ["bag.db3: a damaged row of its table topics was skipped"]


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n)"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (
            "drop table messages; create view messages as "
            f"{ENDLESS} select i as id, 1 as topic_id, 1 as timestamp, x'00' as data from n",
            "it has no table messages",
        ),
        (
            f"drop table topics; create view topics as {ENDLESS} "
            "select i as id, 'a' as name, 'b' as type, 'cdr' as serialization_format from n",
            "it has no table topics",
        ),
        (
            "drop table messages; create table messages(id integer primary key, topic_id, timestamp,"
            " data as (zeroblob(900000000)))",
            "its table messages has columns that are computed",
        ),
        ("alter table messages rename column data to body", "its table messages has no column data"),
        ("drop table messages", "it has no table messages"),
    ],
)
def test_tables_that_are_programs_are_refused(arm, tmp_path, script, problem):
    path = change(arm.humble(tmp_path / "bag.db3"), script)
    with pytest.raises(RecordingError, match=f"it cannot be read as a sqlite3 bag .{problem}"):
        open_bag(path)


def test_triggers_do_nothing(arm, tmp_path):
    path = change(
        arm.humble(tmp_path / "bag.db3"),
        "create trigger t after insert on messages begin insert into messages select * from messages; end;",
    )
    before = path.read_bytes()
    assert read(path) == (arm.rows, [])
    assert path.read_bytes() == before


def test_a_tree_of_pages_without_end_is_left(tmp_path, monkeypatch):
    path = tmp_path / "bag.db3"
    change(
        path,
        "create table topics(id integer primary key, name, type, serialization_format);"
        "create table messages(id integer primary key, topic_id, timestamp, data);"
        "insert into topics values (1, '/a', 'b/msg/C', 'cdr');"
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 20000)"
        " insert into messages select i, 2, i, x'00' from n;",
    )
    monkeypatch.setattr(sqlite_file, "_STEPS", 20_000)
    monkeypatch.setattr(sqlite_file, "_STEPS_AT_ONCE", 10_000)
    monkeypatch.setattr(sqlite_file, "_STEPS_PER_BYTE", 0)
    with open_bag(path) as bag:
        assert list(bag.messages(bag.topics)) == []
        (problem,) = bag.problems
    assert "it is damaged after message 0 (interrupted)" in problem


def test_a_journal_cannot_have_another_file_deleted(arm, tmp_path):
    path = arm.humble(tmp_path / "bag.db3")
    victim = tmp_path / "precious"
    victim.write_text("x")
    # A hot journal that names a super-journal, as of a transaction over two databases.
    other = tmp_path / "other.db3"
    shutil.copy(path, other)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("attach ? as other", (str(other),))
    database.execute("pragma cache_size=2")
    database.execute("begin")
    database.execute("insert into messages(topic_id, timestamp, data) values (1, 1, zeroblob(100000))")
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in tmp_path.glob("bag.db3*"):
        shutil.copy(file, killed)
    database.execute("rollback")
    database.close()
    name = str(victim).encode()
    tail = (
        struct.pack(">I", 0) + name + struct.pack(">II", len(name), sum(name)) + b"\xd9\xd5\x05\xf9 \xa1c\xd7"
    )
    with (killed / "bag.db3-journal").open("ab") as journal:
        journal.write(tail)
    with pytest.raises(RecordingError, match="its journal belongs to another database, too"):
        open_bag(killed / "bag.db3")
    assert victim.read_text() == "x"
