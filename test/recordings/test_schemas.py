"""Bags recorded with each version of the messages stay readable.

``bags/schema_1`` was written by this package's recorder with the messages as they were at first. When a
message changes, a bag of the new version is put beside it (``bags/schema_2`` …) with a test of its own; the
old ones are never written again, and they must stay readable.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emg_recognition.bags.reader import open_bag
from emg_recognition.recordings.emg_bag import (
    EmgBag,
    EstimateBlock,
    InfoEvent,
    LabelEvent,
    ModelEvent,
    SampleBlock,
    StateBlock,
)

BAGS = Path(__file__).parent / "bags"
START = 1_800_000_000_000_000_000


@pytest.fixture
def found():
    with open_bag(BAGS / "schema_1") as bag:
        events = list(EmgBag(bag).events())
        assert bag.problems == []
    return events


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def joined(events, name):
    return np.concatenate([getattr(event, name) for event in events])


def test_samples_of_schema_1(found):
    blocks = of(found, SampleBlock)
    i = np.arange(600)
    columns = [(i % 200 - 100) * 1e-6, np.sin(i / 20) * 1e-4, np.zeros(600), i * 1e-7]
    assert np.array_equal(joined(blocks, "samples"), np.stack(columns, axis=1).astype(np.float32))
    index = np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks])
    assert index.tolist() == [*range(1000, 1400), *range(1440, 1640)]
    assert [block.first_index for block in blocks if block.restart] == [1000]
    assert [(block.first_index, block.dropped_before) for block in blocks if block.dropped_before] == [
        (1440, 40)
    ]
    assert {(block.rate, block.unit, block.frame_id, block.run) for block in blocks} == {
        (1000.0, "V", "armband", 0)
    }
    for block in blocks:
        assert block.stamp == START + block.first_index * 1_000_000
        assert set(block.chunks.tolist()) == {5}


def test_everything_else_of_schema_1(found):
    (info,) = of(found, InfoEvent)
    assert info == InfoEvent(
        stamp=START,
        frame_id="armband",
        device="simulated armband",
        serial_number="S-1",
        channels=4,
        channel_names=("e1", "e2", "e3", "e4"),
        muscle_sites=("a", "b", "c", "d"),
        gain=1e6,
        rate=1000.0,
        unit="V",
    )
    (model,) = of(found, ModelEvent)
    assert model == ModelEvent(
        stamp=START,
        model="compact-1",
        sha256="0123",
        actions=("rest", "Elbow_joint_01"),
        rate=1000.0,
        channels=4,
        length=200,
        unit="V",
        pipeline="p1",
    )
    assert of(found, LabelEvent) == [
        LabelEvent(event, action, number, "s1", "anna", "patient", index, START + index * 1_000_000, 0)
        for event, action, number, index in (
            ("start", "rest", 1, 1000),
            ("start", "Elbow_joint_01", 3, 1300),
            ("end", "Elbow_joint_01", 3, 1640),
        )
    ]
    estimates = of(found, EstimateBlock)
    assert joined(estimates, "last_index").tolist() == [1299, 1399]
    assert joined(estimates, "first_index").tolist() == [1100, 1200]
    assert joined(estimates, "accepted").tolist() == [False, True]
    assert joined(estimates, "probabilities").tolist() == [[0.5, 0.5], [0.25, 0.75]]
    assert {block.model for block in estimates} == {"compact-1"}
    states = of(found, StateBlock)
    assert joined(states, "state").tolist() == [0, 1]
    assert joined(states, "action").tolist() == ["", "Elbow_joint_01"]
    assert joined(states, "stamp").tolist() == [START + 1_000_000_000, START + 1_300_000_000]


def test_states_of_schema_2():
    """``BridgeState`` has got the ages of the joint states and of the stop input."""
    with open_bag(BAGS / "schema_2") as bag:
        states = of(list(EmgBag(bag).events()), StateBlock)
        assert bag.problems == []
    assert joined(states, "state").tolist() == [0, 1]
    assert joined(states, "action").tolist() == ["", "Elbow_joint_01"]
    assert joined(states, "stamp").tolist() == [START + 1_000_000_000, START + 1_300_000_000]


def test_every_schema_has_its_test():
    assert sorted(path.name for path in BAGS.iterdir()) == ["schema_1", "schema_2"]
