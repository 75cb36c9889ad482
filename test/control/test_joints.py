"""Limits from a URDF, and what the packaged URDF says."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from emg_recognition.control.exoskeleton import load_exoskeleton
from emg_recognition.control.joints import UrdfLimits, read_urdf, urdf_limits
from emg_recognition.errors import SettingError


def limits_of(joints: str, *names: str) -> dict[str, UrdfLimits]:
    return urdf_limits(f"<robot name='arm'>{joints}</robot>", names, "arm.urdf")


LIMIT = "<limit lower='-1' upper='2.5' velocity='0.6' effort='1'/>"


def test_the_packaged_urdf_has_the_limits_of_the_configuration(repository: Path) -> None:
    exoskeleton = load_exoskeleton(repository / "config" / "exoskeleton.yaml")
    urdf = read_urdf(repository / "urdf" / "exoskeleton.urdf")
    limits = urdf_limits(urdf, exoskeleton.joint_names, "exoskeleton.urdf")
    assert limits == {
        joint.name: UrdfLimits(joint.lower, joint.upper, joint.max_velocity) for joint in exoskeleton.joints
    }


def test_the_joints_asked_for_beside_others_of_any_kind() -> None:
    robot = (
        f"<joint name='b' type='revolute'>{LIMIT}</joint><joint name='f' type='fixed'/>"
        "<joint name='wheel' type='continuous'/>"
        "<joint name='a' type='prismatic'><limit upper='0.1' velocity='1e-2'/></joint>"
        "<ros2_control><joint name='a'><command_interface name='position'/></joint></ros2_control>"
    )
    assert list(limits_of(robot, "a", "b").items()) == [
        ("a", UrdfLimits(0.0, 0.1, 0.01)),
        ("b", UrdfLimits(-1.0, 2.5, 0.6)),
    ]


@pytest.mark.parametrize(
    ("joints", "words"),
    [
        (
            f"<joint name='a' type='continuous'>{LIMIT}</joint>",
            "joint a: type is 'continuous': make it revolute or prismatic",
        ),
        ("<joint name='a' type='revolute'/>", "joint a: limit is None: write <limit"),
        (
            "<joint name='a' type='revolute'><limit lower='1' upper='1' velocity='1'/></joint>",
            "joint a: limit lower is 1.0: use a number below upper, 1.0",
        ),
        (
            "<joint name='a' type='revolute'><limit lower='x' upper='1' velocity='1'/></joint>",
            "limit lower is 'x': use a finite number",
        ),
        (
            "<joint name='a' type='revolute'><limit lower='0' upper='inf' velocity='1'/></joint>",
            "limit upper is 'inf': use a finite number",
        ),
        ("<joint name='a' type='revolute'><limit lower='0' upper='1'/></joint>", "limit velocity is ''"),
        (
            "<joint name='a' type='revolute'><limit lower='0' upper='1' velocity='0'/></joint>",
            "limit velocity is 0.0: use a number above 0",
        ),
        (
            f"<joint name='a' type='revolute'>{LIMIT}</joint>" * 2,
            "joint a is 'a': give each joint its own name",
        ),
        (
            f"<joint name='b' type='revolute'>{LIMIT}</joint><joint name='c' type='fixed'/>",
            "joint a is 'a': there is no such joint; it has b",
        ),
        ("", "there is no such joint; it has none"),
    ],
)
def test_a_joint_without_limits(joints: str, words: str) -> None:
    with pytest.raises(SettingError) as caught:
        limits_of(joints, "a")
    assert words in str(caught.value)
    assert str(caught.value).startswith("arm.urdf: joint a")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "it cannot be read"),
        (b"<robot", "it is not valid XML"),
        (b"joints: 3", "it is not valid XML"),
        (b"\xff\xfe\x00", "it is not valid XML"),
        (b"<?xml version='1.0' encoding='klingon'?><robot/>", "it is not valid XML"),
        (b"<sdf/>", "'sdf': give a URDF"),
    ],
)
def test_not_a_urdf(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "arm.urdf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError, match=words) as caught:
        urdf_limits(read_urdf(path), (), "arm.urdf")
    assert "arm.urdf" in str(caught.value)
    assert "\n" not in str(caught.value)


def rotation_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """Return the rotation matrix about an axis (Rodrigues' formula)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def pose(urdf: Path, link: str, **angles: float) -> tuple[np.ndarray, np.ndarray]:
    """Return orientation and position of a link in the base; the joints' own frames are not rotated."""
    joints = {joint.find("child").get("link"): joint for joint in ElementTree.parse(urdf).iter("joint")}
    chain = []
    while link in joints:
        chain.append(joints[link])
        link = chain[-1].find("parent").get("link")
    assert link == "base_link"
    rotation, position = np.eye(3), np.zeros(3)
    for joint in reversed(chain):
        origin = joint.find("origin")
        if origin is not None:
            assert origin.get("rpy") is None
            position = position + rotation @ np.array([float(v) for v in origin.get("xyz").split()])
        if joint.get("type") != "fixed":
            axis = np.array([float(v) for v in joint.find("axis").get("xyz").split()])
            rotation = rotation @ rotation_about(axis, angles.get(joint.get("name"), 0.0))
    return rotation, position


#: Directions of the hand at zero in the base frame: the palm of a right arm faces left, to the body.
PALM, THUMB = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
UP, FORWARD = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])


def test_the_packaged_urdf_has_the_signs_of_anatomy(repository: Path) -> None:
    urdf = repository / "urdf" / "exoskeleton.urdf"
    _, hanging = pose(urdf, "fingers")
    assert hanging == pytest.approx([0.0, 0.0, -0.65])
    # Elbow flexion brings the hand forward and up.
    hand, bent = pose(urdf, "fingers", elbow_flexion=math.pi / 2)
    assert bent == pytest.approx([0.36, 0.0, -0.29])
    assert hand @ THUMB == pytest.approx(UP)
    # Supination turns the palm of the bent arm up, pronation down.
    for sign in (1, -1):
        hand, _ = pose(urdf, "fingers", elbow_flexion=math.pi / 2, forearm_rotation=sign * math.pi / 2)
        assert hand @ PALM == pytest.approx(sign * UP)
    # With the palm down, wrist extension lifts the fingers, and flexion lowers them.
    for sign in (1, -1):
        _, fingers = pose(
            urdf,
            "fingers",
            elbow_flexion=math.pi / 2,
            forearm_rotation=-math.pi / 2,
            wrist_extension=sign * 0.5,
        )
        assert (fingers - bent) @ UP == pytest.approx(sign * 0.1 * math.sin(0.5))
    # With the arm hanging, wrist extension moves the hand towards its back, away from the body.
    _, fingers = pose(urdf, "fingers", wrist_extension=0.5)
    assert (fingers - hanging) @ PALM == pytest.approx(-0.1 * math.sin(0.5))
