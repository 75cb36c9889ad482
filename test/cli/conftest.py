"""A prefix like that of a ROS workspace, with launchers that only say how they were started."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def make_launcher(tmp_path, monkeypatch):
    """Return a function that makes a node which writes down its arguments and leaves with code 7."""

    def make(name):
        place = tmp_path / "prefix" / "lib" / "emg_recognition" / name
        place.parent.mkdir(parents=True)
        place.write_text(
            f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\nsys.exit(7)\n"
        )
        place.chmod(0o755)
        monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "prefix"))

    return make
