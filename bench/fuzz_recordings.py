"""Change bytes in files of every format that others write, and open them: a million changed bytes each.

    python bench/fuzz_recordings.py
    python bench/fuzz_recordings.py --bytes 100000 --seed 7 --format xdf

A file must open, or be refused with the package's own error in one line. The bench exits with an error if
anything else is raised, if a file takes too long or too much memory, if a file is written or changed, or if a
program is started. Each format is read in a process of its own, with bounded memory and an audit hook that
ends it on a forbidden call. A library may crash or never return there, as it may in the reader's own child
process: then the file is opened as a user opens it, which must end with the package's error too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import multiprocessing
import os
import resource
import secrets
import shutil
import signal
import struct
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.formats import worker
from emg_recognition.recordings.formats.take import FormatError, Wanted
from emg_recognition.recordings.kinds import FORMATS, identify
from emg_recognition.recordings.open import open_recordings

#: Address space that a file of some kilobytes may take, beyond that of the libraries.
MEMORY = 1 << 30
#: Longest time for a file, s of processor time, and the exit code for more; the reader's child ends there.
SECONDS, SLOW = 6.0, 8
#: How a library may crash.
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
#: Samples and channels of the good files.
SHAPE = (400, 3)


def edf(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write an EDF+ file with annotations."""
    return _european(folder / "a.edf", rng)


def bdf(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write a BDF+ file with annotations."""
    return _european(folder / "a.bdf", rng)


def _european(path: Path, rng: np.random.Generator) -> list[Path]:
    from emg_recognition.recordings.recordings import Recordings

    counts = rng.integers(-2000, 2000, SHAPE).astype(np.int16)
    Recordings.from_segments([counts[:200], counts[200:]], ["fist", "rest"], rate=200.0).save(path)
    return [path]


def xdf(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write an XDF file with an EMG stream and a marker stream."""

    def length(count: int) -> bytes:
        return struct.pack("<BI", 4, count)

    def chunk(tag: int, content: bytes) -> bytes:
        return length(len(content) + 2) + struct.pack("<H", tag) + content

    def head(number: int, kind: str, channels: int, rate: int, form: str) -> bytes:
        text = (
            f"<info><name>{kind}</name><type>{kind}</type><channel_count>{channels}</channel_count>"
            f"<nominal_srate>{rate}</nominal_srate><channel_format>{form}</channel_format><desc></desc></info>"
        )
        return chunk(2, struct.pack("<I", number) + text.encode())

    rows = rng.integers(-2000, 2000, SHAPE).astype("<i2")
    body = b"".join(struct.pack("<Bd", 8, 10 + i / 200) + row.tobytes() for i, row in enumerate(rows))
    marks = b"".join(
        struct.pack("<Bd", 8, at) + length(4) + text for at, text in ((10.2, b"fist"), (11.0, b"rest"))
    )
    path = folder / "a.xdf"
    path.write_bytes(
        b"XDF:"
        + chunk(1, b"<info><version>1.0</version></info>")
        + head(1, "EMG", 3, 200, "int16")
        + head(2, "Markers", 1, 0, "string")
        + chunk(3, struct.pack("<I", 1) + length(len(rows)) + body)
        + chunk(3, struct.pack("<I", 2) + length(2) + marks)
        + chunk(4, struct.pack("<Idd", 1, 10.0, 0.0))
        + chunk(6, struct.pack("<I", 1) + b"<info><sample_count>400</sample_count></info>")
    )
    return [path]


def wfdb(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write a WFDB record with annotations."""
    import wfdb

    signal = rng.normal(0, 1, SHAPE)
    names = ["EMG1", "EMG2", "EMG3"]
    wfdb.wrsamp(
        "a", fs=200, units=["mV"] * 3, sig_name=names, p_signal=signal, fmt=["16"] * 3, write_dir=str(folder)
    )
    wfdb.wrann(
        "a", "atr", np.array([50, 200]), symbol=['"'] * 2, aux_note=["fist", "rest"], write_dir=str(folder)
    )
    return [folder / "a.hea", folder / "a.dat", folder / "a.atr"]


def ninapro(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write a MATLAB file of NinaPro."""
    stimulus = np.repeat([0, 1, 0, 2], 100)[:, None].astype(np.uint8)
    file = {"emg": rng.normal(0, 1, SHAPE).astype(np.float32), "restimulus": stimulus, "subject": 3}
    return _matlab(folder, {**file, "rerepetition": (stimulus > 0).astype(np.uint8), "frequency": 200.0})


def biopatrec(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write a MATLAB file of BioPatRec."""
    session = {"sF": 200, "cT": 0.5, "rT": 0.5, "nM": 2, "nR": 2, "nCh": 3}
    session |= {
        "tdata": rng.normal(0, 1, (*SHAPE, 2)).astype(np.float32),
        "mov": np.array(["a", "b"], object),
    }
    return _matlab(folder, {"recSession": session})


def eeglab(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write a file of EEGLAB."""
    events = [{"type": "fist", "latency": 51.0}, {"type": "rest", "latency": 200.0, "duration": 100.0}]
    places = [{"labels": f"EMG{i}", "type": "EMG"} for i in range(3)]
    data = rng.normal(0, 1, SHAPE).T.astype(np.float32)
    return _matlab(
        folder, {"EEG": {"srate": 200.0, "nbchan": 3, "data": data, "event": events, "chanlocs": places}}
    )


def _matlab(folder: Path, content: dict) -> list[Path]:
    from scipy.io import savemat

    savemat(folder / "a.mat", content, do_compression=False)
    return [folder / "a.mat"]


def otb(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write an OTB+ file."""
    channels = "".join(f'<Channel Index="{i}" ID="x"/>' for i in range(3))
    device = (
        '<Device SampleFrequency="200" DeviceTotalChannels="3" ad_bits="16"><Channels>'
        f'<Adapter ID="Due" ChannelStartIndex="0">{channels}</Adapter></Channels></Device>'
    )
    signal = rng.integers(-2000, 2000, SHAPE).astype("<i2").tobytes()
    with tarfile.open(folder / "a.otb", "w") as archive:
        for name, content in (("a.xml", device.encode()), ("a.sig", signal)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return [folder / "a.otb"]


def epn(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write a user of EMG-EPN-612."""
    counts = rng.integers(-128, 128, SHAPE)
    gesture = {"gestureName": "fist", "emg": {f"ch{i + 1}": counts[:, i].tolist() for i in range(3)}}
    general = {"samplingFrequencyInHertz": 200}
    document = {"generalInfo": general, "trainingSamples": {"idx_1": gesture}, "testingSamples": {}}
    (folder / "a.json").write_text(json.dumps(document))
    return [folder / "a.json"]


WRITERS: dict[str, Callable[[Path, np.random.Generator], list[Path]]] = {
    "edf": edf,
    "bdf": bdf,
    "xdf": xdf,
    "wfdb": wfdb,
    "ninapro": ninapro,
    "biopatrec": biopatrec,
    "eeglab": eeglab,
    "otb": otb,
    "epn": epn,
}
KINDS = ("flipped", "overwritten", "huge", "cut", "moved", "text")
"""What is done to a good file."""


def mutate(good: bytes, rng: np.random.Generator) -> tuple[bytes, int]:
    """Return a damaged copy and how many of its bytes were changed; the header is hit more often."""
    data = bytearray(good)
    kind = KINDS[int(rng.integers(len(KINDS)))]
    reach = len(data) if rng.random() < 0.5 else min(len(data), 2048)
    count = int(rng.integers(1, 257))
    if kind == "flipped":
        for at in rng.integers(0, reach, count):
            data[at] ^= 1 << int(rng.integers(8))
    elif kind == "overwritten":
        for at in rng.integers(0, reach, count):
            data[at] = int(rng.integers(256))
    elif kind == "huge":  # a number of 2, 4 or 8 bytes becomes as large as it can be
        width = int(rng.choice([2, 4, 8]))
        count = max(count // width, 1)
        for at in rng.integers(0, max(reach - width, 1), count):
            data[at : at + width] = rng.choice([b"\xff", b"\x7f", b"\x00", b"9"]) * width
        count *= width
    elif kind == "cut":
        count = min(count, len(data) - 1)
        del data[int(rng.integers(0, len(data) - count)) :][:count]
        del data[len(data) - count :]
    elif kind == "moved":
        count = min(count, len(data) // 2)
        a, b = (int(at) for at in rng.integers(0, len(data) - count, 2))
        data[a : a + count] = data[b : b + count]
    else:  # digits and signs, for headers that are text
        for at in rng.integers(0, reach, count):
            data[at] = b"0123456789-+.e /<>&\"'{}[]:,\n"[int(rng.integers(28))]
    return bytes(data), count


def forbid(folder: Path) -> None:
    """End this process when something starts a program, opens a connection or writes outside a folder."""
    allowed = str(folder)

    def hook(event: str, arguments: tuple) -> None:
        if event in (
            "subprocess.Popen",
            "os.system",
            "os.exec",
            "os.fork",
            "socket.connect",
            "os.posix_spawn",
        ):
            _leave(f"{event} {arguments!r}")
        elif event == "open" and isinstance(arguments[0], (str, bytes)):
            mode, flags = arguments[1] or "", arguments[2] or 0
            writes = any(sign in mode for sign in "wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and not os.fsdecode(arguments[0]).startswith((allowed, os.devnull)):
                _leave(f"it opens {arguments[0]!r} for writing")

    sys.addaudithook(hook)


def _leave(why: str) -> None:
    os.write(2, f"forbidden: {why[:500]}\n".encode())
    os._exit(9)


def fuzz(name: str, wanted: int, seed: int, folder: Path, report: Callable[[dict], object]) -> None:
    """Damage and read files of one format until this many bytes have been changed; report after each."""
    rng = np.random.default_rng(seed)
    files = WRITERS[name](folder, rng)
    good = {file: file.read_bytes() for file in files}
    kind = identify(files[0])
    assert kind in FORMATS
    worker.read(kind, files[0], Wanted())  # the good file opens, and its libraries are loaded
    forbid(folder)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    bound = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    before = {path.name for path in folder.iterdir()}
    seen: Counter[str] = Counter()
    slowest = 0.0
    while seen["bytes"] < wanted:
        file = files[int(rng.integers(len(files)))]
        data, count = mutate(good[file], rng)
        file.write_bytes(data)
        started = time.process_time()
        seen[_outcome(kind, files[0])] += 1
        took = time.process_time() - started
        if {path.name for path in folder.iterdir()} != before:
            _leave(f"files {sorted(path.name for path in folder.iterdir())}")
        if took > SECONDS:
            os._exit(SLOW)
        file.write_bytes(good[file])
        seen["bytes"] += count
        slowest = max(slowest, took)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report({**seen, "slowest": slowest, "peak": peak})


def _outcome(kind: str, path: Path) -> str:
    try:
        if identify(path) != kind:
            return "another"
        worker.read(kind, path, Wanted())
        return "read"
    except FormatError as error:
        refused = RecordingError(str(path), error.problem, error.remedy)
    except RecordingError as error:
        refused = error
    if "\n" in str(refused):
        _leave(f"an error of several lines: {str(refused)!r}")
    return "refused"


def _child(name: str, wanted: int, seed: int, folder: str, pipe: Connection) -> None:
    logging.disable()  # pyxdf logs what it leaves out
    fuzz(name, wanted, seed, Path(folder), pipe.send)


def _run(name: str, wanted: int, seed: int, folder: str) -> tuple[dict[str, float], int]:
    """Fuzz in a child process; return the last it reported, and its exit code."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_child, args=(name, wanted, seed, folder, theirs))
    child.start()
    theirs.close()
    found: dict[str, float] = {}
    with contextlib.suppress(EOFError):
        while True:
            found = ours.recv()
    child.join()
    return found, int(child.exitcode or 0)


def _refused_as_users_open_it(folder: Path) -> bool:
    """Open the files that crashed a library through the reader's own child process."""
    try:
        open_recordings(folder, cache=folder / "cache")
    except RecordingError as error:
        return "\n" not in str(error)
    return False  # what crashed here must not open there


def fuzz_format(name: str, wanted: int, seed: int) -> bool:
    """Fuzz a format until enough bytes have been changed, print a line, and return whether all went well."""
    total: Counter[str] = Counter()
    slowest = peak = 0.0
    while total["bytes"] < wanted:
        with tempfile.TemporaryDirectory() as folder:
            found, code = _run(name, wanted - total["bytes"], seed + total["crashed"], folder)
            slowest, peak = max(slowest, found.pop("slowest", 0.0)), max(peak, found.pop("peak", 0.0))
            total.update({key: int(value) for key, value in found.items()})
            if not code:
                continue
            total["crashed"] += 1
            if (-code in CRASHES or code == SLOW) and _refused_as_users_open_it(Path(folder)):
                continue
            kept = Path(tempfile.gettempdir()) / f"fuzz_{name}_{seed}"
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            print(f"{name:<9} FAILED (code {code}); the file is in {kept}")
            return False
    print(
        f"{name:<9}{total['bytes']:>9}{total['read']:>7}{total['refused']:>9}{total['another']:>14}"
        f"{total['crashed']:>9}{slowest:>12.2f}{peak:>11.0f}",
        flush=True,
    )
    return True


def main() -> int:
    """Fuzz all formats, or one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bytes", type=int, default=1_000_000, help="bytes to change for each format")
    parser.add_argument("--seed", type=int, help="seed; a random one by default")
    parser.add_argument("--format", choices=list(WRITERS), help="only this one")
    args = parser.parse_args()
    seed = secrets.randbits(32) if args.seed is None else args.seed
    print(f"seed {seed}")
    print("format       bytes   read  refused  another kind   ended  slowest, s  peak, MiB", flush=True)
    names = [args.format] if args.format else list(WRITERS)
    failed = sum(not fuzz_format(name, args.bytes, seed) for name in names)
    print("no file ended otherwise" if not failed else f"{failed} formats failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
