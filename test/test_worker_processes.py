"""Tasks in processes: a death costs one task, an end costs none."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
from collections import Counter

import pytest

from emg_recognition.tasks import TASKS_A_PROCESS, Executor, run_tasks
from emg_recognition.worker_processes import default_workers

TASKS = """
import os, signal

from emg_recognition.errors import SettingError


def tell(task, report):
    for step in range(task):
        report({"step": step})
    return task


def do(task):
    what, value = task
    if what == "square":
        return value * value
    if what == "threads":
        return os.environ["OMP_NUM_THREADS"]
    if what == "refuse":
        raise SettingError("value", value, "use another")
    if what == "fail":
        return 1 / value
    if what == "die once" and not os.path.exists(value):
        open(value, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "process":
        return os.getpid()
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"
"""


@pytest.fixture
def do(tmp_path, monkeypatch):
    """A function that the processes can import."""
    (tmp_path / "tasks_of_a_test.py").write_text(TASKS)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("tasks_of_a_test").do
    del sys.modules["tasks_of_a_test"]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.usefixtures("do")
def test_events_of_a_task_come_in_order_and_before_its_end(workers):
    tell = sys.modules["tasks_of_a_test"].tell
    events = {index: [] for index in range(3)}
    for done in run_tasks(
        tell, [3, 0, 2], Executor(workers), on_event=lambda index, event: events[index].append(event["step"])
    ):
        assert events[done.index] == list(range(done.result))
    assert events == {0: [0, 1, 2], 1: [], 2: [0, 1]}


def test_a_process_is_replaced_after_some_tasks(do):
    tasks = [("process", None)] * (TASKS_A_PROCESS + 5)
    used = Counter(done.result for done in run_tasks(do, tasks, Executor(1)))
    assert list(used.values()) == [TASKS_A_PROCESS, 5]


def test_without_processes_an_error_is_raised_as_it_is(do):
    with pytest.raises(ZeroDivisionError):
        list(run_tasks(do, [("fail", 0)], Executor()))


def test_a_death_costs_one_task_which_is_tried_again(do, tmp_path):
    tasks = [
        ("square", 3),
        ("die once", str(tmp_path / "died")),
        ("die", None),
        ("refuse", 7),
        ("fail", 0),
        ("threads", None),
        ("square", 5),
    ]
    done = sorted(run_tasks(do, tasks, Executor(2)), key=lambda one: one.index)
    assert [one.index for one in done] == list(range(len(tasks)))
    assert [one.result for one in done] == [9, "survived", None, None, None, "1", 25]
    problems = {one.index: one.problem for one in done if one.problem is not None}
    assert problems == {
        2: "its process died 3 times (exit code -9); check the free memory",
        3: "value is 7: use another",
        4: "unexpected ZeroDivisionError: division by zero",
    }


def test_nothing_runs_on_when_the_iterator_is_closed(do):
    results = run_tasks(do, [("square", number) for number in range(100)], Executor(1))
    assert next(results).result == 0
    (worker,) = multiprocessing.active_children()
    results.close()
    assert not worker.is_alive()


def test_a_script_without_a_main_guard_is_told_so(tmp_path, repository):
    (tmp_path / "script.py").write_text(
        "from emg_recognition.tasks import Executor, run_tasks\nlist(run_tasks(abs, [1], Executor(1)))\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert 'needs `if __name__ == "__main__":`' in done.stderr.splitlines()[-1]


def test_as_many_workers_as_cores():
    assert default_workers() >= 1
