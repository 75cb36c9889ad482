"""The command as a whole: version, errors in one line, exit codes, quick start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emg_recognition.cli import main as command
from emg_recognition.cli import simulate
from emg_recognition.errors import SettingError
from emg_recognition.resources import version


def test_version(capsys):
    with pytest.raises(SystemExit) as left:
        command.main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"emg-recognition {version()}\n"


@pytest.mark.parametrize("arguments", [[], ["fly"], ["train"], ["train", "--data", "a"], ["simulate"]])
def test_what_is_no_command_is_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        command.main(arguments)
    assert left.value.code == 2
    assert "emg-recognition" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (SettingError("x", 3, "take 4"), 2, "emg-recognition: error: x is 3: take 4\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_a_verb_raises_becomes_a_code(monkeypatch, capsys, raised, code, line):
    def run(args):
        raise raised

    monkeypatch.setattr(simulate, "run", run)
    assert command.main(["simulate", "--output", "a.npz"]) == code
    assert capsys.readouterr().err == line


def test_a_reader_who_leaves_is_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-c", _MANY_LINES], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "line\n"
    process.stdout.close()
    assert process.wait(timeout=30) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


_MANY_LINES = """
import sys
from emg_recognition.cli import main, simulate
def run(args):
    for _ in range(100_000):
        print("line")
    return 0
simulate.run = run
sys.exit(main.main(["simulate", "--output", "a.npz"]))
"""


def test_the_verbs_load_nothing_heavy():
    code = (
        "import sys; from emg_recognition.cli.main import build_parser; build_parser();"
        "print({'numpy', 'scipy', 'tensorflow', 'keras', 'matplotlib', 'rich', 'rclpy'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "set()\n"


def test_it_runs_as_a_module():
    found = subprocess.run(
        [sys.executable, "-m", "emg_recognition.cli.main", "--help"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert all(verb in found.stdout for verb in ("train", "simulate", "demo"))
