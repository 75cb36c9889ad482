"""What ``ActionModel.predict`` costs compared with the bare LiteRT call inside it.

    python bench/inference.py [BUNDLE] [--config config/compact.yaml]

Without a bundle, one with fresh weights is made for 8 electrodes at 200 Hz; the weights do not change the
time. The bare call is ``set_tensor``, ``invoke``, ``get_tensor`` on one thread. The two alternate in blocks;
the times are medians. The exit code is 1 if the ratio is above ``--limit``. ``--calls 100`` is a short run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402

from emg_recognition.errors import EmgRecognitionError  # noqa: E402
from emg_recognition.models.bundle import TFLITE  # noqa: E402
from emg_recognition.models.bundle_writer import write_bundle  # noqa: E402
from emg_recognition.models.runtime import ActionModel  # noqa: E402

CALLS, BLOCK = 10_000, 50


def fresh_bundle(folder: Path, config: Path, *, rate: float = 200.0, unit: str = "count") -> Path:
    """Write a bundle of the configured network for 8 electrodes, without training."""
    from emg_recognition.models.export import to_keras_file, to_tflite
    from emg_recognition.models.network import build_network
    from emg_recognition.training.configuration import experiment_settings

    settings = experiment_settings(config)
    pipeline = settings.pipeline_for(rate=rate, channels=8, unit=unit)
    network = build_network(
        settings.network, length=pipeline.length, channels=8, classes=6, mean=np.zeros(8), std=np.ones(8)
    )
    return write_bundle(
        folder / "bundle",
        keras_model=to_keras_file(network),
        tflite=to_tflite(network),
        actions=tuple("abcdef"),
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        statistics={"mean": [0.0] * 8, "std": [1.0] * 8, "rms": 1.0},
        provenance={},
        metrics={},
    ).path


def bare_call(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return the LiteRT call as in its manual."""
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def call(batch: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source, batch)
        interpreter.invoke()
        return interpreter.get_tensor(target)

    return call


def medians(path: Path, calls: int) -> tuple[float, float]:
    """Return the seconds of the bare call and of ``predict``, alternating on the same windows."""
    model = ActionModel.load(path)
    bare = bare_call(path / TFLITE)
    shape = (BLOCK, model.info.length, model.info.channels)
    windows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    batches = windows[:, np.newaxis]
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(max(2, calls // BLOCK)):
        for which in (0, 1) if number % 2 else (1, 0):
            call, inputs = ((bare, batches), (model.predict, windows))[which]
            for one in inputs:
                begin = time.perf_counter()
                call(one)
                taken[which].append(time.perf_counter() - begin)
    return float(np.median(taken[0])), float(np.median(taken[1]))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path, nargs="?")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--limit", type=float, default=1.15)
    chosen = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            bare, ours = medians(chosen.bundle or fresh_bundle(Path(folder), chosen.config), chosen.calls)
    except EmgRecognitionError as error:
        print(f"inference: {error}", file=sys.stderr)
        return 1
    print(f"bare LiteRT call     {bare * 1e6:8.1f} us")
    print(f"ActionModel.predict  {ours * 1e6:8.1f} us   ratio {ours / bare:.3f} (limit {chosen.limit:g})")
    return int(ours / bare > chosen.limit)


if __name__ == "__main__":
    sys.exit(main())
