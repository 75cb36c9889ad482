"""The public names: there, quick to import, and without heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

import emg_recognition as emg


def test_every_public_name_can_be_used_and_is_listed():
    assert {"Recognizer", "SerialArmband", "open_recordings", "Recordings"} <= set(emg.__all__)
    for name in emg.__all__:
        assert getattr(emg, name) is not None
        assert name in dir(emg)
    with pytest.raises(AttributeError, match="no attribute 'Recogniser'"):
        emg.Recogniser  # noqa: B018


def test_a_name_is_the_same_for_type_checkers(repository):
    """What ``__init__`` imports for type checkers is what it hands out."""
    import ast

    tree = ast.parse((repository / "emg_recognition" / "__init__.py").read_text())
    stated = {
        alias.name: node.module.removeprefix("emg_recognition.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("emg_recognition.")
        for alias in node.names
    }
    assert stated == emg._HOMES


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, emg_recognition as emg; dir(emg); emg.__all__;"
        "heavy = {'numpy', 'scipy', 'pandas', 'tensorflow', 'keras', 'matplotlib', 'yaml', 'serial'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_live_recognition_needs_neither_tensorflow_nor_pandas():
    code = (
        "import sys, emg_recognition as emg; emg.Recognizer, emg.SerialArmband;"
        "print(sorted({'tensorflow', 'keras', 'pandas', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_version_is_that_of_the_manifest(repository):
    assert f"<version>{emg.__version__}</version>" in (repository / "package.xml").read_text()


def test_the_package_says_that_it_is_typed(repository):
    assert (repository / "emg_recognition" / "py.typed").is_file()
