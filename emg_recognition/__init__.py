"""Surface-EMG recognition of upper-limb actions for rehabilitation exoskeletons.

The names below are the public interface; each is imported when it is first used, so that importing
the package is quick and needs neither TensorFlow nor SciPy. ``docs/reference/python.md`` describes them.

>>> import emg_recognition as emg
>>> recognizer = emg.Recognizer.load("bundle")            # doctest: +SKIP
>>> with emg.SerialArmband("/dev/ttyACM0") as armband:    # doctest: +SKIP
...     for chunk in armband:
...         for estimate in recognizer.push(chunk):
...             print(estimate.time, estimate.action, estimate.decision)
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # "as": what type checkers take for re-exported
    from emg_recognition.actions import PAPER_ACTIONS as PAPER_ACTIONS
    from emg_recognition.actions import REST as REST
    from emg_recognition.actions import Action as Action
    from emg_recognition.control.decision import DecisionSettings as DecisionSettings
    from emg_recognition.devices.reconnection import ReconnectingArmband as ReconnectingArmband
    from emg_recognition.devices.serial_armband import SerialArmband as SerialArmband
    from emg_recognition.devices.stream import SampleChunk as SampleChunk
    from emg_recognition.errors import BundleError as BundleError
    from emg_recognition.errors import DeviceError as DeviceError
    from emg_recognition.errors import EmgRecognitionError as EmgRecognitionError
    from emg_recognition.errors import RecordingError as RecordingError
    from emg_recognition.errors import SampleError as SampleError
    from emg_recognition.errors import SettingError as SettingError
    from emg_recognition.recognizer import Recognizer as Recognizer
    from emg_recognition.recordings.inspect import inspect as inspect
    from emg_recognition.recordings.inspection import Inspection as Inspection
    from emg_recognition.recordings.open import open_recordings as open_recordings
    from emg_recognition.recordings.recordings import Recordings as Recordings
    from emg_recognition.replay.evaluate import Evaluation as Evaluation
    from emg_recognition.replay.evaluate import evaluate as evaluate
    from emg_recognition.replay.many_bags import BagEvaluations as BagEvaluations
    from emg_recognition.replay.many_bags import evaluate_bags as evaluate_bags
    from emg_recognition.sources import open_source as open_source
    from emg_recognition.training.api import adapt as adapt
    from emg_recognition.training.api import adapt_each as adapt_each
    from emg_recognition.training.api import compare as compare
    from emg_recognition.training.api import don as don
    from emg_recognition.training.api import train as train
    from emg_recognition.training.api import tune as tune
    from emg_recognition.types import Estimate as Estimate
    from emg_recognition.types import LiveSettings as LiveSettings
    from emg_recognition.types import Model as Model

# The generated messages live in the install space under the same package name. From the
# repository's root Python finds this folder first; extend_path joins the two halves.
__path__ = pkgutil.extend_path(__path__, __name__)

#: Where each public name is defined.
_HOMES = {
    "Action": "actions",
    "BagEvaluations": "replay.many_bags",
    "BundleError": "errors",
    "DecisionSettings": "control.decision",
    "DeviceError": "errors",
    "EmgRecognitionError": "errors",
    "Estimate": "types",
    "Evaluation": "replay.evaluate",
    "Inspection": "recordings.inspection",
    "LiveSettings": "types",
    "Model": "types",
    "PAPER_ACTIONS": "actions",
    "REST": "actions",
    "Recognizer": "recognizer",
    "ReconnectingArmband": "devices.reconnection",
    "RecordingError": "errors",
    "Recordings": "recordings.recordings",
    "SampleChunk": "devices.stream",
    "SampleError": "errors",
    "SerialArmband": "devices.serial_armband",
    "SettingError": "errors",
    "adapt": "training.api",
    "adapt_each": "training.api",
    "compare": "training.api",
    "don": "training.api",
    "evaluate": "replay.evaluate",
    "evaluate_bags": "replay.many_bags",
    "inspect": "recordings.inspect",
    "open_recordings": "recordings.open",
    "open_source": "sources",
    "train": "training.api",
    "tune": "training.api",
}

__all__ = [*sorted(_HOMES), "__version__"]  # noqa: PLE0604 - strings, made from the table above


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = importlib.import_module(f"{__name__}.resources").version()
    elif name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__name__", "__path__"]
