"""YAML, pipes, devices, patterns of names, and tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import yaml

from hostile.kinds import BUNDLE, RECORDING, SETTINGS, kind, sparse, variants

NESTED = b"[" * 10_000 + b"]" * 10_000
BOMB = b"a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 12)
)
HOSTILE_YAML = {
    "nested": NESTED,
    "nested_block": b"- " * 10_000 + b"1",
    "nested_mapping": b"columns: " + b"{a: " * 5000 + b"}" * 5000,
    "alias_bomb": BOMB,
    "merge_bomb": b"a0: &a0 {k: 1}\n"
    + b"".join(b"a%d: &a%d\n  <<: [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 9)),
    "cyclic": b"files: &a [*a]\ncolumns: *a\n",
    "beyond_float": b"files: .*\ncolumns: {samples: [1], label: 2}\nrate: " + b"9" * 400 + b"\n",
    "beyond_int": b"files: .*\ncolumns: {samples: [1], label: 2}\nrate: " + b"9" * 6000 + b"\n",
    "infinite": b"files: .*\ncolumns: {samples: [1], label: 2}\nrate: 1.0e+999\nwindow: .nan\n",
    "python": b"files: !!python/object/apply:os.system ['touch ran']\n",
    "not_utf8": b"files: \xff\xfe\ncolumns: 1\n",
    "zeros": bytes(5000),
    "many_values": b"files: [" + b"1," * 500_000 + b"]\n",
    "escapes": b'files: "\\e]0;x\\a"\nfolder: "\\e[2J"\ncolumns: {samples: [1], label: "\\e[2J"}\n',
}


def _yaml(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "a.yaml").write_bytes(content)
        (folder / "data.csv").write_text("1,rest\n2,fist\n" * 50)
        return folder / "a.yaml"

    return make


variants(RECORDING | SETTINGS, "yaml", {name: _yaml(content) for name, content in HOSTILE_YAML.items()})
variants(RECORDING | SETTINGS, "yaml", {"sparse": sparse("a.yaml", b"files: a\ncolumns: {}\n#")})


def _pipe(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        os.mkfifo(folder / name)
        return folder / name

    return make


for _name in ("a.npz", "a.mcap", "a.db3", "a.yaml", "a.csv", "a.edf", "bag"):
    variants(RECORDING | BUNDLE | SETTINGS, "pipe", {_name: _pipe(_name)})
variants(
    RECORDING | BUNDLE | SETTINGS,
    "device",
    {name: lambda _, path=Path("/dev", name): path for name in ("zero", "null", "tty")},
)


@kind(RECORDING)
def pipe_in_a_bag(folder: Path) -> Path:
    """Make a bag folder whose files are pipes."""
    os.mkfifo(folder / "a_0.mcap")
    os.mkfifo(folder / "metadata.yaml")
    return folder


@kind(RECORDING)
def pipe_among_tables(folder: Path) -> Path:
    """Make a folder of tables, one of which is a pipe."""
    (folder / "fist_1.csv").write_text("1,2\n" * 500)
    os.mkfifo(folder / "rest_1.csv")
    return folder


def _pattern(pattern: str, name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        document = {
            "files": pattern,
            "rate": 100,
            "header": False,
            "columns": {"samples": [1, 2], "label": 3},
        }
        (folder / "study.yaml").write_text(yaml.safe_dump(document))
        (folder / name).write_text("1,2,rest\n" * 100)
        return folder / "study.yaml"

    return make


variants(
    RECORDING,
    "pattern",
    {
        "repeats_of_repeats": _pattern("(a{1,99}){1,99}b", "a" * 200),
        "alternatives": _pattern(r"(a|b|ab)*c\d", "ab" * 100 + "c"),
        "billions_of_copies": _pattern("((a{1000}){1000}){1000}", "a"),
        "brackets": _pattern("(" * 480 + "a" + ")" * 480, "a"),
    },
)


@kind(RECORDING)
def csv_cell_of_1_gb(folder: Path) -> Path:
    """Write a table with a cell of 1 GB."""
    with (folder / "rest_1.csv").open("wb") as file:
        file.write(b"a,b\n1,2\n3,")
        for _ in range(64):
            file.write(b"4" * (1 << 24))
    return folder / "rest_1.csv"


@kind(RECORDING)
def csv_described_cell_of_1_gb(folder: Path) -> Path:
    """Write the same beside a description."""
    csv_cell_of_1_gb(folder)
    return _pattern("rest_1.csv", "other")(folder)


@kind(RECORDING)
def csv_open_quote(folder: Path) -> Path:
    """Write a quote that is never closed, in 300 MB of ordinary lines."""
    with (folder / "rest_1.csv").open("wb") as file:
        file.write(b'a,b,label\n1,2,"rest\n')
        for _ in range(30):
            file.write(b"1,2,rest\n" * 1_100_000)
    return folder / "rest_1.csv"


@kind(RECORDING)
def csv_of_a_million_columns(folder: Path) -> Path:
    """Write short cells, but a million of them."""
    (folder / "rest_1.csv").write_bytes((b"1," * 1_000_000 + b"1\n") * 3)
    return folder / "rest_1.csv"
