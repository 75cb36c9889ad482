"""Run a trained network: one window in, one probability for each action out.

Only NumPy, PyYAML and LiteRT are imported, so that the classifier starts fast and stays small. Live and
offline use this same call with one window at a time, so they agree bit for bit.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from emg_recognition.errors import BundleError, SampleError
from emg_recognition.files import size_text
from emg_recognition.models.bundle import TFLITE, BundleInfo, read_bundle, read_file
from emg_recognition.quiet import without_information

#: A network of this package needs a few MB.
_LARGEST_TENSORS = 512 << 20


class ActionModel:
    """A loaded model; only one thread at a time may use it.

    Parameters
    ----------
    info : BundleInfo
        The bundle's description, already checked.
    tflite : bytes, optional
        The LiteRT model of a bundle that is not written yet; by default the bundle's file is read.

    Raises
    ------
    BundleError
        If LiteRT cannot load the model, or it is not shaped as the description says.
    """

    def __init__(self, info: BundleInfo, tflite: bytes | None = None) -> None:
        self.info = info
        # Loaded from memory, so that what runs is what was checked.
        content = read_file(info, TFLITE) if tflite is None else tflite
        try:
            # One thread: the same order of additions on every machine, and no waiting for a second core.
            with without_information():
                self._interpreter = Interpreter(model_content=content, num_threads=1)
                _check_memory(self._interpreter)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError, MemoryError) as error:
            # An operator of a later LiteRT than the one that is installed here.
            newer = re.search(r"op for builtin opcode '(\w+)'(?: version '(\d+)')?", str(error))
            problem = f"LiteRT cannot load {TFLITE} ({error})"
            if newer:
                version = f" in version {newer[2]}" if newer[2] else ""
                problem = f"{TFLITE} uses the operator {newer[1]}{version}, which the installed LiteRT lacks"
            remedy = f"update ai-edge-litert ({_installed()} is installed)" if newer else "train it again"
            raise BundleError(str(info.path), problem, remedy) from error
        source, target = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        self._input, self._output = source["index"], target["index"]
        self._shape = (info.length, info.channels)
        self._training_rms = float(info.statistics["rms"])
        found = (tuple(source["shape"]), tuple(target["shape"]))
        if found != ((1, *self._shape), (1, len(info.actions))):
            raise BundleError(
                str(info.path),
                f"{TFLITE} maps {found[0]} to {found[1]}, model.yaml says {(1, *self._shape)}"
                f" to {(1, len(info.actions))}",
                "train it again",
            )

    @classmethod
    def load(cls, path: str | Path) -> ActionModel:
        """Check and load the bundle in the directory `path`.

        Raises
        ------
        BundleError
            If it is missing, damaged or unknown.
        """
        return cls(read_bundle(path))

    def predict(self, window: np.ndarray) -> np.ndarray:
        """Return the probability of each action for one window.

        Parameters
        ----------
        window : np.ndarray
            Filtered samples, float32, shape (length, channels), in the bundle's unit.

        Returns
        -------
        np.ndarray
            float32, shape (actions,); the sum is 1.

        Raises
        ------
        SampleError
            For another shape or values that are not finite.
        """
        window, _ = self._checked(window)
        self._interpreter.set_tensor(self._input, window[np.newaxis])
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[0]

    def activation(self, window: np.ndarray) -> float:
        """Return how strong the muscles are: RMS of the window divided by the RMS of the training windows.

        Parameters
        ----------
        window : np.ndarray
            As for :meth:`predict`.

        Returns
        -------
        float
            1 for a window as strong as the training windows in the mean square.

        Raises
        ------
        SampleError
            As for :meth:`predict`.
        """
        window, energy = self._checked(window)
        return math.sqrt(energy / window.size) / self._training_rms if self._training_rms > 0 else 0.0

    def _checked(self, window: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the window as float32 and the sum of its squares."""
        window = np.asarray(window, np.float32)
        if window.shape != self._shape:
            raise SampleError(
                f"window has the shape {window.shape}, the model takes {self._shape}",
                "give filtered windows (samples, channels) from the bundle's own pipeline",
            )
        flat = window.ravel()
        energy = float(flat.dot(flat))
        # One product is cheaper than a test of every value, and NaN and infinity survive it.
        if not math.isfinite(energy):
            wrong = np.argwhere(~np.isfinite(window))
            if len(wrong):
                sample, channel = wrong[0]
                raise SampleError(
                    f"window sample {sample} of channel {channel} is {window[sample, channel]}",
                    "check the electrode and its cable; the window is ignored",
                )
        return window, energy


def _check_memory(interpreter: Interpreter) -> None:
    """Refuse a network whose tensors would take the memory; a few bytes of a file can claim gigabytes."""
    needed = sum(
        math.prod(int(size) for size in tensor["shape"]) * np.dtype(tensor["dtype"]).itemsize
        for tensor in interpreter.get_tensor_details()
    )
    if needed > _LARGEST_TENSORS:
        raise MemoryError(f"its tensors need {size_text(needed)}")


def _installed() -> str:
    # Imported for the message only: it brings a megabyte.
    from importlib import metadata

    try:
        return metadata.version("ai-edge-litert")
    except metadata.PackageNotFoundError:
        return "an unknown version"
