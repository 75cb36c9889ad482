"""Settings as frozen dataclasses: each default, range and description stands in one place.

A settings dataclass declares its fields with :func:`setting`. YAML sections, command-line options and
ROS parameters are made from that declaration, so that none of them repeats a default or a range.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from emg_recognition.errors import SettingError

T = TypeVar("T")

_KEY = "emg_recognition.setting"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of a settings dataclass, or a number that is checked on its own with :meth:`checked`.

    Attributes
    ----------
    name : str
        Name of the field; also of the YAML key and the ROS parameter.
    kind : type
        ``bool``, ``int``, ``float``, ``str`` or ``tuple``.
    default : Any
        The default; ``dataclasses.MISSING`` where a value is required.
    optional : bool
        Whether ``None`` is allowed.
    help : str
        What it does, in one line without the unit and the range.
    unit : str
        Its unit; empty where there is none.
    low, high : float or None
        The smallest and the largest value allowed.
    above : float or None
        A bound that the value must exceed.
    choices : tuple of str
        The allowed texts; empty for any.
    changes : bool
        Whether it may change while a node runs.
    """

    name: str
    kind: type
    default: Any = dataclasses.field(default_factory=lambda: dataclasses.MISSING)
    optional: bool = False
    help: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    changes: bool = False

    def expected(self) -> str:
        """Return what may be written, as the remedy of an error."""
        if self.choices:
            return f"use one of {self._choices()}"
        if self.kind is bool:
            return "use true or false"
        if self.kind is str:
            return "use a text"
        if self.kind is tuple:
            return "use a list"
        words = "use a whole number" if self.kind is int else "use a number"
        if self.above is not None:
            words += f" above {self.above:g}"
        elif self.low is not None:
            words += f" of at least {self.low:g}" if self.high is None else f" from {self.low:g}"
        if self.high is not None:
            words += f" to {self.high:g}" if self.low is not None else f", at most {self.high:g}"
        if not self.unit:
            return words
        bounded = not (self.low is None and self.high is None and self.above is None)
        return f"{words} {self.unit}" if bounded else f"{words}, {self.unit}"

    def describe(self) -> str:
        """Return the help with unit and range, for ``--help``, ``ros2 param describe`` and YAML comments."""
        text = self.help_with_unit()
        return f"{text} ({self._choices()})" if self.choices else text

    def help_with_unit(self) -> str:
        """Return the help with the unit after its first clause."""
        clause, semicolon, rest = self.help.partition(";")
        return f"{clause}, {self.unit}{semicolon}{rest}" if self.unit else self.help

    def _choices(self) -> str:
        # An empty text and a separator are quoted, words are not.
        return ", ".join(choice if choice[:1].isalnum() else repr(choice) for choice in self.choices)

    def checked(self, value: Any, where: str | None = None) -> Any:
        """Return a value as a plain Python object of the setting's kind.

        Parameters
        ----------
        value : Any
            The value; NumPy numbers are taken as well.
        where : str, optional
            The name to use in an error; by default the setting's own.

        Returns
        -------
        bool, int, float, str, tuple or None
            The value.

        Raises
        ------
        SettingError
            For another type, a number out of range or not finite, or a text that is not one of the choices.
        """
        if value is None and self.optional:
            return None
        plain = self._plain(value)
        if plain is None or (self.choices and plain not in self.choices) or not self._in_range(plain):
            raise SettingError(where or self.name, value, self.expected())
        return plain

    def _plain(self, value: Any) -> Any:
        if self.kind in (int, float) and isinstance(value, numbers.Real) and not isinstance(value, bool):
            if self.kind is float:
                try:
                    return float(value) if math.isfinite(value) else None
                except OverflowError:  # a whole number beyond all floats
                    return None
            return int(value) if isinstance(value, numbers.Integral) else None
        if self.kind is tuple and isinstance(value, (list, tuple)):
            return tuple(value)
        if self.kind in (bool, str) and isinstance(value, self.kind):
            return value
        return None

    def _in_range(self, value: Any) -> bool:
        if self.kind not in (int, float):
            return True
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
        )


def setting(
    default: Any = dataclasses.MISSING,
    help: str = "",
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: Iterable[str] = (),
    changes: bool = False,
) -> Any:
    """Declare a field of a settings dataclass; see :class:`Setting` for the parameters."""
    metadata = {
        "help": help,
        "unit": unit,
        "low": low,
        "high": high,
        "above": above,
        "choices": tuple(choices),
        "changes": changes,
    }
    return dataclasses.field(default=default, metadata={_KEY: metadata})


def same(cls: type, name: str, **changes: Any) -> Any:
    """Declare a field like one of another settings dataclass, except for `changes`."""
    one = settings_of(cls)[name]
    fields = ("help", "unit", "low", "high", "above", "choices")
    return setting(one.default, **{**{field: getattr(one, field) for field in fields}, **changes})


@functools.cache
def settings_of(cls: type) -> dict[str, Setting]:
    """Return the settings that a dataclass declares, by name and in order.

    Fields that are not declared with :func:`setting` are left out.
    """
    hints = typing.get_type_hints(cls)
    found = {}
    for field in dataclasses.fields(cls):
        if _KEY in field.metadata:
            kind, optional = _kind(hints[field.name])
            found[field.name] = Setting(
                name=field.name, kind=kind, default=field.default, optional=optional, **field.metadata[_KEY]
            )
    return found


def _kind(hint: Any) -> tuple[type, bool]:
    """Return the plain type that an annotation stands for, and whether None is allowed."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        return _kind(parts[0])[0], len(parts) < len(typing.get_args(hint))
    origin = typing.get_origin(hint) or hint
    return (str, False) if origin is typing.Literal else (origin, False)


def check(instance: Any) -> None:
    """Check every declared field of a settings dataclass and make its value a plain Python object.

    Call it first in ``__post_init__``; rules between fields follow it there.

    Parameters
    ----------
    instance : dataclass instance
        The settings; frozen ones are changed in place.

    Raises
    ------
    SettingError
        For the first value that cannot be used.
    """
    cls: Any = type(instance)
    for name, declared in settings_of(cls).items():
        object.__setattr__(instance, name, declared.checked(getattr(instance, name)))


def from_mapping(cls: type[T], mapping: Mapping[str, Any] | None, where: str) -> T:
    """Build a settings dataclass from a mapping.

    Lists become tuples, so that the settings stay hashable; each dataclass validates its own
    values in ``__post_init__``. A class variable ``RENAMED`` maps old keys to the names that replaced them.

    Parameters
    ----------
    cls : type
        A dataclass.
    mapping : mapping or None
        Field names and values; ``None`` stands for an empty section of a YAML file.
    where : str
        The place to name in an error: a section, e.g. ``compact.yaml: training``, a file with its colon,
        e.g. ``study.yaml:``, or nothing.

    Returns
    -------
    T
        An instance of `cls`; absent fields have their defaults.

    Raises
    ------
    SettingError
        For something that is not a mapping, for an unknown, renamed or missing field, and for a value
        that the dataclass refuses, named with `where`.
    """
    if mapping is None:
        mapping = {}
    if not isinstance(mapping, Mapping):
        raise SettingError(where.rstrip(":"), mapping, "write a mapping of names to values here")
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name, value in mapping.items():
        if name not in fields:
            raise SettingError(_place(where, name), value, unknown_name(cls, name, fields))
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in mapping:
            raise SettingError(_place(where, name), None, "give it a value, it has no default")
    try:
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in mapping.items()})
    except SettingError as error:
        # The dataclass names its field alone; only here is it known where the value was written.
        raise SettingError(_place(where, error.name), error.value, error.remedy) from None


def _place(where: str, name: str) -> str:
    if not where:
        return name
    return f"{where} {name}" if where.endswith(":") else f"{where}.{name}"


def unknown_name(cls: type, name: str, known: Iterable[str]) -> str:
    """Return the remedy for a name that is not a setting: its new name, or the names there are."""
    renamed = getattr(cls, "RENAMED", {})
    if name in renamed:
        return f"this setting is called {renamed[name]}; rename it"
    return f"no such setting; known are {', '.join(known)}"
