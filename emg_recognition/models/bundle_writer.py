"""Write a model bundle in one step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import BundleError
from emg_recognition.files import replace_directory
from emg_recognition.models.bundle import (
    DESCRIPTION,
    KERAS,
    SCHEMA,
    TFLITE,
    BundleInfo,
    read_bundle,
    read_description,
)


def write_bundle(
    path: str | Path,
    *,
    keras_model: bytes | Path,
    tflite: bytes,
    actions: tuple[str, ...],
    pipeline: Mapping[str, Any],
    fingerprint: str,
    statistics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    metrics: Mapping[str, Any],
    live: Mapping[str, Any] | None = None,
) -> BundleInfo:
    """Write a bundle in one step: afterwards it is there as a whole, or nothing has changed.

    Parameters
    ----------
    path : str or Path
        Directory to write; an older bundle there is replaced, anything else is refused.
    keras_model : bytes or Path
        Content or place of the ``.keras`` file.
    tflite : bytes
        The LiteRT model.
    actions : tuple of str
        What the outputs mean, in order.
    pipeline : mapping
        ``PipelineSettings.to_mapping()``; rate, channels, unit and the samples a window are
        taken from it.
    fingerprint : str
        ``PipelineSettings.fingerprint()``.
    live : mapping
        How to use the model live: ``stride``, ``confidence_threshold`` and ``decision``.
    statistics : mapping
        ``mean``, ``std`` and ``rms`` of the training windows.
    provenance, metrics : mapping
        Anything YAML can hold; NumPy numbers and arrays are turned into plain ones.

    Returns
    -------
    BundleInfo
        As :func:`read_bundle` gives it.

    Raises
    ------
    BundleError
        If `path` holds something that is no bundle, or cannot be written.
    """
    path = Path(path)
    if (
        path.is_symlink()
        or path.is_file()
        or (path.is_dir() and any(path.iterdir()) and not _is_bundle(path))
    ):
        raise BundleError(str(path), "something that is no model bundle stands there", "choose another place")
    keras_bytes = keras_model if isinstance(keras_model, bytes) else Path(keras_model).read_bytes()
    contents = {TFLITE: tflite, KERAS: keras_bytes}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    description = {
        "schema": SCHEMA,
        "model_id": digests[TFLITE][:12],
        "actions": list(actions),
        "rate": float(pipeline["rate"]),
        "channels": int(pipeline["channels"]),
        "length": round(pipeline["window"] * pipeline["rate"]),
        "unit": str(pipeline["unit"]),
        "pipeline": pipeline,
        "fingerprint": fingerprint,
        "live": live or {},
        "statistics": statistics,
        "provenance": provenance,
        "metrics": metrics,
        "files": digests,
    }
    text = yaml.safe_dump(_plain(description), sort_keys=False, allow_unicode=True)
    try:
        replace_directory(path, {**contents, DESCRIPTION: text.encode()})
    except OSError as error:
        raise BundleError(
            str(path), f"cannot be written ({error.strerror})", "choose another place"
        ) from error
    return read_bundle(path)


def _is_bundle(path: Path) -> bool:
    """Whether a directory is ours to replace: a description with a schema, whatever its state."""
    try:
        return "schema" in read_description(path)
    except BundleError:
        return False


def _plain(value: Any) -> Any:
    """Plain Python values for YAML; NumPy's are known by their ``tolist``, without importing it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return str(value) if isinstance(value, Path) else value
