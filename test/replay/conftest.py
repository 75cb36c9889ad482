"""Bags as the robot writes them: serialised by rosbags, written by the recorder's own writer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emg_recognition.bags.definitions import own_message, own_types
from emg_recognition.bags.writer import BagWriter
from emg_recognition.models.bundle import TFLITE
from emg_recognition.models.runtime import ActionModel
from emg_recognition.settings import from_mapping
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings

RATE, CHANNELS, STRIDE = 500.0, 4, 10
START = 1_800_000_000_000_000_000  # ns
_OURS = "emg_recognition/msg/"
_TYPES = {
    "emg/samples": "EmgSamples",
    "emg/info": "EmgInfo",
    "emg/model": "ModelInfo",
    "emg/label": "ActionLabel",
    "emg/action": "ActionEstimate",
    "exo/bridge_state": "BridgeState",
}


class Robot:
    """Writes the messages of one arm into a bag; stamps in ns follow from sample indices."""

    def __init__(self, path: Path, namespace: str = "", frame: str = "armband") -> None:
        self.path, self._namespace, self._frame = path, namespace, frame
        self._store = own_types()
        self._writer = BagWriter(path, {f"{namespace}/{name}": _OURS + kind for name, kind in _TYPES.items()})
        self.offset = 0  # ns that the clock was set ahead

    def __enter__(self) -> Robot:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def stamp(self, index: int) -> int:
        return START + self.offset + round(index / RATE * 1e9)

    def _write(self, topic: str, stamp: int, **fields: object) -> None:
        seconds, nanoseconds = divmod(stamp, 10**9)
        time = own_message("builtin_interfaces/msg/Time", sec=seconds, nanosec=nanoseconds)
        header = own_message("std_msgs/msg/Header", stamp=time, frame_id=self._frame)
        kind = _OURS + _TYPES[topic]
        message = own_message(kind, header=header, **fields)
        self._writer.write(
            f"{self._namespace}/{topic}", stamp, bytes(self._store.serialize_cdr(message, kind))
        )

    def samples(self, first_index: int, data: np.ndarray, *, chunk: int = 5, **changes: object) -> None:
        """Write samples in messages of `chunk`, four a flush; `changes` hold for the first message."""
        for number, begin in enumerate(range(0, len(data), chunk)):
            fields = {
                "rate": RATE,
                "channels": data.shape[1],
                "unit": "V",
                "dropped_before": 0,
                "restart": False,
                **changes,
            }
            first = first_index + begin
            part = np.ascontiguousarray(data[begin : begin + chunk], np.float32).ravel()
            self._write("emg/samples", self.stamp(first), first_index=first, data=part, **fields)
            changes = {}
            if number % 100 == 99:
                self._writer.flush()

    def label(self, event: str, index: int, action: str = "", **changes: object) -> None:
        fields = {
            "event": ("start", "end", "discard").index(event),
            "action": action,
            "repetition": 1,
            "session": "s",
            "subject": "anna",
            "cohort": "patient",
            "index": index,
            "has_index": True,
        }
        self._write("emg/label", self.stamp(index), **{**fields, **changes})

    def device(self, name: str) -> None:
        fields = {"serial_number": "7", "channels": CHANNELS, "gain": 1.0, "rate": RATE, "unit": "V"}
        self._write("emg/info", self.stamp(0), device=name, **fields)

    def model(self, info: object, **changes: object) -> None:
        fields = {
            "model": info.model_id,
            "sha256": info.files[TFLITE],
            "actions": list(info.actions),
            "rate": info.rate,
            "channels": info.channels,
            "length": info.length,
            "unit": info.unit,
            "pipeline": info.fingerprint,
        }
        self._write("emg/model", self.stamp(0), **{**fields, **changes})

    def estimate(
        self, first: int, probabilities: np.ndarray, actions: tuple[str, ...], **changes: object
    ) -> None:
        best = int(np.argmax(probabilities))
        fields = {
            "first_index": first,
            "last_index": first + 99,
            "status": 0,
            "action_id": best,
            "action": actions[best],
            "confidence": float(np.max(probabilities)),
            "probabilities": np.asarray(probabilities, np.float32),
            "model": "m",
        }
        self._write("emg/action", self.stamp(first + 99), **{**fields, **changes})

    def state(self, index: int, state: int, action: str = "") -> None:
        fields = {"joint_names": ["elbow"], "positions": np.zeros(1), "velocities": np.zeros(1)}
        self._write("exo/bridge_state", self.stamp(index), state=state, action=action, **fields)


@pytest.fixture
def robot(tmp_path):
    """Return the function that starts a bag."""

    def begin(name: str = "bag", **options: str) -> Robot:
        return Robot(tmp_path / name, **options)

    return begin


@pytest.fixture(scope="session")
def model(tmp_path_factory, write_tiny_bundle) -> ActionModel:
    """A model that recognises rest in some of the windows of `signal`, and other actions in others."""
    return ActionModel.load(write_tiny_bundle(tmp_path_factory.mktemp("swaying"), (-1.25, 0.0, 0.0)))


@pytest.fixture(scope="session")
def flexing(tmp_path_factory, write_tiny_bundle) -> Path:
    """The bundle of a model that always says elbow_flexion."""
    return write_tiny_bundle(tmp_path_factory.mktemp("flexing"), (0.0, 50.0, 0.0))


@pytest.fixture(scope="session")
def signal() -> np.ndarray:
    """Six seconds of a signal that changes so much that the recognised action changes too."""
    rng = np.random.default_rng(5)
    strength = np.repeat(rng.lognormal(0, 1.0, (30, CHANNELS)), 100, axis=0)
    return (rng.normal(size=strength.shape) * strength * 3e-5 + 0.002).astype(np.float32)


@pytest.fixture(scope="session")
def by_hand(model):
    """Return the simplest loop possible: {first index: probabilities} of some chunks."""

    def windows(*chunks: tuple[int, np.ndarray], stride: int = STRIDE) -> dict[int, np.ndarray]:
        pipeline = Pipeline(from_mapping(PipelineSettings, model.info.pipeline, "pipeline"), stride)
        return {
            window.first_index: model.predict(window.data)
            for first, data in chunks
            for window in pipeline.push(data, first)
        }

    return windows
