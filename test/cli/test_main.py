"""The command as a whole: version, errors in one line, exit codes, completion, a quick start."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import pytest

from emg_recognition.cli import data
from emg_recognition.cli import main as command
from emg_recognition.errors import SettingError
from emg_recognition.resources import version


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(capsys, option):
    with pytest.raises(SystemExit) as ended:
        command.main([option])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"emg-recognition {version()}\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("trian", "there is no 'trian'; did you mean train?"),
        ("fly", "there is no 'fly'; choose from demo, run, "),
        ("train", "the following arguments are required: --data, --output"),
        # A misspelt option is named before a missing one.
        ("train --dta x", "there is no option --dta; did you mean --data?"),
        ("train --data x --output y --trian-reps=1", "did you mean --train-reps?"),
        ("train --data x --output y --selection minorty", "there is no 'minorty'; did you mean minority?"),
        ("train --data x --output y --split kfold", "did you mean k-fold?"),
        ("train --data x --output y --selection xyz", "choose from minority, overall, test, soft-vote"),
        ("train --data x --output y --out z", "there is no option --out; did you mean --output?"),
        ("train --data x --output y --turn 1", "--turn is called --electrode-rotation"),
        ("adapt --model x --data y --output z --reps 1 --steps 3", "--steps is called --steps-per-epoch"),
        ("evaluate --model x --bag y --step 0.1", "--step is called --stride"),
        ("evaluate --model x --bag y --votes 0", "'0': use a whole number from 1 to 15"),
        ("evaluate --model x --bag y --confidence-threshold 2", "'2': use a number from 0 to 1"),
        ("simulate --output x.npz --rate fast", "'fast': use a number from 200 to 10000 Hz"),
        ("completion tcsh", "argument shell: there is no 'tcsh'"),
    ],
)
def test_what_cannot_be_parsed_is_one_line_with_a_remedy(arguments, expected, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments.split())
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("emg-recognition")
    assert expected in line
    assert line.endswith("--help)")


PARSER = command.build_parser()
(COMMANDS,) = [a.choices for a in PARSER._actions if isinstance(a, argparse._SubParsersAction)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_examples_that_parse(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    parser = COMMANDS[name]
    text = parser.format_help()
    head, _, examples = text.partition("\nexamples:\n")
    assert max(map(len, head.splitlines())) <= 80
    lines = examples.replace("\\\n", " ").splitlines()
    assert lines
    for line in lines:
        program, *arguments = line.partition(">")[0].split()
        assert program == "emg-recognition"
        assert PARSER.parse_args(arguments).run is parser.get_default("run")


def test_help_shows_defaults_and_names_of_splits_and_selections(capsys):
    with pytest.raises(SystemExit):
        command.main(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "leave-one-subject-out, k-fold, list, random-windows (default: repetition)" in text
    assert "(one of minority, overall, test, soft-vote, pretrain; default: minority)" in text
    assert "gradient steps in an epoch (default: as many as show each window once)" in text


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (SettingError("x", 3, "take 4"), 2, "emg-recognition: error: x is 3: take 4\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_exception_of_a_command_becomes_a_code(monkeypatch, capsys, raised, code, line):
    def run(args):
        raise raised

    monkeypatch.setattr(data, "_simulate", run)
    assert command.main(["simulate", "--output", "a.npz"]) == code
    assert capsys.readouterr().err == line


def test_a_reader_that_stops_reading_causes_no_traceback():
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
from emg_recognition.cli import data, main
def run(args):
    for _ in range(100_000):
        print("line")
    return 0
data._simulate = run
sys.exit(main.main(["simulate", "--output", "a.npz"]))
"""


def test_the_parser_loads_nothing_heavy():
    code = (
        "import sys; from emg_recognition.cli.main import build_parser; build_parser();"
        "heavy = {'numpy', 'scipy', 'pandas', 'tensorflow', 'matplotlib', 'rich', 'rclpy', 'serial'};"
        "print(heavy & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "set()\n"


def test_it_runs_as_a_module_without_a_home_folder():
    found = subprocess.run(
        [sys.executable, "-m", "emg_recognition", "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "HOME"},
    )
    assert all(name in found.stdout for name in ("train", "simulate", "demo"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell_names_the_command(shell, capsys):
    assert command.main(["completion", shell]) == 0
    assert "emg-recognition" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("emg-recognition eval", ["evaluate"]),
        ("emg-recognition train --sel", ["--selection"]),
        ("emg-recognition train --selection s", ["soft-vote"]),
        ("emg-recognition train --data x --split k", ["k-fold"]),
    ],
)
def test_a_shell_gets_completions(typed, expected, tmp_path):
    found = tmp_path / "completions"
    # The protocol of argcomplete: the line in variables, the answer in a file.
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(found),
        "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": typed,
        "COMP_POINT": str(len(typed)),
    }
    subprocess.run([sys.executable, "-m", "emg_recognition"], env=environment, check=True)
    assert [word.strip() for word in found.read_text().split("\n")] == expected


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("simulate --output FILE/study.npz --healthy 1 --patients 1 --sessions 1 --hold 0.5", "FILE"),
        ("inspect CSV --describe --output FILE/study.yaml", "--output is 'FILE/study.yaml'"),
    ],
)
def test_an_output_that_cannot_be_made_is_one_line(arguments, named, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "fist.csv").write_text("t,emg1\n" + "".join(f"{i / 100},{i % 7}\n" for i in range(100)))
    places = {"FILE": str(tmp_path / "file"), "CSV": str(tmp_path / "fist.csv")}
    for name, place in places.items():
        arguments, named = arguments.replace(name, place), named.replace(name, place)
    assert command.main(arguments.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert named in line
    assert (tmp_path / "file").read_text() == "no folder"
