"""`emg-recognition monitor` becomes the monitor node: its keys, its Ctrl-C, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from emg_recognition.cli import main as command

_COMMAND = [sys.executable, "-m", "emg_recognition.cli.main", "monitor"]


@pytest.fixture
def launcher(make_launcher):
    """A monitor_node that writes down what it was started with and leaves with code 7."""
    make_launcher("monitor_node")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], []),
        (["--namespace", "left_arm"], ["--ros-args", "-r", "__ns:=/left_arm"]),
        (["--namespace", "/ward/left_arm/"], ["--ros-args", "-r", "__ns:=/ward/left_arm"]),
    ],
)
def test_the_namespace_is_handed_on_and_the_code_is_the_nodes(launcher, arguments, expected):
    done = subprocess.run([*_COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == expected
    assert done.returncode == 7


@pytest.mark.parametrize("name", ["", "/", "left-arm", "1st", "left//arm", "arm __node:=x", "línks"])
def test_a_name_that_is_none_is_refused_in_one_line(launcher, name, capsys):
    assert command.main(["monitor", "--namespace", name]) == 2
    line = capsys.readouterr().err
    assert len(line.splitlines()) == 1
    assert "such as left_arm" in line


@pytest.mark.parametrize("prefixes", ["", "/nowhere"])
def test_without_ros_the_remedy_is_one_line(prefixes, monkeypatch, capsys):
    monkeypatch.setenv("AMENT_PREFIX_PATH", prefixes)
    assert command.main(["monitor"]) == 2
    line = capsys.readouterr().err
    assert len(line.splitlines()) == 1
    assert "source install/setup.bash" in line
