"""From a mapping (YAML) to a frozen settings dataclass, refusing what it does not know."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

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
