"""Every program in ``bench/`` runs in a short form, so that none of the commands in the pages goes stale.

The numbers of these short forms mean nothing; the programs check their own results.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from ..ring_arm import recordings, write_bundle_to_don

BENCH = Path(__file__).resolve().parents[2] / "bench"

# TensorFlow and ROS processes, perhaps on a busy machine.
pytestmark = pytest.mark.timeout(300)

#: The arguments of the short forms. {archive}, {bundle}, {config} and {folder} are filled in.
IN_THIS_PROCESS = {
    "baselines": "--rounds 1 --config {config} --baselines vgg16",
    "bridge_invariants": "--steps 200 --seed 1",
    "cores": "--cores 1 100",
    "decisions": "--model {bundle} --sessions 1 --repetitions 1",
    "frames": "--seconds 0.3",
    "donning": "{donnable} {gestures} --times 1 --wait 0",
    "fuzz_recordings": "--bytes 2000 --seed 1 --format edf",
    "fuzz_protocols": "--bytes 20000 --seed 1",
    "inference": "{bundle} --calls 200 --limit 100",
    "learning_curve": "{archive} --output {folder}/curve --config {config} --minority patient --repetitions 1"
    " --workers 0",
    "many_bags": "{bundle} --bags 3 --seconds 4 --kills 1",
    "network": "{config}",
    "new_subject": "{ring} --cohort healthy --folds 3 --test-reps 2-3 --config {config} --workers 0 "
    "--steps-per-epoch 2 --adapt-steps 2 --don-steps 2 --only-folds 1",
    "pipeline": "{archive} --segments 5 --pushes 100",
    "quality": "{archive} --wearers 1 --seconds 4",
    "receiver": "--worlds 2",
    "replay": "{bundle} --hours 0 --seconds 6 --rounds 1",
    "simulated_study": "--seeds 7 --healthy 2 --patients 1",
    "size": "--rounds 1",
    "suspicious": "{ring} --rest rest --trials 1",
    "threads": "--steps-per-epoch 1 --rounds 1 --config {config}",
    "text_file": "--megabytes 3 --rounds 1 --limit 1000",
    "tuning": "{archive} --subjects healthy_01 --trials 1 --config {config} --workers 0",
    "turned_armband": "{ring} --cohort healthy --folds 2",
    "within_subject": "{ring} --train-reps 1 --test-reps 2-3 --don-reps 2 --config {config} --workers 0"
    " --subjects healthy_01 --seeds 0 1",
}
TINY = {
    "network": {"picture": [32, 32, 3], "stem": [4, 2, 1], "bottlenecks": [[4, 4, 2, 1]], "features": 8},
    "training": {"epochs": 2, "batch_size": 16, "least_steps_per_epoch": 1},
    "ensemble": {"members": 1},
}
#: What the options do not give: a small picture does not reach the factor, and one process less starts.
SHORTER = {
    "baselines": {"WANTED": {"vgg16": 0.0}},
    "cores": {
        "EXPERIMENTS": {"tiny": (TINY, 2, 1, 1, {"name": "repetition"}, 2)},
        "default_workers": lambda: 1,
    },
    "turned_armband": {"MINUTES": (0.05,)},
    "threads": {"WAYS": {"this process, all threads": 0, "one process, one thread": 1}},
}
#: Exit code of those below where nothing but time was wrong.
LATE = 3
IN_PROCESSES = {
    "acquisition": "--minutes 0.05 --channels 8 --rate 500",
    "classifier_process": "{bundle} --repeat 1",
    "cost": "--sizes tiny --workers 1 --config {config}",
    "executors": "--jobs 1 --seconds 0.1 --rounds 1 --config {config}",
    "scaling": "--times 1 2 --healthy 1 --config {config} --output {folder}/scaling",
    "hostile_files": "--short --model {bundle}",
    "killed_subscribers": "--kills 1 --rounds 1",
    "live": "{bundle} --quick",
    "sources": "--seconds 4 --no-model --sources {source}",
    "live_without_ros": "{bundle} --seconds 2",
    "page": "--quick",
    "recorder_kill": "--times 1 --at-once 1 --seed 1",
    "chaos": "--short --folder {folder}",
}


@pytest.fixture(scope="module")
def filled_in(tmp_path_factory, tiny_bundle):
    """What the placeholders stand for: a small simulated study and a tiny network."""
    from emg_recognition.recordings.archive import from_arrays
    from emg_recognition.simulation.study import StudySettings, simulate_study

    folder = tmp_path_factory.mktemp("bench")
    settings = StudySettings(healthy=2, patients=1, sessions=1, hold=3.0, rate=500.0, channels=4)
    study = from_arrays(simulate_study(settings), "a simulated study")
    actions = ("rest", "elbow_flexion", "elbow_extension")
    study.select(np.isin(study.label, actions)).save(folder / "study.npz")
    sessions = dataclasses.replace(
        settings, healthy=3, sessions=2, repetitions=3, hold=0.8, rate=200.0, channels=8, turn=1.0
    )
    from_arrays(simulate_study(sessions), "turned armbands").save(folder / "ring.npz")
    recordings({"anna": (2.5, False, 1.0)}, repetitions=1, seed=50).save(folder / "gestures.npz")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY), encoding="utf-8")
    return {
        "archive": folder / "study.npz",
        "ring": folder / "ring.npz",
        "bundle": tiny_bundle,
        "donnable": write_bundle_to_don(folder / "donnable"),
        "gestures": folder / "gestures.npz",
        "config": folder / "tiny.yaml",
        "folder": folder,
        "source": "lsl" if importlib.util.find_spec("pylsl") else "serial",
    }


def test_every_bench_is_here():
    assert {path.stem for path in BENCH.glob("*.py")} == set(IN_THIS_PROCESS) | set(IN_PROCESSES)


@pytest.fixture
def same_cores():
    """Give the processor cores back that a bench kept for itself."""
    cores = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.usefixtures("same_cores")
@pytest.mark.parametrize("name", sorted(IN_THIS_PROCESS))
def test_short_form(name, filled_in, monkeypatch, capsys):
    """Run a bench in this process, which has loaded TensorFlow already."""
    monkeypatch.setattr(sys, "argv", [name, *arguments(IN_THIS_PROCESS[name], filled_in)])
    monkeypatch.setattr(sys, "path", [str(BENCH), *sys.path])
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    for constant, value in SHORTER.get(name, {}).items():
        assert hasattr(module, constant)
        setattr(module, constant, value)
    assert not module.main()  # 0 or None: done
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(IN_PROCESSES))
def test_short_form_with_nodes(name, filled_in, tmp_path):
    """Run a bench that starts nodes, as a user would. Only times may be too long, on a busy machine."""
    if name == "page" and not (shutil.which("chromium") or shutil.which("chromium-browser")):
        pytest.skip("no Chromium here: apt install chromium")
    if name == "executors" and not importlib.util.find_spec("ray"):
        pytest.skip("no Ray here: pip install '.[ray]'")
    done = subprocess.run(
        [sys.executable, BENCH / f"{name}.py", *arguments(IN_PROCESSES[name], filled_in)],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode in (0, LATE), done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout


def arguments(template, filled_in):
    return template.format(**filled_in).split()
