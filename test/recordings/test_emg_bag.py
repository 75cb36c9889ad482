"""Reading one armband from a bag: its samples, and everything recorded with them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND


def events(path, kind=object, namespace=None):
    with open_bag(path) as bag:
        return [event for event in EmgBag(bag, namespace).events() if isinstance(event, kind)]


def blocks(path):
    return events(path, SampleBlock)


def joined(found, name):
    return np.concatenate([getattr(event, name) for event in found])


def test_all_events_have_their_values(arm, signal, tmp_path):
    path = arm.ours(tmp_path / "bag", flush_every=40)
    with open_bag(path) as bag:
        found = list(EmgBag(bag).events())
        assert bag.problems == []
    by_kind = {kind: [event for event in found if isinstance(event, kind)] for kind in set(map(type, found))}
    samples = by_kind[SampleBlock]
    assert np.array_equal(joined(samples, "samples"), signal)
    assert joined(samples, "chunks").tolist() == [5] * 400
    index = 0
    for block in samples:
        assert (block.run, block.first_index, block.stamp) == (0, index, START + index * 1_000_000)
        assert (block.rate, block.unit, block.frame_id) == (1000.0, "V", "armband")
        assert (block.restart, block.dropped_before) == (False, 0)
        assert block.samples.dtype == np.float32
        assert block.samples.flags.c_contiguous
        index += len(block.samples)
    estimates = by_kind[EstimateBlock]
    lasts = [last for begin in range(250, 2000, 250) for last in (begin - 1, begin + 24)]
    assert joined(estimates, "last_index").tolist() == lasts
    assert joined(estimates, "first_index").tolist() == [last - 199 for last in lasts]
    assert joined(estimates, "stamp").tolist() == [START + last * 1_000_000 for last in lasts]
    assert joined(estimates, "accepted").tolist() == [True, False] * 7
    assert joined(estimates, "probabilities").tolist() == [[0.25, 0.75], [0.5, 0.5]] * 7
    assert not joined(estimates, "run").any()
    assert {block.model for block in estimates} == {"m1"}
    assert [(e.event, e.action, e.repetition, e.index) for e in by_kind[LabelEvent]] == [
        ("start", "rest", 1, 0),
        ("start", "fist", 2, 1000),
        ("end", "fist", 2, 1900),
    ]
    assert by_kind[LabelEvent][1] == LabelEvent(
        "start", "fist", 2, "s1", "anna", "patient", 1000, START + SECOND, 0
    )
    (info,) = by_kind[InfoEvent]
    assert (info.device, info.serial_number, info.channels, info.gain) == ("sim", "7", 4, 1e6)
    assert (info.rate, info.unit, info.frame_id, info.stamp) == (1000.0, "V", "armband", START)
    (model,) = by_kind[Model]
    assert (model.model, model.sha256, model.actions, model.length) == ("m1", "ab", ("rest", "fist"), 200)
    states = by_kind[StateBlock]
    assert joined(states, "state").tolist() == [0, 1, 1]
    assert joined(states, "action").tolist() == ["", "", "fist"]
    assert joined(states, "stamp").tolist() == [START, START + SECOND, START + SECOND * 3 // 2]


def test_a_bag_can_be_read_twice(arm, tmp_path):
    arm.samples(100, np.zeros((10, 4), np.float32))
    with open_bag(arm.ours(tmp_path / "bag")) as bag:
        emg = EmgBag(bag)
        first, second = (
            [event.run for event in emg.events() if isinstance(event, SampleBlock)] for _ in "ab"
        )
        assert first == second
        assert sorted(set(first)) == [0, 1]


CHANGES = ("restart", "gap", "back", "channels", "unit", "rate", "clock", "bad", "dropped")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_blocks_end_only_where_the_stream_is_interrupted(recording, tmp_path_factory, data):
    """Compare with a simple loop over the messages."""
    made = recording()
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    index, stamp, channels, unit, rate = 5000, START, 2, "V", 1000.0
    expected, run, end, refused = [], 0, None, 0
    broken = True
    for _ in range(data.draw(st.integers(1, 25))):
        count = data.draw(st.sampled_from([5, 5, 5, 4, 0]))
        change = data.draw(st.sampled_from(("none",) * 12 + CHANGES))
        index += {"gap": 3, "back": -50}.get(change, 0)
        stamp += {"gap": 3_000_000, "clock": data.draw(st.sampled_from([-SECOND, 60_000_000]))}.get(change, 0)
        channels = 5 - channels if change == "channels" else channels
        unit = {"V": "count", "count": "V"}[unit] if change == "unit" else unit
        rate = 3000.0 - rate if change == "rate" else rate
        dropped = {"gap": 3, "dropped": 2}.get(change, 0)
        part = rng.normal(size=(count, channels)).astype(np.float32)
        values = np.append(part, np.float32(1.0)) if change == "bad" else part.ravel()
        fields = {"first_index": index, "rate": rate, "channels": channels, "unit": unit, "data": values}
        made.add("emg/samples", stamp, dropped_before=dropped, restart=change == "restart", **fields)
        if change == "bad":
            refused, broken = refused + 1, True
        else:
            run += end is not None and index < end
            if broken or change not in ("none", "dropped"):
                expected.append([run, index, stamp, change == "restart", 0, [], []])
            expected[-1][4] += dropped
            expected[-1][5].append(count)
            expected[-1][6].append(part)
            broken, end = False, index + count
        index += count
        stamp += round(count / rate * SECOND)
    folder = tmp_path_factory.mktemp("bags")
    in_one_chunk = made.mcap(folder / "one.mcap", chunk_size=1 << 20)
    with open_bag(in_one_chunk) as bag:
        emg = EmgBag(bag)
        found = [event for event in emg.events() if isinstance(event, SampleBlock)]
        assert emg.refused == refused
        assert len(bag.problems) == (refused > 0)
    assert [
        [b.run, b.first_index, b.stamp, b.restart, b.dropped_before, b.chunks.tolist()] for b in found
    ] == [entry[:6] for entry in expected]
    for block, entry in zip(found, expected, strict=True):
        assert np.array_equal(block.samples, np.concatenate(entry[6]))
    # Other chunks give the same stream in other blocks.
    pieces = blocks(made.mcap(folder / "many.mcap", chunk_size=500))
    assert stream(pieces) == stream(found)


def stream(found):
    """Return (run, index, values) of all samples, and the restarts of the stream."""
    samples = [
        (block.run, block.first_index + i, *row)
        for block in found
        for i, row in enumerate(block.samples.tolist())
    ]
    return samples, [(block.run, block.first_index) for block in found if block.restart]


def test_impossible_samples_are_returned_unchanged(recording, signal, tmp_path):
    signal[30, 2], signal[31, 0] = np.nan, -np.inf
    made = recording()
    made.samples(0, signal[:50])
    (block,) = blocks(made.ours(tmp_path / "bag"))
    assert block.samples.tobytes() == signal[:50].tobytes()


@pytest.mark.parametrize("jump", [-3600 * SECOND, -200_000_000, 200_000_000, 10 * 365 * 86400 * SECOND])
def test_setting_the_clock_changes_neither_samples_nor_order(recording, signal, tmp_path, jump):
    made = recording()
    made.samples(0, signal[:1000])
    made.samples(1000, signal[1000:], offset=jump)
    made.estimate(1999, [1.0, 0.0], offset=jump)
    path = made.ours(tmp_path / "bag", flush_every=30)
    found = blocks(path)
    assert np.array_equal(joined(found, "samples"), signal)
    assert {block.run for block in found} == {0}
    edge = next(block for block in found if block.first_index == 1000)
    assert edge.stamp == START + SECOND + jump
    assert [int(event.run[0]) for event in events(path, EstimateBlock)] == [0]


def test_restarted_acquisition_is_a_new_run(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal[:1000])
    made.estimate(990, [1.0, 0.0])
    made.samples(0, signal[1000:], offset=5 * SECOND, restart=True)
    made.estimate(995, [1.0, 0.0])  # late: published after the restart
    made.estimate(300, [1.0, 0.0], offset=5 * SECOND)
    made.label("start", 300, "fist")
    path = made.ours(tmp_path / "bag", flush_every=37)
    found = blocks(path)
    assert [(b.run, b.restart) for b in found if b.first_index == 0] == [(0, False), (1, True)]
    assert np.array_equal(joined(found, "samples"), signal)
    assert joined(events(path, EstimateBlock), "run").tolist() == [0, 0, 1]
    (label,) = events(path, LabelEvent)
    assert (label.run, label.index) == (0, 300)  # its stamp is from the first run


def test_states_of_an_earlier_version_are_read_without_their_definitions(repository, tmp_path):
    """Their counters stood behind the fields of today, and a bag of Humble does not say so."""
    with_definitions = repository / "test" / "before" / "bag_sqlite"
    without = tmp_path / "bag"
    shutil.copytree(with_definitions, without)
    (file,) = without.glob("*.db3")
    with closing(sqlite3.connect(file)) as database:
        database.execute("drop table message_definitions")
        database.commit()
    found, expected = (events(path, StateBlock) for path in (without, with_definitions))
    assert joined(expected, "state").tolist() == [0] + [1] * 7
    for name in ("stamp", "state", "action"):
        assert np.array_equal(joined(found, name), joined(expected, name))


def test_two_devices_on_one_topic_are_refused(recording, signal, tmp_path):
    made, other = recording(), recording(frame="other")
    made.samples(0, signal[:100])
    other.samples(100, signal[100:200])
    made.rows += other.rows
    for flush_every in (7, 1000):
        with pytest.raises(
            RecordingError, match=r"the samples of two devices: armband and other; record each"
        ):
            blocks(made.ours(tmp_path / f"bag{flush_every}", flush_every=flush_every))


def test_a_bag_without_labels_has_none(arm, signal, tmp_path):
    arm.rows = [row for row in arm.rows if row[0] in ("/emg/samples", "/exo/bridge_state")]
    found = events(arm.ours(tmp_path / "bag"))
    assert {type(event) for event in found} == {SampleBlock, StateBlock}
    assert np.array_equal(joined([e for e in found if isinstance(e, SampleBlock)], "samples"), signal)


def test_labels_without_an_index_and_discarded_labels(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal)
    made.label("start", 100, "fist", has_index=False)
    made.label("discard", 500)
    found = events(made.ours(tmp_path / "bag"), LabelEvent)
    assert [(e.event, e.index, e.stamp) for e in found] == [
        ("start", None, START + SECOND // 10),
        ("discard", 500, START + SECOND // 2),
    ]


def test_an_unknown_label_event_is_skipped_and_reported(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal[:10])
    made.add("emg/label", START, event=9, action="fist")
    with open_bag(made.ours(tmp_path / "bag")) as bag:
        assert [type(event) for event in EmgBag(bag).events()] == [SampleBlock]
        assert bag.problems == ["/emg/label: the unknown event 9 was skipped"]


def test_damaged_messages_are_skipped_and_reported(recording, signal, tmp_path):
    made = recording()
    made.samples(0, signal[:100])
    made.estimate(50, [1.0])
    made.label("start", 0, "rest")
    made.rows = [
        (*row[:3], row[3][:-3]) if row[0] != "/emg/samples" or number == 7 else row
        for number, row in enumerate(made.rows)
    ]
    with open_bag(made.ours(tmp_path / "bag")) as bag:
        found = list(EmgBag(bag).events())
        assert bag.problems == [
            "/emg/label: a damaged message was skipped",
            "/emg/samples: 1 damaged messages were skipped",
        ]
    assert [block.first_index for block in found if isinstance(block, SampleBlock)] == [0, 40]


@pytest.fixture
def two_arms(recording, signal, tmp_path):
    """Return a bag with an armband at the root and one in a namespace, each with its own labels."""
    right, left = recording(), recording(namespace="/left_arm", frame="left")
    right.samples(0, signal[:100])
    right.label("start", 0, "rest")
    left.samples(0, signal[100:200])
    left.label("start", 0, "fist")
    right.rows += left.rows
    return right.ours(tmp_path / "bag")


@pytest.mark.parametrize(
    ("namespace", "frame", "action"),
    [
        ("", "armband", "rest"),
        ("/", "armband", "rest"),
        ("left_arm", "left", "fist"),
        ("/left_arm/", "left", "fist"),
    ],
)
def test_an_armband_is_chosen_by_its_namespace(two_arms, namespace, frame, action):
    with open_bag(two_arms) as bag:
        events = list(EmgBag(bag, namespace).events())
    assert {event.frame_id for event in events if isinstance(event, SampleBlock)} == {frame}
    assert {event.action for event in events if isinstance(event, LabelEvent)} == {action}
    assert sum(len(event.samples) for event in events if isinstance(event, SampleBlock)) == 100


def test_two_armbands_need_a_choice(two_arms):
    with (
        open_bag(two_arms) as bag,
        pytest.raises(
            RecordingError, match=r"it holds 2 armbands: /, /left_arm; choose one by its namespace"
        ),
    ):
        EmgBag(bag)


def test_an_unknown_namespace_is_refused_with_the_known_ones(two_arms):
    with (
        open_bag(two_arms) as bag,
        pytest.raises(RecordingError, match=r"no armband in namespace 'arm'; choose one of /, /left_arm"),
    ):
        EmgBag(bag, "arm")


def test_a_single_armband_needs_no_choice(recording, signal, tmp_path):
    made = recording(namespace="/a/b")
    made.samples(0, signal[:10])
    with open_bag(made.ours(tmp_path / "bag")) as bag:
        assert EmgBag(bag).namespace == "/a/b"


def test_a_bag_without_emg_is_refused_with_its_topics(arm, tmp_path):
    arm.rows = [row for row in arm.rows if row[0] != "/emg/samples"]
    with open_bag(arm.ours(tmp_path / "bag")) as bag, pytest.raises(RecordingError) as error:
        EmgBag(bag)
    assert "it has no topic emg/samples of type emg_recognition/msg/EmgSamples" in str(error.value)
    assert "/emg/label (emg_recognition/msg/ActionLabel)" in str(error.value)


def test_a_topic_of_another_type_is_not_emg(recording, tmp_path):
    made = recording()
    made.add("emg/info", 5)
    made.rows = [("/emg/samples", *row[1:]) for row in made.rows]
    with (
        open_bag(made.ours(tmp_path / "bag")) as bag,
        pytest.raises(RecordingError, match=r"/emg/samples \(emg_recognition/msg/EmgInfo\)"),
    ):
        EmgBag(bag)
