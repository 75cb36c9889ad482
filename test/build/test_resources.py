"""Configuration and messages are found in the source tree and in a workspace."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.resources import config_path, message_definitions


def test_source_tree(repository):
    assert config_path("exoskeleton.yaml") == repository / "config" / "exoskeleton.yaml"


def test_unknown_name_lists_what_there_is():
    with pytest.raises(SettingError, match=r"'compakt\.yaml'.*compact\.yaml, .*exoskeleton\.yaml"):
        config_path("compakt.yaml")


def test_messages_of_the_source_tree(repository):
    texts = message_definitions()
    assert {f"{name.rpartition('/')[2]}.msg" for name in texts} == {
        path.name for path in (repository / "msg").iterdir()
    }
    for name, text in texts.items():
        assert text == (repository / "msg" / f"{name.rpartition('/')[2]}.msg").read_text()
        assert name.startswith("emg_recognition/msg/")


def test_workspace_without_source_tree(tmp_path, repository):
    # As after a plain `colcon build`: code and share/ in different places, found through the environment.
    code = tmp_path / "site" / "emg_recognition"
    code.mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "resources.py", "text.py"):
        shutil.copy(repository / "emg_recognition" / name, code)
    config = tmp_path / "prefix" / "share" / "emg_recognition" / "config"
    config.mkdir(parents=True)
    (config / "mine.yaml").touch()
    messages = config.with_name("msg")
    messages.mkdir()
    (messages / "Mine.msg").write_text("uint8 a\n")
    (messages / "Mine.idl").touch()  # the build writes these beside them
    environment = {
        "PYTHONPATH": str(tmp_path / "site"),
        "AMENT_PREFIX_PATH": f"/nowhere:{tmp_path / 'prefix'}",
        "PATH": "/usr/bin:/bin",
    }
    program = (
        "from emg_recognition.resources import *; print(config_path('mine.yaml'), message_definitions())"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    expected = f"{config / 'mine.yaml'} {{'emg_recognition/msg/Mine': 'uint8 a\\n'}}"
    assert result.stdout.strip() == expected, result.stderr
