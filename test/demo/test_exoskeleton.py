"""Recordings with actions of their own can be played, too: the demo says that they move nothing."""

from emg_recognition.control.exoskeleton import load_exoskeleton
from emg_recognition.demo.graph import exoskeleton_for
from emg_recognition.resources import config_path


def test_known_actions_need_no_file_of_their_own(tmp_path):
    assert exoskeleton_for(["rest", "elbow_flexion", "fist"], tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_unknown_actions_move_nothing_and_the_others_what_they_did(tmp_path):
    actions = ["rest", "thumbs_up", "elbow_flexion", "7"]
    packaged = load_exoskeleton(config_path("exoskeleton.yaml"))
    assert packaged.unknown(actions) == ["thumbs_up", "7"]
    own = load_exoskeleton(exoskeleton_for(actions, tmp_path))
    assert own.unknown(actions) == []
    assert own.no_motion == (*packaged.no_motion, "thumbs_up", "7")
    assert own.targets() == packaged.targets()
    assert own.joints == packaged.joints
    assert own.rest == packaged.rest
