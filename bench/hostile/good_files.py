"""Whole files, of which the hostile ones are made."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from emg_recognition.bags.definitions import own_message, own_types
from emg_recognition.bags.writer import BagWriter
from emg_recognition.recordings.recordings import Recordings

RATE, CHANNELS = 500.0, 8  # as the fresh model


def study() -> Recordings:
    """Return a small study that can be trained on."""
    rng = np.random.default_rng(1)
    segments, labels, repetitions = [], [], []
    for repetition in (1, 2, 3, 4):
        for action, strength in (("a", 1.0), ("b", 20.0)):
            segments.append(rng.normal(0, strength, (700, CHANNELS)).astype(np.float32))
            labels.append(action)
            repetitions.append(repetition)
    return Recordings.from_segments(
        segments, labels, rate=RATE, repetitions=repetitions, subjects=["s1"] * len(labels)
    )


def messages() -> list[tuple[str, str, int, bytes]]:
    """Return the messages of a small bag: topic, type, log time and CDR."""
    rows = []
    base, rng = 1_800_000_000 * 10**9, np.random.default_rng(2)

    def add(topic: str, kind: str, at: float, **fields: object) -> None:
        stamp = base + round(at * 1e9)
        time_fields = {"sec": stamp // 10**9, "nanosec": stamp % 10**9}
        header = own_message(
            "std_msgs/msg/Header",
            stamp=own_message("builtin_interfaces/msg/Time", **time_fields),
            frame_id="arm",
        )
        name = f"emg_recognition/msg/{kind}"
        message = own_message(name, header=header, **fields)
        rows.append((topic, name, stamp, bytes(own_types().serialize_cdr(message, name))))

    for number, action in enumerate("abab"):
        add("/emg/label", "ActionLabel", number * 2.0, event=0, action=action, repetition=number // 2 + 1)
        for first in range(0, 1000, 10):
            index = number * 1000 + first
            data = rng.normal(0, 1 + 20 * (action == "b"), 10 * CHANNELS).astype(np.float32)
            add(
                "/emg/samples",
                "EmgSamples",
                index / RATE,
                first_index=index,
                rate=RATE,
                channels=CHANNELS,
                unit="count",
                data=data,
            )
    add("/emg/label", "ActionLabel", 8.0, event=1, action="b", repetition=2)
    return rows


def good_mcap(path: Path) -> Path:
    """Write a bag as a folder with an MCAP file."""
    rows = messages()
    with BagWriter(path, {topic: name for topic, name, _, _ in rows}) as bag:
        for topic, _, stamp, content in rows:
            bag.write(topic, stamp, content)
    return path


def good_sqlite(path: Path) -> Path:
    """Write a bag as a sqlite3 file whose tables take anything."""
    rows = messages()
    topics = {topic: name for topic, name, _, _ in rows}
    numbers = {topic: number for number, topic in enumerate(topics, 1)}
    with sqlite3.connect(path) as database:
        database.executescript(
            "create table topics(id integer primary key, name, type, serialization_format);"
            "create table messages(id integer primary key, topic_id, timestamp, data);"
        )
        database.executemany(
            "insert into topics values (?, ?, ?, 'cdr')",
            [(numbers[topic], topic, name) for topic, name in topics.items()],
        )
        database.executemany(
            "insert into messages(topic_id, timestamp, data) values (?, ?, ?)",
            [(numbers[topic], stamp, content) for topic, _, stamp, content in rows],
        )
    database.close()
    return path
