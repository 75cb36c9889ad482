"""Commands that become one node: its arguments, its signals and its exit code are this command's."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import pytest

from emg_recognition import processes
from emg_recognition.cli import main as command
from emg_recognition.errors import EmgRecognitionError

COMMAND = [sys.executable, "-m", "emg_recognition"]
WHO = ["--subject", "anna", "--cohort", "patient"]
GIVEN = ["--ros-args", "-p", 'subject:="anna"', "-p", 'cohort:="patient"']
ROS = ["--ros-args"]


@pytest.mark.parametrize(
    ("node", "arguments", "expected"),
    [
        ("monitor", ["monitor"], []),
        ("monitor", ["monitor", "--namespace", "left_arm"], [*ROS, "-r", "__ns:=/left_arm"]),
        ("monitor", ["monitor", "--namespace", "/ward/left_arm/"], [*ROS, "-r", "__ns:=/ward/left_arm"]),
        ("enabling_switch", ["switch"], []),
        ("page", ["page"], []),
        (
            "page",
            ["page", "--port", "0", "--folder", "2026", "--namespace", "left_arm"],
            [*ROS, "-r", "__ns:=/left_arm", "-p", "port:=0", "-p", 'folder:="2026"'],
        ),
        ("call_bridge", ["arm"], [*ROS, "-p", 'command:="arm"']),
        (
            "call_bridge",
            ["stop", "--namespace", "left_arm"],
            [*ROS, "-r", "__ns:=/left_arm", "-p", 'command:="stop"'],
        ),
        ("recorder", ["record"], []),
        # YAML would read these as a number and as a truth value.
        ("recorder", ["record", "--output", "2026"], [*ROS, "-p", 'output:="2026"']),
        (
            "recorder",
            ["record", "--namespace", "left_arm", "on"],
            [*ROS, "-p", 'namespaces:=["left_arm", "on"]'],
        ),
        ("session", ["session", *WHO], GIVEN),
        (
            "session",
            ["session", *WHO, "--session", "3", "--output", "2026"],
            [*GIVEN, "-p", 'session:="3"', "-p", 'output:="2026"'],
        ),
        (
            "session",
            ["session", *WHO, "--plan", "mein plan.yaml", "--script", "ü.yaml"],
            [*GIVEN, "-p", 'plan:="mein plan.yaml"', "-p", 'script:="ü.yaml"'],
        ),
    ],
)
def test_options_become_parameters_and_the_code_is_the_nodes(make_node, node, arguments, expected):
    make_node(node, code=7)
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == expected
    assert done.returncode == 7


@pytest.mark.parametrize("name", ["", "/", "left-arm", "1st", "left//arm", "arm __node:=x", "línks"])
def test_a_namespace_that_ros_does_not_know_is_refused(make_node, name, capsys):
    make_node("monitor")
    assert command.main(["monitor", "--namespace", name]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "such as left_arm" in line


def test_a_page_without_its_library_says_what_to_install(make_node, monkeypatch, capsys):
    make_node("page")
    monkeypatch.setitem(sys.modules, "nicegui", None)  # as import itself marks what must not be there
    assert command.main(["page"]) == 2
    assert capsys.readouterr().err == (
        "emg-recognition: error: the page needs the library NiceGUI: pip install 'emg_recognition[page]'\n"
    )


@pytest.mark.parametrize("prefixes", ["", "/nowhere"])
@pytest.mark.parametrize("arguments", [["monitor"], ["record"], ["arm"], ["session", *WHO]])
def test_without_ros_the_remedy_is_one_line(prefixes, arguments, monkeypatch, capsys):
    monkeypatch.setenv("AMENT_PREFIX_PATH", prefixes)
    assert command.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "source install/setup.bash" in line
    assert "tools/environment run" in line


def test_ctrl_c_ends_a_real_recording_in_order(tmp_path, ros_environment):
    from emg_recognition.bags.reader import open_bag

    with subprocess.Popen(
        [*COMMAND, "record", "--namespace", "left_arm", "right_arm"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=ros_environment,
    ) as process:
        for line in process.stderr:
            if "recording /left_arm/emg/samples, /right_arm/emg/samples" in line:
                break
        # The line comes at the end of the node's constructor.
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 0, rest
    (bag,) = tmp_path.iterdir()
    assert re.fullmatch(r"recording_\d{8}_\d{6}", bag.name)
    with open_bag(bag) as opened:
        assert "/right_arm/emg/samples" in [topic.name for topic in opened.topics]
        assert opened.problems == []


@pytest.mark.parametrize("device", [("--port", "/dev/ttyACM0"), ("--source", "lsl:type=EMG")])
def test_with_a_device_acquisition_and_quality_run_as_long_as_the_session(make_node, device):
    make_node("session", code=7, seconds=1.0)
    make_node("acquisition", seconds=60.0)
    make_node("signal_quality", seconds=60.0)
    begin = time.monotonic()
    done = subprocess.run([*COMMAND, "session", *WHO, *device], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == GIVEN
    assert done.returncode == 7, done.stderr
    assert time.monotonic() - begin < 50.0


def test_an_acquisition_that_fails_ends_the_session_with_its_reason(make_node):
    make_node("session", seconds=60.0)
    make_node("acquisition", code=3)
    make_node("signal_quality", seconds=60.0)
    begin = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "session", *WHO, "--port", "x"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "acquisition ended with code 3" in line
    assert time.monotonic() - begin < 50.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_session_in_order(make_node, tmp_path, number):
    for name in ("session", "acquisition", "signal_quality"):
        make_node(name, code=5 * (name == "session"), seconds=60.0)
    folder = tmp_path / "prefix" / "lib" / "emg_recognition"
    with subprocess.Popen(
        [*COMMAND, "session", *WHO, "--port", "x"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 - as under nohup
    ) as process:
        deadline = time.monotonic() + 60.0
        while len(list(folder.glob("*.runs"))) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 5, rest
    assert rest == ""


def test_a_node_that_ignores_sigint_is_killed_and_reported(make_node, tmp_path, monkeypatch):
    make_node("deaf", seconds=60.0)
    path = tmp_path / "prefix" / "lib" / "emg_recognition" / "deaf_node"
    path.write_text(path.read_text().replace("lambda *_: sys.exit(0)", "signal.SIG_IGN"))
    monkeypatch.setattr(processes, "_GRACE", 0.3)
    graph = processes.Graph(tmp_path / "graph")
    child = graph.start("deaf", {}, capture=True)
    child.stdout.readline()
    with pytest.raises(EmgRecognitionError, match=r"deaf did not end within 0.3 s after SIGINT"):
        graph.__exit__(None, None, None)
    assert child.poll() == -signal.SIGKILL


def test_parameters_of_acquisition_need_a_port(make_node, capsys, tmp_path):
    make_node("session")
    assert command.main(["session", *WHO, "--params-file", str(tmp_path)]) == 2
    assert "use it with --port or --source only" in capsys.readouterr().err
