"""One publisher of a topic is followed; strange messages and other publishers change nothing."""

from __future__ import annotations

import pytest
import rclpy

from emg_recognition.errors import MessageError, SettingError
from emg_recognition.ros import following
from emg_recognition.ros.following import Announced, Followed

OURS, OTHER, THIRD = (bytes([number]) * 16 for number in (1, 2, 3))


class Clock:
    """Time that a test moves."""

    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(following, "time", clock)
    return clock


@pytest.fixture(scope="module")
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("follower", context=context)
    yield node
    node.destroy_node()
    context.try_shutdown()


def check(message):
    if message == "nonsense":
        raise MessageError("rate is nan", "send a rate")
    if message == "unsuited":
        raise SettingError("model", "m1", "take another")


def followed(node, **options):
    used = []
    topic = Followed(node, "emg/samples", check, used.append, **options)
    topic.nodes = lambda: {OURS: "/acquisition", OTHER: "/lab/acquisition", THIRD: "/acquisition"}
    return topic, used


def test_the_first_valid_publisher_is_followed_and_others_are_named(node, clock):
    topic, used = followed(node)
    topic.receive("nonsense", OTHER)
    topic.receive("a", OURS)
    topic.receive("foreign", OTHER)
    topic.receive("nonsense", OTHER)
    topic.receive("b", OURS)
    assert used == ["a", "b"]
    assert (topic.refused, topic.foreign) == (1, 2)
    own, problem = topic.problem()
    assert not own
    assert "rate is nan" in problem
    assert "/lab/acquisition ignored, /acquisition is followed" in problem
    clock.now += 60.0
    assert topic.problem() == (False, "")


def test_a_silent_device_keeps_its_topic_and_a_restarted_node_takes_over(node, clock):
    topic, used = followed(node)
    topic.receive("a", OURS)
    clock.now += 3600.0
    topic.receive("foreign", OTHER)
    topic.receive("b", OURS)
    assert used == ["a", "b"]
    # The same node again, while the one that was killed is still in the graph.
    topic.receive("too early", THIRD)
    clock.now += 1.0
    topic.receive("c", THIRD)
    topic.receive("ghost", OURS)
    assert used == ["a", "b", "c"]


def test_a_publisher_that_left_the_graph_loses_its_topic(node, clock):
    topic, used = followed(node)
    topic.receive("a", OURS)
    clock.now += 1.0
    topic.nodes = lambda: {OTHER: "/lab/acquisition"}
    topic.receive("b", OTHER)
    assert used == ["a", "b"]


def test_faulty_messages_of_the_followed_publisher_are_told_and_configuration_is_ones_own(node, clock):
    faulty = []
    topic, used = followed(node, faulty=faulty.append)
    topic.receive("nonsense", OURS)
    assert faulty == []
    topic.receive("a", OURS)
    topic.receive("unsuited", OURS)
    topic.receive("nonsense", OTHER)
    assert (used, faulty) == (["a"], ["unsuited"])
    assert topic.problem()[0]


def announced(node, stream=None):
    used = []
    topic = Announced(node, "emg/model", check, used.append, stream=stream)
    present = {OURS: "/classifier", OTHER: "/lab/classifier", THIRD: "/classifier"}
    topic.nodes = lambda: present
    return topic, used, present


def test_what_came_and_went_is_not_the_last_word(node, clock):
    topic, used, present = announced(node)
    topic.receive("stray", OTHER)
    topic.receive("true", OURS)
    topic.receive("nonsense", THIRD)
    topic.look()
    assert used == ["stray"]
    del present[OTHER]
    topic.look()
    topic.look()
    assert used == ["stray", "true"]
    topic.receive("new", OURS)
    assert used == ["stray", "true", "new"]
    assert topic.refused == 1


def test_a_restarted_node_replaces_its_own_announcement_only(node, clock):
    topic, used, _ = announced(node)
    topic.receive("true", OURS)
    topic.receive("stray", OTHER)
    topic.receive("restarted", THIRD)
    assert used == ["true", "restarted"]


def test_the_process_whose_estimates_are_used_announces_the_model(node, clock):
    stream, _ = followed(node)
    topic, used, _ = announced(node, stream)
    topic.receive("stray", OTHER)
    topic.receive("true", OURS)
    stream.receive("estimate", OURS[:12] + bytes(4))
    topic.look()
    # One of the same name, but another process.
    topic.receive("same name", THIRD)
    assert used == ["stray", "true"]


def test_a_flood_of_publishers_does_not_fill_the_memory(node, clock):
    topic, used, present = announced(node)
    topic.receive("true", OURS)
    for number in range(1000):
        one = number.to_bytes(16, "big")
        present[one] = f"/flood_{number}"
        topic.receive("flood", one)
    assert used == ["true"]
    assert len(topic._newest) <= 17
