"""Write the reference of commands and parameters from the code while Sphinx reads the pages.

A page holds the comment ``<!-- commands -->`` or ``<!-- parameters -->`` where the text belongs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

from emg_recognition.cli.main import build_parser


def commands() -> str:
    """Return a section for each command, made from the parser that the command line uses."""
    parser = build_parser()
    lines: list[str] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                lines += _command(name, sub)
    return "\n".join(lines)


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield _plain(parser.description or "")
    yield ""
    yield "```text"
    yield parser.format_usage().removeprefix("usage: ").strip()
    yield "```"
    yield ""
    for group in parser._action_groups:
        actions = [
            one for one in group._group_actions if one.help != argparse.SUPPRESS and one.dest != "help"
        ]
        if not actions:
            continue
        if group.title not in ("options", "positional arguments", "optional arguments"):
            yield f"**{group.title}**{': ' + _plain(group.description) if group.description else ''}"
            yield ""
        yield "| option | meaning |"
        yield "|---|---|"
        for one in actions:
            yield f"| {_option(one)} | {_meaning(parser, one)} |"
        yield ""
    if parser.epilog:
        yield "```text"
        yield parser.epilog.strip("\n")
        yield "```"
        yield ""


def _option(action: argparse.Action) -> str:
    names = " ".join(f"`{name}`" for name in action.option_strings) or f"`{action.metavar or action.dest}`"
    if action.option_strings and action.nargs != 0:
        value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        if action.metavar is None and action.choices:
            value = "NAME"
        names += f" *{value}*"
    return names


def _meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    if action.choices and not any(str(choice) in text for choice in action.choices):
        text += f" (one of {', '.join(map(str, action.choices))})"
    return _plain(text)


def _plain(text: str) -> str:
    """Return a text from the parser as Markdown that shows it as it is."""
    text = " ".join(text.split())
    for sign in "\\|*_<":
        text = text.replace(sign, "\\" + sign)
    return text


_PAGES = {"<!-- commands -->": commands}


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    for marker, make in _PAGES.items():
        if marker in source[0]:
            source[0] = source[0].replace(marker, make())


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill the pages as they are read."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True}
