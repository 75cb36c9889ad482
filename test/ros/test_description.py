"""Limits from the topic robot_description, with real publishers."""

from __future__ import annotations

import pytest
from std_msgs.msg import String

from emg_recognition.errors import SettingError
from emg_recognition.ros import description, qos

TOPIC = "left_arm/robot_description"


def urdf(upper: float) -> str:
    joint = f"<limit lower='0' upper='{upper}' velocity='0.5' effort='1'/>"
    return f"<robot name='arm'><joint name='elbow' type='revolute'>{joint}</joint></robot>"


@pytest.fixture
def exoskeleton(tmp_path):
    path = tmp_path / "exoskeleton.yaml"
    path.write_text(
        "urdf: robot_description\n"
        "joints: {elbow: {max_acceleration: 8.0}}\n"
        "actions: {bend: {velocities: {elbow: 0.3}}}\n"
    )
    return str(path)


@pytest.fixture
def listener(ros_environment):
    """A node whose topic is remapped, as in a launch file with a namespace."""
    import rclpy

    context = rclpy.Context()
    rclpy.init(context=context, args=["--ros-args", "-r", f"robot_description:={TOPIC}"])
    node = rclpy.create_node("listener", context=context)
    yield node
    node.destroy_node()
    context.try_shutdown()


def publish(witness, text):
    publisher = witness.node.create_publisher(String, TOPIC, qos.LATCHED)
    publisher.publish(String(data=text))


def test_the_urdf_of_the_running_robot_gives_the_limits(listener, witness, exoskeleton):
    publish(witness, urdf(1.9))
    publish(witness, urdf(1.9))  # a robot_state_publisher for each arm with the same URDF is no problem
    joint = description.exoskeleton_of(listener, exoskeleton).joints[0]
    assert (joint.lower, joint.upper, joint.max_velocity) == (0.0, 1.9, 0.5)
    publish(witness, urdf(2.9))
    with pytest.raises(SettingError, match=f"2 different URDFs arrived on /{TOPIC}"):
        description.exoskeleton_of(listener, exoskeleton)


def test_without_a_urdf_the_topic_is_named(listener, exoskeleton, monkeypatch):
    monkeypatch.setattr(description, "_PATIENCE", 0.2)
    with pytest.raises(SettingError, match=f"no URDF arrived on /{TOPIC}; start robot_state_publisher"):
        description.exoskeleton_of(listener, exoskeleton)
    assert not listener.get_subscriptions_info_by_topic(f"/{TOPIC}")  # nothing is left behind
