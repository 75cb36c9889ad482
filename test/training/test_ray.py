"""Trainings on a Ray cluster of two nodes make what this machine makes; a death costs only jobs."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from bench.measuring.cluster import Cluster
from emg_recognition.cli import main as command
from emg_recognition.cli import train as train_command
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models import layers  # noqa: F401  (Keras needs the layers to load a network)
from emg_recognition.recordings.archive import save_archive
from emg_recognition.resources import version
from emg_recognition.tasks import Executor, run_tasks
from emg_recognition.training.api import adapt_each, tune
from emg_recognition.training.jobs import KERAS, train_jobs
from emg_recognition.training.search_settings import SearchSettings

from ..ring_arm import recordings, write_bundle_to_don

ray = pytest.importorskip("ray", reason="pip install '.[ray]'")

# Several processes load TensorFlow, perhaps on a busy machine.
pytestmark = [pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def cluster(request):
    here = os.getcwd()
    with Cluster() as cluster:
        os.chdir("/")  # or the nodes would import from the working directory of the tests
        try:
            for _ in range(2):
                cluster.start_node(request.config.rootpath)
            cluster.wait(2)
        finally:
            os.chdir(here)
        yield cluster


def weights(path):
    model = keras.saving.load_model(path, compile=False)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_the_networks_are_those_of_this_machine_to_the_bit_also_after_the_death_of_a_node(
    cluster, ensemble, monkeypatch
):
    # So that the signal, here a small one, travels through the object store.
    monkeypatch.setattr(importlib.import_module("emg_recognition.ray_tasks"), "_LARGE", 1 << 12)
    train_jobs(local := ensemble("local"), executor=Executor(2), on_event=lambda event: None)
    executor = Executor(address=cluster.address)
    begun = set()

    def kill_when_both_train(event):
        begun.add(event["job"])
        if event["event"] == "epoch" and len(begun) == 2 and cluster.nodes[1].poll() is None:
            cluster.kill_node(1)

    train_jobs(jobs := ensemble("cluster"), executor=executor, on_event=kill_when_both_train)
    assert cluster.nodes[1].poll() is not None
    assert begun == {1, 2, 3}
    for one, other in zip(local, jobs, strict=True):
        assert np.array_equal(weights(one.place / KERAS), weights(other.place / KERAS))


def test_a_driver_that_was_killed_continues_and_leaves_nothing_behind(cluster, study, repository, tmp_path):
    save_archive(tmp_path / "study.npz", study({"healthy": 3, "patient": 1}))
    network = {"picture": [10, 0, 3], "stem": [4, 2, 1], "bottlenecks": [[4, 4, 2, 1]], "features": 8}
    training = {"epochs": 3, "batch_size": 8, "least_steps_per_epoch": 8}
    config = {"network": network, "training": training, "ensemble": {"members": 2}}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(config))

    def train():
        words = "-m emg_recognition train --data study.npz --config tiny.yaml --output out --progress json"
        words += f" --executor ray --address {cluster.address}"
        settings = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(repository)}, "text": True}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([sys.executable, *words.split()], **settings, **pipes)

    with train() as driver:
        next(line for line in driver.stdout if json.loads(line)["event"] == "job")
        driver.kill()
    kept = {path.parent.name for path in (tmp_path / "out" / "members").glob("*/history.json")}
    assert kept
    assert not (tmp_path / "out" / "bundle").exists()
    cluster.wait_until_free()
    with train() as driver:
        out, err = driver.communicate(timeout=300)
    assert driver.returncode == 0, err
    ends = [event for event in map(json.loads, out.splitlines()) if event["event"] == "job"]
    assert {Path(event["path"]).name for event in ends if event["resumed"]} == kept
    assert {event["job"] for event in ends} == {1, 2}
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert [one["jobs"] for one in metrics["machines"]] == [2]


def test_a_search_for_settings_finds_what_this_machine_finds(cluster, study, tiny, tmp_path):
    pytest.importorskip("optuna", reason="pip install '.[tune]'")
    nothing = dict.fromkeys(vars(SearchSettings()))
    search = SearchSettings(**{**nothing, "epochs": (1, 3)})
    settings = dataclasses.replace(tiny, search=search, baseline=False)
    found = []
    for name, address in (("here", None), ("there", cluster.address)):
        tuning = tune(study({"I": 1}), tmp_path / name, settings=settings, trials=2, address=address)
        (fold,) = tuning.result["folds"]
        found.append([(trial["values"], trial["score"]) for trial in fold["trials"]])
    assert found[0] == found[1]


def test_wearers_get_the_bundles_of_this_machine(cluster, tmp_path):
    parent = write_bundle_to_don(tmp_path / "parent")
    wearers = recordings({"ann": (2.0, False, 1.0), "bob": (5.0, True, 0.5)}, seed=50)
    learned = {"repetitions": [1], "test_repetitions": [2]}
    settings = {"steps_per_epoch": 4, "batch_size": 16}
    here, there = (
        adapt_each(parent, wearers, tmp_path / name, settings=settings, **learned, **where)
        for name, where in (("here", {"workers": 1}), ("there", {"address": cluster.address}))
    )
    assert list(here) == list(there) == ["ann", "bob"]
    for one, other in zip(here.values(), there.values(), strict=True):
        assert one.after == other.after
        assert np.array_equal(*(weights(found.bundle / KERAS) for found in (one, other)))


def test_bags_are_evaluated_from_their_paths(cluster, repository, tmp_path):
    before = repository / "test" / "before"
    words = ["--model", before / "bundle_500hz", "--bag", before / "bag_mcap", before / "bag_sqlite"]
    words += ["--output", tmp_path / "out", "--executor", "ray", "--address", cluster.address]
    assert command.main(["evaluate", *map(str, words)]) == 0
    result = json.loads((tmp_path / "out" / "bags.json").read_text())
    assert [row["problem"] for row in result["rows"]] == [None, None]
    assert [one["jobs"] for one in result["machines"]] == [2]


TASKS = """
import numpy as np, time

def shared(task):
    time.sleep(0.5)
    return task[0], task[1].flags.writeable, float(task[1].sum())

def slow(task):
    time.sleep(1)
    return task
"""


@pytest.fixture
def tasks(tmp_path, monkeypatch, repository, cluster):
    """A module that the nodes cannot import: it travels by value, as a script of the user does."""
    (tmp_path / "tasks_of_a_test.py").write_text(TASKS)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("tasks_of_a_test")
    ray.cloudpickle.register_pickle_by_value(module)
    yield module
    ray.cloudpickle.unregister_pickle_by_value(module)
    del sys.modules["tasks_of_a_test"]


def test_a_large_array_of_several_tasks_is_mapped_and_another_version_is_refused(
    cluster, tasks, repository, tmp_path
):
    array = np.ones((1 << 10, 1 << 8))
    executor = Executor(address=cluster.address)
    done = list(run_tasks(tasks.shared, [(0, array), (1, array), (2, array * 2)], executor))
    expected = [(0, False, array.sum()), (1, False, array.sum()), (2, False, 2 * array.sum())]
    assert sorted(one.result for one in done) == expected

    shutil.copytree(repository / "emg_recognition", tmp_path / "old" / "emg_recognition")
    manifest = (repository / "package.xml").read_text()
    (tmp_path / "old" / "package.xml").write_text(manifest.replace(f">{version()}<", ">0.1.0<"))
    cores = int(ray.cluster_resources()["CPU"])
    cluster.start_node(tmp_path / "old")
    cluster.wait(cores + 1)
    both = rf"has emg_recognition 0\.1\.0, this one {version()}; install the same"
    with pytest.raises(EmgRecognitionError, match=both):
        # Many: the node takes one as soon as it has started a process.
        list(run_tasks(tasks.shared, [(number, array) for number in range(200)], executor))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--address", "127.0.0.1:1"), "no Ray cluster answers at 127.0.0.1:1 (Connection refused)"),
        ((), "no Ray cluster answers at 127.0.0.1:2"),
        (("--address", "ray://127.0.0.1:10001"), "write host:port of the cluster's head"),
        (("--address", "127.0.0.1:1", "--executor", "local"), "use it with --executor ray"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line(study, tmp_path, monkeypatch, capsys, options, expected):
    monkeypatch.setattr(train_command, "leave_on_signals", lambda message: None)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:2")
    save_archive(tmp_path / "study.npz", study({"healthy": 3}))
    words = ["train", "--data", tmp_path / "study.npz", "--output", tmp_path / "out", "--executor", "ray"]
    assert command.main([*map(str, words), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
    assert not (tmp_path / "out").exists()


def test_a_head_that_dies_is_one_error_and_keeps_what_is_finished(tasks, request, monkeypatch):
    monkeypatch.setattr(importlib.import_module("emg_recognition.ray_tasks"), "_SILENCE", 2.0)
    with Cluster() as cluster:
        for _ in range(2):
            cluster.start_node(request.config.rootpath)
        cluster.wait(2)
        ended = run_tasks(tasks.slow, list(range(50)), Executor(address=cluster.address))
        assert next(ended).problem is None
        cluster.kill_node(0)
        with pytest.raises(
            EmgRecognitionError, match=f"{cluster.address} no longer answers; what is finished"
        ):
            list(ended)
