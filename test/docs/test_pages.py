"""What the pages name exists: files, links, commands, options, parameters and launch arguments."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from conftest import PAGES, REPOSITORY, blocks, name_of

import emg_recognition
from emg_recognition.cli.main import build_parser
from emg_recognition.nodes.settings import NODES
from emg_recognition.settings import settings_of

FILE = re.compile(
    r"(?<![\w/])(?:(?:test|bench|config|launch|urdf|msg|docs|tools|examples)/[\w./-]*\w|emg_recognition/[\w/]*(?:\.py|/(?!\w)))"
)
MESSAGE = re.compile(r"(?<![\w/])emg_recognition/([A-Z]\w+)")
LAUNCH = re.compile(r"ros2 launch emg_recognition (\S+)(.*)")
NODE = re.compile(r"ros2 run emg_recognition (\w+)(.*)")

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def shell_lines(page):
    """Yield every command of the blocks that show a shell, continued lines joined, comments removed."""
    for block in blocks(page):
        if block.language not in ("sh", "console"):
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            if block.language == "console" and not line.startswith("$ "):
                continue
            words = shlex.split(line.removeprefix("$ ").removesuffix(" &"), comments=True)
            end = next((place for place, word in enumerate(words) if word in ("|", ">", ">>")), None)
            if words:
                yield words[:end]


def inline_codes(page):
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`]+)`", text):
        yield " ".join(code.split())


def parameters_of(node):
    return {"use_sim_time", "qos_overrides", *(name for cls in NODES[node] for name in settings_of(cls))}


def subcommands():
    (action,) = (one for one in build_parser()._actions if isinstance(one, argparse._SubParsersAction))
    return action.choices


@every_page
def test_files_exist(page):
    text = page.read_text(encoding="utf-8")
    named = {found for code in inline_codes(page) for found in FILE.findall(code)}
    named |= {word for words in shell_lines(page) for word in words if FILE.fullmatch(word)}
    missing = sorted(name for name in named if "*" not in name and not (REPOSITORY / name).exists())
    assert not missing, f"{name_of(page)} names files that do not exist"
    for message in MESSAGE.findall(text):
        assert (REPOSITORY / "msg" / f"{message}.msg").exists(), (
            f"{name_of(page)} names the message {message}"
        )
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), f"{name_of(page)} links to {target}"


@every_page
def test_commands_parse(page, capsys):
    for words in shell_lines(page):
        command = words[2:] if words[:2] == ["tools/environment", "run"] else words
        if command[0] != "emg-recognition" or "…" in command:
            continue
        try:
            build_parser().parse_args(command[1:])
        except SystemExit:
            pytest.fail(f"{name_of(page)}: {shlex.join(command)}\n{capsys.readouterr().err}")


@every_page
def test_commands_in_the_text_have_these_options(page):
    for code in inline_codes(page):
        match = re.match(r"(?:tools/environment run )?emg-recognition(?: ([a-z][\w-]*))?(.*)", code)
        if match is None or match[1] is None:
            continue
        assert match[1] in subcommands(), f"{name_of(page)}: {code}"
        known = subcommands()[match[1]]._option_string_actions
        for option in re.findall(r"(?<=\s)--[\w-]+", match[2]):
            assert option in known, f"{name_of(page)}: {code}"


@every_page
def test_benches_have_these_options(page):
    codes = [*inline_codes(page), *(" ".join(words) for words in shell_lines(page))]
    for code in codes:
        match = re.search(r"(?<![\w/])(bench/\w+\.py)(.*)", code)
        if match:
            source = (REPOSITORY / match[1]).read_text(encoding="utf-8")
            for option in re.findall(r"(?<=\s)--([\w-]+)", match[2]):
                known = all(word in source for word in option.split("-"))
                assert known, f"{name_of(page)}: {code}"


@every_page
def test_launch_arguments_exist(page):
    parameters = {name for node in NODES for name in parameters_of(node)}
    codes = [*inline_codes(page), *(" ".join(words) for words in shell_lines(page))]
    for code in codes:
        match = LAUNCH.match(code)
        if match:
            source = (REPOSITORY / "launch" / match[1]).read_text(encoding="utf-8")
            shared = (REPOSITORY / "emg_recognition" / "ros" / "launching.py").read_text(encoding="utf-8")
            known = set(re.findall(r'"(\w+)"', source + shared))
            if "settings_of" in source:
                known |= parameters
            unknown = set(re.findall(r"(\w+):=", match[2])) - known
            assert not unknown, f"{name_of(page)}: {code}"


@every_page
def test_nodes_and_their_parameters_exist(page):
    for words in shell_lines(page):
        match = NODE.match(" ".join(words))
        if match:
            node = match[1].removesuffix("_node")
            assert node in NODES, f"{name_of(page)}: {match[1]}"
            given = set(re.findall(r"-p (\w+):=", match[2]))
            assert given <= parameters_of(node), f"{name_of(page)}: {shlex.join(words)}"


@every_page
def test_yaml_of_parameters_names_nodes_and_parameters(page):
    for block in blocks(page):
        content = yaml.safe_load(block.text) if block.language == "yaml" else None
        for node, section in content.items() if isinstance(content, dict) else ():
            name = str(node).rpartition("/")[2]
            if name in NODES and "ros__parameters" in (section or {}):
                assert set(section["ros__parameters"]) <= parameters_of(name), f"{name_of(page)}: {node}"


def test_blocks_name_their_language():
    unnamed = [
        f"{name_of(page)}:{block.line}" for page in PAGES for block in blocks(page) if not block.language
    ]
    assert not unnamed


def test_the_readme_stays_short():
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def messages_of_the_package():
    """Return every text in the code of the package, with … for what is filled in."""
    texts = [(REPOSITORY / "tools" / "environment").read_text(encoding="utf-8")]
    for path in (REPOSITORY / "emg_recognition").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
                texts.append("".join(parts))
    return "\n".join(texts)


@pytest.mark.parametrize("name", ["troubleshooting.md", "concepts/acquisition.md"])
def test_quoted_messages_are_those_of_the_package(name):
    known = messages_of_the_package()
    page = (REPOSITORY / "docs" / name).read_text(encoding="utf-8")
    column = 1 if name == "troubleshooting.md" else 3
    quoted = [
        code
        for row in page.splitlines()
        if row.startswith("| ") and row.count(" | ") >= 2
        for code in re.findall(r"`([^`]{12,})`", row.split("|")[column])
    ]
    assert len(quoted) > 5
    for code in quoted:
        for fragment in re.split(r"…|;| for |armband|\d+(?:\.\d+)?", code):
            text = fragment.strip(" ;:,.()")
            assert len(text) < 6 or text in known, f"{name} quotes {code!r}: nothing prints {text!r}"


def test_the_citation_names_this_version():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == emg_recognition.__version__
    assert citation["license"] == "Apache-2.0"
