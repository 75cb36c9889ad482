"""`pip install .` gives the library and its command, without ROS and without TensorFlow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.recordings.archive import from_arrays, load_archive, save_archive
from emg_recognition.recordings.counts import to_counts
from emg_recognition.resources import version

#: What a build reads; a copy, so that nothing is written into the source tree.
SOURCES = (
    "setup.py",
    "pyproject.toml",
    "package.xml",
    "entry_points.ini",
    "emg_recognition",
    "config",
    "msg",
    "requirements",
    "README.md",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder that the package was installed into, without network and without dependencies."""
    repository = Path(__file__).resolve().parent.parent.parent
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (repository / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(repository / name, source / name, ignore=ignore)
        else:
            shutil.copy(repository / name, source)
    target = tmp_path_factory.mktemp("target")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index"]
    result = subprocess.run(
        [*command, "--target", str(target), str(source)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return target


def run_python(installed, folder, code):
    """Run code that sees the installed package, and neither the source tree nor a ROS workspace."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("AMENT_PREFIX_PATH", "COLCON_PREFIX_PATH", "PYTHONPATH")
    }
    environment["PYTHONPATH"] = str(installed)
    return subprocess.run(
        [sys.executable, *code], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_command_runs_without_ros(installed, tmp_path):
    code = """
import runpy, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("rclpy", "std_msgs"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
sys.argv = [sys.argv[1], "--version"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    result = run_python(installed, tmp_path, ["-c", code, str(installed / "bin" / "emg-recognition")])
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["emg-recognition", version()]


#: The programs of README.md and docs/python, after a line that hides what a plain installation lacks.
_HIDE = """
import sys
for name in ("rclpy", "tensorflow", "keras", "sklearn", "imblearn"):
    sys.modules[name] = None
"""
_RECOGNISE = """
import emg_recognition as emg
recognizer = emg.Recognizer.load(sys.argv[1])
with emg.SerialArmband(sys.argv[2]) as armband:
    for chunk in armband:
        for estimate in recognizer.push(chunk):
            print(estimate.time, estimate.action, estimate.confidence, estimate.decision)
            sys.exit(len(estimate.probabilities))
"""
_RECORDINGS = """
import emg_recognition as emg
recordings = emg.open_recordings(sys.argv[2])
X, y, groups = recordings.windows()
print(X.shape[1:], sorted(set(y.tolist())), len(groups) == len(X), recordings)
print(emg.evaluate(sys.argv[1], recordings).metrics.windows.labelled)
try:
    emg.train(recordings, "out")
except emg.EmgRecognitionError as error:
    print(error)
"""


@pytest.fixture
def archive(tmp_path, rng):
    """Ten seconds for the tiny bundle: 4 channels at 500 Hz."""
    arrays = {
        "x": rng.normal(0, 300, (5000, 4)).astype(np.int16),
        "start": [0, 2500],
        "length": [2500, 2500],
        "scale": 1e7,
        "fs": 500.0,
        "unit": "V",
        "subject": ["s"] * 2,
        "cohort": ["c"] * 2,
        "session": ["1"] * 2,
        "label": ["rest", "elbow_flexion"],
        "rep": [1, 1],
    }
    save_archive(tmp_path / "study.npz", from_arrays(arrays, "test"))
    return tmp_path / "study.npz"


def test_a_program_recognises_what_an_armband_sends(installed, tiny_bundle, archive, tmp_path):
    counts, scale = to_counts(load_archive(archive))
    with ArmbandEmulator(counts, rate=500.0, scale=scale, unit="V") as armband:
        done = run_python(installed, tmp_path, ["-c", _HIDE + _RECOGNISE, str(tiny_bundle), armband.port])
    assert done.returncode == 3, done.stderr  # the number of actions
    assert len(done.stdout.split(" ")) == 4


def test_a_program_opens_recordings_and_evaluates_a_model(installed, tiny_bundle, archive, tmp_path):
    done = run_python(installed, tmp_path, ["-c", _HIDE + _RECORDINGS, str(tiny_bundle), str(archive)])
    assert done.returncode == 0, done.stderr
    shape, windows, refusal = done.stdout.splitlines()
    assert shape.startswith("(100, 4) ['elbow_flexion', 'rest'] True Recordings(")
    assert int(windows) > 100
    assert refusal.endswith("pip install 'emg_recognition[train]'")


def test_files_that_are_not_modules_are_installed(installed, repository):
    package = repository / "emg_recognition"
    files = [
        path.relative_to(repository)
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert files
    for file in files:
        assert (installed / file).is_file(), file


def test_configuration_is_found(installed, tmp_path, repository):
    names = sorted(path.name for path in (repository / "config").glob("*.yaml"))
    assert names
    code = """
import sys
from emg_recognition.resources import config_path
for name in sys.argv[1:]:
    print(config_path(name))
"""
    result = run_python(installed, tmp_path, ["-c", code, *names])
    assert result.returncode == 0, result.stderr
    for path, name in zip(map(Path, result.stdout.splitlines()), names, strict=True):
        assert path.is_relative_to(installed)
        assert path.read_text() == (repository / "config" / name).read_text()


def test_message_definitions_are_found(installed, tmp_path):
    # A bag of Humble does not carry them.
    code = "from emg_recognition.resources import message_definitions as m; print(*m(), sep='\\n')"
    result = run_python(installed, tmp_path, ["-c", code])
    assert "emg_recognition/msg/EmgSamples" in result.stdout.splitlines(), result.stderr


def test_dependencies_and_extras_are_those_of_requirements(installed, tmp_path):
    code = "import importlib.metadata as m; print(*m.requires('emg_recognition'), sep='\\n')"
    lines = run_python(installed, tmp_path, ["-c", code]).stdout.splitlines()
    assert any(line.startswith("numpy") and "extra" not in line for line in lines)
    assert any(line.startswith("tensorflow-cpu") and "train" in line for line in lines)
    assert any(line.startswith("pytest") and "test" in line for line in lines)
