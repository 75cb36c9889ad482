"""`emg-recognition record` becomes the recorder node: its Ctrl-C, its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from emg_recognition.cli import main as command

_COMMAND = [sys.executable, "-m", "emg_recognition.cli.main", "record"]


@pytest.fixture
def launcher(make_launcher):
    """A recorder_node that writes down what it was started with and leaves with code 7."""
    make_launcher("recorder_node")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["--ros-args"]),
        # YAML would read these as a number and as a truth value.
        (["--output", "2026"], ["--ros-args", "-p", 'output:="2026"']),
        (
            ["--namespace", "left_arm", "on"],
            ["--ros-args", "-p", 'namespaces:=["left_arm", "on"]'],
        ),
    ],
)
def test_options_become_parameters_and_the_code_is_the_nodes(launcher, arguments, expected):
    done = subprocess.run([*_COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == expected
    assert done.returncode == 7


@pytest.mark.parametrize("prefixes", ["", "/nowhere"])
def test_without_ros_the_remedy_is_one_line(prefixes, monkeypatch, capsys):
    monkeypatch.setenv("AMENT_PREFIX_PATH", prefixes)
    assert command.main(["record"]) == 2
    line = capsys.readouterr().err
    assert len(line.splitlines()) == 1
    assert "source install/setup.bash" in line


def test_ctrl_c_ends_a_real_recording_in_order(tmp_path):
    pytest.importorskip("rclpy", reason="no ROS 2 in this environment: run `make test`")
    pytest.importorskip("emg_recognition.msg", reason="messages are not built: run `make test`")
    from emg_recognition.bags.reader import open_bag

    environment = {**os.environ, "ROS_DOMAIN_ID": str(1 + os.getpid() % 100)}
    if os.environ.get("ROS_DISTRO") == "humble":
        environment["ROS_LOCALHOST_ONLY"] = "1"
    else:
        environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    with subprocess.Popen(
        [*_COMMAND, "--namespace", "left_arm", "right_arm"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        for line in process.stderr:
            if "recording /left_arm/emg/samples, /right_arm/emg/samples" in line:
                break
        # The line stands at the end of the constructor.
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 0, rest
    (bag,) = tmp_path.iterdir()
    assert re.fullmatch(r"recording_\d{8}_\d{6}", bag.name)
    with open_bag(bag) as opened:
        assert "/right_arm/emg/samples" in [topic.name for topic in opened.topics]
        assert opened.problems == []
