"""From a mapping (YAML) to a frozen settings dataclass, refusing what it does not know."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from emg_recognition.errors import SettingError

T = TypeVar("T")


def from_mapping(cls: type[T], mapping: Mapping[str, Any] | None, where: str) -> T:
    """Build a settings dataclass from a mapping.

    Lists become tuples, so that the settings stay hashable; each dataclass validates its own
    values in ``__post_init__``.

    Parameters
    ----------
    cls : type
        A dataclass.
    mapping : mapping or None
        Field names and values; ``None`` stands for an empty section of a YAML file.
    where : str
        The place to name in an error, e.g. ``compact.yaml: training``.

    Returns
    -------
    T
        An instance of `cls`; absent fields have their defaults.

    Raises
    ------
    SettingError
        For something that is no mapping, an unknown field or a missing one.
    """
    if mapping is None:
        mapping = {}
    if not isinstance(mapping, Mapping):
        raise SettingError(where, mapping, "write a mapping of names to values here")
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name, value in mapping.items():
        if name not in fields:
            raise SettingError(f"{where}.{name}", value, f"no such setting; known are {', '.join(fields)}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in mapping:
            raise SettingError(f"{where}.{name}", None, "give it a value, it has no default")
    return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in mapping.items()})


def read_yaml(path: str | os.PathLike[str], what: str) -> tuple[Any, str]:
    """Read a YAML file.

    Parameters
    ----------
    path : path
        The file.
    what : str
        What it is, for an error.

    Returns
    -------
    document : object
        What it holds; None for an empty file.
    name : str
        The file's name, for errors about what it holds.

    Raises
    ------
    SettingError
        If it cannot be read or is no YAML.
    """
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8")), Path(path).name
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(what, os.fspath(path), f"it cannot be read ({error})") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SettingError(what, os.fspath(path), f"it is no YAML file ({problem})") from error
