"""Bags with any version of the messages can be read.

``bags/schema_1`` was written by the recorder of this package with the first version of the messages. When a
message changes, a bag with the new version is added (``bags/schema_2`` ...) together with a test. The old
bags are never written again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin

from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import (
    EstimateBlock,
    InfoEvent,
    LabelEvent,
    SampleBlock,
    StateBlock,
)
from emg_recognition.types import Model

BAGS = Path(__file__).parent / "bags"
START = 1_800_000_000_000_000_000


def events(path, kind=object):
    with open_bag(path) as bag:
        return [event for event in EmgBag(bag).events() if isinstance(event, kind)]


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
    (model,) = of(found, Model)
    assert model == Model(
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
    """This version of ``BridgeState`` also has the ages of the joint states and of the stop input."""
    with open_bag(BAGS / "schema_2") as bag:
        states = of(list(EmgBag(bag).events()), StateBlock)
        assert bag.problems == []
    assert joined(states, "state").tolist() == [0, 1]
    assert joined(states, "action").tolist() == ["", "Elbow_joint_01"]
    assert joined(states, "stamp").tolist() == [START + 1_000_000_000, START + 1_300_000_000]


def test_every_schema_has_a_test():
    assert sorted(path.name for path in BAGS.iterdir()) == ["schema_1", "schema_2"]


OLDER = {
    "EmgSamples": "float32[] data\nuint8 channels\nfloat32 rate\nuint32 first_index\n"
    "std_msgs/Header header\n",
    "ActionLabel": "std_msgs/Header header\nuint8 event\nstring action\nuint16 repetition\nstring subject\n",
    "ActionEstimate": "std_msgs/Header header\nfloat64[] probabilities\nuint64 first_index\n"
    "uint64 last_index\n",
    "BridgeState": "uint8 state\nstd_msgs/Header header\n",
    "EmgInfo": "std_msgs/Header header\nstring device\n",
    "ModelInfo": "std_msgs/Header header\nstring model\nstring[] actions\n",
}
NEWER = {
    "EmgSamples": "uint8 quality\nstring firmware\nstd_msgs/Header header\nuint64 first_index\nfloat64 rate\n"
    "uint16 channels\nstring[] flags\nbuiltin_interfaces/Time[] marks\nstring unit\nuint64 dropped_before\n"
    "bool restart\nfloat32[] data\nfloat32[9] imu\n",
    "ActionEstimate": "std_msgs/Header header\nuint64 first_index\nuint64 last_index\nuint8 status\n"
    "int16 action_id\nstring action\nfloat32[] probabilities\nstring model\nstring note\n",
}


@pytest.mark.parametrize("storage", ["mcap", "rosbag2"])
def test_an_older_version_is_read_with_neutral_values(recording, other_types, signal, tmp_path, storage):
    made = recording(types=other_types(**OLDER))
    made.samples(0, signal[:103])
    made.label("start", 20, "fist")
    made.estimate(50, [0.25, 0.75])
    made.state(0.01, 2)
    made.add("emg/info", START, device="sim")
    made.add("emg/model", START, model="m", actions=["a", "b"])
    found = events(getattr(made, storage)(tmp_path / "bag"))
    kinds = {type(event): event for event in found}
    block = kinds[SampleBlock]
    assert np.array_equal(block.samples, signal[:103])
    assert block.samples.dtype == np.float32
    assert (block.unit, block.restart, block.dropped_before, block.rate) == ("count", False, 0, 1000.0)
    assert block.chunks.tolist() == [5] * 20 + [3]
    assert kinds[LabelEvent] == LabelEvent("start", "fist", 1, "", "anna", "", None, START + 20_000_000, 0)
    estimate = kinds[EstimateBlock]
    assert estimate.probabilities.tolist() == [[0.25, 0.75]]
    assert (estimate.accepted.tolist(), estimate.model) == ([True], "")
    assert (kinds[StateBlock].state.tolist(), kinds[StateBlock].action.tolist()) == ([2], [""])
    assert (kinds[InfoEvent].device, kinds[InfoEvent].channel_names) == ("sim", ())
    assert (kinds[Model].actions, kinds[Model].length) == (("a", "b"), 0)


def test_new_fields_of_a_newer_version_are_ignored(recording, other_types, signal, tmp_path):
    made = recording(types=other_types(**NEWER))
    news = [
        {"flags": ["x"] * (n % 3), "marks": [], "firmware": "1.0" * (n % 2), "quality": n} for n in range(40)
    ]
    for number, values in enumerate(news):
        made.samples(number * 5, signal[number * 5 : number * 5 + 5], **values)
    made.estimate(150, [0.5, 0.5], status=1, note="new")
    found = events(made.mcap(tmp_path / "bag.mcap"))
    assert np.array_equal(joined([e for e in found if isinstance(e, SampleBlock)], "samples"), signal[:200])
    (estimate,) = [event for event in found if isinstance(event, EstimateBlock)]
    assert (estimate.accepted.tolist(), estimate.model, estimate.last_index.tolist()) == (
        [False],
        "m1",
        [150],
    )


@pytest.mark.parametrize(
    ("kind", "text", "missing"),
    [
        ("EmgSamples", "std_msgs/Header header\nuint64 first_index\nfloat32[] data\n", "rate, channels"),
        ("ActionEstimate", "std_msgs/Header header\nuint64 last_index\n", "first_index, probabilities"),
        ("BridgeState", "std_msgs/Header header\nstring action\n", "state"),
        ("ActionLabel", "std_msgs/Header header\nuint8 event\n", "action"),
    ],
)
def test_a_missing_field_that_is_needed_is_refused(
    recording, other_types, signal, tmp_path, kind, text, missing
):
    made = recording(types=other_types(**{kind: text}))
    made.samples(0, signal[:10])
    made.estimate(5, [1.0])
    made.state(0, 1)
    made.label("start", 0, "rest")
    with (
        open_bag(made.mcap(tmp_path / "bag.mcap")) as bag,
        pytest.raises(RecordingError, match=f"emg_recognition/msg/{kind} has no field {missing};"),
    ):
        EmgBag(bag)


def test_definitions_as_idl(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal[:100])
    header = (
        "module builtin_interfaces { module msg { struct Time { long sec; unsigned long nanosec; }; }; };"
    )
    idl = (
        f"{'=' * 80}\nIDL: emg_recognition/msg/EmgSamples\n"
        "module emg_recognition { module msg { struct EmgSamples { std_msgs::msg::Header header; "
        "uint64 first_index; double rate; uint16 channels; string unit; uint64 dropped_before; "
        "boolean restart; sequence<float> data; }; }; };\n"
        f"{'=' * 80}\nIDL: std_msgs/msg/Header\n"
        "module std_msgs { module msg { struct Header { builtin_interfaces::msg::Time stamp; "
        "string frame_id; }; }; };\n"
        f"{'=' * 80}\nIDL: builtin_interfaces/msg/Time\n{header}\n"
    )
    path = made.rosbag2(
        tmp_path / "bag", StoragePlugin.MCAP, definitions={"emg_recognition/msg/EmgSamples": idl}
    )
    with open_bag(path) as bag:
        assert bag.topics[0].encoding == "ros2idl"
    assert np.array_equal(joined(events(path, SampleBlock), "samples"), signal[:100])
