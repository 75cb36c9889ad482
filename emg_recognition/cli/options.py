"""Command-line options made from settings dataclasses."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.settings import Setting, settings_of

#: Characters of all choices together up to which a usage line shows them.
_LONG = 40
#: What the help of a command shows for the value of an option without a unit.
_METAVARS = {int: "N", float: "X", str: "NAME", tuple: "A,B"}


def add_options(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup,
    cls: type,
    *,
    only: Iterable[str] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Add one command-line option for each setting of a dataclass.

    An option that is not given leaves no trace in the namespace; :func:`given_options` collects the others.

    Parameters
    ----------
    parser : argparse.ArgumentParser or argument group
        Where the options go.
    cls : type
        The settings dataclass.
    only : iterable of str, optional
        The fields to offer; by default all.
    defaults : mapping, optional
        What the help shows instead of the dataclass's own default, by field.
    """
    declared = settings_of(cls)
    for name in declared if only is None else only:
        one = declared[name]
        default = (defaults or {}).get(name, one.default)
        # What YAML calls null is, on the command line, an option that is not given.
        text, _, of_null = one.help_with_unit().partition("; null: ")
        default = of_null if default in (None, "", dataclasses.MISSING) else default
        option = f"--{name.replace('_', '-')}"
        common: dict[str, Any] = {
            "dest": name,
            "default": argparse.SUPPRESS,
            "help": (f"{text} (default: {default})" if default != "" else text).replace("%", "%%"),
        }
        if one.kind is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, **common)
        elif one.choices:
            names = ", ".join(map(str, one.choices))
            if len(names) > _LONG:  # or the line of the usage is wider than a terminal
                common["metavar"] = _METAVARS[str]
                common["help"] = f"{text} (one of {names}; default: {default})".replace("%", "%%")
            parser.add_argument(option, choices=one.choices, **common)
        else:
            metavar = one.unit or _METAVARS[one.kind]
            parser.add_argument(option, type=_reader(one, option), metavar=metavar, **common)


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add the option for how the progress of a long command is shown."""
    parser.add_argument(
        "--progress",
        choices=("auto", "json", "off"),
        default="auto",
        help="bars or lines, JSON lines on stdout, or nothing",
    )


def _reader(one: Setting, option: str) -> Callable[[str], Any]:
    """Return the function that reads an option's text, with an error that says what to write."""

    def read(text: str) -> Any:
        value: Any = text
        if one.kind in (int, float):
            try:
                value = one.kind(text)
            except ValueError:
                raise argparse.ArgumentTypeError(f"{text!r}: {one.expected()}") from None
        elif one.kind is tuple:
            value = tuple(part.strip() for part in text.split(",") if part.strip())
        try:
            return one.checked(value, option)
        except SettingError:
            raise argparse.ArgumentTypeError(f"{text!r}: {one.expected()}") from None

    return read


def given_options(args: argparse.Namespace, cls: type) -> dict[str, Any]:
    """Return the settings of a dataclass that the command line gave, by field."""
    return {name: getattr(args, name) for name in settings_of(cls) if hasattr(args, name)}
