"""`emg-recognition session` becomes the session node, or runs it with acquisition behind it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from emg_recognition.cli import main as command

_COMMAND = [sys.executable, "-m", "emg_recognition.cli.main", "session"]
_WHO = ["--subject", "anna", "--cohort", "patient"]
_GIVEN = ["--ros-args", "-p", 'subject:="anna"', "-p", 'cohort:="patient"']
#: A node that writes down what it was started with, and does what is asked of it.
_NODE = """#!{python}
import json, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit({code}))
print(json.dumps(sys.argv[1:]), flush=True)
open(sys.argv[0] + ".runs", "w").close()
time.sleep({seconds})
sys.exit({code})
"""


@pytest.fixture
def launchers(tmp_path, monkeypatch):
    """Make nodes that leave after some seconds with a code."""
    place = tmp_path / "prefix" / "lib" / "emg_recognition"
    place.mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "prefix"))

    def make(name, code=0, seconds=0.0):
        path = place / f"{name}_node"
        path.write_text(_NODE.format(python=sys.executable, code=code, seconds=seconds))
        path.chmod(0o755)

    return make


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], []),
        # YAML would read these as numbers.
        (["--session", "3", "--output", "2026"], ["-p", 'session:="3"', "-p", 'output:="2026"']),
        (
            ["--plan", "mein plan.yaml", "--script", "ü.yaml"],
            ["-p", 'plan:="mein plan.yaml"', "-p", 'script:="ü.yaml"'],
        ),
    ],
)
def test_options_become_parameters_and_the_code_is_the_nodes(launchers, arguments, expected):
    launchers("session", code=7)
    done = subprocess.run([*_COMMAND, *_WHO, *arguments], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == [*_GIVEN, *expected]
    assert done.returncode == 7


def test_with_a_port_acquisition_and_quality_run_as_long_as_the_session(launchers, tmp_path):
    launchers("session", code=7, seconds=2.0)
    launchers("acquisition", seconds=60.0)
    launchers("signal_quality", seconds=60.0)
    begin = time.monotonic()
    done = subprocess.run(
        [*_COMMAND, *_WHO, "--port", "/dev/ttyACM0"], capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout) == _GIVEN
    assert done.returncode == 7, done.stderr
    assert time.monotonic() - begin < 50.0


def test_an_acquisition_that_fails_ends_the_session_with_its_reason(launchers):
    launchers("session", seconds=60.0)
    launchers("acquisition", code=3)
    launchers("signal_quality", seconds=60.0)
    begin = time.monotonic()
    done = subprocess.run([*_COMMAND, *_WHO, "--port", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "acquisition left with code 3" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert time.monotonic() - begin < 50.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_session_in_order(launchers, tmp_path, number):
    for name in ("session", "acquisition", "signal_quality"):
        launchers(name, code=5 * (name == "session"), seconds=60.0)
    place = tmp_path / "prefix" / "lib" / "emg_recognition"
    with subprocess.Popen(
        [*_COMMAND, *_WHO, "--port", "x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60.0
        while len(list(place.glob("*.runs"))) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 5, rest
    assert rest == ""


def test_parameters_of_acquisition_need_a_port(launchers, capsys, tmp_path):
    launchers("session")
    assert command.main(["session", *_WHO, "--params-file", str(tmp_path)]) == 2
    assert "give --port, too" in capsys.readouterr().err


def test_without_ros_the_remedy_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("AMENT_PREFIX_PATH", "")
    assert command.main(["session", *_WHO]) == 2
    line = capsys.readouterr().err
    assert len(line.splitlines()) == 1
    assert "source install/setup.bash" in line
    assert os.environ["AMENT_PREFIX_PATH"] == ""
