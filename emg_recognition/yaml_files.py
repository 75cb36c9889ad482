"""YAML files: read as users wrote them, and written from settings dataclasses."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import yaml

from emg_recognition.errors import SettingError
from emg_recognition.files import read_limited
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


#: libyaml's parser is thirty times as fast; not every PyYAML has it.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: No file of this package comes near these limits; one beyond them would take the memory, or minutes.
_DEPTH, _NODES, _DIGITS = 50, 100_000, 400


class _Loader(_Base):
    """YAML's safe loader, except that a key given twice and a number beyond 64 bits are errors."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, int] = {}
        for one, _ in node.value:
            if one.tag == "tag:yaml.org,2002:merge":
                continue
            key, line = self.construct_object(one, deep=True), one.start_mark.line + 1
            try:
                first = found.get(key)
            except TypeError:
                break  # not hashable, such as a list: the base class refuses it
            if first is not None:
                raise _error(f"the key {key!r} is given twice, in lines {first} and {line}")
            found[key] = line
        return dict(super().construct_mapping(node, deep))

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        value = int(super().construct_yaml_int(node)) if len(node.value) <= _DIGITS else None
        if value is None or not -(1 << 63) <= value < 1 << 64:
            raise _error(f"line {node.start_mark.line + 1} has a whole number that needs more than 64 bits")
        return value

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        if len(node.value) > _DIGITS:
            raise _error(f"line {node.start_mark.line + 1} has a number of {len(node.value)} characters")
        return float(super().construct_yaml_float(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def _error(problem: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem)


def _check_size(text: str) -> None:
    """Refuse a document that is nested too deeply, or that aliases make too large, before it is built.

    An alias counts as much as what it stands for: a hundred of them can make a billion values. One that
    stands in what it stands for never ends.
    """
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    count = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = count - before
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise _error(f"the alias *{event.anchor} is not defined before, or stands in itself")
            count += sizes[event.anchor]
        elif isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, count))
                sizes.pop(event.anchor or "", None)  # until it is complete, also if the name is used again
            elif event.anchor is not None:
                sizes[event.anchor] = 1
            count += 1
        if len(open_nodes) > _DEPTH:
            raise _error(f"it is nested more than {_DEPTH} levels deep")
        if count > _NODES:
            raise _error(f"it has more than {_NODES} values, counting what aliases stand for")


def parse_yaml(text: str) -> Any:
    """Parse YAML that somebody else may have written: plain values only, bounded in depth and number.

    Parameters
    ----------
    text : str
        One document.

    Returns
    -------
    object
        What it holds; None if it is empty.

    Raises
    ------
    yaml.YAMLError
        If it is not YAML, gives a key twice, holds a number that needs more than 64 bits, is nested too
        deeply, or has too many values.
    """
    try:
        _check_size(text)
        return yaml.load(text, Loader=_Loader)
    except (ValueError, OverflowError) as error:  # the 30th of February
        raise _error(str(error)) from error


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
        If it cannot be read, is not YAML as :func:`parse_yaml` takes it, or is larger than 4 MiB.
    """
    try:
        return parse_yaml(read_limited(path).decode("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingError(what, os.fspath(path), f"it cannot be read ({reason})") from error
    except UnicodeDecodeError as error:
        raise SettingError(what, os.fspath(path), f"it cannot be read ({error})") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SettingError(what, os.fspath(path), f"it is not a YAML file ({problem})") from error
