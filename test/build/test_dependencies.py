"""package.xml and requirements/ name exactly what the code imports."""

from __future__ import annotations

import ast
import re
import sys
from xml.etree import ElementTree

import pytest

#: Import name -> rosdep key; None where rosdistro has no key, or another library brings it.
ROSDEP_KEY = {
    "ai_edge_litert": None,
    "argcomplete": "python3-argcomplete",
    "bleak": None,
    "brainflow": None,
    "edfio": None,
    "fastapi": None,
    "foxglove": None,
    "h5py": None,
    "imblearn": None,
    "jinja2": "python3-jinja2",
    "keras": "python-tensorflow-pip",
    "markupsafe": None,
    "matplotlib": "python3-matplotlib",
    "mcap": "mcap-ros2-support",
    "nicegui": None,
    "numpy": "python3-numpy",
    "optuna": None,
    "pyxdf": None,
    "pandas": "python3-pandas",
    "pooch": None,
    "pylsl": None,
    "pynput": None,
    "regex": None,
    "requests": None,
    "ray": None,
    "rich": "python3-rich",
    "rosbags": "python3-rosbags-pip",
    "scipy": "python3-scipy",
    "serial": "python3-serial",
    "starlette": None,
    "sklearn": "python3-sklearn",
    "tensorflow": "python-tensorflow-pip",
    "uvicorn": None,
    "wfdb": None,
    "yaml": "python3-yaml",
    "lz4": None,
    "zstandard": None,
}
#: Import name -> name at a package index; None for a part of another one.
DISTRIBUTION = {
    "ai_edge_litert": "ai-edge-litert",
    "lz4": None,  # mcap brings it
    "zstandard": None,  # mcap brings it
    "h5py": None,  # keras brings it
    "fastapi": None,  # nicegui brings it
    "fontTools": "fonttools",
    "foxglove": "foxglove-sdk",
    "imblearn": "imbalanced-learn",
    "keras": None,
    "markupsafe": None,  # jinja2 brings it
    "requests": None,  # pooch brings it
    "serial": "pyserial",
    "starlette": None,  # nicegui brings it
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow-cpu",
    "yaml": "pyyaml",
}
ROS = {
    "ament_index_python",
    "builtin_interfaces",
    "diagnostic_msgs",
    "geometry_msgs",
    "launch",
    "launch_ros",
    "lifecycle_msgs",
    "rcl_interfaces",
    "rclpy",
    "rosgraph_msgs",
    "sensor_msgs",
    "std_msgs",
    "std_srvs",
    "trajectory_msgs",
}
#: What only training, evaluation and CSV files need; a robot that only runs does without (test_depend).
OFF_THE_ROBOT = {"jinja2", "keras", "matplotlib", "pandas", "sklearn", "tensorflow"}
#: What optional parts need.
EXTRAS = ("tune", "fetch", "formats", "lsl", "brainflow", "myo", "keys", "page", "foxglove", "ray")
#: Needed but never imported: what builds messages and filter, `ros2 launch` itself, and what it starts.
NOT_IMPORTED = {
    "ament_cmake",
    "ament_cmake_python",
    "rosidl_default_generators",
    "rosidl_default_runtime",
    "python3-dev",
    "ros2launch",
    "robot_state_publisher",
    "controller_manager",
    "forward_command_controller",
    "joint_state_broadcaster",
    "joint_trajectory_controller",
    "xacro",
}


def imports(folder):
    """Top-level names that the Python files below a folder import, without the standard library."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"emg_recognition"}


@pytest.fixture
def used(repository):
    return set().union(
        *(imports(repository / folder) for folder in ("emg_recognition", "launch", "examples"))
    )


@pytest.fixture
def manifest(repository):
    return ElementTree.parse(repository / "package.xml").getroot()


def requirements(repository, *names):
    text = "\n".join((repository / "requirements" / f"{name}.txt").read_text() for name in names)
    return {match.lower() for match in re.findall(r"^([A-Za-z][\w.-]*)", text, re.MULTILINE)}


def test_package_xml_has_a_key_for_every_import_and_no_other(used, manifest):
    unknown = used - set(ROSDEP_KEY) - ROS
    assert not unknown, "add these to package.xml, to requirements/ and to the table of this test"
    expected = {ROSDEP_KEY.get(name, name) for name in used - OFF_THE_ROBOT} - {None}
    tags = ("depend", "build_depend", "buildtool_depend", "exec_depend")
    found = {element.text for tag in tags for element in manifest.iter(tag)}
    assert found == expected | NOT_IMPORTED
    tested = {element.text for element in manifest.iter("test_depend")}
    assert {ROSDEP_KEY[name] for name in OFF_THE_ROBOT} <= tested


def test_requirements_name_every_import_and_no_other(used, repository):
    expected = {DISTRIBUTION.get(name, name) for name in used - ROS} - {None}
    # The same library under another name on machines that are not x86_64.
    assert requirements(repository, "library", "train", "compare", *EXTRAS) - {"tensorflow"} == expected


def test_requirements_name_everything_that_the_suite_imports(repository):
    names = imports(repository / "test") | imports(repository / "bench")
    files = [path for folder in ("test", "bench") for path in (repository / folder).rglob("*.py")]
    local = {path.stem for path in files} | {path.parent.name for path in files}
    asked = requirements(repository, "library", "train", "compare", *EXTRAS, "test")
    missing = {
        name
        # LibEMG is measured beside ours with a Python of its own.
        for name in names - ROS - local - {"libemg"}
        if (DISTRIBUTION.get(name, name) or "tensorflow-cpu") not in asked
    }
    assert not missing


def test_package_xml_is_for_the_build_type_that_makes_messages(manifest):
    assert manifest.get("format") == "3"
    assert manifest.findtext("export/build_type") == "ament_cmake"
    assert manifest.findtext("member_of_group") == "rosidl_interface_packages"
    assert manifest.findtext("license") == "Apache-2.0"
