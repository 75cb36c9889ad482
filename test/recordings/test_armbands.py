"""The right armband is read, or the choice there is is named."""

from __future__ import annotations

import pytest

from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.emg_bag import EmgBag, LabelEvent, SampleBlock


@pytest.fixture
def two_arms(recording, signal, tmp_path):
    """A bag with an armband at the root and one in a namespace, each with labels of its own."""
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
def test_the_namespace_chooses(two_arms, namespace, frame, action):
    with open_bag(two_arms) as bag:
        events = list(EmgBag(bag, namespace).events())
    assert {event.frame_id for event in events if isinstance(event, SampleBlock)} == {frame}
    assert {event.action for event in events if isinstance(event, LabelEvent)} == {action}
    assert sum(len(event.samples) for event in events if isinstance(event, SampleBlock)) == 100


def test_of_two_one_has_to_be_chosen(two_arms):
    with (
        open_bag(two_arms) as bag,
        pytest.raises(
            RecordingError, match=r"it holds 2 armbands: /, /left_arm; choose one with its namespace"
        ),
    ):
        EmgBag(bag)


def test_an_unknown_one_is_answered_with_those_there_are(two_arms):
    with (
        open_bag(two_arms) as bag,
        pytest.raises(RecordingError, match=r"no armband in namespace 'arm'; choose one of /, /left_arm"),
    ):
        EmgBag(bag, "arm")


def test_the_only_one_needs_no_choice(recording, signal, tmp_path):
    made = recording(namespace="/a/b")
    made.samples(0, signal[:10])
    with open_bag(made.ours(tmp_path / "bag")) as bag:
        assert EmgBag(bag).namespace == "/a/b"


def test_a_bag_without_emg_is_answered_with_what_is_in_it(arm, tmp_path):
    arm.rows = [row for row in arm.rows if row[0] != "/emg/samples"]
    with open_bag(arm.ours(tmp_path / "bag")) as bag, pytest.raises(RecordingError) as error:
        EmgBag(bag)
    assert "it has no topic emg/samples of type emg_recognition/msg/EmgSamples" in str(error.value)
    assert "/emg/label (emg_recognition/msg/ActionLabel)" in str(error.value)


def test_a_topic_of_that_name_and_another_type_is_none(recording, tmp_path):
    made = recording()
    made.add("emg/info", 5)
    made.rows = [("/emg/samples", *row[1:]) for row in made.rows]
    with (
        open_bag(made.ours(tmp_path / "bag")) as bag,
        pytest.raises(RecordingError, match=r"/emg/samples \(emg_recognition/msg/EmgInfo\)"),
    ):
        EmgBag(bag)
