"""Train and adapt beside the page: processes that outlive it, with their progress in files."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from emg_recognition.errors import SettingError

_JOBS = "jobs"
_COMMAND, _LOG, _ERRORS = "command.json", "progress.jsonl", "errors.txt"
_CODE = "code"
#: Locked while the job runs: unlike the number of a process, a lock cannot belong to something else later.
_LOCK = "lock"
#: Only the end of a long log is read, bytes.
_TAIL = 64 * 1024
#: The shell writes the exit code, also after this process has gone.
_RUN = '"$@" > "$JOB/progress.jsonl" 2> "$JOB/errors.txt"; echo $? > "$JOB/code"'
#: Starts the job in a session of its own, and no child of ours: the page may end, or be killed, without
#: ending it. Prints the number of its process.
_START = f'setsid /bin/sh -c {shlex.quote(_RUN)} sh "$@" > /dev/null 2>&1 & echo $!'


@dataclass(frozen=True, kw_only=True)
class Job:
    """A training or an adaptation, as its files tell.

    Attributes
    ----------
    kind : str
        ``train`` or ``adapt``.
    line : str
        What it does, or how it ended.
    fraction : float or None
        The part that is done; None while unknown.
    seconds_left : float or None
        An estimate from what is done.
    finished, ok : bool
        Whether it has ended, and whether well.
    bundle : str
        The folder of the new bundle; empty before it is there.
    """

    kind: str
    line: str
    fraction: float | None
    seconds_left: float | None
    finished: bool
    ok: bool
    bundle: str


class Jobs:
    """One job at a time, in a folder: a page that starts again finds it.

    Parameters
    ----------
    folder : Path
        The folder of the page.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, kind: str, arguments: list[str]) -> Path:
        """Start ``emg-recognition train`` or ``adapt``; return the folder of its output.

        Parameters
        ----------
        kind : str
            The command.
        arguments : list of str
            Its options, without ``--output`` and ``--progress``.

        Raises
        ------
        SettingError
            If a job is running.
        """
        running = self.newest()
        if running is not None and not running.finished:
            raise SettingError("job", running.kind, "wait until it has ended, or end it")
        stamp = f"{datetime.now():%Y%m%d_%H%M%S}"
        place = self._folder / _JOBS / f"{stamp}_{kind}"
        output = self._folder / "models" / f"{kind}_{stamp}"
        place.mkdir(parents=True)
        output.parent.mkdir(exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "emg_recognition.cli.main",
            kind,
            *arguments,
            "--output",
            str(output),
        ]
        command += ["--progress", "json"]
        with (place / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            started = subprocess.run(
                ["/bin/sh", "-c", _START, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                check=True,
                env={**os.environ, "JOB": str(place)},
                pass_fds=[lock.fileno()],
            )
        pid = int(started.stdout)
        about = {"kind": kind, "pid": pid, "began": time.time(), "output": str(output)}
        (place / _COMMAND).write_text(json.dumps(about))
        return output

    def newest(self) -> Job | None:
        """Return the job that was started last; None without one."""
        place = self._place()
        return None if place is None else _read(place)

    def cancel(self) -> None:
        """End the running job; what a training has finished is kept."""
        place, job = self._place(), self.newest()
        if place is not None and job is not None and not job.finished:
            pid = _about(place)["pid"]
            try:
                os.killpg(pid, signal.SIGTERM)
            except ProcessLookupError:  # it has just been started, and has no group of its own yet
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

    def _place(self) -> Path | None:
        places = [path for path in (self._folder / _JOBS).glob("*") if (path / _COMMAND).is_file()]
        return max(places, key=lambda path: path.name, default=None)


def _about(place: Path) -> dict:
    return dict(json.loads((place / _COMMAND).read_text()))


def _read(place: Path) -> Job:
    about = _about(place)
    log, code = _tail(place / _LOG), _tail(place / _CODE).strip()
    events = [event for line in log.splitlines() if isinstance(event := _parsed(line), dict)]
    steps = [event for event in events if "done" in event]
    fraction = float(steps[-1]["done"]) if steps else None
    if not _runs(place):
        ok = code == "0"
        return Job(
            kind=about["kind"],
            line="finished" if ok else _why(place, code),
            fraction=1.0 if ok else fraction,
            seconds_left=None,
            finished=True,
            ok=ok,
            bundle=_bundle(Path(about["output"])) if ok else "",
        )
    passed = time.time() - about["began"]
    left = passed * (1.0 - fraction) / fraction if fraction else None
    return Job(
        kind=about["kind"],
        line=_doing(events),
        fraction=fraction,
        seconds_left=left,
        finished=False,
        ok=False,
        bundle="",
    )


def _doing(events: list[dict]) -> str:
    for event in reversed(events):
        if event.get("event") == "epoch":
            return f"{event.get('label', 'network')}, epoch {event['epoch']} of {event['epochs']}"
        if event.get("event") == "step":
            return f"step {event['step']} of {event['steps']}"
        if event.get("event") == "start":
            return str(event.get("message", "reading the recordings"))
    return "reading the recordings"


def _why(place: Path, code: str) -> str:
    lines = [line.strip() for line in _tail(place / _ERRORS).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("emg-recognition:")] or lines
    return (said[-1].removeprefix("emg-recognition: ") if said else "") or (
        f"ended with code {code}" if code else "ended by a signal"
    )


def _bundle(output: Path) -> str:
    """Return the folder of the bundle that a finished job has written."""
    for place in (output, output / "bundle"):
        if (place / "model.yaml").is_file():
            return str(place)
    return ""


def _parsed(line: str) -> object:
    with contextlib.suppress(ValueError):
        return json.loads(line)
    return None


def _runs(place: Path) -> bool:
    with (place / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
