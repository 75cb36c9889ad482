"""The documentation builds, with every warning an error; Sphinx checks the links between the pages."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emg_recognition.nodes.settings import NODES


@pytest.mark.timeout(200)
def test_the_documentation_builds(repository, tmp_path):
    command = [sys.executable, "-m", "sphinx", "-E", "-W", "--keep-going", "-n", "-q"]
    done = subprocess.run(
        [*command, "-d", tmp_path / "doctrees", "docs", tmp_path / "html"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {
        path.relative_to(repository / "docs").with_suffix(".html") for path in repository.glob("docs/**/*.md")
    }
    assert pages <= {path.relative_to(tmp_path / "html") for path in (tmp_path / "html").rglob("*.html")}
    index = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert '<script src="http' not in index, "the pages must work without a network"
    commands = (tmp_path / "html" / "reference" / "commands.html").read_text(encoding="utf-8")
    assert "--minority" in commands
    bridge = (tmp_path / "html" / "reference" / "nodes" / "command_bridge.html").read_text(encoding="utf-8")
    assert "stale_after" in bridge
    assert "exo/joint_trajectory" in bridge


def test_every_node_has_a_page(repository):
    pages = {path.stem: path.read_text() for path in (repository / "docs/reference/nodes").glob("*.md")}
    assert set(pages) == set(NODES)
    assert all(f"<!-- node {name} -->" in text for name, text in pages.items())
