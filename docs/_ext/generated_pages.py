"""Write the reference of commands and settings from the code while Sphinx reads the pages.

A page holds a comment such as ``<!-- commands -->`` where the text belongs.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml
from sphinx.application import Sphinx

import emg_recognition
from emg_recognition.cli.main import build_parser
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.datasets.catalogue import SETS
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.nodes.settings import FROM_MODEL, NODES
from emg_recognition.settings import Setting, settings_of
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.sources import KINDS
from emg_recognition.training.search_settings import SearchSettings
from emg_recognition.training.settings import EnsembleSettings, ExperimentSettings, FitSettings, SplitSettings
from emg_recognition.types import LiveSettings

_PACKAGE = Path(emg_recognition.__file__).parent
#: The sections of settings outside the nodes, and the classes that declare them.
SECTIONS: tuple[tuple[str, type], ...] = (
    ("top level", ExperimentSettings),
    ("pipeline", PipelineSettings),
    ("network", NetworkSettings),
    ("training", FitSettings),
    ("ensemble", EnsembleSettings),
    ("split", SplitSettings),
    ("live", LiveSettings),
    ("live.decision", DecisionSettings),
    ("search", SearchSettings),
)


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


_ALLOWED = (
    ("publishes", "topics", "publish"),
    ("subscribes to", "topics", "subscribe"),
    ("serves", "services", "reply"),
    ("calls", "services", "request"),
)


def node(name: str) -> str:
    """Return what a node does, its topics and services, and a table of its parameters."""
    module = ast.parse((_PACKAGE / "nodes" / f"{name}_node.py").read_text(encoding="utf-8"))
    lines = [(ast.get_docstring(module) or "").replace("``", "`"), ""]
    lines += ["```sh", f"ros2 run emg_recognition {name}_node", "```", "", "## Topics and services", ""]
    lines += ["| it | names |", "|---|---|"]
    policy = ElementTree.parse(_PACKAGE.parent / "config" / "sros2" / "policy.xml")
    profile = next(one for one in policy.iter("profile") if one.get("node") == name)
    for words, group, kind in _ALLOWED:
        names = [one.text for part in profile.findall(group) if part.get(kind) for one in part]
        if names:
            lines.append(f"| {words} | {', '.join(f'`{one}`' for one in names)} |")
    lines += ["| publishes | `/diagnostics` |", "", "## Parameters", ""]
    rows = [_row(one) for cls in NODES[name] for one in settings_of(cls).values()]
    if not rows:
        return "\n".join([*lines, "None.", ""])
    lines += ["| parameter | default | range | meaning |", "|---|---|---|---|"]
    from_model = FROM_MODEL.get(name, ())
    lines += [row.replace("` |", "` † |", 1) if row.split("`")[1] in from_model else row for row in rows]
    if from_model:
        lines += ["", "† The default comes from the model bundle if the parameter `model` is set."]
    return "\n".join([*lines, ""])


def sections() -> str:
    """Return a table of settings for each section of a training configuration and of a bundle."""
    lines: list[str] = []
    for heading, cls in SECTIONS:
        rows = [_row(one) for one in settings_of(cls).values()]
        lines += [
            f"### {heading}",
            "",
            "| setting | default | range | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    return "\n".join(lines)


def source_settings(kind: str) -> str:
    """Return a table of the settings of a kind of source."""
    rows = [_row(one) for one in KINDS[kind].known().values()]
    return "\n".join(["| setting | default | range | meaning |", "|---|---|---|---|", *rows, ""])


def _row(one: Setting) -> str:
    default = "required" if one.default is dataclasses.MISSING else _yaml(one.default)
    return f"| `{one.name}` | {default} | {_range(one)} | {_plain(one.help)} |"


def _yaml(value: Any) -> str:
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(plain, default_flow_style=True, width=1000).removesuffix("...\n").strip()
    return '""' if value == "" else f"`{text}`"


def _range(one: Setting) -> str:
    if one.choices:
        return ", ".join(f"`{choice}`" if choice.strip() else f'"{choice}"' for choice in one.choices)
    high = "" if one.high is None else f"to {_number(one.high)}"
    if one.above is not None:
        words = f"above {_number(one.above)}{', ' if high else ''}{high}"
    elif one.low is not None:
        words = f"{_number(one.low)} {high}" if high else f"from {_number(one.low)}"
    else:
        words = high
    return f"{words} {one.unit}".strip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:g}"


def public_sets() -> str:
    """Return a section for each public set of recordings."""
    lines: list[str] = []
    for one in SETS.values():
        lines += [
            f"## {one.name}",
            "",
            f"{_plain(one.summary)}. {_plain(one.notes)}",
            "",
            "| it | value |",
            "|---|---|",
        ]
        facts = {
            "origin": f"[{one.repository}]({one.page}) at commit `{one.commit}`",
            "licence": one.licence,
            "citation": _plain(one.citation),
            "signal": f"{one.channels} channels at {one.rate:g} Hz, unit `{one.unit}`",
            "download": f"about {one.megabytes} MB",
            "files": f"`{one.files.replace('|', chr(92) + '|')}`",
            "SHA-256": f"`{one.digest}`",
        }
        lines += [*(f"| {name} | {value} |" for name, value in facts.items()), ""]
    return "\n".join(lines)


_PAGES = {
    "<!-- commands -->": commands,
    "<!-- sections -->": sections,
    "<!-- public sets -->": public_sets,
}
_NODE = re.compile(r"<!-- node (\w+) -->")
_SOURCE = re.compile(r"<!-- settings (\w+) -->")


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    for marker, make in _PAGES.items():
        if marker in source[0]:
            source[0] = source[0].replace(marker, make())
    source[0] = _NODE.sub(lambda found: node(found[1]), source[0])
    source[0] = _SOURCE.sub(lambda found: source_settings(found[1]), source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill the pages as they are read."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True}
