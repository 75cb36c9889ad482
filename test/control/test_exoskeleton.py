"""Descriptions of exoskeletons: the packaged one, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.control.exoskeleton import ActionMotion, load_exoskeleton
from emg_recognition.control.joints import JointLimits
from emg_recognition.errors import SettingError
from emg_recognition.yaml_files import yaml_lines

CONFIG = Path(__file__).parents[2] / "config" / "exoskeleton.yaml"

GOOD = """
joints:
  elbow: {lower: 0.0, upper: 2.0, max_velocity: 0.5, max_acceleration: 8.0}
  wrist: {lower: -1, upper: 1, max_velocity: 0.4, max_acceleration: 5.0}
actions:
  bend: {velocities: {elbow: 0.3}}
  drop: {velocities: {wrist: -0.4, elbow: 0.1}, confidence: 0.7}
rest: [rest, relaxed]
no_motion: [fist]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "arm.yaml"
    path.write_text(text)
    return path


def test_joints_and_targets_keep_the_order_of_the_file(tmp_path: Path) -> None:
    exoskeleton = load_exoskeleton(write(tmp_path, GOOD))
    assert exoskeleton.joint_names == ("elbow", "wrist")
    assert exoskeleton.targets() == {"bend": (0.3, 0.0), "drop": (0.1, -0.4)}
    assert exoskeleton.joints[1].lower == -1
    assert exoskeleton.thresholds() == {"bend": 0.0, "drop": 0.7}
    assert exoskeleton.rest == ("rest", "relaxed")
    assert exoskeleton.unknown(["relaxed", "fist", "bend", "juggle", "rest"]) == ["juggle"]
    assert exoskeleton.directions(["bend", "rest"]) == ((True, False), (False, False))
    assert exoskeleton.directions(["bend", "drop"]) == ((True, False), (False, True))


def test_without_names_of_rest_it_is_rest(tmp_path: Path) -> None:
    exoskeleton = load_exoskeleton(write(tmp_path, GOOD.split("rest:")[0]))
    assert exoskeleton.rest == (REST,)
    assert exoskeleton.no_motion == ()


URDF = """<robot name="arm">
  <link name="upper"/><link name="lower"/>
  <joint name="elbow" type="revolute">
    <parent link="upper"/><child link="lower"/>
    <limit lower="0.1" upper="1.9" velocity="0.45" effort="1"/>
  </joint>
</robot>
"""


def test_limits_of_a_urdf_fill_in_what_the_file_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "arm.urdf").write_text(URDF)
    text = """
urdf: arm.urdf
joints: {elbow: {upper: 1.5, max_acceleration: 8.0}}
actions: {bend: {velocities: {elbow: 0.3}}}
"""
    joint = load_exoskeleton(write(tmp_path, text)).joints[0]
    assert (joint.lower, joint.upper, joint.max_velocity) == (0.1, 1.5, 0.45)
    with pytest.raises(SettingError, match=r"arm\.urdf: joint knee.*no such joint; it has elbow"):
        load_exoskeleton(write(tmp_path, text.replace("elbow: {upper", "knee: {upper")))
    with pytest.raises(SettingError, match=r"none\.urdf"):
        load_exoskeleton(write(tmp_path, text.replace("arm.urdf", "none.urdf")))


def test_limits_of_the_running_robot(tmp_path: Path) -> None:
    text = """
urdf: robot_description
joints: {elbow: {upper: 1.5, max_acceleration: 8.0}}
actions: {bend: {velocities: {elbow: 0.3}}}
"""
    joint = load_exoskeleton(write(tmp_path, text), lambda: URDF).joints[0]
    assert (joint.lower, joint.upper, joint.max_velocity) == (0.1, 1.5, 0.45)
    with pytest.raises(SettingError, match="robot_description: root element is 'sdf'"):
        load_exoskeleton(write(tmp_path, text), lambda: "<sdf/>")
    with pytest.raises(SettingError, match="'robot_description': only running nodes have this topic"):
        load_exoskeleton(write(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "lower: 0.0, upper: 2.0",
            "lower: 2.0, upper: 2.0",
            r"arm.yaml: joints.elbow.lower is 2.0: use a number below upper, 2.0 rad",
        ),
        ("max_velocity: 0.5", "max_velocity: -0.5", "elbow.max_velocity is -0.5: use a number above 0 rad/s"),
        ("upper: 2.0", "upper: 135", r"elbow.upper is 135.0: it is in rad, .*12.57; did you mean degrees\?"),
        ("lower: 0.0", "lower: -1.0e+308", r"elbow.lower is -1e\+308: it is in rad"),
        ("max_velocity: 0.5", "max_velocity: 30.0", "elbow.max_velocity is 30.0: it is in rad/s, .*20; did"),
        (
            "max_acceleration: 8.0",
            "max_acceleration: 1.0e+9",
            "elbow.max_acceleration is 1000000000.0: .* 1000",
        ),
        ("upper: 2.0", "upper: 2.0, upper: 3.0", "'upper' is given twice, in lines 3 and 3"),
        ("actions:", "joints: {}\nactions:", "the key 'joints' is given twice, in lines 2 and 5"),
        ("max_velocity: 0.5", "max_velocity: .nan", "elbow.max_velocity is nan"),
        ("max_velocity: 0.5", "max_velocity: yes", "elbow.max_velocity is True"),
        ("max_velocity: 0.5", "max_velocity: fast", "elbow.max_velocity is 'fast'"),
        ("max_acceleration: 8.0", "max_acceleration: 6.0", "elbow.max_acceleration is 6.0.*6.25"),
        ("upper: 2.0, ", "", "arm.yaml: joints.elbow.upper"),
        ("upper: 2.0, ", "upper: 2.0, effort: 1.0, ", "arm.yaml: joints.elbow.effort is 1.0"),
        ("upper: 2.0, ", "upper: 2.0, name: x, ", "arm.yaml: joints.elbow.name is 'x'"),
        ("upper: 2.0", "upper: 2.0, max_step: 0.0", "elbow.max_step is 0.0"),
        ("upper: 2.0", "upper: 2.0, soft_zone: -0.1", "elbow.soft_zone is -0.1"),
        ("upper: 2.0", "upper: 2.0, neutral: 2.0", "elbow.neutral is 2.0.*0.01 to 1.99"),
        ("upper: 2.0", "upper: 2.0, neutral_velocity: 0", "elbow.neutral_velocity is 0"),
        ("upper: 2.0", "upper: 2.0, spring_back: 0.1", "elbow.spring_back is 0.1.*neutral"),
        ("upper: 2.0", "upper: 2.0, neutral: 1.0, spring_back: 0.7", "elbow.spring_back is 0.7"),
        ("{elbow: 0.3}", "{knee: 0.3}", "actions.bend.velocities.knee is 0.3.*elbow, wrist"),
        ("elbow: 0.3", "elbow: 0.6", "actions.bend.velocities.elbow is 0.6.*0.5"),
        ("wrist: -0.4", "wrist: -0.41", "actions.drop.velocities.wrist is -0.41"),
        ("elbow: 0.3", "elbow: 0", "actions.bend.velocities.elbow is 0"),
        ("elbow: 0.3", "elbow: .inf", "actions.bend.velocities.elbow is inf"),
        ("elbow: 0.3", "elbow: .nan", "actions.bend.velocities.elbow is nan"),
        ("elbow: 0.3", "elbow: yes", "actions.bend.velocities.elbow is True"),
        ("{elbow: 0.3}", "{}", "actions.bend.velocities is {}"),
        ("{velocities: {elbow: 0.3}}", "elbow", "arm.yaml: actions.bend is 'elbow'"),
        ("{elbow: 0.3}", "{elbow: 0.3}, action: x", "arm.yaml: actions.bend.action is 'x'"),
        ("{elbow: 0.3}", "{elbow: 0.3}, joint: elbow", "actions.bend.joint.*velocities, confidence"),
        ("confidence: 0.7", "confidence: 1.7", "actions.drop.confidence is 1.7"),
        ("no_motion: [fist]", "no_motion: fist", "arm.yaml: no_motion is 'fist': use a list"),
        ("no_motion: [fist]", "no_motion: [bend]", "action bend is 'bend'.*name it once"),
        ("no_motion: [fist]", "still: [fist]", "arm.yaml: still is .*this setting is called no_motion"),
        ("no_motion: [fist]", "urdf: 5", "arm.yaml: urdf is 5"),
        ("actions:", "motions:", "arm.yaml: motions is"),
        ("actions:", "joints: [", "not a YAML file"),
    ],
)
def test_a_wrong_file_is_refused_with_key_and_value(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(SettingError, match=message) as caught:
        load_exoskeleton(write(tmp_path, GOOD.replace(old, new)))
    assert "\n" not in str(caught.value)


def test_a_file_without_joints_or_actions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="joints is"):
        load_exoskeleton(write(tmp_path, "joints: {}\nactions: {}\n"))
    with pytest.raises(SettingError, match="actions is None"):
        load_exoskeleton(write(tmp_path, GOOD.split("actions:")[0]))
    with pytest.raises(SettingError, match=r"arm\.yaml is None"):
        load_exoskeleton(write(tmp_path, ""))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"nowhere\.yaml"):
        load_exoskeleton(tmp_path / "nowhere.yaml")


def test_the_packaged_file_moves_each_joint_in_the_direction_of_the_action() -> None:
    exoskeleton = load_exoskeleton(CONFIG)
    assert exoskeleton.joint_names == ("elbow_flexion", "forearm_rotation", "wrist_extension")
    signs = {
        name: tuple((velocity > 0) - (velocity < 0) for velocity in target)
        for name, target in exoskeleton.targets().items()
    }
    assert signs == {
        "elbow_flexion": (1, 0, 0),
        "elbow_extension": (-1, 0, 0),
        "wrist_internal_rotation": (0, -1, 0),
        "wrist_rotation": (0, 1, 0),
        "wrist_extension": (0, 0, 1),
        "wrist_flexion": (0, 0, -1),
        "pronation": (0, -1, 0),
        "supination": (0, 1, 0),
    }
    assert set(PAPER_ACTION_NAMES) - set(signs) == {REST}
    # Every joint can return to neutral.
    assert all(joint.neutral is not None for joint in exoskeleton.joints)


@pytest.mark.parametrize("cls", [JointLimits, ActionMotion])
def test_the_packaged_file_lists_every_optional_key_with_its_default(cls: type) -> None:
    optional = [line for line in yaml_lines(cls) if not line.split(": ")[1].startswith('""')]
    assert optional
    assert "".join(f"#   {line}\n" for line in optional) in CONFIG.read_text()
