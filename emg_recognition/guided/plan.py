"""What a guided recording asks for: actions, repetitions, times and order, from a YAML file."""

from __future__ import annotations

import math
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emg_recognition.actions import PAPER_ACTIONS
from emg_recognition.errors import SettingError
from emg_recognition.settings import from_mapping, load_yaml

ORDERS = ("fixed", "shuffled")

#: What the wearer is told of the paper's actions.
_TEXTS = {action.name: action.description for action in PAPER_ACTIONS}
_MOST_REPETITIONS = 1000
_LONGEST = 3600.0


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

    Attributes
    ----------
    name : str
        The action's name on topics and in recordings.
    text : str or None
        What the wearer is told; ``None``: what the paper's action is, or nothing more than the name.
    hold : float or None
        How long it is held, s; ``None``: as all others.
    """

    name: str
    text: str | None = None
    hold: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise SettingError("plan: actions", self.name, "give each action a name, such as elbow_flexion")
        if self.text is not None and not isinstance(self.text, str):
            raise SettingError(f"plan: actions.{self.name}.text", self.text, "write what the wearer is told")
        if self.hold is not None:
            _check_seconds(f"plan: actions.{self.name}.hold", self.hold, above=0.2)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan of a guided recording; ``config/session.yaml`` is the default.

    Attributes
    ----------
    actions : tuple of PlannedAction
        What is asked for, each once a round.
    repetitions : int
        Rounds.
    hold : float
        How long an action is held and labelled, s. Training leaves out 0.1 s at both borders.
    pause : float
        Rest before each prompt, in which the next one is announced and counted down to, s.
    reaction : float
        From the prompt to the label's begin, s: nobody moves at once, and what he does until then is not yet
        the action. A prompt is shown for `reaction` and `hold` together.
    order : str
        ``fixed``: each round as listed; ``shuffled``: each round in an order of its own.
    seed : int
        Decides the order of ``shuffled``.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    actions: tuple[PlannedAction, ...] = tuple(PlannedAction(name=action.name) for action in PAPER_ACTIONS)
    repetitions: int = 6
    hold: float = 3.0
    pause: float = 3.0
    reaction: float = 0.5
    order: str = "fixed"
    seed: int = 0

    def __post_init__(self) -> None:
        names = [action.name for action in self.actions]
        if not names or len(set(names)) < len(names):
            raise SettingError("plan: actions", names, "list at least one action, and each once")
        for name, value, least, most in (
            ("repetitions", self.repetitions, 1, _MOST_REPETITIONS),
            ("seed", self.seed, 0, 2**63 - 1),
        ):
            if type(value) is not int or not least <= value <= most:
                raise SettingError(f"plan: {name}", value, f"write a whole number from {least} to {most}")
        _check_seconds("plan: hold", self.hold, above=0.2)
        _check_seconds("plan: pause", self.pause)
        _check_seconds("plan: reaction", self.reaction)
        if self.order not in ORDERS:
            raise SettingError("plan: order", self.order, f"write {' or '.join(ORDERS)}")

    def prompts(self) -> tuple[Prompt, ...]:
        """Return every prompt, in order: round after round, so that fatigue falls on all actions alike."""
        # Of Python's generators only random() is promised to give the same numbers in every version.
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
        A YAML file as ``config/session.yaml`` is one; what it leaves out has its default.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    SettingError
        If the file cannot be read, or a key or value is not known; the message names the file.
    """
    document, name = load_yaml(path, "plan"), Path(path).name
    if document is not None and not isinstance(document, dict):
        raise SettingError("plan", os.fspath(path), "write a mapping of names to values")
    values = dict(document or {})
    if "actions" in values:
        if not isinstance(values["actions"], list):
            raise SettingError(f"{name}: actions", values["actions"], "write a list of actions")
        values["actions"] = [_action(entry, name) for entry in values["actions"]]
    return from_mapping(Plan, values, name)


def _action(entry: Any, name: str) -> PlannedAction:
    """Read an entry of ``actions``: a name alone, or a mapping."""
    given = entry if isinstance(entry, dict) else {"name": entry}
    return from_mapping(PlannedAction, given, f"{name}: actions")


def _check_seconds(name: str, value: Any, above: float = -1.0) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not max(above, -1e-9) < value <= _LONGEST:
        wanted = f"above {above:g}" if above > 0 else "from 0"
        raise SettingError(name, value, f"write a time in seconds {wanted} to {_LONGEST:g}")
