"""tools/environment: what it says on a machine that lacks something, and how it runs a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = ("bash", "cat", "dirname", "uname", "sed")


@pytest.fixture
def bare_machine(tmp_path, repository):
    """Return a function that runs tools/environment of a copy of the tree with nothing but a shell."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(Path(shutil.which(tool) or tool).resolve())
    tree = tmp_path / "tree"
    (tree / "tools").mkdir(parents=True)
    shutil.copy(repository / "tools" / "environment", tree / "tools")
    shutil.copytree(repository / "requirements", tree / "requirements")

    def run(*arguments: str, python: str = "python3", **environment: str):
        return subprocess.run(
            [str(tree / "tools" / "environment"), *arguments],
            env={"PATH": str(programs), "PYTHON": python, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    run.tree = tree
    run.programs = programs
    return run


def interpreter(path: Path, version: str) -> str:
    """Write a program that, like an interpreter that is too old, only prints its version."""
    path.write_text(f"#!{os.path.realpath('/bin/sh')}\necho {version}\n")
    path.chmod(0o755)
    return str(path)


def test_everything_that_is_missing_is_listed_at_once_and_nothing_is_made(bare_machine):
    result = bare_machine("build")
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert result.stdout == ""
    assert lines[0] == "This machine lacks:"
    assert any("Python 3.10 to 3.14" in line for line in lines)
    assert any("C++ compiler" in line for line in lines)
    assert "python3-venv" in lines[-1]
    assert "g++" in lines[-1]
    assert {path.name for path in bare_machine.tree.iterdir()} == {"tools", "requirements"}


def test_an_old_python_is_refused_with_its_version(bare_machine, tmp_path):
    result = bare_machine("build", python=interpreter(tmp_path / "old", "3.9"), CXX="c++")
    assert result.returncode == 1
    assert "is 3.9" in result.stderr
    assert "make PYTHON=" in result.stderr
    assert "C++ compiler" not in result.stderr


def test_the_users_own_venv_is_not_touched(repository, tmp_path, bare_machine):
    # With a complete machine this time: the real PATH, in the copy of the tree.
    (bare_machine.tree / ".venv").mkdir()
    (bare_machine.tree / ".venv" / "mine").touch()
    shutil.copy(repository / "tools" / "patch_ros_wheels.py", bare_machine.tree / "tools")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ROS") and name not in ("AMENT_PREFIX_PATH", "PYTHONPATH")
    }
    result = bare_machine("build", **environment)
    assert result.returncode == 1
    assert "was not made by this script" in result.stderr
    assert (bare_machine.tree / ".venv" / "mine").exists()


def test_help_says_what_the_commands_are(bare_machine):
    result = bare_machine()
    assert result.returncode == 2
    for command in ("build", "lint", "test", "run COMMAND...", "clean"):
        assert f"tools/environment {command}" in result.stdout


def test_a_command_runs_in_the_users_folder_and_domain_with_a_clean_stdout(repository, tmp_path):
    if not (repository / "build" / ".inputs").exists():
        pytest.skip("this tree was not built by tools/environment")
    tool = str(repository / "tools" / "environment")
    show = 'pwd; echo "$ROS_DOMAIN_ID"; echo "$EMG_RECOGNITION_PREFIX"'
    result = subprocess.run(
        [tool, "run", "sh", "-c", show],
        env={**os.environ, "ROS_DOMAIN_ID": "77"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    # What the hints of a command begin with works in this folder, too.
    assert result.stdout.splitlines() == [str(tmp_path), "77", f"{tool} run"]
    assert "building" not in result.stderr  # nothing has changed since the suite was started
