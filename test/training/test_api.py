"""Training from Python: settings in every form, the missing library, and Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.recordings.archive import save_archive

SETTINGS = """\
network: {picture: [10, 0, 3], stem: [4, 2, 1], bottlenecks: [[4, 4, 2, 1]], features: 8}
training: {epochs: 2, batch_size: 16, least_steps_per_epoch: 8}
ensemble: {members: 2}
baseline: false
"""


@pytest.fixture(scope="module")
def trained(study, tmp_path_factory):
    """Recordings, and the result of training on them with a settings file."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "tiny.yaml").write_text(SETTINGS)
    recordings = study({"healthy": 3, "left": 1})
    return recordings, emg.train(recordings, folder / "out", settings=folder / "tiny.yaml", minority="left")


def test_a_bundle_comes_out_and_recognises(trained):
    recordings, result = trained
    assert result.metrics["minority"] == "left"
    assert len(result.metrics["members"]) == 2
    assert result.metrics["baseline"] is None
    recognizer = emg.Recognizer.load(result.bundle)
    estimates = recognizer.push(np.asarray(recordings.segment(0)))
    assert {estimate.model for estimate in estimates} == {recognizer.model.model}


def test_adapting_takes_every_repetition_that_does_not_test(trained, tmp_path):
    recordings, result = trained
    wearer = recordings.select(recordings.subject == "left_1")
    settings = {"steps_per_epoch": 2}
    adapted = emg.adapt(result.bundle, wearer, tmp_path / "new", test_repetitions=[4], settings=settings)
    assert adapted.info.provenance["repetitions"] == [1, 2, 3]
    assert adapted.info.provenance["settings"]["adapt"]["steps_per_epoch"] == 2
    assert adapted.metrics["test_repetitions"] == [4]
    assert adapted.bundle == tmp_path / "new"
    with pytest.raises(SettingError, match=r"settings\.steps is 2: this setting is called steps_per_epoch"):
        emg.adapt(result.bundle, wearer, tmp_path / "new", settings={"steps": 2})


def test_too_few_repetitions_are_explained(study, tmp_path):
    recordings = study({"healthy": 1}, repetitions=2)
    with pytest.raises(
        SettingError, match=r"one repetition \(1\) cannot both train and validate; add another"
    ):
        emg.train(recordings, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("function", [emg.train, emg.compare])
def test_without_tensorflow_one_line_says_what_to_install(function, study, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # as if it were not installed
    with pytest.raises(EmgRecognitionError) as caught:
        function(study({"healthy": 1}), tmp_path / "out")
    assert str(caught.value) == (
        "training needs TensorFlow, which is not installed; pip install 'emg_recognition[train]'"
    )


def test_importing_the_functions_loads_no_tensorflow():
    code = "import sys, emg_recognition as e; e.train; e.compare; e.adapt; print('tensorflow' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


SCRIPT = """
import os, sys
for name in ("sched_getaffinity",):  # as on macOS and Windows
    delattr(os, name)
sys.modules["termios"] = None  # as on Windows
import emg_recognition as emg
from emg_recognition.worker_processes import default_workers

if __name__ == "__main__":
    assert default_workers() == os.cpu_count()
    settings = {
        "network": {"picture": [10, 0, 3], "stem": [4, 2, 1], "bottlenecks": [[4, 4, 2, 1]], "features": 8},
        "training": {"epochs": 100_000},
    }
    show = lambda event: print(event["event"], flush=True)
    try:
        emg.train(emg.open_recordings(sys.argv[1]), sys.argv[2], settings=settings, workers=1, on_event=show)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
"""


def processes_of_group(group):
    """Return the processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, owner, *_ = path.read_text().rpartition(")")[2].split()
            if int(owner) == group and state != "Z":
                found.append(path.parent.name)
    return found


@pytest.mark.timeout(300)
def test_ctrl_c_reaches_the_script_and_no_worker(study, tmp_path):
    """The terminal sends SIGINT to the whole process group."""
    save_archive(tmp_path / "study.npz", study({"healthy": 3, "left": 1}))
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, "script.py", "study.npz", "out"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as script:
        for line in script.stdout:
            if line == "epoch\n":
                break
        os.killpg(script.pid, signal.SIGINT)
        _, errors = script.communicate(timeout=30)
    assert errors == "interrupted\n"
    assert script.returncode == 130
    deadline = time.monotonic() + 10
    while left := processes_of_group(script.pid):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
