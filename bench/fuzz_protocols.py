"""Feed the decoders random, mutated and cut bytes, 10 million each.

    python bench/fuzz_protocols.py
    python bench/fuzz_protocols.py --bytes 1000000 --seed 7 --protocol cyton

It exits with an error if a decoder raises, keeps more bytes than allowed, accepts something that is not in
the stream, or misses something that is whole; with a checksum, also if it accepts something damaged.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emg_recognition.devices.ascii_protocol import MAX_FIELD, write_lines
from emg_recognition.devices.cyton_packets import MAX_TEXT, PACKET, banner, pack_packets, unpack_packets
from emg_recognition.devices.emg_protocol import MAX_FRAME, encode_data, encode_info
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolSettings
from emg_recognition.devices.protocols import make_protocol

KINDS = ("random", "good", "flipped", "cut", "head", "edited", "remade")
"""What is done to a good piece; the first kind is random bytes instead."""

CHANNELS = 3
"""Numbers in a line."""


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
        table.append(value)
    return table


CRC_TABLE = _crc_table()


def crc16_xmodem(data: bytes) -> int:
    """Return the checksum by a table of its own, so that the decoder is not checked with itself."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ CRC_TABLE[value >> 8 ^ byte]
    return value


def emg_piece(rng: np.random.Generator) -> bytes:
    """Return a frame of any kind and size."""
    word = int(rng.integers(1 << 32))
    if rng.random() < 0.1:
        channels = int(rng.integers(1, 65))
        names = tuple(f"channel {number}" for number in range(channels))
        return encode_info(InfoFrame("fuzz", str(word), 1000.0, channels, "V", 1e6, names, ("",) * channels))
    bits = int(rng.choice([16, 24]))
    shape = (int(rng.integers(1, 11)), int(rng.integers(1, 65)))
    counts = rng.integers(-(1 << bits - 1), 1 << bits - 1, shape, np.int32)
    return encode_data(DataFrame(word, word ^ 0x55AA55AA, bool(word & 1), counts), bits)


def cyton_piece(rng: np.random.Generator) -> bytes:
    """Return some packets with consecutive numbers, or the answer of a board."""
    if rng.random() < 0.05:
        return banner(False)
    counts = rng.integers(-(1 << 23), 1 << 23, (int(rng.integers(3, 20)), 8))
    return pack_packets(int(rng.integers(256)), counts)


def ascii_piece(rng: np.random.Generator) -> bytes:
    """Return some lines after the end of another."""
    return b"\n" + write_lines(rng.integers(-(1 << 23), 1 << 23, (int(rng.integers(1, 20)), CHANNELS)))


def labelled_piece(rng: np.random.Generator) -> bytes:
    """Return some lines as plotters read them, in brackets, with a time first, after the end of another."""
    lines = [b""]
    for _ in range(int(rng.integers(1, 20))):
        values = [int(rng.integers(1 << 31)), *rng.integers(-(1 << 23), 1 << 23, CHANNELS).tolist()]
        lines.append(b"{%s}" % b"".join(b"c%d:%d," % one for one in enumerate(values)))
    return b"\n".join([*lines, b""])


def emg_found(found: list[DataFrame | InfoFrame], stream: bytes, good: list[bytes]) -> tuple[int, int, int]:
    """Return how many frames were accepted, how many of them are not in the stream, and good ones missed."""
    written = set()
    for frame in found:
        if isinstance(frame, InfoFrame):
            candidates = [encode_info(frame)]
        else:
            fits = frame.counts.min() >= -(1 << 15) and frame.counts.max() < 1 << 15
            candidates = [encode_data(frame, bits) for bits in ((16, 24) if fits else (24,))]
        written |= {
            candidate
            for candidate in candidates
            if crc16_xmodem(candidate[2:-2]) == int.from_bytes(candidate[-2:], "little")
            and candidate in stream
        }
    return len(found), len(found) - len(written), len(set(good) - written)


def cyton_found(found: list[DataFrame | InfoFrame], stream: bytes, good: list[bytes]) -> tuple[int, int, int]:
    """Return the same for packets; the last of a run may be missed, as a header need not follow it."""
    rows = [row.tobytes() for frame in found if isinstance(frame, DataFrame) for row in frame.counts]
    inside = {
        unpack_packets(stream[k : k + PACKET]).tobytes()
        for k in (match.start() for match in re.finditer(rb"(?=\xa0(?s:.{31})[\xc0-\xc6])", stream))
    }
    runs = [unpack_packets(piece) for piece in good if len(piece) % PACKET == 0]
    sent = {row.tobytes() for run in runs for row in run[:-1]}
    return len(rows), len(set(rows) - inside), len(sent - set(rows))


NUMBER = rb"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[ \t\r]*"
LINE = re.compile(rb"[ \t\r]*" + rb",[ \t\r]*".join([NUMBER] * CHANNELS))
FIELD = re.compile(rb"(?s:.*[^ \t\r\n\v\f].*|[^ \t\r\n\v\f]):[ \t\r]*" + NUMBER)


def ascii_found(found: list[DataFrame | InfoFrame], stream: bytes, good: list[bytes]) -> tuple[int, int, int]:
    """Return the same for lines; in good pieces, all lines after the first line feed count."""
    rows = {tuple(row) for frame in found if isinstance(frame, DataFrame) for row in frame.counts.tolist()}
    matches = [LINE.fullmatch(line) for line in stream.split(b"\n")]
    inside = {tuple(map(float, match.groups())) for match in matches if match}
    sent = {tuple(map(float, line.split(b","))) for piece in good for line in piece.split()}
    accepted = sum(len(frame.counts) for frame in found if isinstance(frame, DataFrame))
    return accepted, len(rows - inside), len(sent - rows)


def labelled_found(
    found: list[DataFrame | InfoFrame], stream: bytes, good: list[bytes]
) -> tuple[int, int, int]:
    """Return the same for labelled lines, of which the first number is left out."""
    rows = {tuple(row) for frame in found if isinstance(frame, DataFrame) for row in frame.counts.tolist()}

    def read(lines: list[bytes]) -> set[tuple[float, ...]]:
        inside = set()
        for line in lines:
            bare = line.strip(b" \t\r")
            if bare[:1] + bare[-1:] not in (b"[]", b"()", b"{}", b"<>") or bare[-2:-1] != b",":
                continue
            matches = [FIELD.fullmatch(field) for field in bare[1:-2].split(b",")]
            if len(matches) == CHANNELS + 1 and all(matches):
                inside.add(tuple(float(match[1]) for match in matches[1:] if match))
        return inside

    accepted = sum(len(frame.counts) for frame in found if isinstance(frame, DataFrame))
    sent = read([line for piece in good for line in piece.split(b"\n")])
    return accepted, len(rows - read(stream.split(b"\n"))), len(sent - rows)


@dataclass(frozen=True)
class Fuzzed:
    """How a protocol is fuzzed: its good pieces, how results are judged, and how many bytes it may keep."""

    piece: Callable[[np.random.Generator], bytes]
    found: Callable[[list[DataFrame | InfoFrame], bytes, list[bytes]], tuple[int, int, int]]
    most_kept: int
    settings: ProtocolSettings
    checksum: bool = False
    protocol: str = ""


FUZZED = {
    "emg": Fuzzed(emg_piece, emg_found, MAX_FRAME, ProtocolSettings(), checksum=True),
    "cyton": Fuzzed(cyton_piece, cyton_found, 2 * PACKET + MAX_TEXT, ProtocolSettings()),
    "ascii": Fuzzed(
        ascii_piece, ascii_found, MAX_FIELD * CHANNELS, ProtocolSettings(rate=1000.0, channels=CHANNELS)
    ),
    "labelled": Fuzzed(
        labelled_piece,
        labelled_found,
        2 * MAX_FIELD * (CHANNELS + 1),
        ProtocolSettings(
            rate=1000.0,
            channels=CHANNELS,
            labels=True,
            brackets=True,
            trailing_delimiter=True,
            leading_numbers=1,
        ),
        protocol="ascii",
    ),
}


def fuzz_piece(rng: np.random.Generator, fuzzed: Fuzzed) -> tuple[bytes, str]:
    """Return some bytes and what was done to them."""
    kind = str(rng.choice(KINDS))
    if kind == "random":
        return rng.bytes(int(rng.integers(1, 2000))), kind
    good = fuzzed.piece(rng)
    damaged = bytearray(good)
    if kind == "flipped":
        # One to three bits: the checksum detects all of these errors.
        for place in rng.choice(8 * len(good), int(rng.integers(1, 4)), replace=False).tolist():
            damaged[place // 8] ^= 1 << place % 8
    elif kind == "cut":
        return good[: rng.integers(len(good))], kind
    elif kind == "head":
        # A plausible beginning, then anything.
        return good[: rng.integers(1, 34)] + rng.bytes(int(rng.integers(200))), kind
    elif kind == "edited":
        # A byte lost, changed or inserted.
        place = int(rng.integers(len(good)))
        damaged[place : place + 1] = rng.bytes(int(rng.integers(3)))
    elif kind == "remade":
        # Changed content, with a right checksum if there is one.
        for place in rng.integers(5, max(len(good) - 2, 6), 3).tolist():
            damaged[min(place, len(good) - 1)] = int(rng.integers(256))
        if fuzzed.checksum:
            damaged[-2:] = crc16_xmodem(bytes(damaged[2:-2])).to_bytes(2, "little")
    return bytes(damaged), "good" if damaged == good else kind


def fuzz(name: str, size: int, seed: int) -> None:
    """Feed a protocol this many bytes; exit with an error if its decoder fails."""
    fuzzed = FUZZED[name]
    rng = np.random.default_rng(seed)
    protocol = make_protocol(fuzzed.protocol or name, fuzzed.settings)
    fed = kept = good = accepted = foreign = missed = flipped = 0
    seconds = 0.0
    while fed < size:
        pieces = [fuzz_piece(rng, fuzzed) for _ in range(50)]
        stream = b"".join(piece for piece, _ in pieces) + b"\n" + bytes(MAX_FRAME)
        found: list[DataFrame | InfoFrame] = []
        place = 0
        begin = time.process_time()
        while place < len(stream):
            step = 1 + (place * 7919 + len(stream)) % 3000
            found += protocol.feed(stream[place : place + step])
            place += step
            kept = max(kept, protocol.pending_bytes)
        seconds += time.process_time() - begin
        whole = [piece for piece, kind in pieces if kind == "good"]
        counts = fuzzed.found(found, stream, whole)
        accepted, foreign, missed = accepted + counts[0], foreign + counts[1], missed + counts[2]
        good, fed = good + len(whole), fed + sum(len(piece) for piece, _ in pieces)
        if fuzzed.checksum:
            damaged = [piece for piece, kind in pieces if kind == "flipped"]
            flipped += len(damaged) - emg_found(found, stream, damaged)[2]
    counters = protocol.counters
    print(
        f"{name}: {fed} bytes fed, no exception, at most {kept} of {fuzzed.most_kept} bytes kept, "
        f"{fed / seconds / 1e6:.1f} MB/s\n"
        f"  {good} good pieces sent, {missed} samples or frames of them missed\n"
        f"  {accepted} accepted, {foreign} of them not in the stream by a second reading"
        + (f", {flipped} with 1-3 flipped bits" if fuzzed.checksum else "")
        + f"\n  refused: {counters.bad_checksum} for a wrong checksum, {counters.refused} for their content",
        flush=True,
    )
    # Without a checksum a damaged packet may swallow the beginning of the good one behind it.
    most_missed = accepted // 1000 if name == "cyton" else 0
    if missed > most_missed or foreign or flipped or kept > fuzzed.most_kept:
        sys.exit(
            f"{name}: the decoder missed too much, accepted something that was not sent, or kept too much"
        )


def main() -> None:
    """Fuzz the decoders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bytes", type=int, default=10_000_000, help="through each decoder (default: %(default)s)"
    )
    parser.add_argument("--protocol", choices=FUZZED, help="only this one")
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    arguments = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if arguments.seed is None else arguments.seed
    print(f"{arguments.bytes} bytes through each decoder, seed {seed}", flush=True)
    for name in [arguments.protocol] if arguments.protocol else FUZZED:
        fuzz(name, arguments.bytes, seed)


if __name__ == "__main__":
    main()
