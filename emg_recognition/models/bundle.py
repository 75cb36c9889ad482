"""The model bundle: a directory with ``model.yaml``, ``model.tflite``, ``model.keras``, perhaps a reference.

Reading needs only PyYAML: the classifier checks a bundle before it loads any numerical library.
``docs/concepts/model-and-bundle.md`` shows the layout.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from emg_recognition.errors import BundleError
from emg_recognition.files import open_regular, read_limited, size_text
from emg_recognition.text import printable, steers
from emg_recognition.types import UNITS, Model
from emg_recognition.yaml_files import parse_yaml

SCHEMA = 3
#: Schema 1 has no section ``live``: stride, threshold and votes have their defaults. Schema 2 has no section
#: ``orientation``: the armband is neither turned nor compared with a reference.
_READABLE = (1, 2, SCHEMA)
DESCRIPTION = "model.yaml"
TFLITE = "model.tflite"
KERAS = "model.keras"
REFERENCE = "reference.npz"

#: Largest model file and window that are accepted; this package writes a few MB and some thousand samples.
_LARGEST_FILE, _LARGEST_WINDOW = 512 << 20, 10_000_000
_REBUILD = "copy it again from where it was made, or train it again"


@dataclass(frozen=True, eq=False)
class BundleInfo:
    """The content of ``model.yaml``.

    Attributes
    ----------
    path : Path
        The bundle's directory.
    schema : int
        Version of the layout.
    model_id : str
        The first twelve digits of the SHA-256 of ``model.tflite``.
    actions : tuple of str
        What the network's outputs mean, in order.
    rate : float
        Sampling rate of the windows, Hz.
    channels, length : int
        Electrodes and samples of a window.
    unit : str
        Unit of the windows, ``V`` or ``count``.
    pipeline : dict
        Settings of the signal path that made the windows.
    fingerprint : str
        The same as one line, which is compared as a string.
    sections : list of list of float
        Its filters as second-order sections, so that live use needs no filter design; empty in older bundles.
    live : dict
        How to use the model live: ``stride``, ``confidence_threshold`` and ``decision``; empty in schema 1.
    orientation : dict
        How the wearer's armband sits (``turn``, ``mirrored``, ``gain``, ``ring``, ``subject``), as the
        network has it; empty in a bundle that is no single wearer's.
    statistics : dict
        ``mean`` and ``std`` (one number for each channel) and ``rms`` of the training windows.
    provenance, metrics : dict
        Where the model comes from, and how well it does on its test windows.
    files : dict
        SHA-256 of each file, by name.
    """

    path: Path
    schema: int
    model_id: str
    actions: tuple[str, ...]
    rate: float
    channels: int
    length: int
    unit: str
    pipeline: dict[str, Any]
    fingerprint: str
    sections: list[list[float]]
    live: dict[str, Any]
    orientation: dict[str, Any]
    statistics: dict[str, Any]
    provenance: dict[str, Any]
    metrics: dict[str, Any]
    files: dict[str, str]

    @property
    def model(self) -> Model:
        """The description that nodes publish and recordings store."""
        return Model(
            model=self.model_id,
            sha256=self.files[TFLITE],
            actions=self.actions,
            rate=self.rate,
            channels=self.channels,
            length=self.length,
            unit=self.unit,
            pipeline=self.fingerprint,
        )


def read_bundle(path: str | Path) -> BundleInfo:
    """Read a bundle's description and check each of its files.

    Parameters
    ----------
    path : str or Path
        The bundle's directory.

    Returns
    -------
    BundleInfo
        The description.

    Raises
    ------
    BundleError
        If there is no bundle, its schema is unknown, its description incomplete, or a file is
        missing or has changed.
    """
    path = Path(path)
    description = read_description(path)
    schema = description.get("schema")
    if schema not in _READABLE:
        readable = f"{', '.join(map(str, _READABLE[:-1]))} and {_READABLE[-1]}"
        raise BundleError(
            str(path),
            f"its schema is {schema!r}, this version reads {readable}",
            "use the version that wrote it",
        )
    info = _to_info(path, description)
    for name in (TFLITE, KERAS):
        if name not in info.files:
            raise BundleError(str(path), f"{DESCRIPTION} lists no {name}", _REBUILD)
    for name in info.files:
        with _opened(info, name) as file:
            digest = hashlib.sha256()
            while piece := file.read(1 << 20):
                digest.update(piece)
        _compare(info, name, digest.hexdigest())
    return info


def read_file(info: BundleInfo, name: str) -> bytes:
    """Read a file of a bundle, checked against the description.

    Parameters
    ----------
    info : BundleInfo
        The bundle.
    name : str
        One of ``info.files``.

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    BundleError
        If it is missing or its SHA-256 differs.
    """
    with _opened(info, name) as file:
        content = file.read()
    _compare(info, name, hashlib.sha256(content).hexdigest())
    return content


def _opened(info: BundleInfo, name: str) -> BinaryIO:
    if Path(name).name != name or steers(name):
        raise BundleError(
            str(info.path), f"{DESCRIPTION} lists {name!r}, which is not a file in it", _REBUILD
        )
    try:
        file = open_regular(info.path / name)
    except OSError as error:
        raise BundleError(str(info.path), f"{name} cannot be read ({error.strerror})", _REBUILD) from error
    size = os.fstat(file.fileno()).st_size
    if size > _LARGEST_FILE:
        file.close()
        problem = f"{name} has {size_text(size)}, no model has more than {size_text(_LARGEST_FILE)}"
        raise BundleError(str(info.path), problem, _REBUILD)
    return file


def _compare(info: BundleInfo, name: str, found: str) -> None:
    if found != info.files[name]:
        raise BundleError(
            str(info.path),
            f"{name} is damaged: its SHA-256 is {found[:12]}, {DESCRIPTION} says {info.files[name][:12]}",
            _REBUILD,
        )


def check_compatible(
    info: BundleInfo,
    *,
    rate: float | None = None,
    channels: int | None = None,
    unit: str | None = None,
    fingerprint: str | None = None,
) -> None:
    """Refuse a bundle that was made for other signals; a value of None is not compared.

    Parameters
    ----------
    info : BundleInfo
        The bundle.
    rate : float, optional
        Sampling rate of the signals, Hz.
    channels : int, optional
        Their electrodes.
    unit : str, optional
        Their unit.
    fingerprint : str, optional
        Fingerprint of their pipeline.

    Raises
    ------
    BundleError
        If a value differs; the message names both.
    """
    for name, ours, theirs, suffix in (
        ("rate", info.rate, rate, " Hz"),
        ("channels", info.channels, channels, ""),
        ("unit", info.unit, unit, ""),
        ("pipeline", info.fingerprint, fingerprint, ""),
    ):
        if theirs is not None and ours != theirs:
            raise BundleError(
                str(info.path),
                f"its {name} is {ours}{suffix}, the signals' {name} is {theirs}{suffix}",
                "choose the bundle trained for these signals, or train one on recordings of them",
            )


def read_description(path: Path) -> dict[str, Any]:
    """Read ``model.yaml`` of the directory `path` and check only that it is a mapping.

    Raises
    ------
    BundleError
        If there is none, or it cannot be read.
    """
    if not path.is_dir():
        raise BundleError(str(path), "no such directory", "give the directory that training wrote")
    try:
        text = read_limited(path / DESCRIPTION).decode("utf-8")
    except FileNotFoundError as error:
        raise BundleError(
            str(path), f"it holds no {DESCRIPTION}", "give the directory that training wrote"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BundleError(str(path), f"{DESCRIPTION} cannot be read ({reason})", _REBUILD) from error
    try:
        description = parse_yaml(text)
    except yaml.YAMLError as error:
        raise BundleError(str(path), f"{DESCRIPTION} is damaged ({error})", _REBUILD) from error
    if not isinstance(description, dict):
        raise BundleError(str(path), f"{DESCRIPTION} is damaged (no mapping)", _REBUILD)
    return description


def _to_info(path: Path, description: Mapping[str, Any]) -> BundleInfo:
    try:
        info = BundleInfo(
            path=path,
            schema=description["schema"],
            model_id=str(description["model_id"]),
            actions=tuple(str(action) for action in description["actions"]),
            rate=float(description["rate"]),
            channels=int(description["channels"]),
            length=int(description["length"]),
            unit=str(description["unit"]),
            pipeline=dict(description["pipeline"]),
            fingerprint=str(description["fingerprint"]),
            sections=[[float(value) for value in row] for row in description.get("sections") or []],
            live=dict(description.get("live") or {}),
            orientation=dict(description.get("orientation") or {}),
            statistics=dict(description["statistics"]),
            provenance=dict(description["provenance"]),
            metrics=dict(description["metrics"]),
            files={str(name): str(digest) for name, digest in dict(description["files"]).items()},
        )
        _check(info)
    except KeyError as error:
        raise BundleError(str(path), f"{DESCRIPTION} has no {error.args[0]}", _REBUILD) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise BundleError(str(path), f"{DESCRIPTION} is damaged ({error})", _REBUILD) from error
    return info


def _check(info: BundleInfo) -> None:
    """Raise a KeyError for what is missing, and a ValueError for a value that no bundle has."""
    for name, text in (("model_id", info.model_id), ("fingerprint", info.fingerprint)):
        if steers(text):
            raise ValueError(f"{name} is {text!r}")
    if not info.actions or len(set(info.actions)) < len(info.actions):
        raise ValueError(f"actions are {info.actions}")
    for action in info.actions:
        if not action.strip() or steers(action):
            raise ValueError(f"an action is called {action!r}")
    if not 0 < info.rate < math.inf:
        raise ValueError(f"rate is {info.rate}")
    if min(info.channels, info.length) < 1 or info.channels * info.length > _LARGEST_WINDOW:
        raise ValueError(f"channels and length are {info.channels} and {info.length}")
    if info.unit not in UNITS:
        raise ValueError(f"unit is {info.unit!r}")
    for name in ("mean", "std"):
        _finite(f"statistics.{name}", _part(info.statistics, name), info.channels)
    _finite("statistics.rms", [_part(info.statistics, "rms")], 1)


def _part(statistics: Mapping[str, Any], name: str) -> Any:
    if name not in statistics:
        raise KeyError(f"statistics.{name}")
    return statistics[name]


def _finite(name: str, values: Any, count: int) -> None:
    if not isinstance(values, Sequence) or len(values) != count or not all(map(_is_finite, values)):
        numbers = "a finite number" if count == 1 else f"{count} finite numbers"
        raise ValueError(f"{name} is {printable(values)}, not {numbers}")


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
