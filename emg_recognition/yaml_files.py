"""YAML files: read as users wrote them, and written from settings dataclasses."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import SettingError
from emg_recognition.settings import settings_of


def yaml_lines(cls: type, *, indent: int = 0, values: Mapping[str, Any] | None = None) -> list[str]:
    """Write a settings dataclass as commented YAML.

    Parameters
    ----------
    cls : type
        The settings dataclass.
    indent : int
        Spaces before each line.
    values : mapping, optional
        Values that differ from the defaults, by field.

    Returns
    -------
    list of str
        A line ``name: value  # help, unit`` for each setting.
    """
    lines = []
    for name, one in settings_of(cls).items():
        value = (values or {}).get(name, "" if one.default is dataclasses.MISSING else one.default)
        plain = list(value) if isinstance(value, tuple) else value
        text = yaml.safe_dump(plain, default_flow_style=True, width=1000).removesuffix("...\n").strip()
        if isinstance(plain, str):
            text = f'"{plain}"' if plain in ("", ",") else text
        key = f"{' ' * indent}{name}: {text}"
        lines.append(f"{key:<34}  # {one.describe()}" if one.help else key)
    return lines


class _UniqueKeys(yaml.SafeLoader):
    """YAML's safe loader, except that a key given twice is an error and not a silent choice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: list[tuple[Any, int]] = []
        for one, _ in node.value:
            if one.tag == "tag:yaml.org,2002:merge":
                continue
            key, line = self.construct_object(one, deep=True), one.start_mark.line + 1
            for other, first in found:
                if key == other:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r} is given twice, in lines {first} and {line}"
                    )
            found.append((key, line))
        return super().construct_mapping(node, deep)


def load_yaml(path: str | os.PathLike[str], what: str) -> Any:
    """Read a YAML file that a user wrote.

    Parameters
    ----------
    path : path
        The file.
    what : str
        What the file is, for an error, e.g. ``"session plan"``.

    Returns
    -------
    object
        What it holds; None for an empty file.

    Raises
    ------
    SettingError
        If it cannot be read, is not YAML, or gives a key twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        return yaml.load(text, Loader=_UniqueKeys)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(what, os.fspath(path), f"it cannot be read ({error})") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SettingError(what, os.fspath(path), f"it is not a YAML file ({problem})") from error
