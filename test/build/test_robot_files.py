"""Controllers, URDF and exoskeleton.yaml agree, and the source distribution is complete."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from xml.etree import ElementTree

import pytest
import yaml

from emg_recognition.control.exoskeleton import load_exoskeleton

XACRO = "{http://www.ros.org/wiki/xacro}"
FOLDERS = (
    *("bench", "cmake", "config", "docs", "emg_recognition", "examples", "launch", "msg"),
    *("requirements", "src", "test", "tools", "urdf", ".ci", ".devcontainer"),
)


@pytest.fixture
def joints(repository):
    return load_exoskeleton(repository / "config" / "exoskeleton.yaml").joints


def test_controllers_move_the_joints_of_the_exoskeleton_and_time_out(repository, joints):
    parameters = yaml.safe_load((repository / "config" / "controllers.yaml").read_text())
    parameters = {name.rpartition("/")[2]: value["ros__parameters"] for name, value in parameters.items()}
    names = [joint.name for joint in joints]
    trajectory = parameters["joint_trajectory_controller"]
    assert trajectory["joints"] == parameters["forward_velocity_controller"]["joints"] == names
    assert set(trajectory["constraints"]) == {"goal_time", *names}
    # From the measured state, with its noisy velocity, the real controller jumps.
    assert trajectory["interpolate_from_desired_state"] is True
    # cmd_timeout is ignored unless it is longer.
    assert trajectory["constraints"]["goal_time"] < trajectory["cmd_timeout"]
    for name in ("joint_trajectory_controller", "forward_velocity_controller"):
        assert "type" in parameters["controller_manager"][name]


def test_the_hardware_has_the_joints_and_begins_where_the_bridge_may_be_armed(repository, joints):
    arm = ElementTree.parse(repository / "urdf" / "exoskeleton_ros2_control.urdf.xacro").getroot()
    assert (repository / "urdf" / arm.find(f"{XACRO}include").get("filename")).is_file()
    used = arm.findall(f"ros2_control/{XACRO}joint_interfaces")
    assert {one.get("name"): float(one.get("initial")) for one in used} == {
        joint.name: pytest.approx((joint.lower + joint.upper) / 2) for joint in joints
    }


def test_the_source_distribution_holds_everything(repository, tmp_path):
    junk = shutil.ignore_patterns(
        "__pycache__", ".venv*", "build", "install", "out", "log", ".git", "*.egg-info"
    )
    tree = shutil.copytree(repository, tmp_path / "tree", ignore=junk, symlinks=True)
    result = subprocess.run(
        [sys.executable, "setup.py", "-q", "sdist", "--dist-dir", str(tmp_path)],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    files = {path for folder in FOLDERS for path in (tree / folder).rglob("*") if path.is_file()}
    files |= {path for path in tree.glob("*") if path.is_file() and path.suffix in (".md", ".xml", ".toml")}
    assert files
    assert {str(path.relative_to(tree)) for path in files} <= packed
