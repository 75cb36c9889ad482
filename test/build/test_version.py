"""Name and version are written in package.xml only."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from emg_recognition.resources import version


@pytest.fixture
def manifest(repository):
    return ElementTree.parse(repository / "package.xml").getroot()


def test_version_is_that_of_package_xml(manifest):
    assert version() == manifest.findtext("version")


def test_no_other_file_of_the_build_repeats_them(manifest, repository):
    for file in ("CMakeLists.txt", "setup.py", "pyproject.toml", "emg_recognition/__init__.py"):
        assert f'"{manifest.findtext("version")}"' not in (repository / file).read_text()
    name = manifest.findtext("name")
    assert f"project({name}" not in (repository / "CMakeLists.txt").read_text()
    assert f'name="{name}"' not in (repository / "setup.py").read_text()


def test_citation_and_changelog_are_of_this_version(manifest, repository):
    version = manifest.findtext("version")
    assert f"\nversion: {version}\n" in (repository / "CITATION.cff").read_text()
    changes = (repository / "CHANGELOG.md").read_text()
    sections = [line for line in changes.splitlines() if line.startswith("## ")]
    newest = sections[1] if sections[0].endswith(" (unreleased)") else sections[0]
    assert newest == f"## {version}"


def test_colcon_built_this_version(manifest):
    versions = [
        found.version
        for found in importlib.metadata.distributions(name="emg_recognition")
        if "install" in str(found.locate_file(""))
    ]
    if not versions:
        pytest.skip("the package is not built with colcon: run `make test`")
    assert manifest.findtext("version") in versions


def test_without_a_source_tree_the_version_comes_from_the_metadata(tmp_path, repository):
    package = tmp_path / "emg_recognition"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in ("errors.py", "resources.py", "text.py"):
        shutil.copy(repository / "emg_recognition" / name, package)
    metadata = tmp_path / "emg_recognition-7.8.9.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: emg_recognition\nVersion: 7.8.9\n")
    code = "from emg_recognition.resources import version; print(version())"
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == "7.8.9", result.stderr
