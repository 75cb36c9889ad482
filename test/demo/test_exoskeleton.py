"""Recordings with actions of their own can be played: in the demo these actions move the simulated joints."""

from emg_recognition.control.exoskeleton import load_exoskeleton
from emg_recognition.demo.graph import exoskeleton_for
from emg_recognition.resources import config_path


def test_known_actions_need_no_file_of_their_own(tmp_path):
    assert exoskeleton_for(["rest", "elbow_flexion", "fist"], tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_unknown_actions_move_one_joint_and_direction_after_the_other(tmp_path):
    actions = ["M1", "elbow_flexion", *(f"M{number}" for number in range(2, 9))]
    packaged = load_exoskeleton(config_path("exoskeleton.yaml"))
    assert len(packaged.unknown(actions)) == 8
    own = load_exoskeleton(exoskeleton_for(actions, tmp_path))
    assert own.unknown(actions) == []
    assert own.rest == (*packaged.rest, "M1")
    assert own.no_motion == (*packaged.no_motion, "M8")  # three joints, two directions
    moved = {action: target for action, target in own.targets().items() if action not in packaged.targets()}
    assert list(moved) == ["M2", "M3", "M4", "M5", "M6", "M7"]
    assert len({str(target) for target in moved.values()}) == 6
    assert own.targets()["elbow_flexion"] == packaged.targets()["elbow_flexion"]
    assert own.joints == packaged.joints
