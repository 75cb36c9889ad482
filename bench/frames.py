"""How fast the frame decoder is, and whether any bytes upset it.

python bench/frames.py                             # throughput of whole and of damaged streams
python bench/frames.py --fuzz-bytes 10000000       # also feed random, mutated and cut bytes
python bench/frames.py --fuzz-bytes 10000000 --seed 7
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emg_recognition.devices.frames import (
    MAX_FRAME,
    DataFrame,
    FrameDecoder,
    InfoFrame,
    encode_data,
    encode_info,
)

READ = 4096
"""Bytes handed to the decoder at a time, a full buffer of a terminal."""


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
    """Return the checksum with a table of its own, so that the decoder's is not asked about itself."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ CRC_TABLE[value >> 8 ^ byte]
    return value


def decode(decoder: FrameDecoder, stream: bytes) -> list[DataFrame | InfoFrame]:
    """Feed a stream as reads from a port would bring it."""
    found: list[DataFrame | InfoFrame] = []
    for place in range(0, len(stream), READ):
        found += decoder.feed(stream[place : place + READ])
    return found


def throughput(
    rng: np.random.Generator, channels: int, rate: int, bits: int, samples: int, damage: float
) -> None:
    """Print how much faster than real time ten seconds of a device are decoded."""
    frames = 10 * rate // samples
    high = 1 << bits - 1
    parts = []
    for k in range(frames):
        counts = rng.integers(-high, high, (samples, channels), np.int32)
        part = bytearray(
            encode_data(DataFrame(k * samples, k * samples * 1_000_000 // rate, False, counts), bits)
        )
        if rng.random() < damage:
            part[rng.integers(len(part))] ^= 1 << int(rng.integers(8))
        parts.append(bytes(part))
    stream = b"".join(parts)
    decoder = FrameDecoder()
    begin = time.perf_counter()
    decode(decoder, stream)
    seconds = time.perf_counter() - begin
    print(
        f"{channels:3} channels {rate:5} Hz {bits} bits {samples:3} samples/frame {damage:4.0%} damaged: "
        f"{len(stream) / seconds / 1e6:7.1f} MB/s, {frames / seconds / 1e3:6.1f} k frames/s, "
        f"{10 / seconds:6.0f} x real time"
    )


def random_frame(rng: np.random.Generator) -> bytes:
    """Return a good frame of any kind and size."""
    word = int(rng.integers(1 << 32))
    if rng.random() < 0.1:
        channels = int(rng.integers(1, 65))
        names = tuple(f"channel {number}" for number in range(channels))
        return encode_info(InfoFrame("fuzz", str(word), 1000.0, channels, "V", 1e6, names, ("",) * channels))
    bits = int(rng.choice([16, 24]))
    shape = (int(rng.integers(1, 11)), int(rng.integers(1, 65)))
    counts = rng.integers(-(1 << bits - 1), 1 << bits - 1, shape, np.int32)
    return encode_data(DataFrame(word, word ^ 0x55AA55AA, bool(word & 1), counts), bits)


def fuzz_piece(rng: np.random.Generator) -> tuple[bytes, str]:
    """Return some bytes, and whether they are a good frame, one with flipped bits or anything else."""
    kind = int(rng.integers(7))
    if kind == 0:
        return rng.bytes(int(rng.integers(1, 2000))), "other"
    frame = random_frame(rng)
    damaged = bytearray(frame)
    if kind == 1:
        # One to three bits: the checksum finds every one of these errors.
        for place in rng.choice(8 * len(frame), int(rng.integers(1, 4)), replace=False).tolist():
            damaged[place // 8] ^= 1 << place % 8
        return bytes(damaged), "flipped"
    if kind == 2:
        return frame[: rng.integers(len(frame))], "other"
    if kind == 3:
        # A believable head, then anything.
        return frame[: rng.integers(7, 21)] + rng.bytes(int(rng.integers(200))), "other"
    if kind == 4:
        # The checksum is right but the content is not what it was.
        for place in rng.integers(5, len(frame) - 2, 3).tolist():
            damaged[place] = int(rng.integers(256))
        damaged[-2:] = crc16_xmodem(bytes(damaged[2:-2])).to_bytes(2, "little")
    if kind == 5:
        # A byte lost, changed or gained.
        place = int(rng.integers(len(frame)))
        damaged[place : place + 1] = rng.bytes(int(rng.integers(3)))
    return bytes(damaged), "good" if damaged == frame else "other"


def fuzz(size: int, seed: int) -> None:
    """Feed so many bytes; leave with an error if they upset the decoder."""
    print(f"fuzz: {size} bytes, seed {seed}")
    rng = np.random.default_rng(seed)
    decoder, fed, kept, seconds = FrameDecoder(), 0, 0, 0.0
    good = accepted = missed = flipped = other = 0
    while fed < size:
        pieces = [fuzz_piece(rng) for _ in range(50)]
        stream = b"".join(piece for piece, _ in pieces) + bytes(MAX_FRAME)
        found: list[DataFrame | InfoFrame] = []
        place = 0
        begin = time.perf_counter()
        while place < len(stream):
            step = 1 + (place * 7919 + len(stream)) % 3000
            found += decoder.feed(stream[place : place + step])
            place += step
            kept = max(kept, decoder.pending_bytes)
        seconds += time.perf_counter() - begin
        sent = {kind: {piece for piece, its in pieces if its == kind} for kind in ("good", "flipped")}
        written = {original(frame, stream) for frame in found}
        fed, good, accepted = fed + len(stream), good + len(sent["good"]), accepted + len(found)
        missed += len(sent["good"] - written)
        flipped += len(sent["flipped"] & written)
        other += len(written - sent["good"])
    print(
        f"  {fed} bytes fed, no exception, at most {kept} bytes kept, {fed / seconds / 1e6:.1f} MB/s\n"
        f"  {good} good frames sent, {missed} missed\n"
        f"  {accepted} accepted, each with a checksum that another table confirms; "
        f"{flipped} with 1-3 flipped bits, {other} made anew with a right checksum\n"
        f"  {decoder.bad_checksum} with a wrong checksum and {decoder.refused} without sense not accepted"
    )
    if missed or flipped or kept >= MAX_FRAME:
        sys.exit("the decoder missed a good frame, accepted a damaged one or kept too much")


def original(frame: DataFrame | InfoFrame, stream: bytes) -> bytes:
    """Return the bytes of an accepted frame, or leave if the stream has none with a right checksum."""
    if isinstance(frame, InfoFrame):
        candidates = [encode_info(frame)]
    else:
        fits = frame.counts.min() >= -(1 << 15) and frame.counts.max() < 1 << 15
        candidates = [encode_data(frame, bits) for bits in ((16, 24) if fits else (24,))]
    for candidate in candidates:
        if candidate in stream and crc16_xmodem(candidate[2:-2]) == int.from_bytes(candidate[-2:], "little"):
            return candidate
    sys.exit(f"accepted without being in the stream with a right checksum: {frame}")


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fuzz-bytes", type=int, default=0, help="feed so many bytes (default: none)")
    parser.add_argument(
        "--seed", type=int, default=None, help="of the fuzz bytes (default: a new one, printed)"
    )
    arguments = parser.parse_args()
    rng = np.random.default_rng(1)
    for setting in ((8, 1000, 16, 5), (16, 2000, 24, 5), (64, 2000, 24, 10)):
        for damage in (0.0, 0.05):
            throughput(rng, *setting, damage)
    if arguments.fuzz_bytes > 0:
        fuzz(arguments.fuzz_bytes, secrets.randbelow(1 << 32) if arguments.seed is None else arguments.seed)


if __name__ == "__main__":
    main()
