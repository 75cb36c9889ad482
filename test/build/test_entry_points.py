"""entry_points.ini is the only list of commands; modules, launchers and pip's scripts agree with it."""

from __future__ import annotations

import ast
import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def entry_points(repository):
    parser = configparser.ConfigParser()
    parser.read(repository / "entry_points.ini")
    return parser


@pytest.fixture
def prefix():
    """Where colcon has installed the package."""
    for candidate in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if (Path(candidate) / "share" / "emg_recognition" / "package.xml").is_file():
            return Path(candidate)
    pytest.skip("the package is not built with colcon, or install/setup.bash is not sourced: run `make test`")


def test_every_entry_point_names_a_function_that_exists(entry_points, repository):
    for section in ("console_scripts", "nodes"):
        for name, target in entry_points[section].items():
            module, function = target.split(":")
            source = repository / Path(*module.split(".")).with_suffix(".py")
            functions = [
                node.name for node in ast.parse(source.read_text()).body if isinstance(node, ast.FunctionDef)
            ]
            assert function in functions, name


def test_every_node_is_listed_under_its_file_name(entry_points, repository):
    files = {path.stem for path in (repository / "emg_recognition" / "nodes").glob("*_node.py")}
    assert set(entry_points["nodes"]) == files


def test_colcon_installs_a_launcher_for_every_entry_point(entry_points, prefix):
    expected = {prefix / "lib" / "emg_recognition" / name for name in entry_points["nodes"]}
    expected |= {prefix / "bin" / name for name in entry_points["console_scripts"]}
    found = set((prefix / "lib" / "emg_recognition").iterdir()) | set((prefix / "bin").iterdir())
    assert found == expected
    for launcher in found:
        assert os.access(launcher, os.X_OK)


def test_launchers_use_the_interpreter_of_the_build(entry_points, prefix):
    for name in entry_points["nodes"]:
        shebang = (prefix / "lib" / "emg_recognition" / name).read_text().splitlines()[0]
        # Not resolved: a virtual environment's interpreter is a link, and the link decides.
        assert Path(shebang.removeprefix("#!")).parent == Path(sys.executable).parent


def test_the_installed_command_runs(prefix):
    command = [str(prefix / "bin" / "emg-recognition"), "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert result.returncode == 0, result.stderr
    assert "demo" in result.stdout
