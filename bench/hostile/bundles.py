"""Model bundles whose description or files were changed."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import yaml

from hostile.documents import HOSTILE_YAML
from hostile.kinds import BUNDLE, ESCAPES, variants

#: The whole bundle that is changed.
MODEL: list[Path] = []


def _bundle(edit: Callable[[dict, Path], None]) -> Callable[[Path], Path]:
    """Return what copies the good bundle and changes its description, or its files."""

    def make(folder: Path) -> Path:
        path = folder / "bundle"
        shutil.copytree(MODEL[0], path)
        description = yaml.safe_load((path / "model.yaml").read_text())
        edit(description, path)
        if (path / "model.yaml").is_file() and (path / "model.yaml").stat().st_size < 1 << 20:
            (path / "model.yaml").write_text(yaml.safe_dump(description))
        return path

    return make


def _set(*keys: str, to: object = None) -> Callable[[dict, Path], None]:
    def edit(description: dict, _: Path) -> None:
        for key in keys[:-1]:
            description = description[key]
        if to is None:
            del description[keys[-1]]
        else:
            description[keys[-1]] = to

    return edit


def _grow(name: str) -> Callable[[dict, Path], None]:
    def edit(_: dict, path: Path) -> None:
        with (path / name).open("r+b") as file:
            file.truncate(30 << 30)

    return edit


def _replace(name: str, content: bytes | None) -> Callable[[dict, Path], None]:
    def edit(description: dict, path: Path) -> None:
        (path / name).unlink()
        if content is None:
            os.mkfifo(path / name)
        else:
            (path / name).write_bytes(content)
            description["files"][name] = hashlib.sha256(content).hexdigest()

    return edit


def _replace_description(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "bundle"
        shutil.copytree(MODEL[0], path)
        (path / "model.yaml").write_bytes(content)
        return path

    return make


variants(
    BUNDLE,
    "bundle",
    {
        "without_rms": _bundle(_set("statistics", "rms")),
        "without_mean": _bundle(_set("statistics", "mean")),
        "escapes": _bundle(_set("actions", to=["rest", f"fist{ESCAPES}"])),
        "escapes_in_id": _bundle(_set("model_id", to=ESCAPES)),
        "rate_infinite": _bundle(_set("rate", to=float("inf"))),
        "rate_beyond": _bundle(_set("rate", to=10**400)),
        "channels_beyond": _bundle(_set("channels", to=2**40)),
        "other_file": _bundle(_set("files", "../../etc/passwd", to="0")),
        "device": _bundle(_set("files", "/dev/zero", to="0")),
        "sparse_keras": _bundle(_grow("model.keras")),
        "sparse_tflite": _bundle(_grow("model.tflite")),
        "sparse_yaml": _bundle(_grow("model.yaml")),
        "pipe_keras": _bundle(_replace("model.keras", None)),
        "pipe_yaml": _bundle(_replace("model.yaml", None)),
        "noise_tflite": _bundle(_replace("model.tflite", os.urandom(1000))),
        "empty_tflite": _bundle(_replace("model.tflite", b"")),
        **{f"yaml_{name}": _replace_description(content) for name, content in HOSTILE_YAML.items()},
    },
)


variants(
    {name: BUNDLE[name] for name in ("evaluate-model", "adapt-model")},
    "bundle",
    {
        "pipeline": _bundle(_set("pipeline", to={"rate": "fast"})),
        "live": _bundle(_set("live", to={"stride": -1})),
    },
)
variants(
    {"evaluate-model": BUNDLE["evaluate-model"]},
    "bundle",
    {"sections": _bundle(_set("sections", to=[[float("nan")] * 6] * 4))},
)
variants(
    {"adapt-model": BUNDLE["adapt-model"]},
    "bundle",
    {"noise_keras": _bundle(_replace("model.keras", os.urandom(1000)))},
)
