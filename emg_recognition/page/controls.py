"""What a person can do from the page. There is deliberately no way to arm the bridge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from emg_recognition.errors import SettingError

if TYPE_CHECKING:
    from emg_recognition.page.jobs import Jobs
    from emg_recognition.page.state import PageState

MISSING = "the page needs the library NiceGUI: pip install 'emg_recognition[page]'"
"""What is said where the page cannot be served."""

SESSION_COMMANDS = ("skip", "next", "pause", "repeat", "discard", "don", "quit")
"""Services of the session node."""

#: A code of a person or a session: it becomes part of file names.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


class Answer(NamedTuple):
    """Whether something was done, and what there is to say about it."""

    ok: bool
    message: str


class Controls(Protocol):
    """Calls that never raise and answer within seconds."""

    async def press(self, command: str) -> Answer:
        """Give the session one of :data:`SESSION_COMMANDS`."""

    async def start_session(self, subject: str, cohort: str, session: str, don: str) -> Answer:
        """Start a guided session that goes on without the page; `don` is a bundle to don first, or empty."""

    async def stop(self) -> Answer:
        """Stop the joints. This is software, not an emergency stop."""

    async def use_bundle(self, bundle: str) -> Answer:
        """Put a bundle to work; refused unless the bridge is disarmed."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a view gets for one browser.

    Attributes
    ----------
    state : PageState
        The graph.
    controls : Controls
        What can be done.
    jobs : Jobs
        Training and adapting.
    language : str
        ``en``, ``de`` or ``zh``.
    folder : Path
        Where recordings, models and results are.
    config : str
        YAML file of a training's configuration; empty: the packaged one.
    """

    state: PageState
    controls: Controls
    jobs: Jobs
    language: str
    folder: Path
    config: str = ""


def check_code(name: str, value: str) -> str:
    """Return a person's or session's code without blanks around it.

    Raises
    ------
    SettingError
        If it cannot be part of a file name.
    """
    text = value.strip()
    if not _CODE.fullmatch(text):
        raise SettingError(name, value, "use a code of letters, digits, '-', '_' and '.', at most 40")
    return text


def inside(folder: Path, path: str) -> Path:
    """Return a path that a browser names.

    Raises
    ------
    SettingError
        If it does not lie in the folder of the page.
    """
    root = folder.resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root):
        raise SettingError("path", path, f"choose something in {root}")
    return found
