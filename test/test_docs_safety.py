"""docs/concepts/safety.md claims nothing that no test shows: every test that it names exists."""

import ast
import re

import pytest

NAME = re.compile(r"`((?:test/[\w/]+\.py::)?(?:\w+::)?(?:test_\w+|BridgeMachine))`")


@pytest.fixture
def page(repository):
    return (repository / "docs" / "concepts" / "safety.md").read_text(encoding="utf-8")


def names_in(path):
    """Tests of a file, as pytest names them, and its classes."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield node.name
            yield from (f"{node.name}::{inner.name}" for inner in node.body if hasattr(inner, "name"))


def test_every_test_that_the_hazards_name_exists(page, repository):
    checked = 0
    for row in page.splitlines():
        file = None
        for name in NAME.findall(row):
            if "/" in name:
                file = name.partition("::")[0]
            assert file, f"{name} stands before any file in: {row}"
            test = name.removeprefix(f"{file}::")
            assert test in set(names_in(repository / file)), f"{file} has no {test}"
            checked += 1
    assert checked > 40


def test_every_hazard_has_a_test(page):
    rows = re.findall(r"^\| (.+?) \|.+\|$", page.split("## A campaign of faults")[0], re.MULTILINE)
    hazards = [row for row in rows if row != "hazard" and not row.startswith("---")]
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    for hazard in hazards:
        line = next(line for line in lines if line.startswith(f"| {hazard} |"))
        assert NAME.search(line), f"no test shows what is done about: {hazard}"
        assert line.count(" | ") == 3, f"a column too many or too few: {line}"
    assert len(hazards) > 20


def test_every_page_that_it_links_to_exists(page, repository):
    for target in re.findall(r"\]\(([\w./-]+\.md)\)", page):
        assert (repository / "docs" / "concepts" / target).exists(), target
    for anchor in re.findall(r"\]\(#([\w-]+)\)", page):
        headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
