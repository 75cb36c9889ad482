"""How fast each protocol is decoded on one core.

python bench/frames.py [--seconds 10]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emg_recognition.devices.emulator_voices import VOICES
from emg_recognition.devices.protocol import DataFrame, InfoFrame, ProtocolSettings
from emg_recognition.devices.protocols import make_protocol

READ = 4096
"""Bytes passed to the decoder at a time: a full buffer of a terminal."""

SETTINGS = (
    ("emg", 8, 1000, 16, 5),
    ("emg", 16, 2000, 24, 5),
    ("emg", 64, 2000, 24, 10),
    ("cyton", 8, 250, 24, 1),
    ("cyton", 16, 125, 24, 1),
    ("ascii", 2, 500, 10, 1),
    ("ascii", 8, 1000, 16, 1),
    ("ascii", 64, 2000, 24, 1),
)
"""Protocol, channels, rate in Hz, bits and samples per frame."""


def throughput(setting: tuple[str, int, int, int, int], damage: float, duration: float) -> None:
    """Print how much faster than real time the stream of a device is decoded.

    Parameters
    ----------
    setting : tuple
        One of :data:`SETTINGS`.
    damage : float
        Share of frames in which a bit is flipped.
    duration : float
        How much of the stream to decode, s.
    """
    name, channels, rate, bits, samples = setting
    rng = np.random.default_rng(1)
    info = InfoFrame("bench", "", rate, channels, "V", 1.0, ("",) * channels, ("",) * channels)
    high = 1 << bits - 1
    count = round(duration * rate)
    voice = VOICES[name](info, -high, high - 1)
    parts = [voice.begin()]
    for first in range(0, count, samples):
        counts = rng.integers(-high, high, (samples, channels), np.int32)
        part = bytearray(voice.data(DataFrame(first, first * 1_000_000 // rate, False, counts)))
        if rng.random() < damage:
            part[rng.integers(len(part))] ^= 1 << int(rng.integers(8))
        parts.append(bytes(part))
    stream = b"".join(parts)
    given = ProtocolSettings(rate=rate, channels=channels) if name == "ascii" else ProtocolSettings()
    protocol = make_protocol(name, given)
    if name == "cyton":
        protocol.feed(voice.describe())
    begin = time.process_time()
    found = [
        frame
        for place in range(0, len(stream), READ)
        for frame in protocol.feed(stream[place : place + READ])
        if isinstance(frame, DataFrame)
    ]
    seconds = time.process_time() - begin
    share = sum(len(frame.counts) for frame in found) / count
    print(
        f"{name:5} {channels:3} channels {rate:5} Hz {bits} bits "
        f"{damage:4.0%} damaged, {share:6.1%} received: "
        f"{len(stream) / seconds / 1e6:6.1f} MB/s, {duration / seconds:6.0f} x real time"
    )


def main() -> None:
    """Print a line for each protocol, sound and damaged."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="how much of each stream (default: %(default)s)"
    )
    arguments = parser.parse_args()
    for setting in SETTINGS:
        for damage in (0.0, 0.05):
            throughput(setting, damage, arguments.seconds)


if __name__ == "__main__":
    main()
