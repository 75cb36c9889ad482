from __future__ import annotations

from pathlib import Path

import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.control.joints import load_exoskeleton
from emg_recognition.errors import SettingError

CONFIG = Path(__file__).parents[2] / "config" / "exoskeleton.yaml"

GOOD = """
joints:
  elbow: {lower: 0.0, upper: 2.0, max_velocity: 0.5, max_acceleration: 8.0}
  wrist: {lower: -1, upper: 1, max_velocity: 0.4, max_acceleration: 5.0}
actions:
  bend: {joint: elbow, velocity: 0.3}
  drop: {joint: wrist, velocity: -0.4}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "arm.yaml"
    path.write_text(text)
    return path


def test_joints_and_targets_keep_the_order_of_the_file(tmp_path: Path) -> None:
    exoskeleton = load_exoskeleton(write(tmp_path, GOOD))
    assert exoskeleton.joint_names == ("elbow", "wrist")
    assert exoskeleton.targets() == {"bend": (0.3, 0.0), "drop": (0.0, -0.4)}
    assert exoskeleton.joints[1].lower == -1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lower: 0.0, upper: 2.0", "lower: 2.0, upper: 2.0", "joint elbow: lower is 2.0"),
        ("max_velocity: 0.5", "max_velocity: -0.5", "joint elbow: max_velocity is -0.5"),
        ("max_velocity: 0.5", "max_velocity: .nan", "joint elbow: max_velocity is nan"),
        ("max_velocity: 0.5", "max_velocity: yes", "joint elbow: max_velocity is True"),
        ("max_velocity: 0.5", "max_velocity: fast", "joint elbow: max_velocity is 'fast'"),
        ("max_acceleration: 8.0", "max_acceleration: 6.0", "joint elbow: max_acceleration is 6.0.*6.25"),
        ("upper: 2.0, ", "", "arm.yaml: joints.elbow.upper"),
        ("upper: 2.0, ", "upper: 2.0, effort: 1.0, ", "arm.yaml: joints.elbow.effort is 1.0"),
        ("joint: elbow", "joint: knee", "action bend: joint is 'knee'.*elbow, wrist"),
        ("velocity: 0.3", "velocity: 0.6", "action bend: velocity is 0.6.*0.5"),
        ("velocity: -0.4", "velocity: -0.41", "action drop: velocity is -0.41"),
        ("velocity: 0.3", "velocity: 0", "action bend: velocity is 0"),
        ("velocity: 0.3", "velocity: .inf", "action bend: velocity is inf"),
        ("{joint: elbow, velocity: 0.3}", "elbow", "arm.yaml: actions.bend is 'elbow'"),
        ("velocity: 0.3", "velocity: 0.3, action: x", "arm.yaml: actions.bend.action is 'x'"),
        ("actions:", "motions:", "arm.yaml: motions is"),
        ("actions:", "joints: [", "valid YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_place_and_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
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


def test_the_packaged_file_moves_what_the_actions_say() -> None:
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
        "M2": (0, 0, -1),
        "M3": (0, 0, 1),
        "M6": (0, -1, 0),
        "M7": (0, 1, 0),
    }
    assert set(PAPER_ACTION_NAMES) - set(signs) == {REST}
