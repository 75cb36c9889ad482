"""The network of a configuration as a table: each stage, its output shape, its parameters.

    python bench/network.py [config/compact.yaml] [--rate 200] [--channels 8] [--classes 6]

The documentation shows its output; run it again after a change of the network.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError  # noqa: E402
from emg_recognition.models.network import build_network  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402

# A layer's name up to its first underscore is its stage, except for these.
_OWN_STAGE = ("z_score",)


def stages(network: keras.Model) -> list[tuple[str, tuple[int, ...], int]]:
    """Return name, output shape without the batch, and parameter count of each stage."""
    found: dict[str, tuple[tuple[int, ...], int]] = {}
    for layer in network.layers:
        name = layer.name if layer.name in _OWN_STAGE else layer.name.split("_")[0]
        before = found.get(name, ((), 0))[1]
        found[name] = (tuple(layer.output.shape[1:]), before + layer.count_params())
    return [(name, *values) for name, values in found.items()]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, nargs="?", default=REPOSITORY / "config" / "compact.yaml")
    parser.add_argument("--rate", type=float, default=200.0, help="Hz")
    parser.add_argument("--channels", type=int, default=8)
    parser.add_argument("--classes", type=int, default=6)
    chosen = parser.parse_args()
    try:
        settings = experiment_settings(chosen.config)
        pipeline = settings.pipeline_for(rate=chosen.rate, channels=chosen.channels, unit="count")
    except EmgRecognitionError as error:
        print(f"network: {error}", file=sys.stderr)
        return 1
    network = build_network(
        settings.network,
        length=pipeline.length,
        channels=chosen.channels,
        classes=chosen.classes,
        mean=np.zeros(chosen.channels),
        std=np.ones(chosen.channels),
    )
    print("| stage | output | parameters |\n|---|---|---:|")
    for name, shape, parameters in stages(network):
        print(f"| {name} | {' × '.join(map(str, shape))} | {parameters:,} |")
    print(f"| **all** | | **{network.count_params():,}** |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
