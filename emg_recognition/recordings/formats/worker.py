"""The child process that parses files of others, with bounded memory and processor time.

It reads requests from stdin, a JSON object a line, and answers each on stdout. The libraries that parse the
formats believe what a file claims: a few changed bytes make them ask for gigabytes or never return.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from emg_recognition.recordings.formats.take import FormatError, Take, Wanted
from emg_recognition.resources import free_memory

#: Readers by the kind of a file, as :mod:`emg_recognition.recordings.kinds` names it.
READERS = {
    "EDF": "edf",
    "BDF": "edf",
    "XDF": "xdf",
    "WFDB": "wfdb",
    "MATLAB": "matlab",
    "OTB+": "otb",
    "EMG-EPN-612": "epn",
}
#: A reader may take this much memory (bytes), and this many times the size of the file more.
_MEMORY, _TIMES = 400 << 20, 24
#: A reader may take this much processor time (s), and one second more for each this many bytes.
_SECONDS, _BYTES_A_SECOND = 6, 4 << 20


def reader(kind: str) -> ModuleType:
    """Return the module that reads a kind of file."""
    return importlib.import_module(f"emg_recognition.recordings.formats.{READERS[kind]}")


def files_of(kind: str, path: Path) -> list[Path]:
    """Return all files that a recording consists of."""
    found = getattr(reader(kind), "files_of", None)
    return list(found(path)) if found else [path]


def read(kind: str, path: Path, wanted: Wanted) -> list[Take]:
    """Read a file in this process.

    Raises
    ------
    FormatError
        If it cannot be used, whatever the reader's library raises.
    """
    module = reader(kind)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            takes = module.read(path, wanted)
    except (FormatError, ModuleNotFoundError):
        raise
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        raise FormatError(f"its file {name} is missing", "keep the files of a recording together") from error
    except MemoryError:
        raise FormatError(
            f"it claims more data than its {_size(kind, path)} bytes hold", "it is damaged"
        ) from None
    except RecursionError:
        raise FormatError("it is nested too deeply", "it is damaged") from None
    except Exception as error:
        what = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise FormatError(
            f"it is not a readable {kind} file ({what})", "it is damaged: copy it again"
        ) from error
    if not takes or not any(len(take.samples) for take in takes):
        raise FormatError("it holds no samples", "give a recording with samples")
    notes = tuple(
        dict.fromkeys(
            " ".join(str(one.message).split())[:200]
            for one in said
            # What a library says to its programmers says nothing about the file.
            if not issubclass(one.category, (DeprecationWarning, FutureWarning))
        )
    )[:5]
    return [_noted(takes[0], notes), *takes[1:]]


def _noted(take: Take, notes: tuple[str, ...]) -> Take:
    return Take(**{**vars(take), "problems": (*take.problems, *notes)})


def _size(kind: str, path: Path) -> int:
    return sum(one.stat().st_size for one in files_of(kind, path))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Read the file of a request, write its samples to ``.npy`` files and return the rest.

    Parameters
    ----------
    request : dict
        ``kind``, ``path``, ``wanted`` (the fields of :class:`Wanted`) and ``folder`` for the samples.
    """
    path, folder = Path(os.fsdecode(bytes.fromhex(request["path"]))), Path(request["folder"])
    try:
        library = reader(request["kind"]).LIBRARY
        if library:  # loaded first: it is not the file's memory
            importlib.import_module(library)
        _limit(_size(request["kind"], path))
        wanted = request["wanted"]
        takes = read(request["kind"], path, Wanted(**{**wanted, "channels": tuple(wanted["channels"])}))
        described = []
        for i, take in enumerate(takes):
            np.save(folder / f"{i}.npy", take.samples)
            entry = {name: value for name, value in vars(take).items() if name != "samples"}
            entry["spans"] = None if take.spans is None else [list(vars(one).values()) for one in take.spans]
            described.append(entry)
        return {"takes": described}
    except FormatError as error:
        return {"problem": error.problem, "remedy": error.remedy}
    except ModuleNotFoundError as error:
        return {
            "problem": f"reading it needs the library {error.name}",
            "remedy": "pip install 'emg_recognition[formats]'",
        }
    except MemoryError:
        return {"problem": "its samples do not fit into the memory", "remedy": "divide it"}


def _limit(size: int) -> None:
    """Bound address space and processor time for a file of some bytes, counted from what is in use now.

    Not more memory than is free, so that a damaged file does not make the system end other programs.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        more = min(_MEMORY + _TIMES * size, max(free_memory(), _MEMORY))
        bound = pages * resource.getpagesize() + more
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (bound if hard < 0 else min(bound, hard), hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + _SECONDS + size / _BYTES_A_SECOND) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard < 0 else min(seconds, hard), hard))


def main() -> None:
    """Answer requests until stdin ends."""
    # A library that prints must not disturb the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
