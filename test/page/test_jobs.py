"""Trainings that go on without the page, and what their files tell."""

from __future__ import annotations

import json
import time

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.page.controls import check_code, inside
from emg_recognition.page.jobs import Jobs


def wait(jobs):
    deadline = time.monotonic() + 60
    while not (job := jobs.newest()).finished:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return job


def test_a_job_that_fails_says_why_to_a_page_that_was_started_later(tmp_path):
    Jobs(tmp_path).start("adapt", ["--data", str(tmp_path / "none"), "--model", str(tmp_path / "no_bundle")])
    job = wait(Jobs(tmp_path))  # another one, as after a restart
    assert not job.ok
    assert "no_bundle" in job.line or "none" in job.line
    assert job.bundle == ""


def test_one_job_at_a_time_and_it_can_be_ended(tmp_path, repository):
    study_file = repository / "test" / "before" / "study.npz"
    jobs = Jobs(tmp_path)
    jobs.start("train", ["--data", str(study_file)])
    with pytest.raises(SettingError, match="wait until it has ended"):
        jobs.start("train", ["--data", str(study_file)])
    assert not jobs.newest().finished
    jobs.cancel()
    job = wait(jobs)
    assert not job.ok
    jobs.cancel()  # nothing runs any more: nothing is ended


def test_progress_is_read_from_the_log(tmp_path):
    jobs = Jobs(tmp_path)
    assert jobs.newest() is None
    place = tmp_path / "jobs" / "20260101_000000_train"
    place.mkdir(parents=True)
    output = tmp_path / "models" / "one"
    (place / "command.json").write_text(
        json.dumps({"kind": "train", "pid": 1, "began": time.time() - 30.0, "output": str(output)})
    )
    epoch = {"event": "epoch", "label": "member 2", "epoch": 3, "epochs": 8, "done": 0.25}
    (place / "progress.jsonl").write_text(f"not JSON\n{json.dumps(epoch)}\n")
    import fcntl

    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        job = jobs.newest()
    assert (job.line, job.fraction, job.finished) == ("member 2, epoch 3 of 8", 0.25, False)
    assert job.seconds_left == pytest.approx(90.0, abs=2.0)
    # Whoever held the lock is gone and has left no exit code: killed, or the machine went down.
    assert (jobs.newest().finished, jobs.newest().ok, jobs.newest().line) == (
        True,
        False,
        "ended by a signal",
    )
    (place / "code").write_text("0\n")
    (output / "bundle").mkdir(parents=True)
    (output / "bundle" / "model.yaml").touch()
    assert jobs.newest().bundle == str(output / "bundle")


@pytest.mark.parametrize("code", ["", " ", "../up", "a/b", "<b>x</b>", "-rf", "x" * 41, "a b"])
def test_a_code_must_fit_a_file_name(code):
    with pytest.raises(SettingError, match="use a code"):
        check_code("person", code)
    assert check_code("person", " p-07.b ") == "p-07.b"


@pytest.mark.parametrize("path", ["..", "a/../../b", "/etc", "link/x"])
def test_a_browser_names_nothing_outside_the_folder(tmp_path, path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to("/")
    with pytest.raises(SettingError, match="choose something in"):
        inside(folder, path)
    assert inside(folder, "a/b") == folder.resolve() / "a" / "b"
