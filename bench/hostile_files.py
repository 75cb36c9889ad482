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
import hashlib
import io
import os
import resource
import shutil
import signal
import sqlite3
import struct
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "bench")]

from emg_recognition.bags.definitions import full_definition, own_message, own_types  # noqa: E402
from emg_recognition.bags.writer import BagWriter  # noqa: E402
from emg_recognition.cli.main import main as command_line  # noqa: E402
from emg_recognition.files import size_text  # noqa: E402
from emg_recognition.models.bundle import read_bundle  # noqa: E402
from emg_recognition.recordings.recordings import Recordings  # noqa: E402

SECONDS, LONGEST, MEMORY = 10, 60, 1 << 30
RATE, CHANNELS = 500.0, 8  # as the fresh model
ESCAPES = "\x1b]0;owned\x07\x1b[2J"
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

#: Arguments of each command for a recording ({path}), a bundle, or a file of settings.
READ = {
    "inspect": "inspect --data {path}",
    "evaluate": "evaluate --model {model} --data {path} --output {out}",
    "evaluate-bag": "evaluate --model {model} --bag {path} --output {out}",
}
#: Those too that would train or play for minutes if they did not refuse the file.
RECORDING = READ | {
    "device-emulator": "device-emulator --data {path} --link {out} --once",
    "train": "train --data {path} --config {config} --output {out}",
    "compare": "compare --data {path} --config {config} --methods lda --seeds 0 --output {out}",
    "adapt": "adapt --model {model} --data {path} --reps 1 --output {out}",
    "demo": "demo --data {path} --output {out}",
}
BUNDLE = {
    "evaluate-model": "evaluate --model {path} --data {good} --output {out}",
    "adapt-model": "adapt --model {path} --data {good} --reps 1 --output {out}",
}
SETTINGS = {"train-config": "train --data {good} --config {path} --output {out}"}


@dataclass(frozen=True)
class Kind:
    """A kind of file: what makes it in a folder, and the commands that take it."""

    name: str
    make: Callable[[Path], Path]
    commands: dict[str, str]


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


KINDS: list[Kind] = []


def kind(commands: dict[str, str]) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Register a function that makes a file."""

    def register(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        KINDS.append(Kind(make.__name__, make, commands))
        return make

    return register


def variants(commands: dict[str, str], prefix: str, contents: dict[str, Callable[[Path], Path]]) -> None:
    """Register several functions by name."""
    KINDS.extend(Kind(f"{prefix}_{name}", make, commands) for name, make in contents.items())


# Good files ---------------------------------------------------------------------------------------------


def study() -> Recordings:
    """Return a small study that can be trained on."""
    rng = np.random.default_rng(1)
    segments, labels, repetitions = [], [], []
    for repetition in (1, 2, 3, 4):
        for action, strength in (("a", 1.0), ("b", 20.0)):
            segments.append(rng.normal(0, strength, (700, CHANNELS)).astype(np.float32))
            labels.append(action)
            repetitions.append(repetition)
    return Recordings.from_segments(
        segments, labels, rate=RATE, repetitions=repetitions, subjects=["s1"] * len(labels)
    )


def messages() -> list[tuple[str, str, int, bytes]]:
    """Return the messages of a small bag: topic, type, log time and CDR."""
    rows = []
    base, rng = 1_800_000_000 * 10**9, np.random.default_rng(2)

    def add(topic: str, kind: str, at: float, **fields: object) -> None:
        stamp = base + round(at * 1e9)
        time_fields = {"sec": stamp // 10**9, "nanosec": stamp % 10**9}
        header = own_message(
            "std_msgs/msg/Header",
            stamp=own_message("builtin_interfaces/msg/Time", **time_fields),
            frame_id="arm",
        )
        name = f"emg_recognition/msg/{kind}"
        message = own_message(name, header=header, **fields)
        rows.append((topic, name, stamp, bytes(own_types().serialize_cdr(message, name))))

    for number, action in enumerate("abab"):
        add("/emg/label", "ActionLabel", number * 2.0, event=0, action=action, repetition=number // 2 + 1)
        for first in range(0, 1000, 10):
            index = number * 1000 + first
            data = rng.normal(0, 1 + 20 * (action == "b"), 10 * CHANNELS).astype(np.float32)
            add(
                "/emg/samples",
                "EmgSamples",
                index / RATE,
                first_index=index,
                rate=RATE,
                channels=CHANNELS,
                unit="count",
                data=data,
            )
    add("/emg/label", "ActionLabel", 8.0, event=1, action="b", repetition=2)
    return rows


def good_mcap(path: Path) -> Path:
    """Write a bag as a folder with an MCAP file."""
    rows = messages()
    with BagWriter(path, {topic: name for topic, name, _, _ in rows}) as bag:
        for topic, _, stamp, content in rows:
            bag.write(topic, stamp, content)
    return path


def good_sqlite(path: Path) -> Path:
    """Write a bag as a sqlite3 file whose tables take anything."""
    rows = messages()
    topics = {topic: name for topic, name, _, _ in rows}
    numbers = {topic: number for number, topic in enumerate(topics, 1)}
    with sqlite3.connect(path) as database:
        database.executescript(
            "create table topics(id integer primary key, name, type, serialization_format);"
            "create table messages(id integer primary key, topic_id, timestamp, data);"
        )
        database.executemany(
            "insert into topics values (?, ?, ?, 'cdr')",
            [(numbers[topic], topic, name) for topic, name in topics.items()],
        )
        database.executemany(
            "insert into messages(topic_id, timestamp, data) values (?, ?, ?)",
            [(numbers[topic], stamp, content) for topic, _, stamp, content in rows],
        )
    database.close()
    return path


# YAML, pipes and devices --------------------------------------------------------------------------------

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


def _sparse(name: str, begin: bytes = b"", size: int = 30 << 30) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with (folder / name).open("wb") as file:
            file.write(begin)
            file.truncate(size)
        return folder / name

    return make


variants(RECORDING | SETTINGS, "yaml", {name: _yaml(content) for name, content in HOSTILE_YAML.items()})
variants(RECORDING | SETTINGS, "yaml", {"sparse": _sparse("a.yaml", b"files: a\ncolumns: {}\n#")})


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

# Tables -------------------------------------------------------------------------------------------------


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


# Archives -----------------------------------------------------------------------------------------------


def _header(shape: tuple[int, ...], descr: str) -> bytes:
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def _archive(**changes: object) -> Callable[[Path], Path]:
    """Return what writes an archive with some members changed; bytes are a member as it is."""

    def make(folder: Path) -> Path:
        recordings = study()
        recordings.save(folder / "good.npz")
        with np.load(folder / "good.npz") as good:
            arrays: dict[str, object] = {name: good[name] for name in good.files}
        (folder / "good.npz").unlink()
        arrays |= changes
        with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as file:
            for name, value in arrays.items():
                if value is None:
                    continue
                content = io.BytesIO(value if isinstance(value, bytes) else b"")
                if not isinstance(value, bytes):
                    np.lib.format.write_array(content, np.asarray(value), allow_pickle=True)
                file.writestr(f"{name}.npy", content.getvalue())
        return folder / "a.npz"

    return make


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch ran",)


def _npz_bomb(gigabytes: int, member: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = _archive(**{member: None})(folder)
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        begin = packer.compress(_header((gigabytes << 26, 4), "<i4")) + packer.flush(zlib.Z_FULL_FLUSH)
        zeros = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
        with zipfile.ZipFile(path, "a") as file:
            info = zipfile.ZipInfo(f"{member}.npy")
            with file.open(info, "w", force_zip64=True) as target:
                target.write(begin + zeros * (gigabytes * 64) + packer.flush())
            # Packed here and not by zipfile, which would take a minute.
            info.compress_type, info.file_size = zipfile.ZIP_DEFLATED, gigabytes << 30
        return path

    return make


def _many(count: int, rows: int) -> Callable[[Path], Path]:
    columns: dict[str, object] = {
        name: np.full(count, "a") for name in ("subject", "cohort", "session", "label")
    }
    columns |= {"start": np.zeros(count, int), "length": np.full(count, rows), "rep": np.ones(count, int)}
    return _archive(x=np.ones((rows, CHANNELS), np.int8), **columns)


variants(
    RECORDING,
    "npz",
    {
        "petabytes": _archive(x=_header((1 << 52, 4), "<f8")),
        "petabytes_of_labels": _archive(label=_header((1 << 53,), "<U1")),
        "bomb_6_gb": _npz_bomb(6, "x"),
        "bomb_of_labels": _npz_bomb(2, "label"),
        "pickle": _archive(label=np.array([_Trap()] * 8, dtype=object)),
        "header_expression": _archive(x=b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000),
        "overlap_without_end": _many(100_000, 100_000),
        "a_million_segments": _many(1_000_000, 1),
        "escapes": _archive(label=np.array(["rest", f"fist{ESCAPES}"] * 4), subject=np.array([ESCAPES] * 8)),
        "not_unicode": _archive(label=_header((8,), "<U4") + b"\xff" * 128),
        "a_hundred_thousand_channels": _archive(x=np.zeros((5600, 100_000), np.int8)),
        "sparse": _sparse("a.npz", b"PK\x03\x04"),
    },
)


variants(
    READ,
    "npz",
    {
        "rate_beyond": _archive(fs=np.float64(1e308)),
        "rate_tiny": _archive(fs=np.float64(1e-300)),
        "scale_tiny": _archive(scale=np.float64(1e-308)),
        "samples_beyond": _archive(x=np.full((5600, CHANNELS), 1e38, np.float32)),
        "long_names": _archive(label=np.array(["rest", "f" * 100_000] * 4)),
    },
)


@kind(RECORDING)
def npz_table_of_contents(folder: Path) -> Path:
    """Write a sparse zip file whose table of contents has 3 GB."""
    with (folder / "a.npz").open("wb") as file:
        file.write(b"PK\x03\x04")
        file.seek(3 << 30)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, (3 << 30) - 4, 4, 0))
    return folder / "a.npz"


# Bags ---------------------------------------------------------------------------------------------------


def _metadata(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (good_mcap(folder / "bag") / "metadata.yaml").write_bytes(content)
        return folder / "bag"

    return make


variants(
    READ,
    "metadata",
    {name: _metadata(content) for name, content in HOSTILE_YAML.items() if name != "infinite"},
)
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n)"
SQL = {
    "null": "update messages set timestamp = null where id % 7 = 0;"
    "update messages set data = null where id = 9",
    "text": "update messages set timestamp = 'noon', data = 'text' where id % 7 = 0",
    "blobs": "update messages set timestamp = x'00', topic_id = x'00' where id % 7 = 0",
    "times_beyond": "update messages set timestamp = 9223372036854775807 where id % 7 = 0",
    "null_topics": "update topics set name = null, type = x'00'",
    "gigabytes": "update messages set data = zeroblob(500000000) where id = 9",
    "escapes": f"update topics set name = '/{ESCAPES}' || name",
    "endless_messages": "drop table messages; create view messages as "
    f"{ENDLESS} select i as id, 1 as topic_id, 1 as timestamp, x'00' as data from n",
    "endless_topics": f"drop table topics; create view topics as {ENDLESS} "
    "select i as id, 'a' as name, 'b' as type, 'cdr' as serialization_format from n",
    "computed": "drop table messages; create table messages(id integer primary key, topic_id, timestamp,"
    " data as (zeroblob(900000000)))",
    "trigger": "create trigger t after insert on messages begin delete from messages; end",
    "virtual": "drop table messages; create virtual table messages using fts5(id, topic_id, timestamp, data)",
    "no_tables": "drop table messages; drop table topics",
    "many_topics": f"{ENDLESS} insert into topics select 100 + i, '/t' || i, 'a/msg/B', 'cdr' from n "
    "limit 100000",
}


def _sql(script: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with sqlite3.connect(good_sqlite(folder / "a.db3")) as database:
            database.executescript(script)
        database.close()
        return folder / "a.db3"

    return make


variants(READ, "sqlite", {name: _sql(script) for name, script in SQL.items()})
variants(RECORDING, "sqlite", {"sparse": _sparse("a.db3", b"SQLite format 3\x00")})


@kind(READ)
def sqlite_damaged(folder: Path) -> Path:
    """Write a bag of which every tenth page is noise."""
    path = good_sqlite(folder / "a.db3")
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(3)
    for begin in range(4096, len(content), 40_960):
        content[begin : begin + 4096] = rng.bytes(4096)
    path.write_bytes(content)
    return path


def _record(opcode: int, content: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(content)) + content


def _text(text: str | bytes) -> bytes:
    content = text.encode() if isinstance(text, str) else text
    return struct.pack("<I", len(content)) + content


def _mcap(records: bytes) -> bytes:
    return b"\x89MCAP0\r\n" + _record(0x01, _text("ros2") + _text("x")) + records


def _defined(text: str, encoding: str = "ros2msg", name: str = "emg_recognition/msg/EmgSamples") -> bytes:
    """Return a bag of good messages whose samples have another definition."""
    records = b""
    rows = messages()
    for number, (topic, kind) in enumerate({row[0]: row[1] for row in rows}.items(), 1):
        ours = topic == "/emg/samples"
        definition = text if ours else full_definition(kind)
        schema = _text(name if ours else kind) + _text(encoding if ours else "ros2msg") + _text(definition)
        records += _record(0x03, struct.pack("<H", number) + schema)
        records += _record(
            0x04, struct.pack("<HH", number, number) + _text(topic) + _text("cdr") + struct.pack("<I", 0)
        )
        for i, (its, _, stamp, content) in enumerate(rows):
            if its == topic:
                records += _record(0x05, struct.pack("<HIQQ", number, i, stamp, stamp) + content)
    return _mcap(records + _record(0x0F, struct.pack("<I", 0)))


def _chunk(data: bytes, compression: str, claimed: int) -> bytes:
    head = struct.pack("<QQQI", 0, 0, claimed, 0) + _text(compression)
    return _record(0x06, head + struct.pack("<Q", len(data)) + data)


def _compressed(name: str, claimed: int) -> bytes:
    import lz4.frame
    import zstandard

    pack = zstandard.compress if name == "zstd" else lz4.frame.compress
    return _mcap(_chunk(pack(bytes(1 << 30)), name, claimed) * 8)


def _bytes(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content())
        return folder / name

    return make


def _levels() -> str:
    types = [f"uint8 a\nB{i + 1}[10] b\n" for i in range(12)] + ["uint8 a\n"]
    return types[0] + "".join(
        f"{'=' * 80}\nMSG: emg_recognition/B{i}\n{text}" for i, text in enumerate(types[1:], 1)
    )


IDL = "module emg_recognition {{ module msg {{ struct EmgSamples {{ {} }}; }}; }};"
DEFINITIONS = {
    "cyclic": ("EmgSamples again\n", "ros2msg"),
    "billions_of_elements": ("float64 rate\nuint16 channels\nfloat32[2147483648] data\n", "ros2msg"),
    "billions_of_strings": ("string[2147483648] data\n", "ros2msg"),
    "exponential": (_levels(), "ros2msg"),
    "not_a_definition": ("$$$" * 1000, "ros2msg"),
    "of_a_megabyte": ("uint8 a\n" + "# x\n" * 250_000, "ros2msg"),
    "idl_brackets": (IDL.format("long a[" + "(" * 30 + "1" + ")" * 30 + "];"), "ros2idl"),
    "idl_shift": (IDL.format("long a[1 << 99999999999];"), "ros2idl"),
    "idl_nested": (IDL.format("sequence<" * 50 + "long" + ">" * 50 + " a;"), "ros2idl"),
    "escapes": (ESCAPES, ESCAPES),
}
variants(
    RECORDING,
    "mcap",
    {
        name: _bytes("a.mcap", lambda text=text, encoding=encoding: _defined(text, encoding))
        for name, (text, encoding) in DEFINITIONS.items()
    },
)
variants(
    RECORDING,
    "mcap",
    {
        "type_name": _bytes(
            "a.mcap", lambda: _defined("uint8 a\n", name="a/msg/B'; import os; os.system('touch ran')")
        ),
        "zstd_bomb": _bytes("a.mcap", lambda: _compressed("zstd", 1 << 30)),
        "zstd_bomb_that_lies": _bytes("a.mcap", lambda: _compressed("zstd", 1 << 20)),
        "lz4_bomb": _bytes("a.mcap", lambda: _compressed("lz4", 1 << 20)),
        "many_topics": _bytes(
            "a.mcap",
            lambda: _mcap(
                b"".join(
                    _record(0x04, struct.pack("<HH", i, 0) + _text(f"/t{i}") + _text("cdr") + bytes(4))
                    for i in range(60_000)
                )
            ),
        ),
        "tiny_records": _bytes("a.mcap", lambda: _mcap(_record(0x05, b"") * 1_500_000)),
        "long_record": _sparse("a.mcap", _mcap(struct.pack("<BQ", 0x05, 20 << 30))),
        "sparse": _sparse("a.mcap", _mcap(b"")),
    },
)


@kind(RECORDING)
def compressed_bag_bomb(folder: Path) -> Path:
    """Write a bag whose file unpacks to 8 GB."""
    import zstandard

    packer = zstandard.ZstdCompressor().compressobj()
    with (folder / "a_0.mcap.zstd").open("wb") as file:
        for _ in range(512):
            file.write(packer.compress(bytes(1 << 24)))
        file.write(packer.flush())
    information = {
        "version": 5,
        "storage_identifier": "mcap",
        "relative_file_paths": ["a_0.mcap.zstd"],
        "compression_mode": "FILE",
        "compression_format": "zstd",
    }
    (folder / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": information}))
    return folder


# Everything truncated -----------------------------------------------------------------------------------


def _truncated(make: Callable[[Path], Path], share: float) -> Callable[[Path], Path]:
    def cut(folder: Path) -> Path:
        path = make(folder)
        file = next(path.glob("*.mcap")) if path.is_dir() else path
        content = file.read_bytes()
        file.write_bytes(content[: round(len(content) * share)])
        return path

    return cut


def _study_npz(folder: Path) -> Path:
    study().save(folder / "a.npz")
    return folder / "a.npz"


for _share in (0.0, 0.01, 0.3, 0.9, 0.999):
    variants(
        READ,
        f"truncated_to_{_share:g}",
        {
            "npz": _truncated(_study_npz, _share),
            "mcap": _truncated(lambda folder: good_mcap(folder / "bag"), _share),
            "sqlite": _truncated(lambda folder: good_sqlite(folder / "a.db3"), _share),
        },
    )

# Bundles ------------------------------------------------------------------------------------------------

MODEL: list[Path] = []


def _bundle(edit: Callable[[dict, Path], None]) -> Callable[[Path], Path]:
    """Return what copies the good bundle and changes its description, or its files."""

    def make(folder: Path) -> Path:
        path = folder / "bundle"
        shutil.copytree(MODEL[0], path)
        description = yaml.safe_load((path / "model.yaml").read_text())
        edit(description, path)
        if (path / "model.yaml").is_file() and (path / "model.yaml").stat().st_size < 1 << 20:
            (path / "model.yaml").write_text(yaml.safe_dump(description))
        return path

    return make


def _set(*keys: str, to: object = None) -> Callable[[dict, Path], None]:
    def edit(description: dict, _: Path) -> None:
        for key in keys[:-1]:
            description = description[key]
        if to is None:
            del description[keys[-1]]
        else:
            description[keys[-1]] = to

    return edit


def _grow(name: str) -> Callable[[dict, Path], None]:
    def edit(_: dict, path: Path) -> None:
        with (path / name).open("r+b") as file:
            file.truncate(30 << 30)

    return edit


def _replace(name: str, content: bytes | None) -> Callable[[dict, Path], None]:
    def edit(description: dict, path: Path) -> None:
        (path / name).unlink()
        if content is None:
            os.mkfifo(path / name)
        else:
            (path / name).write_bytes(content)
            description["files"][name] = hashlib.sha256(content).hexdigest()

    return edit


def _replace_description(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "bundle"
        shutil.copytree(MODEL[0], path)
        (path / "model.yaml").write_bytes(content)
        return path

    return make


variants(
    BUNDLE,
    "bundle",
    {
        "without_rms": _bundle(_set("statistics", "rms")),
        "without_mean": _bundle(_set("statistics", "mean")),
        "escapes": _bundle(_set("actions", to=["rest", f"fist{ESCAPES}"])),
        "escapes_in_id": _bundle(_set("model_id", to=ESCAPES)),
        "rate_infinite": _bundle(_set("rate", to=float("inf"))),
        "rate_beyond": _bundle(_set("rate", to=10**400)),
        "channels_beyond": _bundle(_set("channels", to=2**40)),
        "other_file": _bundle(_set("files", "../../etc/passwd", to="0")),
        "device": _bundle(_set("files", "/dev/zero", to="0")),
        "sparse_keras": _bundle(_grow("model.keras")),
        "sparse_tflite": _bundle(_grow("model.tflite")),
        "sparse_yaml": _bundle(_grow("model.yaml")),
        "pipe_keras": _bundle(_replace("model.keras", None)),
        "pipe_yaml": _bundle(_replace("model.yaml", None)),
        "noise_tflite": _bundle(_replace("model.tflite", os.urandom(1000))),
        "empty_tflite": _bundle(_replace("model.tflite", b"")),
        **{f"yaml_{name}": _replace_description(content) for name, content in HOSTILE_YAML.items()},
    },
)


variants(
    {name: BUNDLE[name] for name in ("evaluate-model", "adapt-model")},
    "bundle",
    {
        "pipeline": _bundle(_set("pipeline", to={"rate": "fast"})),
        "live": _bundle(_set("live", to={"stride": -1})),
    },
)
variants(
    {"evaluate-model": BUNDLE["evaluate-model"]},
    "bundle",
    {"sections": _bundle(_set("sections", to=[[float("nan")] * 6] * 4))},
)
variants(
    {"adapt-model": BUNDLE["adapt-model"]},
    "bundle",
    {"noise_keras": _bundle(_replace("model.keras", os.urandom(1000)))},
)

# Trying -------------------------------------------------------------------------------------------------


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
        MODEL[:] = [(args.model or fresh_model(folder / "model")).absolute()]
        read_bundle(MODEL[0])
        study().save(folder / "good.npz")
        config = folder / "tiny.yaml"
        config.write_text("training: {epochs: 1, steps_per_epoch: 1}\nensemble: {members: 1}\n")
        places = {"model": MODEL[0], "good": folder / "good.npz", "config": config}
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
