"""Make hostile and damaged files of every kind, and give each to every command that takes such a path.

    python bench/hostile_files.py
    python bench/hostile_files.py --only sqlite --commands inspect evaluate
    python bench/hostile_files.py --short

Each try is a process of its own. It must end within 10 s of processor time and 60 s in all, take less than
1 GB, say in one line what is wrong (or read what is intact), and leave nothing behind: no output, no
temporary or cache file, no change of the file. A traceback, an escape sequence on the terminal, or another
exit code than those of ordinary errors is a failure too. The program ends with code 1 if any try failed.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "bench")]

from hostile import archives, bundles, databases, documents, mcap_files  # noqa: E402, F401
from hostile.good_files import RATE, study  # noqa: E402
from hostile.kinds import KINDS, Kind  # noqa: E402

from emg_recognition.cli.main import main as command_line  # noqa: E402
from emg_recognition.files import size_text  # noqa: E402
from emg_recognition.models.bundle import read_bundle  # noqa: E402

SECONDS, LONGEST, MEMORY = 10, 60, 1 << 30
SHORT = (
    "yaml_nested",
    "yaml_alias_bomb",
    "pipe_a.mcap",
    "pattern_alternatives",
    "npz_petabytes",
    "npz_bomb_6_gb",
    "sqlite_null",
    "sqlite_endless_messages",
    "mcap_cyclic",
    "bundle_without_rms",
    "bundle_escapes",
)


@dataclass(frozen=True)
class Result:
    """What one command made of one file."""

    kind: str
    command: str
    code: int
    seconds: float
    wall: float
    memory: int
    said: str
    faults: tuple[str, ...]


def attempt(kind: Kind, path: Path, folder: Path, command: str, places: dict[str, Path]) -> Result:
    """Run one command on one file in a process of its own, and judge how it ended."""
    own = Path(tempfile.mkdtemp(dir=folder))
    for name in ("tmp", "cache", "home", "cwd"):
        (own / name).mkdir()
    out = own / "out"
    arguments = kind.commands[command].format(path=path, out=out, **places).split(" ")
    before = _state(folder / "files")
    begin = time.monotonic()
    child = os.fork()
    if not child:
        _child(arguments, own)
    code, usage = _wait(child)
    wall = time.monotonic() - begin
    said = "".join((own / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    complaint = (own / "stderr").read_text(errors="replace").strip()
    faults = []
    seconds = usage.ru_utime + usage.ru_stime
    memory = usage.ru_maxrss << 10
    if seconds > SECONDS or wall > LONGEST:
        faults.append(f"{seconds:.1f} s of processor time, {wall:.1f} s in all")
    if memory > MEMORY:
        faults.append(size_text(memory))
    if code not in (0, 1, 2):
        faults.append(f"code {code}")
    if "needs the built ROS 2 package" in said:
        faults.append("the file was not looked at")
    if "Traceback" in said:
        faults.append("traceback")
    if code == 2 and (len(complaint.splitlines()) != 1 or not complaint.startswith("emg-recognition")):
        faults.append(f"{len(complaint.splitlines())} lines")
    if any(not one.isprintable() and one not in "\n\t" for one in said):
        faults.append("escape sequence")
    left = [entry.name for place in ("tmp", "cwd") for entry in (own / place).rglob("*")]
    if code == 2:
        left += [out.name] * (out.exists() or out.is_symlink())
        # What was read as a whole may be cached; what was begun may not stay.
        left += [entry.name for entry in own.glob("cache/emg_recognition/recordings/.*")]
    left = [name for name in left if not name.startswith("__autograph_generated_file")]  # TensorFlow's own
    if left:
        faults.append(f"left behind: {', '.join(left[:5])}")
    if _state(folder / "files") != before:
        faults.append("the file was changed")
    shutil.rmtree(own, ignore_errors=True)
    line = complaint.splitlines()[-1] if complaint else (said.strip().splitlines() or ["(nothing)"])[-1]
    return Result(kind.name, command, code, seconds, wall, memory, line, tuple(faults))


def _child(arguments: list[str], own: Path) -> None:
    """Become the command; this never returns."""
    code = 70
    try:
        os.setsid()
        os.environ |= {
            "TMPDIR": str(own / "tmp"),
            "XDG_CACHE_HOME": str(own / "cache"),
            "HOME": str(own / "home"),
            "COLUMNS": "200",
        }
        tempfile.tempdir = None
        os.chdir(own / "cwd")
        for number, name in ((1, "stdout"), (2, "stderr")):
            target = os.open(own / name, os.O_CREAT | os.O_WRONLY)
            os.dup2(target, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        resource.setrlimit(resource.RLIMIT_CPU, (2 * SECONDS, 2 * SECONDS + 5))
        try:
            code = command_line(arguments)
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _wait(child: int) -> tuple[int, resource.struct_rusage]:
    """Wait for a child; end it and what it started if it takes too long."""
    end = time.monotonic() + LONGEST + 5
    while time.monotonic() < end:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            break
        time.sleep(0.01)
    else:
        os.killpg(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), usage


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """Return what would show a change of a file."""
    return [(str(file), file.lstat().st_size, file.lstat().st_mtime_ns) for file in sorted(folder.rglob("*"))]


def fresh_model(folder: Path) -> Path:
    """Write an untrained bundle, in a process of its own, so that this one needs no TensorFlow."""
    import multiprocessing

    from inference import fresh_bundle

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        options = {"rate": RATE, "unit": "count"}
        return Path(pool.apply(fresh_bundle, (folder, REPOSITORY / "config" / "compact.yaml"), options))


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every kind with every command; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="only kinds whose name contains this")
    parser.add_argument("--commands", nargs="+", metavar="C", help="only these commands")
    parser.add_argument("--model", type=Path, metavar="BUNDLE", help="a whole bundle (default: a new one)")
    parser.add_argument("--short", action="store_true", help="a few kinds, one command each")
    args = parser.parse_args(arguments)
    kinds = [one for one in KINDS if args.only in one.name and (not args.short or one.name in SHORT)]
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="hostile_") as name:
        folder = Path(name)
        bundles.MODEL[:] = [(args.model or fresh_model(folder / "model")).absolute()]
        read_bundle(bundles.MODEL[0])
        study().save(folder / "good.npz")
        config = folder / "tiny.yaml"
        config.write_text("training: {epochs: 1, steps_per_epoch: 1}\nensemble: {members: 1}\n")
        places = {"model": bundles.MODEL[0], "good": folder / "good.npz", "config": config}
        for kind in kinds:
            place = folder / "files"
            place.mkdir()
            path = kind.make(place)
            chosen = [one for one in kind.commands if not args.commands or one in args.commands]
            for command in chosen[:1] if args.short else chosen:
                result = attempt(kind, path, folder, command, places)
                results.append(result)
                fault = f"  FAILED: {'; '.join(result.faults)}" if result.faults else ""
                print(
                    f"{result.kind:34} {result.command:16} {result.code:3} {result.seconds:5.1f} s "
                    f"{result.memory >> 20:5} MiB  {result.said[:150]!r}{fault}",
                    flush=True,
                )
            shutil.rmtree(place)
    failed = [result for result in results if result.faults]
    print(
        f"{len(kinds)} kinds of files, {len(results)} tries, {len(failed)} failed; longest "
        f"{max(result.seconds for result in results):.1f} s of processor time, largest "
        f"{size_text(max(result.memory for result in results))}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
