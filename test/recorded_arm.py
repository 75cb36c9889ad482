"""Fixtures for tests of bags: recordings of an armband, and every way to store them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from rosbags.interfaces import Nodetype
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from emg_recognition.bags.definitions import own_types
from emg_recognition.bags.writer import BagWriter

OURS = "emg_recognition/msg/"
SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
RATE = 1000.0
TYPES = {
    "emg/samples": OURS + "EmgSamples",
    "emg/info": OURS + "EmgInfo",
    "emg/model": OURS + "ModelInfo",
    "emg/label": OURS + "ActionLabel",
    "emg/action": OURS + "ActionEstimate",
    "exo/bridge_state": OURS + "BridgeState",
}


def build(types, type_name, values):
    """Return a message; fields that are not given are 0 or empty."""
    fields = {}
    for name, (kind, content) in types.fielddefs[type_name][1]:
        if kind == Nodetype.NAME:
            given = values.get(name, {})
            fields[name] = given if not isinstance(given, dict) else build(types, content, given)
        elif kind == Nodetype.BASE:
            fields[name] = values.get(name, "" if content[0] == "string" else 0)
        else:
            inner = content[0][1][0] if content[0][0] == Nodetype.BASE else "string"
            given = values.get(name, (0,) * content[1] if kind == Nodetype.ARRAY else ())
            fields[name] = list(given) if inner == "string" else np.asarray(given, dtype=inner)
    return types.types[type_name](**fields)


@dataclass
class Recording:
    """Messages of an armband: rows of (topic, type, log time in ns, CDR), in the order of reception."""

    namespace: str = ""
    frame: str = "armband"
    types: object = field(default_factory=own_types)
    rows: list = field(default_factory=list)

    def add(self, topic, stamp, *, log_time=None, **values):
        kind = TYPES[topic]
        seconds, nanoseconds = divmod(stamp, SECOND)
        header = {"stamp": {"sec": seconds, "nanosec": nanoseconds}, "frame_id": self.frame}
        known = {name for name, _ in self.types.fielddefs[kind][1]}
        values = {name: value for name, value in values.items() if name in known}
        message = build(self.types, kind, {"header": header, **values})
        name = f"{self.namespace}/{topic}"
        time = stamp + 1000 if log_time is None else log_time
        self.rows.append((name, kind, time, bytes(self.types.serialize_cdr(message, kind))))

    def samples(self, first, data, *, chunk=5, offset=0, **first_message):
        """Add samples in messages of `chunk`; `offset` (ns) is added to their stamps."""
        for begin in range(0, len(data), chunk):
            part = data[begin : begin + chunk]
            values = {"rate": RATE, "channels": data.shape[1], "unit": "V", "data": part.ravel()}
            stamp = START + offset + round((first + begin) / RATE * SECOND)
            self.add("emg/samples", stamp, first_index=first + begin, **{**values, **first_message})
            first_message = {}

    def label(self, event, index, action="", *, has_index=True, **values):
        known = {"repetition": 1, "session": "s1", "subject": "anna", "cohort": "patient"}
        number = ("start", "end", "discard").index(event)
        index_values = {"index": index if has_index else 0, "has_index": has_index}
        stamp = START + round(index / RATE * SECOND)
        self.add("emg/label", stamp, event=number, action=action, **{**known, **index_values, **values})

    def estimate(self, last, probabilities, *, offset=0, **values):
        stamp = START + offset + round(last / RATE * SECOND)
        fields = {"first_index": max(0, last - 199), "last_index": last, "model": "m1", "action": "rest"}
        self.add("emg/action", stamp, probabilities=probabilities, **{**fields, **values})

    def state(self, at, state, action="", **values):
        self.add("exo/bridge_state", START + round(at * SECOND), state=state, action=action, **values)

    # Storage ------------------------------------------------------------------------------------------

    def ours(self, path, flush_every=20):
        """Write it as the recorder does; return the folder."""
        topics = {name: kind for name, kind, _, _ in self.rows}
        with BagWriter(path, topics) as writer:
            for number, (name, _, time, message) in enumerate(self.rows):
                writer.write(name, time, message)
                if number % flush_every == flush_every - 1:
                    writer.flush()
        return Path(path)

    def rosbag2(self, path, storage=StoragePlugin.SQLITE3, compression=None, definitions="ros2msg"):
        """Write it with rosbags, with the definitions of this recording's types."""
        writer = Writer(path, version=8, storage_plugin=storage)
        if compression is not None:
            writer.set_compression(*compression)
        with writer:
            connections = {}
            for name, kind, time, message in self.rows:
                if name not in connections:
                    known = {"typestore": self.types}
                    if definitions != "ros2msg":
                        known = {"msgdef": definitions[kind], "rihs01": self.types.hash_rihs01(kind)}
                    connections[name] = writer.add_connection(name, kind, **known)
                writer.write(connections[name], time, message)
        return Path(path)

    def mcap(self, path, **options):
        """Write one file with the mcap library; return it."""
        settings = {"compression": CompressionType.NONE, "chunk_size": 8000, **options}
        with open(path, "wb") as file:
            writer = McapWriter(file, **settings)
            writer.start(profile="ros2", library="test")
            schemas, channels = {}, {}
            for name, kind, time, message in self.rows:
                if kind not in schemas:
                    text = self.types.generate_msgdef(kind, ros_version=2)[0].encode()
                    schemas[kind] = writer.register_schema(name=kind, encoding="ros2msg", data=text)
                if name not in channels:
                    channels[name] = writer.register_channel(name, "cdr", schemas[kind])
                writer.add_message(channels[name], time, message, time)
            writer.finish()
        return Path(path)

    def humble(self, path):
        """Write a sqlite3 file as Humble does, without definitions; return it."""
        with sqlite3.connect(path) as database:
            database.executescript(
                "create table schema(schema_version integer primary key, ros_distro text not null);"
                "create table metadata(id integer primary key, metadata_version integer not null,"
                " metadata text not null);"
                "create table topics(id integer primary key, name text not null, type text not null,"
                " serialization_format text not null, offered_qos_profiles text not null);"
                "create table messages(id integer primary key, topic_id integer not null,"
                " timestamp integer not null, data blob not null);"
                "create index timestamp_idx on messages (timestamp asc);"
                "insert into schema values (3, 'humble');"
            )
            keys = {}
            for name, kind, time, message in self.rows:
                if name not in keys:
                    keys[name] = len(keys) + 1
                    database.execute(
                        "insert into topics values (?, ?, ?, 'cdr', '')", (keys[name], name, kind)
                    )
                database.execute(
                    "insert into messages(topic_id, timestamp, data) values (?, ?, ?)",
                    (keys[name], time, message),
                )
        database.close()
        return Path(path)


def types_with(**texts):
    """Return a type store with other definitions of some messages of the package."""
    types = get_typestore(Stores.ROS2_HUMBLE)
    for kind in dict.fromkeys(TYPES.values()):
        name = kind.rpartition("/")[2]
        if name in texts:
            types.register(get_types_from_msg(texts[name], kind))
        else:
            types.register({kind: own_types().fielddefs[kind]})
    return types


@pytest.fixture
def recording():
    """Return the class that collects messages and writes bags."""
    return Recording


@pytest.fixture
def other_types():
    """Return a function that makes another version of the message types."""
    return types_with


@pytest.fixture
def signal(rng):
    """Return two seconds of four channels."""
    return rng.normal(0, 1e-4, (2000, 4)).astype(np.float32)


@pytest.fixture
def arm(recording, signal):
    """Return a recording with messages on every topic."""
    made = recording()
    made.add("emg/info", START, device="sim", serial_number="7", channels=4, rate=RATE, unit="V", gain=1e6)
    made.add("emg/model", START, model="m1", sha256="ab", actions=["rest", "fist"], rate=RATE, length=200)
    made.label("start", 0, "rest")
    for begin in range(0, 2000, 250):
        made.samples(begin, signal[begin : begin + 250])
        if begin >= 250:
            made.estimate(begin - 1, [0.25, 0.75], action="fist", status=0)
            made.estimate(begin + 24, [0.5, 0.5], action="", status=1)
        for tick in range(5):
            made.state((begin + tick * 50) / RATE, int(begin >= 1000), "fist" if begin >= 1500 else "")
        if begin == 1000:
            made.label("start", 1000, "fist", repetition=2)
    made.label("end", 1900, "fist", repetition=2)
    return made
