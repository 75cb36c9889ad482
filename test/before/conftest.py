"""Compare what today's code computes with what version 0.1.0 computed; README.md describes the fixtures.

Everything is compared bit for bit. Some libraries may round differently on another processor: SciPy's filters
and FFT, LiteRT's kernels (XNNPACK chooses them by instruction set), BLAS and the C library's functions. Each
probe calls one of them directly, without the package. Where a probe does not give its stored result, the
numbers that depend on it are compared to 1e-6 instead, and their digests are not compared. Integers,
decisions and texts are always compared exactly.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.signal
from ai_edge_litert.interpreter import Interpreter

HERE = Path(__file__).resolve().parent
DIGEST = " sha256"
"""End of the name of an array that is too large to be stored; its digest is stored instead."""


def probes() -> dict[str, Any]:
    """Return what the libraries compute on this machine, without the package."""
    with np.load(HERE / "study.npz") as study:
        counts = study["x"][:2000].astype(np.float64)
    sections = scipy.signal.butter(4, (20.0, 237.5), btype="bandpass", output="sos", fs=500.0)
    sections = np.vstack([sections, np.concatenate(scipy.signal.iirnotch(50.0, 10.0, fs=500.0))])
    filtered, _ = scipy.signal.sosfilt(sections, counts, axis=0, zi=np.zeros((len(sections), 2, 4)))
    spectrum = scipy.fft.rfft(counts, 2048, axis=0)
    window = filtered[500:600]
    flat = window.astype(np.float32).ravel()
    numbers = np.linspace(-3.0, 3.0, 301)
    functions = [[math.exp(x), math.expm1(-abs(x)), math.cos(x), math.sqrt(abs(x))] for x in numbers.tolist()]
    return {
        "filters": [sha256(filtered), sha256(spectrum), sha256(np.exp(numbers))],
        "networks": [
            network_output("bundle_500hz", np.resize(window * 2.5e-7, (1, 100, 4))),
            network_output("bundle_200hz", np.resize(window * 0.125, (1, 40, 8))),
        ],
        "products": float(flat.dot(flat)),
        "functions": sha256(np.array(functions)),
    }


def network_output(bundle: str, window: np.ndarray) -> list[float]:
    network = Interpreter(str(HERE / bundle / "model.tflite"), num_threads=1)
    network.allocate_tensors()
    network.set_tensor(network.get_input_details()[0]["index"], window.astype(np.float32))
    network.invoke()
    return network.get_tensor(network.get_output_details()[0]["index"])[0].tolist()


def sha256(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def with_digests(found: Mapping[str, Any]) -> dict[str, Any]:
    """Replace each array whose name ends in DIGEST by its type, its digest and the sums of its parts."""
    result: dict[str, Any] = {}
    for name, value in found.items():
        if not name.endswith(DIGEST):
            result[name] = value
            continue
        result[name] = sha256(value)
        result[f"{name} of"] = f"{value.dtype} {value.shape}"
        # They show on any processor that the content is right.
        parts = np.array_split(np.abs(value.astype(np.float64)), 32)
        result[f"{name} sums"] = np.array([part.sum() for part in parts])
    return result


def assert_same(found: Any, expected: Any, name: str, *, exact: bool) -> None:
    """Assert that a value is the expected one; a mapping may hold more than is expected."""
    # BLAS adds the squares of a window in an order of its own, which its processor and its length decide; the
    # probe of one length does not show that of another.
    exact = exact and not name.endswith(" activation")
    if isinstance(expected, np.ndarray):
        assert found.shape == expected.shape, name
        if expected.dtype.kind != "f":
            np.testing.assert_array_equal(found, expected, err_msg=name)
        elif exact:
            assert found.dtype == expected.dtype, name
            # Bytes, because NaN stands for no command.
            assert found.tobytes() == expected.tobytes(), f"{name}: {(found != expected).sum()} values differ"
        else:
            largest = float(np.nanmax(np.abs(expected), initial=0.0))
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * largest, err_msg=name)
    elif isinstance(expected, Mapping):
        for key, value in expected.items():
            assert key in found, f"{name}: {key} is missing"
            assert_same(found[key], value, f"{name}: {key}", exact=exact)
    elif isinstance(expected, list):
        assert len(found) == len(expected), name
        for number, value in enumerate(expected):
            assert_same(found[number], value, f"{name}: {number}", exact=exact)
    elif isinstance(expected, float) and not exact:
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9), name
    elif exact or not name.endswith(DIGEST):
        assert found == expected, name


@pytest.fixture(scope="session")
def check_before() -> Callable[[str, dict[str, Any], Sequence[str]], None]:
    """Return the function that compares a named result with the stored one.

    It takes the name, what was computed, and the probes that this depends on.
    """
    stored = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
    reproduced = {name: value == stored["probes"][name] for name, value in probes().items()}
    # Keras computes with several threads and does not promise the same bits twice.
    reproduced["keras"] = False

    def check(result: str, found: dict[str, Any], needed: Sequence[str]) -> None:
        found = with_digests(found)
        with np.load(HERE / "expected.npz") as arrays:
            names = [key for key in arrays.files if key.startswith(f"{result}: ")]
            expected = {key.removeprefix(f"{result}: "): arrays[key] for key in names}
        expected |= stored[result]
        assert found.keys() == expected.keys()
        # What JSON holds is compared as JSON gives it back: tuples as lists.
        plain = {key: value for key, value in found.items() if not isinstance(value, np.ndarray)}
        found |= json.loads(json.dumps(plain))
        assert_same(found, expected, result, exact=all(reproduced[probe] for probe in needed))

    return check
