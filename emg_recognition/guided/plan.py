"""The plan of a guided recording: actions, repetitions, times and order, from a YAML file."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emg_recognition.actions import PAPER_ACTIONS
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, from_mapping, setting
from emg_recognition.yaml_files import load_yaml

#: What the wearer does for each of the paper's actions.
_TEXTS = {action.name: action.description for action in PAPER_ACTIONS}
_LONGEST = 3600.0
#: Training leaves out 0.1 s at both ends of a label, so a hold must be longer than this, s.
_SHORTEST_HOLD = 0.2


@dataclass(frozen=True)
class Prompt:
    """One action, to be performed once.

    Attributes
    ----------
    action : str
        Its name on topics and in recordings.
    repetition : int
        Its number, from 1.
    hold : float
        How long it is held, s.
    text : str
        What the wearer does, in plain words.
    """

    action: str
    repetition: int
    hold: float
    text: str


@dataclass(frozen=True, kw_only=True)
class PlannedAction:
    """One entry of ``actions``.

    Raises
    ------
    SettingError
        For an empty name, or a time out of range.
    """

    name: str = setting(help="name on topics and in recordings")
    text: str | None = setting(None, "what the wearer reads; null: the description of the paper's action")
    hold: float | None = setting(
        None,
        "how long it is held; null: as long as the others",
        unit="s",
        above=_SHORTEST_HOLD,
        high=_LONGEST,
    )

    def __post_init__(self) -> None:
        check(self)
        if not self.name.strip():
            raise SettingError("name", self.name, "give each action a name, such as elbow_flexion")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan of a guided recording; ``config/session.yaml`` is the default.

    Nobody moves at once, so a label starts `reaction` after its prompt; the prompt is shown for `reaction`
    and `hold` together.

    Raises
    ------
    SettingError
        For a value out of range, and for actions that are missing or listed twice.
    """

    actions: tuple[PlannedAction, ...] = tuple(PlannedAction(name=action.name) for action in PAPER_ACTIONS)
    repetitions: int = setting(6, "number of rounds", low=1, high=1000)
    hold: float = setting(
        3.0, "how long an action is held and labelled", unit="s", above=_SHORTEST_HOLD, high=_LONGEST
    )
    pause: float = setting(3.0, "rest before each prompt, with a countdown", unit="s", low=0, high=_LONGEST)
    reaction: float = setting(
        0.5, "from the prompt to the start of the label", unit="s", low=0, high=_LONGEST
    )
    order: str = setting("fixed", "order of the actions in a round", choices=("fixed", "shuffled"))
    seed: int = setting(0, "decides the order of shuffled", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        check(self)
        names = [action.name for action in self.actions]
        if not names or len(set(names)) < len(names):
            raise SettingError("actions", names, "list at least one action, and each only once")

    def prompts(self) -> tuple[Prompt, ...]:
        """Return every prompt, round after round, so that fatigue affects all actions equally."""
        # Only random() is guaranteed to give the same numbers in every version of Python.
        generator = random.Random(self.seed)
        prompts: list[Prompt] = []
        for repetition in range(1, self.repetitions + 1):
            one_round = list(self.actions)
            if self.order == "shuffled":
                one_round.sort(key=lambda _: generator.random())
            prompts += [self._prompt(action, repetition) for action in one_round]
        return tuple(prompts)

    def _prompt(self, action: PlannedAction, repetition: int) -> Prompt:
        text = _TEXTS.get(action.name, "") if action.text is None else action.text
        return Prompt(action.name, repetition, self.hold if action.hold is None else action.hold, text)


def load_plan(path: str | os.PathLike[str]) -> Plan:
    """Read a plan.

    Parameters
    ----------
    path : path
        A YAML file like ``config/session.yaml``; a key that it leaves out has its default.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    SettingError
        If the file cannot be read, or a key or value is not known; the message names the file.
    """
    document, where = load_yaml(path, "plan"), f"{Path(path).name}:"
    if isinstance(document, dict) and "actions" in document:
        entries = document["actions"]
        if not isinstance(entries, list):
            raise SettingError(f"{where} actions", entries, "write a list of actions")
        document["actions"] = [_action(entry, f"{where} actions") for entry in entries]
    return from_mapping(Plan, document, where)


def _action(entry: Any, where: str) -> PlannedAction:
    """Read an entry of ``actions``: a name alone, or a mapping."""
    return from_mapping(PlannedAction, entry if isinstance(entry, dict) else {"name": entry}, where)
