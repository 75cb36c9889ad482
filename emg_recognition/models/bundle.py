"""The model bundle: a directory with ``model.yaml``, ``model.tflite``, ``model.keras``, perhaps a reference.

Reading needs only PyYAML: the classifier checks a bundle before it loads any numerical library.
``docs/concepts/model-and-bundle.md`` shows the layout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import BundleError
from emg_recognition.types import Model

SCHEMA = 3
#: Schema 1 has no section ``live``: stride, threshold and votes have their defaults. Schema 2 has no section
#: ``orientation``: the armband is neither turned nor compared with a reference.
_READABLE = (1, 2, SCHEMA)
DESCRIPTION = "model.yaml"
TFLITE = "model.tflite"
KERAS = "model.keras"
REFERENCE = "reference.npz"

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
        read_file(info, name)
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
    try:
        content = (info.path / name).read_bytes()
    except OSError as error:
        raise BundleError(str(info.path), f"{name} cannot be read ({error.strerror})", _REBUILD) from error
    found = hashlib.sha256(content).hexdigest()
    if found != info.files[name]:
        raise BundleError(
            str(info.path),
            f"{name} is damaged: its SHA-256 is {found[:12]}, {DESCRIPTION} says {info.files[name][:12]}",
            _REBUILD,
        )
    return content


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
        text = (path / DESCRIPTION).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BundleError(
            str(path), f"it holds no {DESCRIPTION}", "give the directory that training wrote"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(str(path), f"{DESCRIPTION} cannot be read ({error})", _REBUILD) from error
    try:
        description = yaml.safe_load(text)
    except yaml.YAMLError as error:
        place = str(error).splitlines()[0]
        raise BundleError(str(path), f"{DESCRIPTION} is damaged ({place})", _REBUILD) from error
    if not isinstance(description, dict):
        raise BundleError(str(path), f"{DESCRIPTION} is damaged (no mapping)", _REBUILD)
    return description


def _to_info(path: Path, description: Mapping[str, Any]) -> BundleInfo:
    try:
        return BundleInfo(
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
    except KeyError as error:
        raise BundleError(str(path), f"{DESCRIPTION} has no {error.args[0]}", _REBUILD) from error
    except (TypeError, ValueError) as error:
        raise BundleError(str(path), f"{DESCRIPTION} is damaged ({error})", _REBUILD) from error
