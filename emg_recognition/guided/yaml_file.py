"""A YAML file that a user wrote, or one error line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import SettingError


def read_yaml(path: str | os.PathLike[str], what: str) -> tuple[Any, str]:
    """Read a YAML file.

    Parameters
    ----------
    path : path
        The file.
    what : str
        What it is, for an error.

    Returns
    -------
    document : object
        What it holds; None for an empty file.
    name : str
        The file's name, for errors about what it holds.

    Raises
    ------
    SettingError
        If it cannot be read or is no YAML.
    """
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8")), Path(path).name
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(what, os.fspath(path), f"it cannot be read ({error})") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SettingError(what, os.fspath(path), f"it is no YAML file ({problem})") from error
