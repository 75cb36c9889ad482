"""LibEMG on the emulated armband, run by a Python that has it: ``peer.py LINK CHANNELS LENGTH STRIDE UDP``.

As LibEMG's documentation has it: a streamer of the device writes its samples into shared memory, an
``OnlineEMGClassifier`` with Hudgins' features and LDA sends predictions over UDP. Without a filter, which is
the quickest that it can be.
"""

from __future__ import annotations

import sys
from multiprocessing import Lock, Process
from pathlib import Path
from typing import Any

import numpy as np
import serial

#: Samples that the shared memory holds, as in LibEMG's own streamers.
HELD = 2000
FEATURES = ["MAV", "ZC", "SSC", "WL"]


class Streamer(Process):
    """Reads the armband and puts each frame on top of the newest samples, as LibEMG's streamers do."""

    def __init__(self, link: str, items: list[Any]) -> None:
        super().__init__(daemon=True)
        self._link, self._items = link, items

    def run(self) -> None:
        """Read until the process is ended."""
        from libemg.shared_memory_manager import SharedMemoryManager

        from emg_recognition.devices.emg_protocol import START, FrameDecoder
        from emg_recognition.devices.protocol import DataFrame

        memory = SharedMemoryManager()
        for item in self._items:
            memory.create_variable(*item)
        port, decoder = serial.Serial(self._link), FrameDecoder()
        port.write(START)
        while True:
            for frame in decoder.feed(port.read(port.in_waiting or 1)):
                if isinstance(frame, DataFrame):
                    newest, count = frame.counts[::-1], len(frame.counts)
                    memory.modify_variable("emg", lambda held, new=newest: np.vstack((new, held))[:HELD])
                    memory.modify_variable("emg_count", lambda before, new=count: before + new)


def main(link: str, *numbers: str) -> None:
    """Classify for ever."""
    from libemg.data_handler import OnlineDataHandler
    from libemg.emg_predictor import EMGClassifier, OnlineEMGClassifier
    from libemg.feature_extractor import FeatureExtractor

    channels, length, stride, udp = map(int, numbers)
    # Names of shared memory are the machine's.
    items: list[Any] = [["emg", (HELD, channels), np.double], ["emg_count", (1, 1), np.int32]]
    for item in items:
        item.append(Lock())
    streamer = Streamer(link, items)
    streamer.start()
    classes = 3
    windows = np.random.default_rng(1).normal(scale=50.0, size=(40 * classes, channels, length))
    classifier = EMGClassifier("LDA")
    classifier.fit(
        {
            "training_features": FeatureExtractor().extract_features(FEATURES, windows),
            "training_labels": np.arange(len(windows)) % classes,
        }
    )
    handler = OnlineDataHandler(items)
    online = OnlineEMGClassifier(classifier, length, stride, handler, FEATURES, port=udp, ip="127.0.0.1")
    online.run(block=True)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    main(*sys.argv[1:])
