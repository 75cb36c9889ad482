"""A parameter file that would leave a node on its defaults by mistake is refused, and says why."""

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.nodes.settings import FILES
from emg_recognition.ros.parameter_files import check_parameter_file

CHAIN = ("acquisition", "classifier")


def check(folder, text, namespace="/left_arm"):
    path = folder / "robot.yaml"
    path.write_text(text)
    check_parameter_file(path, namespace, CHAIN, ["simulated_armband"])


def entry(*names):
    lines = [f"{'  ' * depth}{name}:" for depth, name in enumerate((*names, "ros__parameters"))]
    return "\n".join(lines) + " {port: x}\n"


@pytest.mark.parametrize(
    "text",
    [
        entry("/**/classifier"),
        entry("/**"),
        entry("/left_arm/*"),
        entry("/left_arm/classifier"),
        entry("left_arm/classifier"),
        entry("left_arm", "classifier"),
        entry("/*/classifier"),
        # A file for both arms, and for another package's nodes.
        entry("/left_arm/classifier") + entry("/right_arm/classifier") + entry("/controller_manager"),
        entry("/**/simulated_armband"),
    ],
)
def test_files_that_set_a_node_pass(tmp_path, text):
    check(tmp_path, text)


@pytest.mark.parametrize("name", FILES)
def test_the_packaged_files_pass(repository, name):
    check_parameter_file(repository / "config" / name, "/ward_1/left_arm", FILES[name], [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (entry("/**/clasifier"), "no such node; write classifier"),
        (entry("/**/classifier") + entry("/**/simulated_armbend"), "no such node; write simulated_armband"),
        (entry("/controller_manager"), "sets /controller_manager and none of acquisition"),
        (entry("/right_arm/classifier"), "the node is /left_arm/classifier"),
        # Without a namespace it is the node of the root.
        (entry("classifier"), "the node is /left_arm/classifier"),
        (entry("/right_arm/*"), "none of acquisition"),
        ("/**/classifier: {port: x}\n", "has no nodes with ros__parameters"),
        ("", "has no nodes with ros__parameters"),
        ("a: [", "not a YAML file"),
        (entry("/**/classifier") * 2, "given twice"),
    ],
)
def test_files_that_set_nothing_are_refused(tmp_path, text, problem):
    with pytest.raises(SettingError, match="params_file") as refused:
        check(tmp_path, text)
    assert problem in str(refused.value)


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"robbot\.yaml.*cannot be read"):
        check_parameter_file(tmp_path / "robbot.yaml", "/", CHAIN, [])
