"""The signals, what is measured of them, and a model for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Row:
    """A signal and how it is cut into windows: rate in Hz, stride in s."""

    rate: float
    channels: int
    stride: float
    unit: str = "count"


ROWS = {
    "200Hz": Row(200.0, 8, 0.05),
    "1kHz": Row(1000.0, 8, 0.05),
    "64ch": Row(2000.0, 64, 0.005),
}
#: The programs of the path with the bridge, and the nodes that they hold.
WAYS = {
    "four processes": {
        name: (name,) for name in ("command_bridge", "classifier", "preprocessing", "acquisition")
    },
    "composed": {
        "command_bridge": ("command_bridge",),
        "chain": ("acquisition", "preprocessing", "classifier"),
    },
}


@dataclass
class Measured:
    """What one run gives: times in ms, CPU in % of a core, memory in MiB, start in s.

    ``used`` are the times from the last sample that an estimate was made of; of ours, ``estimates``.
    """

    estimates: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    commands: list[float] = field(default_factory=list)
    cpu: float = 0.0
    memory: float = 0.0
    start: float = 0.0
    dropped: int | None = None


def write_model(folder: Path, row: Row, config: str) -> None:
    """Write a bundle with fresh weights that is sure of elbow flexion; runs in a process of its own."""
    from emg_recognition.models.bundle_writer import write_bundle
    from emg_recognition.models.export import to_keras_file, to_tflite
    from emg_recognition.models.network import build_network
    from emg_recognition.signal.filters import design
    from emg_recognition.training.configuration import experiment_settings

    settings = experiment_settings(Path(config))
    pipeline = settings.pipeline_for(rate=row.rate, channels=row.channels, unit="count")
    channels = row.channels
    network = build_network(
        settings.network,
        length=pipeline.length,
        channels=channels,
        classes=3,
        mean=np.zeros(channels),
        std=np.full(channels, 100.0),
    )
    kernel, bias = network.get_layer("classes").get_weights()
    bias[1] = 6.0
    network.get_layer("classes").set_weights([kernel, bias])
    write_bundle(
        folder / "bundle",
        keras_model=to_keras_file(network),
        tflite=to_tflite(network),
        actions=("rest", "elbow_flexion", "elbow_extension"),
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        sections=design(pipeline),
        statistics={"mean": [0.0] * channels, "std": [100.0] * channels, "rms": 100.0},
        provenance={},
        live={"stride": row.stride},
        metrics={},
    )


def signal_of(bundle: Path) -> Row:
    """Return the signal that a bundle was trained on, and its live stride."""
    from emg_recognition.classification import live_settings
    from emg_recognition.models.bundle import read_bundle

    info = read_bundle(bundle)
    return Row(info.rate, info.channels, live_settings(info).stride, info.unit)
