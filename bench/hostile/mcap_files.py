"""Bags in MCAP: definitions that are cyclic or endless, bombs, and records that claim gigabytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import yaml

from emg_recognition.bags.definitions import full_definition
from hostile.good_files import messages
from hostile.kinds import ESCAPES, RECORDING, kind, sparse, variants


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
    for number, (topic, type_name) in enumerate({row[0]: row[1] for row in rows}.items(), 1):
        ours = topic == "/emg/samples"
        definition = text if ours else full_definition(type_name)
        schema = (
            _text(name if ours else type_name) + _text(encoding if ours else "ros2msg") + _text(definition)
        )
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
        "long_record": sparse("a.mcap", _mcap(struct.pack("<BQ", 0x05, 20 << 30))),
        "sparse": sparse("a.mcap", _mcap(b"")),
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
